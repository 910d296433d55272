/**
 * Bodies in the forms of the platform: iterables, streams and Blobs, in both directions.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { buffer as collect } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { HTTPConnection, type SendRequestOptions } from 'dugong';
import { dummyBytes, type EchoedRequest, startDummyServer } from '../support/dummy-server.ts';
import { expectHead, gate, mark, send, startScriptedServer, stopReading } from '../support/scripted-server.ts';

const PIECES = ['hello ', Buffer.from('wörld'), new Uint8Array(0), '!'];
const TEXT = 'hello wörld!';

function* generated(): Generator<string | Uint8Array> {
  yield* PIECES;
}

async function* generatedLater(): AsyncGenerator<string | Uint8Array> {
  for (const piece of PIECES) {
    await new Promise(setImmediate);
    yield piece;
  }
}

const awaited: Record<string, () => SendRequestOptions['body']> = {
  'an async iterable': generatedLater,
  'a Readable': () => Readable.from(generatedLater()),
  'a ReadableStream': () => new Blob([TEXT]).stream() as unknown as AsyncIterable<Uint8Array>,
  'a Blob': () => new Blob([TEXT]),
};

describe('a request body', () => {
  test('may be an iterable of pieces, blocking and awaited; it is sent chunked', async () => {
    using server = startDummyServer();
    using connection = new HTTPConnection(server.hostname, { port: server.port });
    for (const body of [PIECES, new Set(PIECES), generated()]) {
      connection.sendRequest('PUT', '/echo', { body });
      connection.readResponse();
      const echoed = JSON.parse(connection.readText()) as EchoedRequest;
      assert.equal(Buffer.from(echoed.body, 'base64').toString(), TEXT);
      assert.ok(echoed.headers.some(([name, value]) => name === 'Transfer-Encoding' && value === 'chunked'));
    }
    await connection.promises.sendRequest('PUT', '/echo', { body: generated() });
    await connection.promises.readResponse();
    assert.match(await connection.promises.readText(), /"body":"[^"]/);
  });

  for (const [name, make] of Object.entries(awaited)) {
    test(`may be ${name}, awaited; blocking calls refuse it before anything is sent`, async () => {
      using server = startDummyServer();
      using connection = new HTTPConnection(server.hostname, { port: server.port });
      assert.throws(() => connection.sendRequest('PUT', '/echo', { body: make() }), {
        name: 'StateError',
        message: /promise/,
      });
      await connection.promises.sendRequest('PUT', '/echo', { body: make() });
      await connection.promises.readResponse();
      const echoed = JSON.parse(await connection.promises.readText()) as EchoedRequest;
      assert.equal(Buffer.from(echoed.body, 'base64').toString(), TEXT);
    });
  }

  test('whose source fails ends the call with its error; the source of a failed call is told', async () => {
    using server = startDummyServer();
    const first = new HTTPConnection(server.hostname, { port: server.port });
    async function* failing(): AsyncGenerator<string> {
      yield 'x';
      throw new Error('no more');
    }
    await assert.rejects(first.promises.sendRequest('PUT', '/', { body: failing() }), { message: 'no more' });
    first.disconnect();
    let cleaned = false;
    async function* wrong(): AsyncGenerator<string> {
      try {
        yield 5 as unknown as string;
      } finally {
        cleaned = true;
      }
    }
    const second = new HTTPConnection(server.hostname, { port: server.port });
    await assert.rejects(second.promises.sendRequest('PUT', '/', { body: wrong() }), {
      name: 'TypeError',
      message: /pieces/,
    });
    second.disconnect();
    assert.ok(cleaned);
  });

  test('in an array is checked before anything is sent', () => {
    using server = startScriptedServer([]);
    using connection = new HTTPConnection(server.hostname, { port: server.port });
    const body = ['x', 5] as unknown as string[];
    assert.throws(() => connection.sendRequest('PUT', '/', { body }), { name: 'TypeError', message: /pieces/ });
    assert.equal(server.connections(), 0);
  });
});

describe('a response body', () => {
  test('is iterated in parts, and can be left early: reading goes on from there', async () => {
    using server = startDummyServer();
    using connection = new HTTPConnection(server.hostname, { port: server.port });
    connection.sendRequest('GET', '/send_1000_bytes');
    connection.sendRequest('GET', '/send_1000_bytes');
    connection.readResponse();
    assert.deepEqual(Buffer.concat([...connection.chunks(300)]), dummyBytes(1000));
    connection.readResponse();
    for (const part of connection.chunks(300)) {
      assert.deepEqual(part, dummyBytes(300));
      break;
    }
    assert.deepEqual(connection.readAll(), dummyBytes(1000).subarray(300));

    await connection.promises.sendRequest('GET', '/send_200000_bytes');
    await connection.promises.readResponse();
    const parts: Buffer[] = [];
    for await (const part of connection.promises.chunks()) parts.push(part);
    assert.ok(parts.length > 1);
    assert.deepEqual(Buffer.concat(parts), dummyBytes(200_000));
  });

  test('is a stream, also for the web', async () => {
    using server = startDummyServer();
    using connection = new HTTPConnection(server.hostname, { port: server.port });
    for (const convert of [
      (stream: Readable) => stream,
      (stream: Readable) => Readable.toWeb(stream) as unknown as Readable,
    ]) {
      await connection.promises.sendRequest('GET', '/send_200000_bytes');
      await connection.promises.readResponse();
      assert.deepEqual(await collect(convert(connection.promises.readable())), dummyBytes(200_000));
    }
    assert.equal(connection.responsePending(), false);
  });

  test('is not read from the socket while the consumer of its stream takes no more', async () => {
    const size = 64 * 2 ** 20;
    using server = startScriptedServer([
      [
        expectHead(),
        stopReading(),
        send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`),
        gate('go'),
        mark('gone'),
      ],
    ]);
    using connection = new HTTPConnection(server.hostname, { port: server.port });
    await connection.promises.sendRequest('GET', '/');
    await connection.promises.readResponse();
    const stream = connection.promises.readable();
    stream.on('readable', () => undefined);
    server.open('go');
    await server.reached('gone');
    // Nothing has been consumed: what is held is the stream's own buffer at most.
    assert.ok(stream.readableLength <= stream.readableHighWaterMark + 65_536);
    stream.destroy();
  });

  test('stays where it is when its stream is destroyed in the middle of a read', async () => {
    using server = startScriptedServer([
      [expectHead(), send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234'), gate('go'), send('56789')],
    ]);
    using connection = new HTTPConnection(server.hostname, { port: server.port });
    await connection.promises.sendRequest('GET', '/');
    await connection.promises.readResponse();
    const stream = connection.promises.readable();
    await once(stream, 'readable');
    assert.equal(String(stream.read()), '01234');
    // It asks for more by now.
    await new Promise(setImmediate);
    stream.destroy();
    await once(stream, 'close');
    const rest = connection.promises.readText();
    server.open('go');
    assert.equal(await rest, '56789');
  });

  test('whose stream breaks off raises the error of the connection', async () => {
    using server = startScriptedServer([
      [expectHead(), send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello'), { do: 'end' }],
    ]);
    using connection = new HTTPConnection(server.hostname, { port: server.port });
    await connection.promises.sendRequest('GET', '/');
    await connection.promises.readResponse();
    await assert.rejects(collect(connection.promises.readable()), { name: 'ConnectionClosed' });
  });

  test('is disposed of with its connection, also asynchronously', async () => {
    using server = startDummyServer();
    await (async () => {
      await using connection = new HTTPConnection(server.hostname, { port: server.port });
      await connection.promises.connect();
    })();
  });
});
