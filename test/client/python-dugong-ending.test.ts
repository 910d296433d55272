/**
 * The end of a connection, as the Python original's own tests pin it down, row by row. Where this client wants it otherwise, the
 * row says so.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BodyFollowing, type HTTPConnection } from '../../src/index.ts';
import { dummyBytes } from '../support/dummy-bytes.ts';
import { ok, response } from '../support/messages.ts';
import { plainAndTLS } from '../support/plain-and-tls.ts';
import { answer, get, type Row, runRows, whole } from '../support/python-dugong.ts';
import { close, end, expectAnything, expectBytes, expectHead, send, stopReading } from '../support/scripted-server.ts';
import { MORE_THAN_FITS } from '../support/socket-capacity.ts';

const closed = { name: 'ConnectionClosed', code: 'DUGONG_CONNECTION_CLOSED' };
/** 500 bytes up to the end of the connection, which is announced. */
const UNTIL_CLOSE = response('200 OK', ['Connection: close'], String(dummyBytes(500)));

const rows: readonly Row[] = [
  {
    name: 'conn_close_1',
    script: [...answer(UNTIL_CLOSE), close()],
    options: { receiveBufferSize: 400 },
    run(connection) {
      get(connection);
      assert.ok(connection.readAll().equals(dummyBytes(500)));
      assert.throws(() => get(connection), closed);
    },
  },
  {
    name: 'conn_close_2: into a buffer of 1000 bytes',
    script: [...answer(UNTIL_CLOSE), close()],
    run(connection) {
      get(connection);
      const buffer = Buffer.alloc(1000);
      let got = 0;
      while (got < 500) got += connection.readInto(buffer.subarray(got));
      assert.ok(buffer.subarray(0, got).equals(dummyBytes(500)));
      assert.equal(connection.readInto(buffer), 0);
      assert.throws(() => connection.sendRequest('GET', '/'), closed);
    },
  },
  {
    name: 'conn_close_3: the server ends its sending side only; the next request itself raises [RFC 9112 9.6]',
    script: [...answer(UNTIL_CLOSE), end()],
    run(connection) {
      get(connection);
      assert.ok(connection.readAll().equals(dummyBytes(500)));
      assert.throws(() => connection.sendRequest('GET', '/'), closed);
      assert.throws(() => connection.readResponse(), closed);
    },
  },
  {
    name: 'conn_close_4: the length wins over what follows',
    script: [...answer(ok(dummyBytes(500), 'Connection: close') + dummyBytes(10)), close()],
    run(connection) {
      get(connection);
      assert.ok(connection.readAll().equals(dummyBytes(500)));
      assert.throws(() => connection.sendRequest('GET', '/'), closed);
    },
  },
  {
    name: 'conn_close_5: the second of two pipelined requests is not answered',
    script: [expectHead(), expectHead(), send(ok(dummyBytes(500), 'Connection: close')), close()],
    run(connection) {
      connection.sendRequest('GET', '/1');
      connection.sendRequest('GET', '/2');
      connection.readResponse();
      assert.ok(connection.readAll().equals(dummyBytes(500)));
      assert.throws(() => connection.readResponse(), {
        ...closed,
        lostRequests: [{ method: 'GET', path: '/2', mayHaveBeenProcessed: true }],
      });
      connection.disconnect();
    },
  },
];

runRows('the end of a connection', rows);

/** Writes until it fails. */
function writeAll(connection: HTTPConnection): void {
  const part = Buffer.alloc(65_536);
  for (let sent = 0; sent < 8 * MORE_THAN_FITS; sent += part.length) connection.write(part);
}

for (const { name: carrier, skip, serve } of plainAndTLS) {
  describe(`an upload that is cut off as in python-dugong (${carrier})`, { skip }, () => {
    const begin = [expectHead(), send(response('100 Continue')), expectBytes(65_536), expectAnything(), stopReading()];
    // Over TLS it is what stands before the server that resets the connection.
    const leave = carrier === 'plain' ? close() : end();

    function granted(connection: HTTPConnection): void {
      connection.sendRequest('PUT', '/', { body: new BodyFollowing(8 * MORE_THAN_FITS), expect100: true });
      assert.equal(connection.readResponse().status, 100);
      assert.throws(() => writeAll(connection), { ...closed, phase: 'send' });
    }

    test('aborted_write1: with an answer, which can be read', () => {
      const refusal = response('401 Please stop!', ['Content-Length: 10', 'Connection: close'], 'no rights!');
      using server = serve([[...begin, send(refusal), leave]], 'reset');
      using connection = server.connect();
      granted(connection);
      const { status, reason } = connection.readResponse();
      assert.deepEqual([status, reason, connection.readText()], [401, 'Please stop!', 'no rights!']);
    });

    test('aborted_write2: silently: reading raises the same', () => {
      using server = serve([[...begin, leave]], 'reset');
      using connection = server.connect();
      granted(connection);
      assert.throws(() => connection.readResponse(), closed);
    });

    test('sending after the server has closed an idle connection is ConnectionClosed over TLS as over TCP', () => {
      using server = serve([
        [...answer(whole(5)), close()],
        [...answer(whole(7)), expectAnything()],
      ]);
      using connection = server.connect();
      get(connection);
      connection.discard();
      assert.throws(() => {
        for (;;) get(connection);
      }, closed);
      connection.disconnect();
      get(connection);
      assert.equal(connection.readAll().length, 7);
    });
  });
}
