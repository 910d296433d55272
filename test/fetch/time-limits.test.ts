/** How long servers may be silent: the head and the body of an answer, and a large request that is not taken. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ConnectionTimedOut, createFetch, POLLIN, POLLOUT, PollNeeded, type TimeLimits } from 'dugong';
import { closeIdleConnections, fetchSync } from 'dugong/sync';
import { type Coroutine, waitFor } from '../../src/coroutine.ts';
import { coSendLimited, SilenceLimit } from '../../src/fetch/time-limits.ts';
import {
  delay,
  expect,
  expectHead,
  gate,
  loop,
  mark,
  type Script,
  send,
  startScriptedServer,
  stopReading,
} from '../support/scripted-server.ts';
import { startStalledListener } from '../support/stalled-listener.ts';
import { atSomePace } from '../support/time-limit.ts';
import { suspend } from '../support/waiting.ts';

interface Init extends Partial<TimeLimits> {
  readonly body?: string;
  readonly headers?: Record<string, string>;
  readonly connectTimeout?: number;
}

/** Fetches, and throws the error of this library. */
const faces: readonly { name: string; fetch(url: string, init: Init): Promise<string> }[] = [
  {
    name: 'fetchSync',
    async fetch(url, { connectTimeout, body, headers, ...limits }) {
      const method = body === undefined ? 'GET' : 'POST';
      try {
        return fetchSync(url, {
          ...limits,
          method,
          body,
          headers,
          proxy: false,
          connection: { connectTimeout },
        }).text();
      } finally {
        closeIdleConnections();
      }
    },
  },
  {
    name: 'createFetch()',
    async fetch(url, { connectTimeout, body, headers, ...limits }) {
      const fetch = createFetch({ ...limits, proxy: false, connection: { connectTimeout } });
      const method = body === undefined ? 'GET' : 'POST';
      try {
        return await (
          await fetch(url, { method, ...(body !== undefined && { body }), ...(headers && { headers }) })
        ).text();
      } catch (error) {
        throw error instanceof TypeError && error.cause !== undefined ? error.cause : error;
      } finally {
        fetch.closeIdleConnections();
      }
    },
  },
];

const LARGE = 'u'.repeat(16 * 1024 * 1024);
const head = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n';
const silences: readonly { name: string; script: Script; init: Init; phase: string }[] = [
  { name: 'gives no head', script: [expectHead(), gate('never')], init: { headersTimeout: 30 }, phase: 'receive' },
  {
    name: 'gives half a head',
    script: [expectHead(), send('HTTP/1.1 200 OK\r\nContent-'), gate('never')],
    init: { headersTimeout: 30 },
    phase: 'receive',
  },
  {
    name: 'gives its head line by line, without an end',
    script: [
      expectHead(),
      send('HTTP/1.1 200 OK\r\n'),
      loop(1000, [send('X: y\r\n', { peerMayLeave: true }), delay(5)]),
    ],
    init: { headersTimeout: 30 },
    phase: 'receive',
  },
  {
    name: 'gives no body',
    script: [expectHead(), send(head), gate('never')],
    init: { bodyTimeout: 30 },
    phase: 'receive',
  },
  {
    name: 'stops in the body',
    script: [expectHead(), send(`${head}12345`), gate('never')],
    init: { bodyTimeout: 30 },
    phase: 'receive',
  },
  {
    name: 'takes a large request, and gives no head',
    // So large that it is sent beside the answer, and so small that the system takes it at once.
    script: [expectHead(), gate('never')],
    init: { body: 'u'.repeat(70_000), headersTimeout: 200 },
    phase: 'receive',
  },
  {
    name: 'does not take a large request',
    script: [expectHead(), stopReading(), gate('never')],
    init: { body: LARGE, headersTimeout: 50 },
    phase: 'send',
  },
  {
    name: 'does not take a large head',
    script: [stopReading(), gate('never')],
    init: { headers: { 'X-Large': LARGE }, headersTimeout: 50 },
    phase: 'send',
  },
  {
    name: 'does not take a large head, and talks all the time',
    script: [
      expect('GET /a'),
      stopReading(),
      loop(1000, [send('HTTP/1.1 103 Hint\r\n\r\n', { peerMayLeave: true }), delay(5)]),
    ],
    init: { headers: { 'X-Large': LARGE }, headersTimeout: 50 },
    phase: 'send',
  },
];

for (const { name, fetch } of faces) {
  describe(`a time limit of ${name}`, () => {
    for (const silence of silences) {
      test(`ends a fetch from a server that ${silence.name}`, async () => {
        using server = startScriptedServer([silence.script]);
        const url = `http://${server.authority}/a`;
        await assert.rejects(fetch(url, silence.init), (error: ConnectionTimedOut) => {
          const { phase, timeout, code, lostRequests } = error;
          const limit = silence.init.headersTimeout ?? silence.init.bodyTimeout;
          assert.deepEqual(
            [error.name, code, phase, timeout],
            ['ConnectionTimedOut', 'DUGONG_CONNECTION_TIMED_OUT', silence.phase, limit],
          );
          const method = silence.init.body === undefined ? 'GET' : 'POST';
          assert.equal(error.message, `${method} ${url}: timed out after ${limit} ms (${phase})`);
          assert.deepEqual(lostRequests, [{ method, path: '/a', mayHaveBeenProcessed: true }]);
          return true;
        });
      });
    }

    test('for connecting is another one, that of the connections', async () => {
      using listener = startStalledListener();
      const url = `http://127.0.0.1:${listener.port}/`;
      await assert.rejects(fetch(url, { body: LARGE, connectTimeout: 50, headersTimeout: 1 }), {
        ...{ name: 'ConnectionTimedOut', phase: 'connect', timeout: 50 },
      });
    });

    test('is none at 0, and does not hold for a body that comes slowly', async () => {
      await atSomePace(async (factor) => {
        const limit = 40 * factor;
        const slowly = loop(10, [delay(limit / 5), send('x')]);
        using server = startScriptedServer([[expectHead(), delay(2 * limit), send(head), slowly]]);
        const url = `http://${server.authority}/`;
        assert.equal(await fetch(url, { headersTimeout: 0, bodyTimeout: limit }), 'x'.repeat(10));
      });
    });

    test('must be a whole number', async () => {
      for (const wrong of [-1, 1.5, Number.NaN, '1', null] as number[]) {
        for (const option of ['headersTimeout', 'bodyTimeout']) {
          const expected = { name: 'TypeError', message: new RegExp(`^${option} must be a whole number >= 0`) };
          await assert.rejects(fetch('http://localhost:10/', { [option]: wrong }), expected);
        }
      }
    });
  });
}

describe('a limit of silence', () => {
  test('does not count against what has come while the event loop stood still', async () => {
    await atSomePace(async (factor) => {
      const limit = 30 * factor;
      using server = startScriptedServer([
        [
          expectHead(),
          mark('asked'),
          gate('head'),
          send(`${head}12345`),
          mark('half'),
          gate('rest'),
          send('67890'),
          mark('all'),
        ],
      ]);
      const fetch = createFetch({ proxy: false, headersTimeout: limit, bodyTimeout: limit });
      const fetching = fetch(`http://${server.authority}/`);
      // Where this pace is too fast, it fails before it is awaited.
      fetching.catch(() => undefined);
      await server.reached('asked');
      server.open('head');
      server.waitFor('half');
      standStill(2 * limit);
      const reading = (await fetching).text();
      reading.catch(() => undefined);
      await new Promise(setImmediate);
      server.open('rest');
      server.waitFor('all');
      standStill(2 * limit);
      assert.equal(await reading, '1234567890');
      fetch.closeIdleConnections();
    });
  });

  test('is one timer for all waits, each with its own time', async () => {
    const limit = new SilenceLimit(20);
    const late: number[] = [];
    const all = new Promise<void>((resolve) => {
      const begin = (index: number): { end(): void } =>
        limit.begin(({ timeout }) => {
          assert.equal(timeout, 20);
          if (late.push(index) === 2) resolve();
        });
      begin(0);
      begin(1).end();
      begin(2);
    });
    const holding = setInterval(() => {}, 1000);
    await all;
    clearInterval(holding);
    assert.deepEqual(late, [0, 2]);
  });

  test('is none at 0', () => {
    new SilenceLimit(0).begin(() => assert.fail()).end();
  });
});

describe('the sending of a request', () => {
  function* coWaits(...needs: PollNeeded[]): Coroutine<string> {
    for (const need of needs) yield* waitFor(need);
    return 'sent';
  }

  test('has its limit for what the server is to take, and none for what the caller is to give', () => {
    const [ours, callers] = [new PollNeeded(5, POLLOUT), new PollNeeded(5, POLLIN)];
    let answered = false;
    const sending = coSendLimited(coWaits(ours, callers, ours), 1000, () => answered);
    assert.ok((suspend(sending).deadline ?? 0) > performance.now());
    assert.equal(suspend(sending), callers);
    answered = true;
    assert.equal(suspend(sending), ours);
    assert.deepEqual(sending.next(), { done: true, value: 'sent' });
  });

  test('has none at 0, passes on what is thrown into it, and ends what it runs', () => {
    const need = new PollNeeded(5, POLLOUT);
    let ended = 0;
    function* coCounted(): Coroutine<void> {
      try {
        yield* waitFor(need);
      } finally {
        ended++;
      }
    }
    const thrown = coSendLimited(coCounted(), 0, () => false);
    assert.equal(suspend(thrown), need);
    const reason = new Error('why');
    assert.throws(() => thrown.throw(reason), reason);
    const left = coSendLimited(coCounted(), 1000, () => false);
    suspend(left);
    left.return();
    assert.equal(ended, 2);
  });
});

function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
