import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HTTPConnection } from '../../src/index.ts';
import { chunkedResponse, ok, requestHead, response } from '../support/messages.ts';
import {
  close,
  end,
  expectHead,
  mark,
  reset,
  type Step,
  send,
  startScriptedServer,
} from '../support/scripted-server.ts';
import { connectionClosed, connectionTo, waysOfWaiting } from '../support/waiting.ts';

/** How a server can leave. After `end` it goes on reading. */
const departures: readonly { name: string; leave: Step; orderly: boolean }[] = [
  { name: 'a FIN', leave: end(), orderly: true },
  { name: 'a close', leave: close(), orderly: true },
  { name: 'a reset', leave: reset(), orderly: false },
];

const messages: readonly { name: string; bytes: string; bodyEndsWithConnection?: true }[] = [
  { name: 'length', bytes: ok('hello, world') },
  { name: 'chunked', bytes: chunkedResponse(['hello', ', world'], ['X-T: 1']) },
  { name: 'close-delimited', bytes: response('200 OK', ['X: y'], 'hello, world'), bodyEndsWithConnection: true },
];

/** Reads a response and its body in one of the ways that there are. */
const readers: ((connection: HTTPConnection) => string)[] = [
  (connection) => connection.readText(),
  (connection) => {
    let text = '';
    for (let part = connection.read(5); part.length > 0; part = connection.read(5)) text += part;
    return text;
  },
  (connection) => {
    const buffer = Buffer.alloc(20_000);
    let end = 0;
    for (let count = -1; count !== 0; end += count) count = connection.readInto(buffer.subarray(end));
    return buffer.toString('latin1', 0, end);
  },
  (connection) => {
    connection.discard();
    return 'hello, world';
  },
];

describe('a server that leaves after any byte of its response [RFC 9112 8]', () => {
  for (const { name, bytes, bodyEndsWithConnection } of messages) {
    for (const departure of departures) {
      test(`(${name}) with ${departure.name}: ConnectionClosed unless all is there`, () => {
        const headLength = bytes.indexOf('\r\n\r\n') + 4;
        const lengths = Array.from({ length: bytes.length + 1 }, (_, length) => length);
        using server = startScriptedServer(
          lengths.map((length) => [
            expectHead(),
            send(bytes.slice(0, length)),
            departure.leave,
            mark(`left ${length}`),
          ]),
        );
        for (const length of lengths) {
          using connection = connectionTo(server);
          connection.sendRequest('GET', '/x');
          const closed = connectionClosed({
            phase: 'receive',
            lost: ['GET /x'],
            bytesSent: requestHead(server.authority, 'GET /x').length,
            bytesReceived: length,
          });
          if (length < headLength) {
            assert.throws(() => connection.readResponse(), closed, `after ${length} bytes`);
          } else {
            const read = readers[length % readers.length] as (typeof readers)[0];
            assert.equal(connection.readResponse().status, 200);
            if (length === bytes.length && (departure.orderly || !bodyEndsWithConnection)) {
              assert.equal(read(connection), 'hello, world');
            } else if (bodyEndsWithConnection && departure.orderly) {
              assert.equal(connection.readText(), bytes.slice(headLength, length));
            } else {
              assert.throws(() => read(connection), closed, `after ${length} bytes`);
              assert.throws(() => connection.readAll(), closed, `again after ${length} bytes`);
            }
          }
          server.waitFor(`left ${length}`);
          assert.throws(() => connection.sendRequest('GET', '/y'), { name: 'ConnectionClosed' });
        }
        assert.equal(server.connections(), lengths.length);
      });
    }
  }

  for (const { name, run } of waysOfWaiting) {
    test(`is noticed by ${name}, and the object connects anew after disconnect()`, async () => {
      using server = startScriptedServer([
        [expectHead(), send(ok('hello').slice(0, -1)), close()],
        [expectHead(), send(ok('whole'))],
      ]);
      using connection = connectionTo(server);
      await run(connection.coSendRequest('PUT', '/1', { body: 'x' }));
      await run(connection.coReadResponse());
      await assert.rejects(
        async () => run(connection.coReadAll()),
        connectionClosed({ phase: 'receive', lost: ['PUT /1'] }),
      );
      connection.disconnect();
      await run(connection.coSendRequest('GET', '/2'));
      await run(connection.coReadResponse());
      assert.equal(await run(connection.coReadText()), 'whole');
    });
  }

  test('loses all requests that it has not answered in full, the oldest first', () => {
    using server = startScriptedServer([
      [expectHead(), expectHead(), expectHead(), send(ok('one')), send(ok('two').slice(0, -1)), close()],
    ]);
    using connection = connectionTo(server);
    for (const path of ['/1', '/2', '/3']) connection.sendRequest('GET', path);
    connection.readResponse();
    connection.discard();
    assert.equal(connection.readResponse().path, '/2');
    const closed = connectionClosed({ phase: 'receive', lost: ['GET /2', 'GET /3'] });
    assert.throws(() => connection.readAll(), closed);
    assert.throws(
      () => connection.sendRequest('GET', '/4'),
      connectionClosed({ phase: 'send', lost: ['GET /2', 'GET /3'] }),
    );
  });

  test('is seen by the next read where sending has found the reset: the kernel says so once', () => {
    const begun = response('200 OK', ['X: y'], 'the beginning');
    using server = startScriptedServer([[expectHead(), send(begun), reset(), mark('gone')]]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/1');
    server.waitFor('gone');
    assert.throws(
      () => connection.sendRequest('GET', '/2'),
      connectionClosed({ phase: 'send', lost: ['GET /1', '!GET /2'] }),
    );
    assert.equal(connection.readResponse().path, '/1');
    assert.throws(() => connection.readAll(), connectionClosed({ phase: 'receive', lost: ['GET /1', '!GET /2'] }));
  });

  test('is no loss for a body whose last byte has come, nor for the responses before it', () => {
    using server = startScriptedServer([
      [expectHead(), expectHead(), send(ok('one') + ok('two')), reset(), mark('gone')],
    ]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/1');
    connection.sendRequest('GET', '/2');
    for (const body of ['one', 'two']) {
      connection.readResponse();
      assert.equal(connection.readText(), body);
    }
    server.waitFor('gone');
    assert.throws(() => connection.sendRequest('GET', '/3'), connectionClosed({ phase: 'idle', lost: ['!GET /3'] }));
  });

  test('carries the error of the system when it was one', () => {
    using server = startScriptedServer([[expectHead(), reset()]]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/');
    assert.throws(
      () => connection.readResponse(),
      (error: Error) => (error.cause as { code?: string }).code === 'ECONNRESET',
    );
  });
});
