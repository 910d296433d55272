/**
 * The scheduling loop of python-dugong's documentation, with both of its assertions: at every turn the sender waits for POLLOUT and the
 * reader for POLLIN, also where the sender has to wait again and again, and while the connection is made.
 */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Coroutine, HTTPConnection, POLLIN, POLLOUT, type PollNeeded, select } from '../../src/index.ts';
import { native } from '../../src/io/native.ts';
import { type DummyServer, startDummyServer } from '../support/dummy-server.ts';
import { plainAndTLS } from '../support/plain-and-tls.ts';
import { expectHead, type Script, send } from '../support/scripted-server.ts';
import { timeLimit } from '../support/time-limit.ts';

const LIMIT = timeLimit(20_000);
/** Together more than the buffers of a connection hold. */
const REQUESTS = 3000;
const PADDING = 'x'.repeat(4000);

function* coSend(connection: HTTPConnection, paths: readonly string[]): Coroutine<void> {
  for (const path of paths) yield* connection.coSendRequest('GET', path);
}

function* coRead(connection: HTTPConnection, count: number): Coroutine<number[]> {
  const sizes: number[] = [];
  for (let index = 0; index < count; index++) {
    const { status } = yield* connection.coReadResponse();
    assert.equal(status, 200);
    sizes.push((yield* connection.coReadAll()).length);
  }
  return sizes;
}

/** Runs both, each at every turn. Returns what the reader returns, and how often the sender had to wait. */
function run<T>(sending: Coroutine<void>, reading: Coroutine<T>): { result: T; waits: number } {
  let sender: Coroutine<void> | undefined = sending;
  let ioRequest1: PollNeeded | undefined;
  let waits = 0;
  for (;;) {
    const step1 = sender?.next();
    if (step1?.done) sender = undefined;
    else if (step1 !== undefined) ioRequest1 = step1.value;
    const step2 = reading.next();
    if (step2.done) return { result: step2.value, waits };
    const ioRequest2 = step2.value;
    if (sender !== undefined) {
      assert.equal(ioRequest1?.mask, POLLOUT);
      waits++;
    }
    assert.equal(ioRequest2.mask, POLLIN);
    const [readers, writers] = select([ioRequest2], sender === undefined ? [] : [ioRequest1 as PollNeeded], [], LIMIT);
    assert.notEqual(readers.length + writers.length, 0, 'nothing became ready');
  }
}

describe('the loop of the documentation', () => {
  let server: DummyServer;
  before(() => {
    server = startDummyServer();
  });
  after(() => server[Symbol.dispose]());

  const sizes = Array.from({ length: REQUESTS }, (_, index) => (index % 7) * 1000);

  for (const [name, hostname, connectFirst] of [
    ['after connect(), to a name', 'localhost', true],
    ['after connect(), to a numeric address', '127.0.0.1', true],
    ['to a numeric address, not connected before', '127.0.0.1', false],
  ] as const) {
    test(`reads all answers: ${name}`, () => {
      const counts = native.counts();
      {
        using connection = new HTTPConnection(hostname, { port: server.port });
        if (connectFirst) connection.connect();
        const paths = sizes.map((size) => `/send_${size}_bytes?${PADDING}`);
        const { result, waits } = run(coSend(connection, paths), coRead(connection, REQUESTS));
        assert.deepEqual(result, sizes);
        assert.ok(waits > 1);
      }
      assert.deepEqual(native.counts(), counts);
    });
  }

  const SCRIPT: Script = [expectHead(), send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')];

  for (const carrier of plainAndTLS) {
    test(`runs after connect(), ${carrier.name}`, { skip: carrier.skip }, () => {
      using served = carrier.serve([SCRIPT]);
      using connection = served.connect();
      connection.connect();
      assert.deepEqual(run(coSend(connection, ['/']), coRead(connection, 1)).result, [2]);
    });
  }
});
