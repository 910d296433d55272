import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ok, requestHead, response } from '../support/messages.ts';
import {
  close,
  expect,
  expectEnd,
  expectHead,
  gate,
  reset,
  send,
  startScriptedServer,
} from '../support/scripted-server.ts';
import { connectionClosed, connectionTo, waysOfWaiting } from '../support/waiting.ts';

describe('a tunnel [RFC 9110 9.3.6]', () => {
  for (const { name, run } of waysOfWaiting) {
    test(`begins right behind a 2xx to CONNECT; then bytes go as they are (${name})`, async () => {
      using server = startScriptedServer([
        [
          // Host is the target, not the peer (RFC 9112 3.2).
          expect(requestHead('origin.example:443', 'CONNECT origin.example:443')),
          send(`${response('299 Fine', ['Content-Length: 5', 'Transfer-Encoding: chunked'])}hello`),
          expect('HTTP/1.1 ping'),
          send('pong'),
          close(),
        ],
      ]);
      using connection = connectionTo(server);
      await run(connection.coSendRequest('CONNECT', 'origin.example:443'));
      const answer = await run(connection.coReadResponse());
      assert.deepEqual([answer.status, answer.length, connection.responsePending()], [299, 0, false]);
      assert.equal((await run(connection.coRead())).length, 0);
      let text = '';
      while (text.length < 5) text += await run(connection.coReadRaw(3));
      assert.equal(text, 'hello');
      await run(connection.coWriteRaw(Buffer.from('HTTP/1.1 ping')));
      text = '';
      for (let part = await run(connection.coReadRaw(9)); part.length > 0; part = await run(connection.coReadRaw(9))) {
        text += part;
      }
      assert.equal(text, 'pong');
      server.check();
    });
  }

  test('is no place for HTTP: StateError', () => {
    using server = startScriptedServer([[expectHead(), gate('answer'), send(response('200 OK')), expectEnd()]]);
    using connection = connectionTo(server);
    connection.sendRequest('CONNECT', 'origin.example:443');
    assert.throws(() => connection.sendRequest('GET', '/'), { name: 'StateError' });
    assert.throws(() => connection.writeRaw(Buffer.from('x')), { name: 'StateError' });
    assert.throws(() => connection.readRaw(1), { name: 'StateError' });
    server.open('answer');
    connection.readResponse();
    for (const call of [
      () => connection.sendRequest('GET', '/'),
      () => connection.readResponse(),
      () => connection.write(Buffer.from('x')),
      () => connection.endBody(),
    ]) {
      assert.throws(call, { name: 'StateError' });
    }
    assert.throws(() => connection.readRaw(0), TypeError);
    connection.disconnect();
    server.check();
  });

  test('that is refused leaves the connection to HTTP', () => {
    using server = startScriptedServer([
      [
        expectHead(),
        send(response('407 Proxy Authentication Required', ['Content-Length: 2'], 'no')),
        expectHead(),
        send(ok('yes')),
      ],
    ]);
    using connection = connectionTo(server);
    connection.sendRequest('CONNECT', 'origin.example:443');
    assert.equal(connection.readResponse().status, 407);
    assert.equal(connection.readText(), 'no');
    connection.sendRequest('GET', '/');
    connection.readResponse();
    assert.equal(connection.readText(), 'yes');
  });

  test('that is reset raises ConnectionClosed, after what has come before', () => {
    using server = startScriptedServer([[expectHead(), send(`${response('200 OK')}last`), reset()]]);
    using connection = connectionTo(server);
    connection.sendRequest('CONNECT', 'origin.example:443');
    connection.readResponse();
    assert.equal(connection.readRaw(10).toString(), 'last');
    assert.throws(() => connection.readRaw(10), connectionClosed({ phase: 'receive', lost: [] }));
  });
});

describe('raw bytes', () => {
  test('are refused while the connection speaks HTTP', () => {
    using server = startScriptedServer([[expectHead(), send(ok('body')), expectEnd()]]);
    using connection = connectionTo(server);
    assert.throws(() => connection.readRaw(1), { name: 'StateError' });
    assert.throws(() => connection.writeRaw(Buffer.from('x')), { name: 'StateError' });
    connection.sendRequest('GET', '/');
    assert.throws(() => connection.readRaw(1), { name: 'StateError' });
    connection.readResponse();
    assert.throws(() => connection.readRaw(1), { name: 'StateError' });
    const wayOut = /HTTP goes on here, until a server agrees to end it for the option upgrade, or CONNECT/;
    assert.throws(() => connection.writeRaw(Buffer.from('x')), { name: 'StateError', message: wayOut });
    assert.equal(connection.readText(), 'body');
    connection.disconnect();
    server.check();
  });

  test('can be had after a head that is no HTTP', () => {
    using server = startScriptedServer([[expectHead(), send('SSH-2.0-x\r\n'), close()]]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/');
    assert.throws(() => connection.readResponse(), { name: 'InvalidResponse' });
    let text = '';
    for (let part = connection.readRaw(5); part.length > 0; part = connection.readRaw(5)) text += part;
    assert.equal(text, 'SSH-2.0-x\r\n');
  });
});
