import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chunkedResponse, ok, requestHead, response } from '../support/messages.ts';
import {
  close,
  end,
  expect,
  expectEnd,
  expectHead,
  gate,
  mark,
  reset,
  send,
  startScriptedServer,
} from '../support/scripted-server.ts';
import { connectionClosed, connectionTo, waysOfWaiting } from '../support/waiting.ts';

describe('a response that announces the end of the connection [RFC 9112 9.6]', () => {
  const announcements: readonly (readonly string[])[] = [
    ['Connection: close'],
    ['connection: CLOSE'],
    ['Connection: x, close'],
    ['Connection: close,,x'],
    ['Connection: x', 'Connection:\tClose '],
    ['Connection: keep-alive, close'],
  ];
  for (const fields of announcements) {
    test(`with ${JSON.stringify(fields)} is read whole; the next request raises and sends nothing`, () => {
      using server = startScriptedServer(({ authority }) => [
        [expect(requestHead(authority, 'GET /1')), send(ok('whole', ...fields)), expectEnd()],
        [expect(requestHead(authority, 'GET /2')), send(ok('anew')), expectEnd()],
      ]);
      using connection = connectionTo(server);
      connection.sendRequest('GET', '/1');
      connection.readResponse();
      assert.equal(connection.readText(), 'whole');
      assert.equal(connection.responsePending(), false);
      const closed = connectionClosed({ phase: 'send', lost: [] });
      assert.throws(() => connection.sendRequest('GET', '/2'), closed);
      assert.throws(() => connection.sendRequest('GET', '/2'), closed);
      assert.throws(() => connection.readResponse(), { name: 'ConnectionClosed', phase: 'receive' });
      connection.disconnect();
      connection.sendRequest('GET', '/2');
      connection.readResponse();
      assert.equal(connection.readText(), 'anew');
      connection.disconnect();
      server.check();
    });
  }

  test('with other tokens that contain "close" goes on', () => {
    using server = startScriptedServer([
      [expectHead(), send(ok('1', 'Connection: not-close, closed')), expectHead(), send(ok('2'))],
    ]);
    using connection = connectionTo(server);
    for (const body of ['1', '2']) {
      connection.sendRequest('GET', '/');
      connection.readResponse();
      assert.equal(connection.readText(), body);
    }
  });

  test('without a body raises at the next request, too', () => {
    using server = startScriptedServer([
      [expectHead(), send(response('204 No Content', ['Connection: close'])), expectEnd()],
    ]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/');
    assert.equal(connection.readResponse().status, 204);
    assert.throws(() => connection.sendRequest('GET', '/'), { name: 'ConnectionClosed' });
    connection.disconnect();
    server.check();
  });

  test('loses the requests that were pipelined behind it', () => {
    using server = startScriptedServer([
      [expectHead(), expectHead(), expectHead(), send(ok('x'.repeat(500), 'Connection: close')), close()],
    ]);
    using connection = connectionTo(server);
    for (const path of ['/1', '/2', '/3']) connection.sendRequest('GET', path);
    connection.readResponse();
    assert.throws(
      () => connection.sendRequest('GET', '/4'),
      connectionClosed({ phase: 'send', lost: ['GET /1', 'GET /2', 'GET /3'] }),
    );
    assert.equal(connection.readAll().length, 500);
    assert.throws(() => connection.readResponse(), connectionClosed({ phase: 'receive', lost: ['GET /2', 'GET /3'] }));
    assert.throws(
      () => connection.sendRequest('GET', '/4'),
      connectionClosed({ phase: 'send', lost: ['GET /2', 'GET /3'] }),
    );
  });

  for (const [what, bytes] of [
    ['HTTP/1.0 without keep-alive', ok('body').replace('HTTP/1.1', 'HTTP/1.0')],
    [
      'both Transfer-Encoding and Content-Length',
      chunkedResponse(['body']).replace('\r\n', '\r\nContent-Length: 4\r\n'),
    ],
  ] as const) {
    test(`by ${what} is read whole; the next request raises [RFC 9112 9.3, 6.3]`, () => {
      using server = startScriptedServer([[expectHead(), send(bytes), expectEnd()]]);
      using connection = connectionTo(server);
      connection.sendRequest('GET', '/');
      connection.readResponse();
      assert.equal(connection.readText(), 'body');
      assert.throws(() => connection.sendRequest('GET', '/'), { name: 'ConnectionClosed', lostRequests: [] });
      connection.disconnect();
      server.check();
    });
  }

  test('is not announced by HTTP/1.0 with keep-alive', () => {
    const bytes = ok('body', 'Connection: Keep-Alive').replace('HTTP/1.1', 'HTTP/1.0');
    using server = startScriptedServer([[expectHead(), send(bytes), expectHead(), send(bytes)]]);
    using connection = connectionTo(server);
    for (let count = 0; count < 2; count++) {
      connection.sendRequest('GET', '/');
      assert.equal(connection.readResponse().httpVersion, '1.0');
      assert.equal(connection.readText(), 'body');
    }
  });
});

describe('a body that ends with the connection [RFC 9112 6.3 rule 8]', () => {
  const bytes = response('200 OK', [], 'x'.repeat(500));

  test('is read whole; then it is at its end, and the next request or response raises', () => {
    using server = startScriptedServer([[expectHead(), send(bytes), close()]]);
    using connection = connectionTo(server, { receiveBufferSize: 400 });
    connection.sendRequest('GET', '/');
    assert.equal(connection.readResponse().length, null);
    assert.equal(connection.readAll().length, 500);
    assert.equal(connection.readAll().length, 0);
    assert.equal(connection.responsePending(), false);
    assert.throws(() => connection.readResponse(), { name: 'ConnectionClosed' });
    assert.throws(() => connection.sendRequest('GET', '/'), { name: 'ConnectionClosed' });
  });

  test('is read into a larger buffer: 500 bytes in all, then 0', () => {
    using server = startScriptedServer([[expectHead(), send(bytes), end(), expectEnd()]]);
    using connection = connectionTo(server, { receiveBufferSize: 400 });
    connection.sendRequest('GET', '/');
    connection.readResponse();
    const buffer = Buffer.alloc(1000);
    const first = connection.readInto(buffer);
    const second = first === 500 ? 0 : connection.readInto(buffer.subarray(first));
    assert.equal(first + second, 500);
    assert.equal(buffer.toString('latin1', 0, 500), 'x'.repeat(500));
    assert.equal(connection.readInto(buffer), 0);
    assert.throws(() => connection.sendRequest('GET', '/'), { name: 'ConnectionClosed' });
  });
});

describe('our own announcement of the end [RFC 9112 9.6]', () => {
  for (const headers of [{ Connection: 'close' }, { connection: 'x, Close' }]) {
    test(`${JSON.stringify(headers)} lets no further request be sent, and the response be read`, () => {
      using server = startScriptedServer([[expectHead(), send(ok('last')), expectEnd()]]);
      using connection = connectionTo(server);
      connection.sendRequest('GET', '/1', { headers });
      assert.throws(() => connection.sendRequest('GET', '/2'), connectionClosed({ phase: 'send', lost: ['GET /1'] }));
      connection.readResponse();
      assert.equal(connection.readText(), 'last');
      assert.throws(() => connection.sendRequest('GET', '/2'), connectionClosed({ phase: 'send', lost: [] }));
      connection.disconnect();
      server.check();
    });
  }
});

describe('an idle connection [RFC 9112 9.2, 9.5]', () => {
  const events = [
    { name: 'an unsolicited response', steps: [send(ok('POISON'))], bytes: ok('POISON').length },
    { name: 'garbage', steps: [send('x')], bytes: 1 },
    { name: 'a late 100 (Continue)', steps: [send(response('100 Continue'))], bytes: response('100 Continue').length },
    { name: 'an unsolicited response and a FIN', steps: [send(ok('POISON')), end()], bytes: ok('POISON').length },
    { name: 'a FIN', steps: [end()], bytes: 0 },
    { name: 'a close', steps: [close()], bytes: 0 },
    { name: 'a reset', steps: [reset()], bytes: 0 },
  ];
  for (const { name, steps, bytes } of events) {
    for (const way of waysOfWaiting) {
      test(`on which there is ${name} takes no request (${way.name})`, async () => {
        using server = startScriptedServer([
          [expectHead(), send(ok('real')), gate('idle'), ...steps, mark('done'), expectEnd()],
          [expectHead(), send(ok('anew'))],
        ]);
        using connection = connectionTo(server);
        await way.run(connection.coSendRequest('GET', '/1'));
        await way.run(connection.coReadResponse());
        await way.run(connection.coReadAll());
        server.open('idle');
        await server.reached('done');
        const bytesSent = requestHead(server.authority, 'GET /1').length;
        const bytesReceived = ok('real').length + bytes;
        const closed = connectionClosed({ phase: 'idle', lost: ['!PUT /2'], bytesSent, bytesReceived });
        await assert.rejects(async () => way.run(connection.coSendRequest('PUT', '/2', { body: 'x' })), closed);
        await assert.rejects(async () => way.run(connection.coReadResponse()), { name: 'ConnectionClosed' });
        assert.equal(server.received().length, bytesSent);
        connection.disconnect();
        await way.run(connection.coSendRequest('PUT', '/2', { body: 'x' }));
        assert.equal((await way.run(connection.coReadResponse())).path, '/2');
        assert.equal((await way.run(connection.coReadAll())).toString(), 'anew');
      });
    }
  }

  test('on which bytes come while requests are collected takes none of them', () => {
    using server = startScriptedServer([
      [expectHead(), send(ok('real')), gate('idle'), send(ok('POISON')), mark('done'), expectEnd()],
    ]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/1');
    connection.readResponse();
    connection.discard();
    connection.cork();
    connection.sendRequest('GET', '/2');
    server.open('idle');
    server.waitFor('done');
    assert.throws(() => connection.uncork(), connectionClosed({ phase: 'idle', lost: ['!GET /2'] }));
    assert.throws(() => connection.readResponse(), { name: 'ConnectionClosed' });
    connection.disconnect();
    server.check();
  });

  test('on which bytes come before its first request takes none', () => {
    using server = startScriptedServer([[send(ok('POISON')), mark('done'), expectEnd()]]);
    using connection = connectionTo(server);
    connection.connect();
    server.waitFor('done');
    assert.throws(
      () => connection.sendRequest('GET', '/'),
      connectionClosed({ phase: 'idle', lost: ['!GET /'], bytesSent: 0 }),
    );
    connection.disconnect();
    server.check();
  });

  for (const collected of [false, true]) {
    const when = collected ? 'was only collected by then' : 'was made while that body was still to be read';
    test(`with a response behind another one's body does not answer a request that ${when}`, () => {
      using server = startScriptedServer([
        [expectHead(), send(ok('real') + ok('POISON')), ...(collected ? [] : [expectHead()]), expectEnd()],
      ]);
      using connection = connectionTo(server);
      connection.sendRequest('GET', '/1');
      connection.readResponse();
      if (collected) connection.cork();
      connection.sendRequest('GET', '/2');
      assert.equal(connection.readText(), 'real');
      const lost = [collected ? '!GET /2' : 'GET /2'];
      assert.throws(() => connection.readResponse(), connectionClosed({ phase: 'receive', lost }));
      connection.disconnect();
      server.check();
    });
  }

  test('with a response behind another one is noticed before what was collected meanwhile goes out', () => {
    using server = startScriptedServer([[expectHead(), send(ok('real') + ok('POISON')), expectEnd()]]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/1');
    connection.readResponse();
    connection.cork();
    connection.sendRequest('GET', '/2');
    assert.equal(connection.readText(), 'real');
    assert.throws(() => connection.uncork(), connectionClosed({ phase: 'idle', lost: ['!GET /2'] }));
    connection.disconnect();
    server.check();
  });

  test('with surplus bytes right behind a response is not used again', () => {
    using server = startScriptedServer([[expectHead(), send(`${ok('real')}\r\n`), expectEnd()]]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/1');
    connection.readResponse();
    connection.discard();
    assert.throws(() => connection.sendRequest('GET', '/2'), connectionClosed({ phase: 'idle', lost: ['!GET /2'] }));
    connection.disconnect();
    server.check();
  });
});

describe('reusable()', () => {
  test('is true while a request can go out at once, and at no other time', async () => {
    using server = startScriptedServer([
      [expectHead(), send(chunkedResponse(['x'])), expectHead(), send(ok('y')), gate('close'), close(), mark('closed')],
      [expectHead(), send(ok('z', 'Connection: close')), expectEnd()],
    ]);
    using connection = connectionTo(server);
    const at: Record<string, boolean> = { 'before there is a connection': connection.reusable() };
    connection.connect();
    at['when it is there'] = connection.reusable();
    connection.sendRequest('GET', '/1');
    at['before an answer'] = connection.reusable();
    connection.readResponse();
    at['before a body'] = connection.reusable();
    connection.readText();
    at['behind a body'] = connection.reusable();
    connection.sendRequest('GET', '/2');
    connection.readResponse();
    connection.readText();
    server.open('close');
    await server.reached('closed');
    while (connection.reusable());
    at['when the server has closed it'] = connection.reusable();
    connection.disconnect();
    at['after disconnect()'] = connection.reusable();
    connection.sendRequest('GET', '/3');
    connection.readResponse();
    connection.readText();
    at['when the server will close it'] = connection.reusable();
    assert.deepEqual(at, {
      'before there is a connection': false,
      'when it is there': true,
      'before an answer': false,
      'before a body': false,
      'behind a body': true,
      'when the server has closed it': false,
      'after disconnect()': false,
      'when the server will close it': false,
    });
  });
});
