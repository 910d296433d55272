/** A forgotten `yield*` makes a coroutine that does nothing: what goes wrong later says so. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Coroutine, runBlocking } from 'dugong';
import { ok } from '../support/messages.ts';
import { expect, expectHead, send, startScriptedServer } from '../support/scripted-server.ts';
import { connectionTo, waysWithLoop } from '../support/waiting.ts';

for (const { name, run } of waysWithLoop) {
  describe(`a forgotten yield* (${name})`, () => {
    test('before coSendRequest() is named by the call that misses the request, also on a kept connection', async () => {
      using server = startScriptedServer([[expectHead(), send(ok('x'))]]);
      using connection = connectionTo(server);
      function* coForgetful(): Coroutine<void> {
        connection.coSendRequest('GET', '/');
        yield* connection.coReadResponse();
      }
      const named = { name: 'StateError', message: /a coroutine that sends one does nothing until yield\* runs it/ };
      await assert.rejects(run(coForgetful()), named);
      connection.sendRequest('GET', '/');
      connection.readResponse();
      assert.equal(connection.readText(), 'x');
      await assert.rejects(run(coForgetful()), named);
    });
  });
}

describe('a coroutine in place of its result', () => {
  const hint = { name: 'TypeError', message: /coroutine.* yield\*/ };

  test('is refused by name where bytes are wanted, and as a body', () => {
    using server = startScriptedServer([[send('')], [send('')], [send('')]]);
    using connection = connectionTo(server);
    connection.connect();
    using other = connectionTo(server);
    const body = other.coReadResponse() as never;
    function* coWaits(): Coroutine<string> {
      yield* other.coConnect();
      return 'x';
    }
    assert.throws(() => connection.write(body), hint);
    assert.throws(() => connection.readInto(body), hint);
    assert.throws(() => connection.sendRequest('POST', '/', { body: coWaits() as never }), hint);
    assert.doesNotThrow(() => runBlocking(coWaits()));
  });

  test('is refused by name as a body, also if it need not wait', async () => {
    function* coReady(body: unknown): Coroutine<unknown> {
      yield* [];
      return body;
    }
    for (const result of ['x', Buffer.from('x')]) {
      using server = startScriptedServer([[send('')], [send('')]]);
      using connection = connectionTo(server);
      assert.throws(() => connection.sendRequest('POST', '/', { body: coReady(result) as never }), hint);
      connection.disconnect();
      await assert.rejects(connection.promises.sendRequest('POST', '/', { body: coReady(result) as never }), hint);
    }
    using server = startScriptedServer([[expectHead(), expect('0\r\n\r\n'), send(ok('x'))]]);
    using connection = connectionTo(server);
    connection.sendRequest('POST', '/', { body: coReady(0) as never });
    assert.equal(connection.readResponse().status, 200);
  });
});
