import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HTTPConnection } from '../../src/index.ts';
import { dummyBytes, startDummyServer } from '../support/dummy-server.ts';
import { chunkedResponse, ok, response } from '../support/messages.ts';
import { close, expectHead, gate, send, startScriptedServer } from '../support/scripted-server.ts';
import { timeLimit } from '../support/time-limit.ts';
import { connectionTo, suspend, thrownBy } from '../support/waiting.ts';

/** Reads the body with `readInto` and buffers of one size. */
function readByParts(connection: HTTPConnection, size: number): Buffer {
  const parts: Buffer[] = [];
  for (;;) {
    const buffer = Buffer.alloc(size);
    const count = connection.readInto(buffer);
    if (count === 0) return Buffer.concat(parts);
    parts.push(buffer.subarray(0, count));
  }
}

describe('a body of announced length [RFC 9112 6.3]', () => {
  test('is read whole, in parts, into buffers, or dropped; then nothing is pending', () => {
    using server = startDummyServer();
    using connection = connectionTo(server);
    const expected = dummyBytes(512);
    const ways: ((connection: HTTPConnection) => Buffer | undefined)[] = [
      (open) => open.readAll(),
      (open) => readByParts(open, 600),
      (open) => readByParts(open, 100),
      (open) => Buffer.concat([open.read(42), open.read(1), open.readAll()]),
      (open) => Buffer.concat([open.read(42), Buffer.from(open.readText())]),
      (open) => Buffer.from(open.readText()),
      (open) => void open.discard(),
      (open) => {
        assert.deepEqual(open.read(500), expected.subarray(0, 500));
        open.discard();
        return undefined;
      },
    ];
    for (const read of ways) {
      connection.sendRequest('GET', '/send_512_bytes');
      assert.equal(connection.readResponse().length, 512);
      assert.equal(connection.responsePending(), true);
      const body = read(connection);
      if (body !== undefined) assert.deepEqual(body, expected);
      assert.equal(connection.responsePending(), false);
    }
  });

  test('ends where it was announced, whatever follows it', () => {
    using server = startScriptedServer([[expectHead(), send(`${ok('x'.repeat(500), 'Connection: close')}surplus!!!`)]]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/');
    connection.readResponse();
    assert.equal(connection.readText(), 'x'.repeat(500));
    assert.equal(connection.readAll().length, 0);
  });
});

describe('a chunked body [RFC 9112 7.1]', () => {
  for (const sizes of ['300,283,377', '300,317,283', '512,312,837,361', '5,5,5,5,5,5,5,5,5,5']) {
    test(`of chunks ${sizes} is read whole, into buffers, or dropped; its length is unknown`, () => {
      using server = startDummyServer();
      using connection = connectionTo(server);
      const total = sizes.split(',').reduce((sum, size) => sum + Number(size), 0);
      const ways = [(open: HTTPConnection) => open.readAll(), (open: HTTPConnection) => readByParts(open, 600)];
      for (const read of ways) {
        connection.sendRequest('GET', `/send_chunked?sizes=${sizes}`);
        assert.equal(connection.readResponse().length, null);
        assert.deepEqual(read(connection), dummyBytes(total));
        assert.equal(connection.responsePending(), false);
      }
      connection.sendRequest('GET', `/send_chunked?sizes=${sizes}`);
      connection.readResponse();
      connection.discard();
      assert.equal(connection.responsePending(), false);
    });
  }

  test('gives its trailers apart from the headers, when it has been read [RFC 9110 6.5.1]', () => {
    using server = startScriptedServer([[expectHead(), send(chunkedResponse(['ab', 'c'], ['X-Sum: 6', 'x-sum: 7']))]]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/');
    const answer = connection.readResponse();
    assert.deepEqual([...answer.trailers], []);
    assert.equal(connection.readText(), 'abc');
    assert.deepEqual(
      [...answer.trailers],
      [
        ['X-Sum', '6'],
        ['x-sum', '7'],
      ],
    );
    assert.equal(answer.headers.has('X-Sum'), false);
  });

  test('is read by steps of at most so many bytes, which never give an empty part before the end', () => {
    const parts = Array.from({ length: 10 }, (_, index) => dummyBytes(1200).subarray(index * 120, (index + 1) * 120));
    const bytes = chunkedResponse(parts);
    const pieces = Array.from({ length: Math.ceil(bytes.length / 60) }, (_, index) =>
      bytes.slice(index * 60, (index + 1) * 60),
    );
    // Each is sent when the one before has been read, or they would all be there for a reader that comes late.
    using server = startScriptedServer([
      [expectHead(), ...pieces.flatMap((piece, index) => [gate(`${index}`), send(piece)])],
    ]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/');
    server.open('0');
    connection.readResponse();
    const got: Buffer[] = [];
    let suspensions = 0;
    for (;;) {
      const reader = connection.coRead(100);
      let step = reader.next();
      for (; !step.done; step = reader.next()) {
        server.open(`${++suspensions}`);
        assert.ok(step.value.poll(timeLimit(20_000)));
      }
      if (step.value.length === 0) break;
      assert.ok(step.value.length <= 100);
      got.push(step.value);
    }
    assert.ok(suspensions >= 8, `${suspensions} suspensions`);
    assert.deepEqual(Buffer.concat(got), dummyBytes(1200));
    assert.equal(connection.responsePending(), false);
  });
});

describe('the receive buffer', () => {
  for (const receiveBufferSize of [1, 2, 63, 64, 65, 99, 100, 103, 500, 511, 512, 513]) {
    test(`of ${receiveBufferSize} bytes changes nothing about heads and bodies`, () => {
      const body = dummyBytes(512);
      using server = startScriptedServer([
        [
          expectHead(),
          expectHead(),
          send(ok(body, 'X-Long: '.padEnd(300, 'x')), { chunk: 97 }),
          send(chunkedResponse([body.subarray(0, 1), body.subarray(1, 400), body.subarray(400)]), { chunk: 101 }),
        ],
      ]);
      using connection = connectionTo(server, { receiveBufferSize });
      connection.sendRequest('GET', '/');
      connection.sendRequest('GET', '/');
      assert.equal(connection.readResponse().headers.get('x-long')?.length, 292);
      assert.deepEqual(Buffer.concat([connection.read(600), readByParts(connection, 70)]), body);
      connection.readResponse();
      assert.deepEqual(Buffer.concat([connection.read(101), connection.readAll()]), body);
      assert.equal(connection.responsePending(), false);
    });
  }

  test('is never handed out: bytes that were read are the caller’s to write into', () => {
    using server = startScriptedServer([[expectHead(), send(ok(dummyBytes(400)))]]);
    using connection = connectionTo(server, { receiveBufferSize: 129 });
    connection.sendRequest('GET', '/');
    connection.readResponse();
    const got: Buffer[] = [];
    for (;;) {
      const part = connection.read(50);
      if (part.length === 0) break;
      got.push(Buffer.from(part));
      part.fill(0xff);
      Buffer.from(part.buffer, part.byteOffset, part.length).fill(0xfe);
    }
    assert.deepEqual(Buffer.concat(got), dummyBytes(400));
  });

  test('read() gives what is there, at least one byte, and no more than asked for', () => {
    using server = startScriptedServer([[expectHead(), send(`${ok(dummyBytes(3))}`)]]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/');
    connection.readResponse();
    assert.equal(connection.read(1).toString(), '0');
    assert.equal(connection.read(0).length, 0);
    assert.equal(connection.read().toString(), ',1');
    assert.equal(connection.read().length, 0);
    for (const length of [-1, 1.5, Number.NaN]) assert.throws(() => connection.read(length), TypeError);
  });
});

describe('a body whose end cannot be known', () => {
  for (const [fields, name] of [
    [['Transfer-Encoding: gzip, chunked'], 'UnsupportedResponse'],
    [['Transfer-Encoding: identity'], 'UnsupportedResponse'],
    [['Content-Length: 5', 'Content-Length: 6'], 'InvalidResponse'],
    [['Content-Length: +5'], 'InvalidResponse'],
  ] as const) {
    test(`(${fields.join('; ')}) lets the head be read, raises on the body, and gives it raw [RFC 9112 6.3]`, () => {
      using server = startScriptedServer([[expectHead(), send(response('203 So-So', fields, 'body data')), close()]]);
      using connection = connectionTo(server);
      connection.sendRequest('GET', '/');
      const answer = connection.readResponse();
      assert.deepEqual([answer.status, answer.reason, answer.length], [203, 'So-So', null]);
      const error = thrownBy(() => connection.readAll()) as Error;
      assert.equal(error.name, name);
      assert.equal(
        thrownBy(() => connection.read(1)),
        error,
      );
      assert.throws(() => connection.sendRequest('GET', '/'), { name: 'ConnectionClosed', cause: error });
      assert.throws(() => connection.readResponse(), { name: 'ConnectionClosed', cause: error });
      let raw = '';
      for (let part = connection.readRaw(512); part.length > 0; part = connection.readRaw(512)) raw += part;
      assert.equal(raw, 'body data');
      assert.equal(connection.readRaw(512).length, 0);
    });
  }

  test('turns up in the middle of it: what was read before stays read [RFC 9112 7.1]', () => {
    using server = startScriptedServer([
      [
        expectHead(),
        send(response('200 OK', ['Transfer-Encoding: chunked'], '4\r\ngood\r\n')),
        gate('the rest'),
        send('no chunk size'),
      ],
    ]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/');
    connection.readResponse();
    assert.equal(connection.read(10).toString(), 'good');
    server.open('the rest');
    assert.throws(() => connection.read(10), { name: 'InvalidResponse', code: 'DUGONG_INVALID_RESPONSE' });
    assert.throws(() => connection.readAll(), { name: 'InvalidResponse' });
    assert.throws(() => connection.sendRequest('GET', '/'), { name: 'ConnectionClosed' });
  });

  test('is not one that is too large for memory, which can still be read in parts', () => {
    using server = startScriptedServer([
      [expectHead(), expectHead(), send(ok('0123456789') + chunkedResponse(['012345', '6789']))],
    ]);
    using connection = connectionTo(server, { limits: { bodyInMemory: 8 } });
    connection.sendRequest('GET', '/');
    connection.sendRequest('GET', '/');
    for (let count = 0; count < 2; count++) {
      connection.readResponse();
      assert.throws(() => connection.readAll(), {
        name: 'UnsupportedResponse',
        message: /limits\.bodyInMemory \(8 bytes\)/,
      });
      assert.deepEqual(readByParts(connection, 4).toString(), '0123456789');
    }
    assert.equal(connection.responsePending(), false);
  });

  test('is too large each time that all of it is asked for, so that a part is never taken for the whole', () => {
    using server = startScriptedServer([
      [expectHead(), expectHead(), send(ok('0123456789') + chunkedResponse(['012345', '6789']))],
    ]);
    using connection = connectionTo(server, { limits: { bodyInMemory: 4 } });
    connection.sendRequest('GET', '/');
    connection.sendRequest('GET', '/');
    for (let count = 0; count < 2; count++) {
      connection.readResponse();
      for (let again = 0; again < 3; again++) {
        assert.throws(() => connection.readAll(), { name: 'UnsupportedResponse' });
        assert.throws(() => connection.readText(), { name: 'UnsupportedResponse' });
      }
      assert.equal(readByParts(connection, 3).toString(), '0123456789');
    }
  });

  test('of exactly limits.bodyInMemory is not too large', () => {
    using server = startScriptedServer([
      [expectHead(), expectHead(), send(ok('0123456789') + chunkedResponse(['012345', '6789']))],
    ]);
    using connection = connectionTo(server, { limits: { bodyInMemory: 10 } });
    connection.sendRequest('GET', '/');
    connection.sendRequest('GET', '/');
    for (let count = 0; count < 2; count++) {
      connection.readResponse();
      assert.equal(connection.readText(), '0123456789');
    }
  });

  test('and ends with the byte above limits.bodyInMemory is not lost', () => {
    using server = startScriptedServer([[expectHead(), send(chunkedResponse(['0123456789', 'x']))]]);
    using connection = connectionTo(server, { limits: { bodyInMemory: 10 } });
    connection.sendRequest('GET', '/');
    connection.readResponse();
    assert.equal(connection.readText(), '0123456789x');
    assert.equal(connection.responsePending(), false);
  });

  test('is not read into memory that has shrunk or gone meanwhile, and not lost', () => {
    using server = startScriptedServer([
      [expectHead(), send(response('200 OK', ['Content-Length: 10'])), gate('go on'), send('0123456789')],
    ]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/');
    connection.readResponse();
    const { buffer } = new Uint8Array(10);
    const reading = connection.coReadInto(new Uint8Array(buffer));
    const need = suspend(reading);
    structuredClone(buffer, { transfer: [buffer] });
    server.open('go on');
    assert.ok(need.poll(10_000));
    assert.throws(() => reading.next(), { name: 'RangeError', message: /shrunk/ });
    assert.equal(connection.readText(), '0123456789');
  });
});
