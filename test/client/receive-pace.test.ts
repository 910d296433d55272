/** Pausing in a fast stream: which calls pause, when, and what the pause leaves alone. */

import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { ReceivePace } from '../../src/client/blocked-wait.ts';
import { AioFuture, type Coroutine, type HTTPConnection } from '../../src/index.ts';
import { native } from '../../src/io/native.ts';
import { startDummyServer } from '../support/dummy-server.ts';
import { type Carrier, plainAndTLS } from '../support/plain-and-tls.ts';
import { expectHead, gate, send } from '../support/scripted-server.ts';
import { finish } from '../support/waiting.ts';

/** From now on, looking at the clock is all that takes time: so many milliseconds each. */
function stopClock(context: TestContext, step: number): void {
  let now = native.now();
  context.mock.method(native, 'now', () => {
    now += step;
    return now;
  });
}

describe('the pace of receiving', () => {
  const PLENTY = 1 << 30;

  test('allows a pause that brings enough', (context) => {
    stopClock(context, 1);
    const pace = new ReceivePace();
    assert.equal(pace.allows(262_144, 0.5, PLENTY), true);
    assert.equal(pace.allows(262_144 + 262_143, 0.5, PLENTY), false);
  });

  test('allows none before anything came, nor twice for the same', (context) => {
    stopClock(context, 1);
    const pace = new ReceivePace();
    assert.equal(pace.allows(0, 0.5, PLENTY), false);
    assert.equal(pace.allows(1 << 20, 0.5, PLENTY), true);
    assert.equal(pace.allows(1 << 20, 0.5, PLENTY), false);
  });

  test('counts everything since the wait before, and the time since then', (context) => {
    stopClock(context, 2);
    const pace = new ReceivePace();
    assert.equal(pace.allows(600_000, 0.5, PLENTY), true);
    assert.equal(pace.allows(1_100_000, 0.5, PLENTY), false);
  });

  test('allows none at the beginning of the next connection, whose count begins anew', (context) => {
    stopClock(context, 1);
    const pace = new ReceivePace();
    assert.equal(pace.allows(1 << 20, 0.5, PLENTY), true);
    assert.equal(pace.allows(1 << 19, 0.5, PLENTY), false);
    assert.equal(pace.allows((1 << 19) + (1 << 20), 0.5, PLENTY), true);
  });

  test('allows none in which more would come than is still to come', (context) => {
    stopClock(context, 1);
    const pace = new ReceivePace();
    assert.equal(pace.allows(1 << 20, 0.5, (1 << 19) - 1), false);
    assert.equal(pace.allows(2 << 20, 0.5, 1 << 19), true);
  });
});

const SIZE = 32 << 20;
/** In which not all fits that the kernel would hold. */
const PART = 1 << 18;

/** Everything of a large body, and how often it was paused for. */
function download(context: TestContext, carrier: Carrier, read: (connection: HTTPConnection) => number): number {
  const connection = startDownload(context, carrier);
  const pauses = context.mock.method(Atomics, 'wait');
  connection.sendRequest('GET', `/send_${SIZE}_bytes`);
  connection.readResponse();
  let total = 0;
  for (let count = 1; count > 0; total += count) count = read(connection);
  assert.equal(total, SIZE);
  pauses.mock.restore();
  return pauses.mock.callCount();
}

const buffer = Buffer.alloc(PART);

const ways: Record<string, (connection: HTTPConnection) => number> = {
  readInto: (connection) => connection.readInto(buffer),
  'read, few bytes at a time': (connection) => connection.read(5000).length,
  read: (connection) => connection.read().length,
  readAll: (connection) => connection.readAll().length,
};

for (const carrier of plainAndTLS) {
  describe(`a fast download, ${carrier.name}`, { skip: carrier.skip }, () => {
    for (const [name, read] of Object.entries(ways)) {
      test(`by ${name} pauses only over TLS, and only when nothing is there`, (context) => {
        const pauses = download(context, carrier, read);
        if (carrier.name === 'plain') assert.equal(pauses, 0);
        // A reader that is slower than the server need not wait at all.
        else if (name === 'readInto') assert.ok(pauses > 0);
        assert.ok(pauses < SIZE / 16_384, `${pauses}`);
      });
    }

    test('never pauses in a loop written by hand, nor in a future', async (context) => {
      const connection = startDownload(context, carrier);
      const pauses = context.mock.method(Atomics, 'wait');
      for (const run of [finish, (coroutine: Coroutine<number>) => new AioFuture(coroutine)]) {
        assert.equal(await run(coDownload(connection)), SIZE);
      }
      pauses.mock.restore();
      assert.equal(pauses.mock.callCount(), 0);
    });
  });
}

function* coDownload(connection: HTTPConnection): Coroutine<number> {
  yield* connection.coSendRequest('GET', `/send_${SIZE}_bytes`);
  yield* connection.coReadResponse();
  let total = 0;
  for (let count = 1; count > 0; total += count) count = yield* connection.coReadInto(buffer);
  return total;
}

const [, tls] = plainAndTLS;

test('what TLS has taken in is never waited for', { skip: tls?.skip }, (context) => {
  const [sent, announced] = [20_012_345, 64_000_000];
  for (const size of [1000, 8192, 65_536, PART]) {
    const head = `HTTP/1.1 200 OK\r\nContent-Length: ${announced}\r\n\r\n`;
    using served = (tls as Carrier).serve([[expectHead(), send(head), send(Buffer.alloc(sent)), gate('never')]]);
    using connection = served.connect();
    connection.sendRequest('GET', '/');
    connection.readResponse();
    stopClock(context, 0.02);
    for (let total = 0; total < sent; ) total += connection.read(size).length;
    context.mock.restoreAll();
  }
});

/** A connection to a server of many bytes, on a clock by which they come fast. */
function startDownload(context: TestContext, carrier: Carrier): HTTPConnection {
  const server = startDummyServer();
  const reached = carrier.reach(server);
  const connection = reached.connect();
  context.after(() => {
    connection.disconnect();
    reached[Symbol.dispose]();
    server.stop();
  });
  connection.connect();
  // Fast if no more than a record of TLS is there at a time, and possible if three megabytes are.
  stopClock(context, 0.05);
  return connection;
}
