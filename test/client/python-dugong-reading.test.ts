/** Reading, as the Python original's own tests pin it down, row by row. Where this client wants it otherwise, the row says so. */

import assert from 'node:assert/strict';
import type { HTTPConnection } from '../../src/index.ts';
import { dummyBytes } from '../support/dummy-bytes.ts';
import { chunkedResponse, ok, response } from '../support/messages.ts';
import { answer, get, parts, type Row, readInAll, runRows, whole } from '../support/python-dugong.ts';
import { close, expectHead, gate, send } from '../support/scripted-server.ts';
import { timeLimit } from '../support/time-limit.ts';
import { suspend } from '../support/waiting.ts';

const rows: readonly Row[] = [
  {
    name: 'get_pipeline',
    script: ['/1', '/2', '/3'].flatMap((path) => [expectHead(), send(ok(path + dummyBytes(120)))]),
    run(connection) {
      const paths = ['/1', '/2', '/3'];
      for (const path of paths) {
        const sending = connection.coSendRequest('GET', path);
        for (let step = sending.next(); !step.done; step = sending.next()) {
          assert.ok(step.value.poll(timeLimit(10_000)));
        }
      }
      for (const path of paths) {
        const { status, path: answered } = connection.readResponse();
        assert.deepEqual([status, answered, connection.readText()], [200, path, path + dummyBytes(120)]);
      }
    },
  },
  {
    name: 'blocking_read',
    script: [
      expectHead(),
      send(response('200 OK', ['Content-Length: 1200'])),
      ...parts(...Array<number>(10).fill(120)).flatMap((part, index) => [gate(`${index}`), send(part)]),
    ],
    run(connection, scripted) {
      get(connection);
      let suspensions = 0;
      const all: Buffer[] = [];
      for (;;) {
        const reading = connection.coRead(100);
        let step = reading.next();
        for (; !step.done; step = reading.next()) {
          scripted.open(`${suspensions++}`);
          assert.ok(step.value.poll(timeLimit(20_000)));
        }
        if (step.value.length === 0) break;
        all.push(step.value);
      }
      assert.ok(suspensions >= 8, `${suspensions} suspensions`);
      assert.ok(Buffer.concat(all).equals(dummyBytes(1200)));
    },
  },
  {
    name: 'discard',
    script: answer(whole(512)),
    run(connection) {
      assert.equal(get(connection).length, 512);
      connection.discard();
    },
  },
  {
    name: 'discard_chunked',
    script: answer(chunkedResponse(parts(512, 312, 837, 361))),
    run(connection) {
      assert.equal(get(connection).length, null);
      connection.discard();
    },
  },
  {
    name: 'read_text',
    script: answer(whole(2000)),
    run(connection) {
      get(connection);
      assert.equal(connection.readText(), String(dummyBytes(2000)));
    },
  },
  {
    name: 'read_text2, read_text3: in parts, and on after the end',
    script: answer(whole(2000)),
    run(connection) {
      get(connection);
      let text = String(connection.read(42));
      for (let part = connection.read(77); part.length > 0; part = connection.read(77)) text += String(part);
      assert.equal(text, String(dummyBytes(2000)));
      assert.deepEqual([connection.read(77).length, connection.read().length, connection.readText()], [0, 0, '']);
    },
  },
  {
    name: 'read_identity',
    script: answer(whole(512)),
    run(connection) {
      get(connection);
      assert.ok(connection.readAll().equals(dummyBytes(512)));
    },
  },
  {
    name: 'exhaust_buffer',
    options: { receiveBufferSize: 600 },
    script: answer(whole(1000)),
    run(connection) {
      get(connection);
      const prefix = connection.read(600);
      assert.ok(prefix.length > 0 && prefix.length <= 600);
      assert.ok(Buffer.concat([prefix, connection.readAll()]).equals(dummyBytes(1000)));
    },
  },
  {
    name: 'full_buffer',
    options: { receiveBufferSize: 100 },
    script: answer(whole(300)),
    run(connection) {
      get(connection);
      const prefix = connection.read(101);
      assert.ok(prefix.length > 0 && prefix.length <= 101);
      assert.ok(Buffer.concat([prefix, connection.readAll()]).equals(dummyBytes(300)));
    },
  },
  {
    name: 'readinto_identity',
    script: answer(whole(512)),
    run(connection) {
      assert.equal(get(connection).length, 512);
      assert.ok(readInAll(connection, 600).equals(dummyBytes(512)));
    },
  },
  {
    name: 'read_chunked',
    script: answer(chunkedResponse(parts(300, 283, 377))),
    run(connection) {
      assert.equal(get(connection).length, null);
      assert.ok(connection.readAll().equals(dummyBytes(960)));
    },
  },
  {
    name: 'read_chunked2',
    script: answer(chunkedResponse(parts(...Array<number>(10).fill(5)))),
    run(connection) {
      assert.equal(get(connection).length, null);
      assert.ok(connection.readAll().equals(dummyBytes(50)));
    },
  },
  {
    name: 'readinto_chunked',
    script: answer(chunkedResponse(parts(300, 317, 283))),
    run(connection) {
      assert.equal(get(connection).length, null);
      assert.ok(readInAll(connection, 600).equals(dummyBytes(900)));
    },
  },
  {
    name: 'double_read',
    script: answer(whole(10)),
    run(connection) {
      get(connection);
      assert.throws(() => connection.readResponse(), { name: 'StateError' });
      connection.discard();
    },
  },
  {
    name: 'read_toomuch',
    script: [expectHead(), expectHead(), send(whole(10) + whole(8))],
    run(connection) {
      connection.sendRequest('GET', '/1');
      connection.sendRequest('GET', '/2');
      connection.readResponse();
      assert.equal(connection.readAll().length, 10);
      assert.equal(connection.read(8).length, 0);
      assert.equal(connection.readResponse().path, '/2');
      assert.equal(connection.readAll().length, 8);
    },
  },
  {
    name: 'read_toolittle',
    script: answer(whole(10)),
    run(connection) {
      get(connection);
      assert.ok(connection.read(8).equals(dummyBytes(8)));
      assert.throws(() => connection.readResponse(), { name: 'StateError' });
      connection.discard();
    },
  },
  {
    name: 'empty_response',
    script: [...answer(response('200 OK', ['Content-Length: 512'])), ...answer(whole(5))],
    run(connection) {
      connection.sendRequest('HEAD', '/');
      const head = connection.readResponse();
      assert.deepEqual([head.status, head.length, connection.responsePending()], [200, 0, false]);
      get(connection);
      assert.equal(connection.readAll().length, 5);
    },
  },
  {
    name: 'head: also of an unknown status',
    script: [
      ...answer(response('200 OK', ['Content-Length: 10'])),
      ...answer(response('317 Who knows', ['Content-Length: 10'])),
    ],
    run(connection) {
      for (const status of [200, 317]) {
        connection.sendRequest('HEAD', '/');
        assert.equal(connection.readResponse().status, status);
        assert.equal(connection.readAll().length, 0);
      }
    },
  },
  ...[63, 64, 65, 99, 100, 103, 500, 511, 512, 513].map((buffer) => ({
    name: `smallbuffer: ${buffer}`,
    options: { receiveBufferSize: buffer },
    script: answer(whole(512)),
    run(connection: HTTPConnection) {
      const { status, length } = get(connection);
      assert.deepEqual([status, length], [200, 512]);
      assert.ok(connection.readAll().equals(dummyBytes(512)));
    },
  })),
  {
    name: 'mutable_read: what is handed out is the caller’s',
    options: { receiveBufferSize: 129 },
    script: answer(whole(512)),
    run(connection) {
      get(connection);
      let at = 0;
      for (let part = connection.read(150); part.length > 0; part = connection.read(150)) {
        assert.ok(part.equals(dummyBytes(512).subarray(at, at + part.length)));
        at += part.length;
        part.fill(0x78);
      }
      assert.equal(at, 512);
    },
  },
  {
    name: 'read_raw: without length or chunks the body goes to the end, instead of UnsupportedResponse [RFC 9112 6.3]',
    script: [...answer(`${response('200 OK')}body data`), close()],
    run(connection) {
      get(connection);
      assert.equal(connection.readText(), 'body data');
      assert.equal(connection.read(512).length, 0);
    },
  },
  {
    name: 'read_raw: a body without known framing, read as it is',
    script: [...answer(`${response('200 OK', ['Transfer-Encoding: gzip'])}body data`), close()],
    run(connection) {
      assert.equal(get(connection).status, 200);
      assert.throws(() => connection.readAll(), { name: 'UnsupportedResponse' });
      assert.equal(String(connection.readRaw(512)), 'body data');
      assert.equal(connection.readRaw(512).length, 0);
      connection.disconnect();
    },
  },
  {
    name: 'abort_read',
    script: answer(chunkedResponse(parts(300, 283, 377))),
    run(connection) {
      get(connection);
      connection.read(200);
      connection.disconnect();
      assert.throws(() => connection.read(200), { name: 'ConnectionClosed' });
    },
  },
  {
    name: 'abort_co_read',
    script: answer(response('200 OK', ['Content-Length: 500'])),
    next: answer(whole(7)),
    run(connection) {
      get(connection);
      const reading = connection.coRead(450);
      suspend(reading);
      connection.disconnect();
      assert.throws(() => reading.next(), { name: 'ConnectionClosed' });
      get(connection);
      assert.equal(connection.readAll().length, 7);
    },
  },
  {
    name: 'recv_timeout',
    script: answer(`${response('200 OK', ['Content-Length: 50'])}${dummyBytes(25)}`),
    options: (factor) => ({ timeout: 100 * factor }),
    run(connection) {
      get(connection);
      let got = 0;
      while (got < 25) got += connection.read(50).length;
      assert.throws(() => connection.read(50), { name: 'ConnectionTimedOut', phase: 'receive' });
      connection.disconnect();
    },
  },
  {
    name: 'ssl_info: null instead of nothing in clear, and before there is a connection',
    script: answer(whole(1)),
    run(connection) {
      assert.deepEqual([connection.getCipher(), connection.getPeerCertificate()], [null, null]);
      get(connection);
      assert.equal(connection.getCipher() === null, connection.getPeerCertificate() === null);
      connection.discard();
    },
  },
];

runRows('reading', rows);
