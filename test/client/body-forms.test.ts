/**
 * Bodies in the forms of the platform: iterables, streams and Blobs, in both directions.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { buffer as collect } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { HTTPConnection, type SendRequestOptions } from 'dugong';
import { native } from '../../src/io/native.ts';
import { dummyBytes, type EchoedRequest, startDummyServer } from '../support/dummy-server.ts';
import { expectHead, gate, send, startScriptedServer } from '../support/scripted-server.ts';

/** Takes parts one at a time, each when it is asked for; an empty one is the end. */
function oneByOne(stream: Readable, kind: 'stream' | 'web stream' | 'pipeline'): { next(): Promise<Uint8Array> } {
  if (kind === 'pipeline') return new SlowSink(stream);
  const source: AsyncIterable<Uint8Array> =
    kind === 'stream' ? stream : (Readable.toWeb(stream) as unknown as AsyncIterable<Uint8Array>);
  const parts = source[Symbol.asyncIterator]();
  return { next: async () => (await parts.next()).value ?? new Uint8Array(0) };
}

/** A Writable that takes the next part only when it is asked for it. */
class SlowSink extends Writable {
  #part: { part: Uint8Array; done: () => void } | undefined;
  #ended = false;
  #changed = (): void => {};

  constructor(source: Readable) {
    super({ highWaterMark: 1 });
    source.pipe(this);
  }

  override _write(part: Uint8Array, _encoding: string, done: () => void): void {
    this.#part = { part, done };
    this.#changed();
  }

  override _final(done: () => void): void {
    this.#ended = true;
    this.#changed();
    done();
  }

  async next(): Promise<Uint8Array> {
    while (this.#part === undefined && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
    const { part, done } = this.#part ?? { part: new Uint8Array(0), done: () => {} };
    this.#part = undefined;
    done();
    return part;
  }
}

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
        message: /stream.*as by connection\.promises/,
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
    using server = startDummyServer();
    using connection = new HTTPConnection(server.hostname, { port: server.port });
    const size = 2_000_000;
    for (const kind of ['stream', 'web stream', 'pipeline'] as const) {
      await connection.promises.sendRequest('GET', `/send_${size}_bytes`);
      await connection.promises.readResponse();
      let reads = 0;
      connection.coRead = function* (length) {
        reads++;
        return yield* HTTPConnection.prototype.coRead.call(connection, length);
      };
      const taken = oneByOne(connection.promises.readable(), kind);
      let received = 0;
      for (let parts = 1; received < size; parts++) {
        received += (await taken.next()).length;
        // As many turns as anything that goes on by itself would need to go on.
        for (let turns = 0; turns < 3; turns++) await turn();
        const ahead = kind === 'stream' ? 1 : 2;
        assert.ok(reads >= parts && reads <= parts + ahead, `${reads} reads for ${parts} parts (${kind})`);
      }
      assert.equal((await taken.next()).length, 0);
      assert.equal(received, size);
      assert.equal(connection.responsePending(), false);
    }
  });

  for (const [name, lost, make] of [
    ['chunks', 0, ({ promises }) => promises.chunks(100_000)],
    ['a stream', 65_536, ({ promises }) => promises.readable()],
    [
      'a web stream',
      65_536,
      ({ promises }) => Readable.toWeb(promises.readable()) as unknown as AsyncIterable<Uint8Array>,
    ],
  ] as [string, number, (connection: HTTPConnection) => AsyncIterable<Uint8Array>][]) {
    test(`can be left early as ${name}: reading goes on behind, and ${lost} bytes are lost at most`, async () => {
      const size = 1_000_000;
      using server = startDummyServer();
      using connection = new HTTPConnection(server.hostname, { port: server.port });
      for (const count of [1, 3]) {
        for (const turns of [0, 3]) {
          await connection.promises.sendRequest('GET', `/send_${size}_bytes`);
          await connection.promises.readResponse();
          const given: Uint8Array[] = [];
          for await (const part of make(connection)) {
            for (let done = 0; done < turns; done++) await turn();
            if (given.push(part) === count) break;
          }
          const begin = Buffer.concat(given);
          const rest = await connection.promises.readAll();
          const expected = dummyBytes(size);
          assert.ok(begin.equals(expected.subarray(0, begin.length)));
          assert.ok(rest.equals(expected.subarray(size - rest.length)));
          assert.ok(size - rest.length - begin.length <= lost, `${size - rest.length - begin.length} bytes are lost`);
        }
      }
    });
  }

  test('given in chunks can be left while one is waited for, which is then the end of them', async () => {
    using server = startScriptedServer([
      [expectHead(), send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234'), gate('go'), send('56789')],
    ]);
    using connection = new HTTPConnection(server.hostname, { port: server.port });
    await connection.promises.sendRequest('GET', '/');
    await connection.promises.readResponse();
    const chunks = connection.promises.chunks();
    assert.equal(String((await chunks.next()).value), '01234');
    const next = chunks.next();
    assert.deepEqual(await chunks.return(), { done: true, value: undefined });
    assert.deepEqual(await next, { done: true, value: undefined });
    assert.deepEqual(await chunks.next(), { done: true, value: undefined });
    assert.equal(native.counts().watched, 0);
    server.open('go');
    assert.equal(connection.readText(), '56789');
  });

  test('given in chunks raises what reading raises, an abort included', async () => {
    using server = startScriptedServer([
      [expectHead(), send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n'), gate('go')],
    ]);
    using connection = new HTTPConnection(server.hostname, { port: server.port });
    await connection.promises.sendRequest('GET', '/');
    await connection.promises.readResponse();
    const controller = new AbortController();
    const next = connection.promises.chunks(10, { signal: controller.signal }).next();
    controller.abort(new Error('enough'));
    await assert.rejects(next, { message: 'enough' });
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

describe('what gives the pieces of a body', () => {
  test('cannot wait for the answer to the very request that it is the body of', () => {
    using server = startDummyServer();
    using connection = new HTTPConnection(server.hostname, { port: server.port, timeout: 20_000 });
    function* pieces(): Generator<string> {
      yield 'one';
      assert.throws(() => connection.readResponse(), { name: 'StateError' });
      yield 'two';
    }
    connection.sendRequest('PUT', '/echo', { body: pieces() });
    assert.equal(connection.readResponse().status, 200);
    connection.discard();
  });
});
