/**
 * What becomes of the other requests when one call is interrupted: nothing, and the connection can say so.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { type AioFuture, type AioFutureOptions, BodyFollowing, type HTTPConnection } from 'dugong';
import { native } from '../../src/io/native.ts';
import { ok } from '../support/messages.ts';
import {
  expect,
  expectHead,
  gate,
  mark,
  type Script,
  send,
  startScriptedServer,
  stopReading,
} from '../support/scripted-server.ts';
import { MORE_THAN_FITS } from '../support/socket-capacity.ts';
import { startStalledListener } from '../support/stalled-listener.ts';
import { connectionTo } from '../support/waiting.ts';

const reason = new Error('enough');

/** The ways to interrupt a promise, each with what it rejects with. */
const interruptions: readonly {
  name: string;
  start(call: (options: AioFutureOptions) => AioFuture<unknown>): AioFuture<unknown>;
  rejection: unknown;
}[] = [
  {
    name: 'a signal',
    start(call) {
      const controller = new AbortController();
      const future = call({ signal: controller.signal });
      setImmediate(() => controller.abort(reason));
      return future;
    },
    rejection: reason,
  },
  {
    name: 'cancel()',
    start(call) {
      const future = call({});
      setImmediate(() => future.cancel());
      return future;
    },
    rejection: { name: 'AbortError' },
  },
  { name: 'a timeout', start: (call) => call({ timeout: 20 }), rejection: { name: 'ConnectionTimedOut', timeout: 20 } },
];

/** In short: "GET /1 sent", with a "!" where the server cannot have begun to act on it. */
function pending(connection: HTTPConnection): string[] {
  return connection
    .pendingRequests()
    .map(
      ({ method, path, stage, mayHaveBeenProcessed }) => `${mayHaveBeenProcessed ? '' : '!'}${method} ${path} ${stage}`,
    );
}

const three: Script = [expectHead(), expectHead(), expectHead(), gate('answer')];

async function sendThree({ promises }: HTTPConnection): Promise<void> {
  for (const path of ['/1', '/2', '/3']) await promises.sendRequest('GET', path);
}

describe('an interruption', () => {
  for (const { name, start, rejection } of interruptions) {
    test(`of readResponse by ${name} leaves all requests pending, and their responses to be read`, async () => {
      using server = startScriptedServer([[...three, send(ok('one') + ok('two') + ok('three'))]]);
      using connection = connectionTo(server);
      await sendThree(connection);
      await assert.rejects(
        start((options) => connection.promises.readResponse(options)),
        rejection as Error,
      );
      assert.deepEqual(pending(connection), ['GET /1 sent', 'GET /2 sent', 'GET /3 sent']);
      server.open('answer');
      for (const body of ['one', 'two', 'three']) {
        await connection.promises.readResponse();
        assert.equal(await connection.promises.readText(), body);
      }
      assert.deepEqual(pending(connection), []);
    });

    test(`of readAll by ${name} leaves the rest of the body to be read, and the requests behind it`, async () => {
      const first = ok('0123456789');
      using server = startScriptedServer([
        [
          expectHead(),
          expectHead(),
          expectHead(),
          send(first.slice(0, -4)),
          gate('answer'),
          send(`${first.slice(-4)}${ok('two')}${ok('')}`),
        ],
      ]);
      using connection = connectionTo(server);
      await sendThree(connection);
      await connection.promises.readResponse();
      await assert.rejects(
        start((options) => connection.promises.readAll(options)),
        rejection as Error,
      );
      assert.deepEqual(pending(connection), ['GET /1 answered', 'GET /2 sent', 'GET /3 sent']);
      server.open('answer');
      assert.equal(await connection.promises.readText(), '0123456789');
      assert.equal((await connection.promises.readResponse()).path, '/2');
    });

    test(`of sendRequest by ${name} leaves the request to be sent with the next call, and the others`, async () => {
      const body = Buffer.alloc(MORE_THAN_FITS, 'abc');
      using server = startScriptedServer([
        [expectHead(), stopReading(), gate('answer'), expectHead(), expect(body), send(ok('one') + ok('two'))],
      ]);
      using connection = connectionTo(server);
      await connection.promises.sendRequest('GET', '/1');
      await assert.rejects(
        start((options) => connection.promises.sendRequest('PUT', '/2', { body, ...options })),
        rejection as Error,
      );
      assert.deepEqual(pending(connection), ['GET /1 sent', 'PUT /2 sending']);
      server.open('answer');
      for (const answer of ['one', 'two']) {
        await connection.promises.readResponse();
        assert.equal(await connection.promises.readText(), answer);
      }
      server.check();
    });

    test(`of connect by ${name} ends the attempt; the next call makes another one`, async () => {
      using stalled = startStalledListener();
      const before = native.counts();
      using connection = connectionTo({ hostname: '127.0.0.1', port: stalled.port });
      for (let attempt = 0; attempt < 2; attempt++) {
        await assert.rejects(
          start((options) => connection.promises.sendRequest('GET', '/', options)),
          rejection as Error,
        );
        assert.deepEqual(pending(connection), []);
        assert.equal(connection.responsePending(), false);
        assert.deepEqual(native.counts(), before);
      }
    });
  }

  test('of one of two that wait for the connection leaves it to the other', async () => {
    using server = startScriptedServer([[expectHead(), send(ok('x'))]]);
    using connection = connectionTo(server);
    const sending = connection.promises.sendRequest('GET', '/');
    const reading = connection.promises.readResponse();
    sending.cancel(reason);
    assert.deepEqual(pending(connection), ['!GET / sending']);
    await assert.rejects(sending, reason);
    assert.equal((await reading).status, 200);
  });
});

describe('pendingRequests()', () => {
  test('tells what has been sent, answered, or cannot have been processed', async () => {
    using server = startScriptedServer([
      [expectHead(), expectHead(), send(ok('one')), mark('answered'), gate('go on'), expect('body'), send(ok('two'))],
    ]);
    using connection = connectionTo(server);
    assert.deepEqual(pending(connection), []);
    connection.sendRequest('GET', '/1');
    connection.sendRequest('PUT', '/2', { body: new BodyFollowing(4) });
    assert.deepEqual(pending(connection), ['GET /1 sent', 'PUT /2 sending']);
    connection.readResponse();
    assert.deepEqual(pending(connection), ['GET /1 answered', 'PUT /2 sending']);
    connection.discard();
    server.open('go on');
    connection.write(Buffer.from('body'));
    assert.deepEqual(pending(connection), ['PUT /2 sent']);
    connection.cork();
    connection.sendRequest('GET', '/3');
    assert.deepEqual(pending(connection), ['PUT /2 sent', '!GET /3 sending']);
    await turn();
    connection.disconnect();
    assert.deepEqual(pending(connection), []);
  });
});
