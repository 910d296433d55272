import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BodyFollowing } from '../../src/index.ts';
import { dummyBytes, startDummyServer } from '../support/dummy-server.ts';
import { ok, requestHead, response } from '../support/messages.ts';
import {
  expect,
  expectEnd,
  expectHead,
  gate,
  mark,
  send,
  startScriptedServer,
  stopReading,
} from '../support/scripted-server.ts';
import { MORE_THAN_FITS } from '../support/socket-capacity.ts';
import { timeLimit } from '../support/time-limit.ts';
import { connectionTo, finish, suspendForGood, waysOfWaiting } from '../support/waiting.ts';

describe('pipelined requests', () => {
  for (const { name, run } of waysOfWaiting) {
    test(`three are sent before any response is read, and answered in order, by ${name} [RFC 9112 9.3.2]`, async () => {
      using server = startScriptedServer(({ authority }) => [
        [
          ...['/1', '/2', '/3'].map((path) => expect(requestHead(authority, `GET ${path}`))),
          mark('all requests are here'),
          send(ok('one') + ok('two') + ok('three')),
          expectEnd(),
        ],
      ]);
      using connection = connectionTo(server);
      for (const path of ['/1', '/2', '/3']) await run(connection.coSendRequest('GET', path));
      await server.reached('all requests are here');
      for (const [path, body] of [
        ['/1', 'one'],
        ['/2', 'two'],
        ['/3', 'three'],
      ]) {
        const answer = await run(connection.coReadResponse());
        assert.deepEqual([answer.method, answer.path, answer.status, answer.length], ['GET', path, 200, body?.length]);
        assert.equal((await run(connection.coReadAll())).toString(), body);
      }
      assert.equal(connection.responsePending(), false);
      connection.disconnect();
      server.check();
    });
  }

  test('are sent by coroutines and answered to blocking reads on one connection', () => {
    using server = startDummyServer();
    using connection = connectionTo(server);
    const paths = [120, 121, 122].map((size) => `/send_${size}_bytes`);
    for (const path of paths) finish(connection.coSendRequest('GET', path));
    for (const [index, path] of paths.entries()) {
      const answer = connection.readResponse();
      assert.deepEqual([answer.status, answer.path], [200, path]);
      assert.deepEqual(connection.readAll(), dummyBytes(120 + index));
    }
  });

  test('responses to HEAD, 204, 304 and of length 0 need no read call between them [RFC 9112 6.3]', () => {
    using server = startScriptedServer([
      [
        expectHead(),
        expectHead(),
        expectHead(),
        expectHead(),
        expectHead(),
        send(response('200 OK', ['Content-Length: 512'])),
        send(response('204 No Content')),
        send(response('304 Not Modified', ['Content-Length: 7'])),
        send(ok('')),
        send(ok('last')),
      ],
    ]);
    using connection = connectionTo(server);
    connection.sendRequest('HEAD', '/');
    for (let count = 0; count < 4; count++) connection.sendRequest('GET', '/');
    for (const status of [200, 204, 304, 200]) {
      const answer = connection.readResponse();
      assert.deepEqual([answer.status, answer.length], [status, 0]);
    }
    assert.equal(connection.readResponse().length, 4);
    assert.equal(connection.responsePending(), true);
    assert.equal(connection.readText(), 'last');
    assert.equal(connection.responsePending(), false);
  });

  test('a head alone ends the response to HEAD, whatever its fields say [RFC 9112 6.3]', () => {
    using server = startScriptedServer([
      [
        expectHead(),
        send(response('200 OK', ['Content-Length: 10'])),
        expectHead(),
        send(response('317 Odd', ['Content-Length: 10'])),
        expectHead(),
        send(response('200 OK', ['Transfer-Encoding: chunked'])),
        expectHead(),
        send(response('200 OK')),
        expectHead(),
        send(ok('body')),
      ],
    ]);
    using connection = connectionTo(server);
    for (const status of [200, 317, 200, 200]) {
      connection.sendRequest('HEAD', '/');
      const answer = connection.readResponse();
      assert.deepEqual([answer.status, answer.length, connection.responsePending()], [status, 0, false]);
      assert.equal(connection.readAll().length, 0);
    }
    connection.sendRequest('GET', '/');
    connection.readResponse();
    assert.equal(connection.readText(), 'body');
  });
});

describe('the order of calls', () => {
  const stateError = (message: RegExp) => ({ name: 'StateError', code: 'DUGONG_STATE', message });

  test('reading a response before any request, or with none pending, is a StateError', () => {
    using server = startScriptedServer([[expectHead(), send(ok('x'))]]);
    using connection = connectionTo(server);
    assert.throws(() => connection.readResponse(), stateError(/before any request/));
    assert.equal(connection.readAll().length, 0);
    connection.discard();
    assert.equal(server.connections(), 0);
    connection.sendRequest('GET', '/');
    connection.readResponse();
    connection.discard();
    assert.throws(() => connection.readResponse(), stateError(/no request is waiting/));
  });

  test('a response cannot be asked for before the previous body has been read', () => {
    using server = startScriptedServer([[expectHead(), expectHead(), send(ok('0123456789') + ok('second'))]]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/first');
    connection.sendRequest('GET', '/second');
    connection.readResponse();
    assert.throws(() => connection.readResponse(), stateError(/GET \/first/));
    assert.equal(connection.read(8).toString(), '01234567');
    assert.throws(() => connection.readResponse(), stateError(/GET \/first/));
    assert.equal(connection.readText(), '89');
    assert.equal(connection.readResponse().path, '/second');
    assert.equal(connection.readText(), 'second');
  });

  test('reading on after the end of a body gives empty, never bytes of the next response', () => {
    using server = startScriptedServer([[expectHead(), expectHead(), send(ok('first') + ok('second'))]]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/1');
    connection.sendRequest('GET', '/2');
    connection.readResponse();
    assert.equal(connection.readText(), 'first');
    for (let count = 0; count < 3; count++) {
      assert.equal(connection.read(8).length, 0);
      assert.equal(connection.readInto(Buffer.alloc(8)), 0);
      assert.equal(connection.readAll().length, 0);
    }
    connection.readResponse();
    assert.equal(connection.readText(), 'second');
  });

  test('a new request, or its own response, before a body is complete is a StateError', () => {
    using server = startScriptedServer([[expectHead(), expectHead(), send(ok('0123456789')), mark('answered')]]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/download');
    connection.sendRequest('PUT', '/upload', { body: new BodyFollowing(42) });
    server.waitFor('answered');
    assert.throws(() => connection.sendRequest('GET', '/'), stateError(/body of PUT \/upload/));
    connection.readResponse();
    assert.equal(connection.readText(), '0123456789');
    assert.throws(() => connection.readResponse(), stateError(/body of PUT \/upload/));
    assert.throws(() => connection.sendRequest('GET', '/'), stateError(/body of PUT \/upload/));
  });

  test('a second sender is refused while a first one is suspended, and may go on after it', () => {
    using server = startScriptedServer([[gate('read'), expectHead(), expectHead(), send(ok('a') + ok('b'))]]);
    using connection = connectionTo(server);
    const first = connection.coSendRequest('GET', '/1');
    first.next();
    assert.throws(() => connection.sendRequest('GET', '/2'), stateError(/another coroutine is still sending/));
    finish(first);
    server.open('read');
    connection.sendRequest('GET', '/2');
    for (const path of ['/1', '/2']) {
      assert.equal(connection.readResponse().path, path);
      connection.discard();
    }
  });
});

describe('a send coroutine that is suspended on a full socket', () => {
  test('survives the reading of all earlier responses, and then finishes', () => {
    using server = startDummyServer();
    using connection = connectionTo(server);
    const body = Buffer.alloc(8192, 'x');
    let sent = 0;
    let suspended = connection.coSendRequest('GET', '/send_102400_bytes', { body });
    // No reader takes the answers, so the server stops reading requests in the end.
    for (;;) {
      const step = suspended.next();
      if (step.done) {
        sent++;
        suspended = connection.coSendRequest('GET', '/send_102400_bytes', { body });
      } else if (!step.value.poll(sent > 2 ? 300 : timeLimit(20_000))) {
        break;
      }
    }
    assert.ok(sent > 2, `${sent} requests were sent`);
    const expected = dummyBytes(102_400);
    for (let count = 0; count < sent; count++) {
      assert.equal(connection.readResponse().status, 200);
      assert.ok(connection.readAll().equals(expected));
    }
    finish(suspended);
    assert.equal(connection.readResponse().status, 200);
    assert.ok(connection.readAll().equals(expected));
    assert.equal(connection.responsePending(), false);
  });

  test('sends each byte once, in order, while responses are read between its steps', () => {
    const upload = Buffer.alloc(MORE_THAN_FITS, 'abcdefghijklmnopqrstuvwxyz0123456789');
    using server = startScriptedServer(({ authority }) => [
      [
        expect(requestHead(authority, 'GET /1')),
        stopReading(),
        send(ok('first')),
        gate('read on'),
        expect(requestHead(authority, 'PUT /2', { framing: [`Content-Length: ${upload.length}`] })),
        expect(upload),
        send(ok('second')),
        expectEnd(),
      ],
    ]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/1');
    const sender = connection.coSendRequest('PUT', '/2', { body: upload });
    suspendForGood(sender);
    connection.readResponse();
    assert.equal(connection.readText(), 'first');
    server.open('read on');
    finish(sender);
    assert.equal(connection.readResponse().path, '/2');
    assert.equal(connection.readText(), 'second');
    connection.disconnect();
    server.check();
  });
});
