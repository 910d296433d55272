/** Asking for the response to a request whose body has not been sent to its end. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { BodyFollowing, type Coroutine, type HTTPResponse, PollLoop, runBlocking } from 'dugong';
import { ok, response } from '../support/messages.ts';
import {
  expect,
  expectAnything,
  expectBytes,
  expectHead,
  gate,
  mark,
  send,
  startScriptedServer,
  stopReading,
} from '../support/scripted-server.ts';
import { MORE_THAN_FITS } from '../support/socket-capacity.ts';
import { timeLimit } from '../support/time-limit.ts';
import { connectionTo, waysOfWaiting } from '../support/waiting.ts';

const refusal = response('413 Content Too Large', ['Content-Length: 2'], 'no');
const toldWhy = {
  name: 'ConnectionClosed',
  message: /\/: the server answered before the request had been sent in whole/,
};

describe('readResponse() while a body that follows is not complete', () => {
  test('is a StateError as long as no call is sending it and no answer is there', () => {
    using server = startScriptedServer([
      [expectHead(), send(response('103 Early Hints')), mark('hinted'), gate('refuse'), send(refusal), mark('refused')],
    ]);
    using connection = connectionTo(server);
    const unfinished = { name: 'StateError', message: /body of PUT \/ has not been sent to its end/ };
    connection.sendRequest('PUT', '/', { body: new BodyFollowing(10) });
    server.waitFor('hinted');
    assert.throws(() => connection.readResponse(), unfinished);
    connection.write(Buffer.from('12345'));
    assert.throws(() => connection.readResponse(), unfinished);
    server.open('refuse');
    server.waitFor('refused');
    assert.equal(connection.readResponse().status, 413);
    assert.throws(() => connection.write(Buffer.from('67890')), toldWhy);
    assert.equal(connection.readText(), 'no');
  });

  test('waits while a write of it is under way', async () => {
    using server = startScriptedServer([
      [expectHead(), stopReading(), gate('take'), expectBytes(MORE_THAN_FITS), send(ok('taken'))],
    ]);
    using connection = connectionTo(server);
    await connection.promises.sendRequest('PUT', '/', { body: new BodyFollowing(MORE_THAN_FITS) });
    const writing = connection.promises.write(Buffer.alloc(MORE_THAN_FITS));
    const reading = connection.promises.readResponse();
    await turn();
    assert.deepEqual([writing.done(), reading.done()], [false, false]);
    server.open('take');
    await writing;
    assert.equal((await reading).status, 200);
  });

  test('gives a success early, too; the body is gone on with, and the connection', () => {
    using server = startScriptedServer([
      [expectHead(), send(ok('early')), mark('answered'), expect('1234567890'), expectHead(), send(ok('next'))],
    ]);
    using connection = connectionTo(server);
    connection.sendRequest('PUT', '/', { body: new BodyFollowing(10) });
    server.waitFor('answered');
    assert.equal(connection.readResponse().status, 200);
    assert.equal(connection.readText(), 'early');
    assert.throws(() => connection.sendRequest('GET', '/'), {
      name: 'StateError',
      message: /not been sent to its end/,
    });
    connection.write(Buffer.from('1234567890'));
    connection.sendRequest('GET', '/next');
    connection.readResponse();
    assert.equal(connection.readText(), 'next');
    server.check();
  });
});

describe('a body in pieces that fails in the middle', () => {
  const failure = new Error('no more');
  const sources: readonly [name: string, pieces: () => Generator<string>, cause: RegExp][] = [
    [
      'throws',
      function* () {
        yield 'abc';
        throw failure;
      },
      /^Error: no more$/,
    ],
    [
      'gives no bytes',
      function* () {
        yield 'abc';
        yield 5 as unknown as string;
      },
      /^TypeError: a body's pieces must be strings or bytes, got number$/,
    ],
  ];
  for (const [name, pieces, cause] of sources) {
    for (const { name: way, run } of waysOfWaiting) {
      test(`raises the error of a source that ${name}, which is the cause of later ones until disconnect() (${way})`, async () => {
        using server = startScriptedServer([
          [expectHead(), expectAnything()],
          [expectHead(), send(ok('x'))],
        ]);
        using connection = connectionTo(server);
        const sent = run(connection.coSendRequest('PUT', '/', { body: pieces() }));
        const first = await sent.then(
          () => assert.fail('it was sent'),
          (error) => error,
        );
        assert.match(String(first), cause);
        for (const later of [connection.coSendRequest('GET', '/'), connection.coReadResponse()]) {
          await assert.rejects(async () => run<unknown>(later), {
            name: 'StateError',
            message:
              /the body of PUT \/ has not been sent to its end: .*cause.*; disconnect\(\), and send the request anew$/,
            cause: first,
          });
        }
        connection.disconnect();
        await run(connection.coSendRequest('GET', '/'));
        assert.equal((await run(connection.coReadResponse())).status, 200);
      });
    }
  }
});

describe('a request that a future has begun to send', () => {
  for (const [what, run] of Object.entries({
    'runBlocking()': (reading: Coroutine<HTTPResponse>) => runBlocking(reading, { timeout: timeLimit(20_000) }),
    'a PollLoop': (reading: Coroutine<HTTPResponse>) => {
      using loop = new PollLoop();
      return loop.runUntilComplete(loop.createTask(reading));
    },
  })) {
    test(`goes on while ${what} reads its response, and the future cannot run`, async () => {
      using server = startScriptedServer([
        [expectHead(), stopReading(), gate('begun'), expectBytes(MORE_THAN_FITS), send(ok('x'))],
      ]);
      using connection = connectionTo(server);
      connection.connect();
      const sending = connection.promises.sendRequest('PUT', '/', { body: Buffer.alloc(MORE_THAN_FITS) });
      assert.ok(!sending.done());
      server.open('begun');
      assert.equal(run(connection.coReadResponse()).status, 200);
      await sending;
    });
  }
});
