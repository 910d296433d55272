/** Sending, as the Python original's own tests pin it down, row by row. Where this client wants it otherwise, the row says so. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { BodyFollowing, type Coroutine, type HTTPConnection } from '../../src/index.ts';
import { dummyBytes, startDummyServer } from '../support/dummy-server.ts';
import { ok, response } from '../support/messages.ts';
import { plainAndTLS } from '../support/plain-and-tls.ts';
import { type Row, runRows, whole } from '../support/python-dugong.ts';
import {
  expect,
  expectAnything,
  expectHead,
  gate,
  loop,
  type ScriptedServer,
  send,
  stopReading,
} from '../support/scripted-server.ts';
import { timeLimit } from '../support/time-limit.ts';

const BODY = dummyBytes(42);
const MD5 = createHash('md5').update(BODY).digest('base64');
const NO_CONTENT = response('204 No Content', ['X-Comment: MD5 matched']);
const stateError = { name: 'StateError', code: 'DUGONG_STATE' };

/** A PUT whose body of 42 bytes is announced, and of which 24 are written. */
function putTooLittle(connection: HTTPConnection): void {
  connection.sendRequest('PUT', '/put', { body: new BodyFollowing(42) });
  connection.write(BODY.subarray(0, 24));
}

/** What the server got in the head of its request number `index`. */
function fieldOf(scripted: ScriptedServer, index: number, name: string): string | undefined {
  return new RegExp(`\r\n${name}: ([^\r]*)`, 'i').exec(scripted.heads()[index] ?? '')?.[1];
}

const rows: readonly Row[] = [
  {
    name: 'abort_write',
    script: [expectHead(), expectAnything()],
    run(connection) {
      connection.sendRequest('PUT', '/', { body: new BodyFollowing(42) });
      connection.write(BODY.subarray(0, 4));
      connection.disconnect();
      assert.throws(() => connection.write(BODY.subarray(4)), { name: 'ConnectionClosed' });
    },
  },
  {
    name: 'write_toomuch: and nothing of the excess is sent',
    script: [expectHead(), expect(BODY), send(NO_CONTENT)],
    run(connection) {
      connection.sendRequest('PUT', '/', { body: new BodyFollowing(42) });
      assert.throws(() => connection.write(dummyBytes(43)), { name: 'ExcessBodyData' });
      connection.write(BODY);
      assert.equal(connection.readResponse().status, 204);
    },
  },
  {
    name: 'write_toolittle: a new request',
    script: [expectHead(), expect(BODY.subarray(0, 24))],
    run(connection) {
      putTooLittle(connection);
      assert.throws(() => connection.sendRequest('GET', '/'), stateError);
      connection.disconnect();
    },
  },
  {
    name: 'write_toolittle2: reading its response',
    script: [expectHead(), expect(BODY.subarray(0, 24))],
    run(connection) {
      putTooLittle(connection);
      assert.throws(() => connection.readResponse(), stateError);
      connection.disconnect();
    },
  },
  {
    name: 'write_toolittle3: the response before it can be read',
    script: [expectHead(), send(whole(10)), expectHead(), expect(BODY.subarray(0, 24))],
    run(connection) {
      connection.sendRequest('GET', '/send_10_bytes');
      putTooLittle(connection);
      assert.equal(connection.readResponse().path, '/send_10_bytes');
      assert.ok(connection.readAll().equals(dummyBytes(10)));
      assert.throws(() => connection.readResponse(), stateError);
      connection.disconnect();
    },
  },
  {
    name: 'put: Content-MD5 only when asked for; a given one is kept; an empty body can be discarded',
    script: loopOf(3, NO_CONTENT),
    run(connection, scripted) {
      connection.sendRequest('PUT', '/', { body: BODY });
      connection.sendRequest('PUT', '/', { body: BODY, contentMD5: true });
      connection.sendRequest('PUT', '/', { body: BODY, contentMD5: true, headers: { 'Content-MD5': 'given' } });
      for (let count = 0; count < 3; count++) {
        const { status, length } = connection.readResponse();
        assert.deepEqual([status, length], [204, 0]);
        connection.discard();
      }
      assert.deepEqual(
        [0, 1, 2].map((index) => fieldOf(scripted, index, 'Content-MD5')),
        [undefined, MD5, 'given'],
      );
    },
  },
  {
    name: 'put_separate: no Content-MD5 of our own; one set of headers serves two requests, and stays as it is',
    script: loopOf(3, NO_CONTENT),
    run(connection, scripted) {
      const headers = { 'Content-MD5': MD5 };
      for (const given of [undefined, headers, headers]) {
        connection.sendRequest('PUT', '/', { body: new BodyFollowing(42), headers: given });
        connection.write(BODY.subarray(0, 20));
        connection.write(BODY.subarray(20));
        assert.equal(connection.readResponse().status, 204);
      }
      assert.deepEqual(headers, { 'Content-MD5': MD5 });
      assert.deepEqual(
        [0, 1, 2].map((index) => fieldOf(scripted, index, 'Content-MD5')),
        [undefined, MD5, MD5],
      );
    },
  },
  {
    name: '100cont: refused, the same connection goes on; then granted',
    script: [
      ...[expectHead(), send(response('403 Forbidden', ['Content-Length: 2'], 'no'))],
      ...[expectHead(), send(response('100 Continue')), expect(dummyBytes(256)), send(NO_CONTENT)],
    ],
    run(connection) {
      connection.sendRequest('PUT', '/', { body: new BodyFollowing(256), expect100: true });
      assert.equal(connection.readResponse().status, 403);
      connection.discard();
      connection.sendRequest('PUT', '/', { body: new BodyFollowing(256), expect100: true });
      const { status, length } = connection.readResponse();
      assert.deepEqual([status, length], [100, 0]);
      connection.write(dummyBytes(256));
      const last = connection.readResponse();
      assert.deepEqual([last.status, last.length], [204, 0]);
    },
  },
  ...(['a new request', 'a write'] as const).map((what, index) => ({
    name: `100cont_${index + 2}: ${what} while 100 is waited for; the answer stays readable`,
    script: [expectHead(), gate('tried'), send(ok('no'))],
    run(connection: HTTPConnection, scripted: ScriptedServer) {
      connection.sendRequest('PUT', '/', { body: new BodyFollowing(256), expect100: true });
      const wrong = (): void => (index === 0 ? connection.sendRequest('GET', '/') : connection.write(dummyBytes(5)));
      assert.throws(wrong, stateError);
      scripted.open('tried');
      assert.equal(connection.readResponse().status, 200);
      assert.equal(connection.readText(), 'no');
    },
  })),
  {
    name: 'send_timeout',
    script: [expectHead(), stopReading(), gate('over'), expectAnything()],
    options: (factor) => ({ timeout: 200 * factor }),
    run(connection, scripted) {
      connection.sendRequest('PUT', '/', { body: new BodyFollowing(2 ** 30) });
      const part = Buffer.alloc(2 ** 20);
      const writeAll = (): void => {
        for (let sent = 0; sent < 2 ** 30; sent += part.length) connection.write(part);
      };
      assert.throws(writeAll, { name: 'ConnectionTimedOut', phase: 'send' });
      scripted.open('over');
      connection.disconnect();
    },
  },
];

/** Takes so many PUTs of the body, and answers each of them. */
function loopOf(count: number, text: string): Row['script'] {
  return [loop(count, [expectHead(), expect(BODY), send(text)])];
}

runRows('sending', rows);

for (const { name: carrier, skip, reach } of plainAndTLS) {
  test(`blocking_send, as in python-dugong (${carrier})`, { skip }, () => {
    using server = startDummyServer();
    using way = reach(server);
    using connection = way.connect();
    const body = Buffer.alloc(65_536, 'x');
    const send = (): Coroutine<void> => connection.coSendRequest('GET', '/send_102400_bytes', { body });
    let sent = 0;
    let sending = send();
    // No reader takes the answers, so that the server stops reading requests in the end.
    for (;;) {
      const step = sending.next();
      if (step.done) {
        sent++;
        sending = send();
      } else if (!step.value.poll(500)) {
        break;
      }
    }
    const readOne = (): void => {
      assert.equal(connection.readResponse().status, 200);
      assert.ok(connection.readAll().equals(dummyBytes(102_400)));
    };
    for (let left = sent; left > 0; left--) readOne();
    for (let step = sending.next(); !step.done; step = sending.next()) assert.ok(step.value.poll(timeLimit(20_000)));
    readOne();
    assert.equal(connection.responsePending(), false);
  });
}
