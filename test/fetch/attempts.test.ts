/** What an error of fetchSync, or the cause of createFetch's, says of the attempts before it. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createFetch, type DugongError, type LostRequest } from 'dugong';
import { closeIdleConnections, fetchSync } from 'dugong/sync';
import { ok, response } from '../support/messages.ts';
import {
  close,
  expectBytes,
  expectHead,
  gate,
  type Script,
  send,
  startScriptedServer,
} from '../support/scripted-server.ts';
import { atSomePace } from '../support/time-limit.ts';

type Lookup = (hostname: string) => readonly string[];

interface Init {
  readonly method: string;
  readonly body?: string;
  readonly redirect?: 'error';
  readonly timeout?: number;
}

/** Fetches with `lookup`, and drops the answer; throws the error of this library. */
const faces: readonly { name: string; fetch(lookup: Lookup, url: string, init: Init): Promise<void> }[] = [
  {
    name: 'fetchSync',
    async fetch(lookup, url, init) {
      fetchSync(url, { ...init, proxy: false, connection: { lookup } });
    },
  },
  {
    name: 'createFetch()',
    async fetch(lookup, url, { timeout: _, ...init }) {
      const fetch = fetches.get(lookup) ?? createFetch({ proxy: false, connection: { lookup } });
      fetches.set(lookup, fetch);
      try {
        await (await fetch(url, init)).text();
      } catch (error) {
        throw (error as Error).cause;
      }
    },
  },
];
const fetches = new Map<Lookup, ReturnType<typeof createFetch>>();

const lost = (method: string, path: string, mayHaveBeenProcessed = true): LostRequest => ({
  method,
  path,
  mayHaveBeenProcessed,
});
const first = lost('PUT', '/a');
const elsewhere = (location: string): string =>
  response('307 Elsewhere', [`Location: ${location}`, 'Content-Length: 0'], '');
/** The first attempt is read in whole, and the connection closed in place of an answer. */
const idle: Script = [expectHead(), send(ok('x')), expectHead(), expectBytes(1), close()];
const again = (...steps: Script): Script => [expectHead(), expectBytes(1), ...steps];

/** How the second attempt fails. */
const endings: readonly {
  readonly name: string;
  /** The second connection's. */
  readonly script?: Script;
  /** What the name has become by then. */
  readonly lookup?: Lookup;
  readonly init?: Partial<Init>;
  /** Milliseconds for the whole call, long enough for the first attempt. */
  readonly timeout?: number;
  /** By the class of the error. */
  readonly error: string;
  readonly lost: readonly LostRequest[];
  readonly only?: string;
}[] = [
  { name: 'connecting is refused', lookup: () => ['127.0.0.2'], error: 'SystemError', lost: [first] },
  { name: 'the name is gone', lookup: () => [], error: 'HostnameNotResolvable', lost: [first] },
  { name: 'the connection is lost again', script: again(close()), error: 'ConnectionClosed', lost: [first, first] },
  {
    name: 'the answer is no HTTP',
    script: again(send('HTTP/1.1 OK\r\n\r\n')),
    error: 'InvalidResponse',
    lost: [first, first],
  },
  {
    name: 'the answer is not supported',
    script: again(send('HTTP/2.0 200 OK\r\n\r\n')),
    error: 'UnsupportedResponse',
    lost: [first, first],
  },
  {
    name: 'the body is cut short',
    script: again(send(ok('0123').slice(0, -1)), close()),
    error: 'ConnectionClosed',
    lost: [first, first],
  },
  {
    name: 'the body cannot be decoded',
    script: again(send(ok('no gzip', 'Content-Encoding: gzip')), close()),
    error: 'InvalidResponse',
    lost: [first, first],
  },
  {
    name: 'the body has too many content codings',
    script: again(send(ok('x', `Content-Encoding: ${'gzip, '.repeat(6)}`)), close()),
    error: 'UnsupportedResponse',
    lost: [first, first],
  },
  {
    name: 'the time is over',
    script: again(gate('never')),
    timeout: 300,
    error: 'ConnectionTimedOut',
    lost: [first, first],
    only: 'fetchSync',
  },
  {
    name: 'a redirect is not wanted',
    script: again(send(elsewhere('/b'))),
    init: { redirect: 'error' },
    error: 'UnsupportedResponse',
    lost: [first, first],
  },
  {
    name: 'a redirect leads nowhere',
    script: again(send(elsewhere('http://['))),
    error: 'InvalidResponse',
    lost: [first, first],
  },
  {
    name: 'a redirect leads to what is no host',
    script: again(send(elsewhere('http://a..b/'))),
    error: 'InvalidResponse',
    lost: [first, first],
  },
  {
    name: 'a redirect leads to port 0',
    script: again(send(elsewhere('//localhost:0/'))),
    error: 'InvalidResponse',
    lost: [first, first],
  },
  {
    name: 'where it is redirected to the connection is lost',
    script: [...again(send(elsewhere('/b'))), ...again(close())],
    error: 'ConnectionClosed',
    // On the connection that was kept for it, and, since that might have been idle too long, on a new one.
    lost: [first, first, lost('PUT', '/b'), lost('PUT', '/b')],
  },
];

for (const { name, fetch } of faces) {
  describe(`an error of ${name} after a second attempt`, () => {
    for (const ending of endings.filter(({ only = name }) => only === name)) {
      const play = async (timeout?: number): Promise<void> => {
        const third = ending.script === undefined ? [] : [ending.script, again(close())];
        using server = startScriptedServer([idle, ...third.slice(0, ending.lost.length - 1)]);
        let lookup: Lookup = () => ['127.0.0.1'];
        const changing: Lookup = (hostname) => lookup(hostname);
        const url = `http://localhost:${server.port}`;
        await fetch(changing, `${url}/`, { method: 'GET' });
        lookup = ending.lookup ?? lookup;
        const limit = timeout === undefined ? {} : { timeout };
        const failed = fetch(changing, `${url}/a`, { method: 'PUT', body: 'x', ...ending.init, ...limit });
        await assert.rejects(failed, (error: DugongError) => {
          assert.deepEqual([error.name, error.lostRequests], [ending.error, ending.lost]);
          return true;
        });
        closeIdleConnections();
      };
      const { timeout } = ending;
      test(`says that the first may have been processed: ${ending.name}`, () =>
        timeout === undefined ? play() : atSomePace((factor) => play(timeout * factor)));
    }

    test('names no request that has not left', async () => {
      const failed = fetch(() => ['127.0.0.2'], 'http://localhost:10/', { method: 'POST', body: 'x' });
      await assert.rejects(failed, { name: 'SystemError', lostRequests: [] });
    });

    test('names method and URL, in its stack as well, without credentials', async () => {
      const failed = fetch(() => ['127.0.0.2'], 'http://user:secret@localhost:10/a?b', { method: 'PUT', body: 'x' });
      await assert.rejects(failed, (error: Error) => {
        assert.equal(error.message, 'PUT http://localhost:10/a?b: connect ECONNREFUSED 127.0.0.2:10');
        assert.ok(error.stack?.includes(`Error: ${error.message}\n`), error.stack);
        return true;
      });
    });
  });
}
