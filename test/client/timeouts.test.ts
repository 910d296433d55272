import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { AioFuture, BodyFollowing, HTTPConnection } from '../../src/index.ts';
import { listen } from '../support/listen.ts';
import { chunked, chunkedResponse, ok, response } from '../support/messages.ts';
import {
  expect,
  expectAnything,
  expectHead,
  gate,
  mark,
  type Script,
  type ScriptedServer,
  send,
  startScriptedServer,
  stopReading,
} from '../support/scripted-server.ts';
import { MORE_THAN_FITS } from '../support/socket-capacity.ts';
import { atSomePace } from '../support/time-limit.ts';
import { connectionTo } from '../support/waiting.ts';

const timeout = 60;
const timedOut = (phase: string) => ({
  name: 'ConnectionTimedOut',
  code: 'DUGONG_CONNECTION_TIMED_OUT',
  message: new RegExp(`: timed out after ${timeout} ms \\(${phase}\\)$`),
  phase,
  timeout,
});

/** Something that takes too long, in the phase that it is reported with. What it needs to get there is sent before the mark. */
const cases: readonly {
  name: string;
  phase: string;
  script: Script;
  prepare(connection: HTTPConnection, server: ScriptedServer): void;
  operation: 'readResponse' | 'readAll' | 'readText' | 'discard' | 'write';
}[] = [
  {
    name: 'a response that does not come',
    phase: 'receive',
    script: [expectHead(), gate('never')],
    prepare: (connection) => connection.sendRequest('GET', '/'),
    operation: 'readResponse',
  },
  ...(['readAll', 'readText', 'discard'] as const).map((operation) => ({
    name: `a body that does not end (${operation})`,
    phase: 'receive',
    script: [expectHead(), send(ok('0123456789').slice(0, -5)), mark('sent'), gate('never')],
    prepare(connection: HTTPConnection, server: ScriptedServer) {
      connection.sendRequest('GET', '/');
      server.waitFor('sent');
      connection.readResponse();
    },
    operation,
  })),
  {
    name: 'a 100 (Continue) that does not come within less than continueTimeout',
    phase: 'continue',
    script: [expectHead(), gate('never')],
    prepare: (connection) => connection.sendRequest('PUT', '/', { body: new BodyFollowing(3), expect100: true }),
    operation: 'readResponse',
  },
  {
    name: 'a server that stops reading',
    phase: 'send',
    script: [expectHead(), stopReading(), gate('never'), expectAnything()],
    prepare: (connection) => connection.sendRequest('PUT', '/', { body: new BodyFollowing(2 ** 30) }),
    operation: 'write',
  },
];

describe('a time limit', () => {
  for (const { name, phase, script, prepare, operation } of cases) {
    const data = Buffer.alloc(MORE_THAN_FITS);

    test(`ends a blocking call: ${name}`, () => {
      using server = startScriptedServer([script]);
      using connection = connectionTo(server, { timeout });
      prepare(connection, server);
      assert.throws(() => (operation === 'write' ? connection.write(data) : connection[operation]()), timedOut(phase));
    });

    test(`ends a future: ${name}`, async () => {
      using server = startScriptedServer([script]);
      using connection = connectionTo(server);
      prepare(connection, server);
      const { promises } = connection;
      const future = operation === 'write' ? promises.write(data, { timeout }) : promises[operation]({ timeout });
      await assert.rejects(future as AioFuture<unknown>, timedOut(phase));
    });
  }

  test('of a blocking call is one of inactivity: a slow but steady server may take longer', () =>
    atSomePace((factor) => {
      const parts = Array.from({ length: 12 }, () => 'x');
      const pace = { chunk: 10, every: 10 * factor };
      using server = startScriptedServer([[expectHead(), send(chunkedResponse(parts), pace)]]);
      using connection = connectionTo(server, { timeout: 60 * factor });
      connection.sendRequest('GET', '/');
      const before = performance.now();
      connection.readResponse();
      assert.equal(connection.readText(), 'x'.repeat(12));
      assert.ok(performance.now() - before > 60 * factor);
    }));

  test('of a future is one for all of it', async () => {
    using server = startScriptedServer([
      [
        expectHead(),
        send(response('200 OK', ['Transfer-Encoding: chunked']) + chunked(['x']).repeat(1).slice(0, 6)),
        send('1\r\nx\r\n'.repeat(400), { chunk: 6, every: 5 }),
        gate('never'),
      ],
    ]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/');
    connection.readResponse();
    await assert.rejects(connection.promises.readAll({ timeout }), timedOut('receive'));
  });

  test('that passes leaves the connection as it was: reading goes on', () => {
    using server = startScriptedServer([
      [
        ...[expectHead(), send(ok('x'.repeat(50)).slice(0, -25)), mark('sent'), gate('rest')],
        ...[send('y'.repeat(25)), mark('all sent')],
      ],
    ]);
    using connection = connectionTo(server, { timeout });
    connection.sendRequest('GET', '/');
    server.waitFor('sent');
    connection.readResponse();
    let got = 0;
    while (got < 25) got += connection.read(50).length;
    assert.throws(() => connection.read(50), timedOut('receive'));
    assert.throws(() => connection.readAll(), timedOut('receive'));
    server.open('rest');
    server.waitFor('all sent');
    assert.equal(connection.readText(), 'y'.repeat(25));
  });

  test('that passes while sending lets the rest go out with the next call', () =>
    atSomePace((factor) => {
      const body = Buffer.alloc(MORE_THAN_FITS, 'abcdefghijklmnopqrstuvwxyz0123456789');
      using server = startScriptedServer([
        [stopReading(), gate('read on'), expectHead(), expect(body), send(ok('got it'))],
      ]);
      using connection = connectionTo(server, { timeout: 100 * factor });
      assert.throws(() => connection.sendRequest('PUT', '/', { body }), { name: 'ConnectionTimedOut', phase: 'send' });
      server.open('read on');
      connection.readResponse();
      assert.equal(connection.readText(), 'got it');
      server.check();
    }));

  test('does not concern coroutines', async () => {
    using server = startScriptedServer([[expectHead(), gate('answer'), send(ok('late'))]]);
    using connection = connectionTo(server, { timeout: 10 });
    connection.sendRequest('GET', '/');
    const future = new AioFuture(connection.coReadResponse());
    await new Promise((resolve) => setTimeout(resolve, 30));
    server.open('answer');
    assert.equal((await future).status, 200);
  });

  test('goes for a Unix socket, too, whose queue of connections is full', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dugong-queue-'));
    const socketPath = join(folder, 'socket');
    const server = createServer();
    await listen(server, { path: socketPath, backlog: 1 });
    const queued: HTTPConnection[] = [];
    try {
      // No server accepts while this thread is blocked.
      const fill = (): void => {
        while (queued.length < 100) {
          const connection = new HTTPConnection('localhost', { socketPath, timeout });
          queued.push(connection);
          connection.connect();
        }
      };
      assert.throws(fill, timedOut('connect'));
    } finally {
      for (const connection of queued) connection.disconnect();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true });
    }
  });

  test('of 0 is none; one that is no whole number >= 0 is a TypeError', () => {
    using server = startScriptedServer([[expectHead(), send(ok('x'), { chunk: 10, every: 1 })]]);
    using connection = connectionTo(server, { timeout: 0 });
    connection.sendRequest('GET', '/');
    assert.equal(connection.readResponse().status, 200);
    for (const wrong of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '10' as unknown as number]) {
      assert.throws(() => connectionTo(server, { timeout: wrong }), { name: 'TypeError', message: /timeout/ });
      assert.throws(() => connectionTo(server, { continueTimeout: wrong }), TypeError);
      assert.throws(() => connectionTo(server, { receiveBufferSize: wrong }), TypeError);
      assert.throws(() => connectionTo(server, { maxReadAhead: wrong }), TypeError);
      assert.throws(() => connectionTo(server, { limits: { fields: wrong } }), {
        name: 'TypeError',
        message: /limits\.fields/,
      });
    }
    assert.throws(() => connectionTo(server, { receiveBufferSize: 0 }), TypeError);
  });
});
