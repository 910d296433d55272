/** Pausing in a fast stream: who does it, when, and what it leaves alone. */

import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { ReceivePace } from '../../src/client/receive-pace.ts';
import { type Coroutine, type HTTPConnection, type PollNeeded, runBlocking } from '../../src/index.ts';
import { startDummyServer } from '../support/dummy-server.ts';
import { type Carrier, plainAndTLS } from '../support/plain-and-tls.ts';
import { finish } from '../support/waiting.ts';

/** From now on, looking at the clock is all that takes time: so many milliseconds each. */
function stopClock(context: TestContext, step: number): void {
  let now = performance.now();
  context.mock.method(performance, 'now', () => {
    now += step;
    return now;
  });
}

describe('the pace of receiving', () => {
  const PLENTY = 1 << 30;

  test('allows a pause that brings enough', (context) => {
    stopClock(context, 1);
    const pace = new ReceivePace();
    pace.received(262_144);
    assert.equal(pace.allows(0.5, PLENTY), true);
    pace.received(262_143);
    assert.equal(pace.allows(0.5, PLENTY), false);
  });

  test('allows none before anything came, nor twice for the same', (context) => {
    stopClock(context, 1);
    const pace = new ReceivePace();
    assert.equal(pace.allows(0.5, PLENTY), false);
    pace.received(1 << 20);
    assert.equal(pace.allows(0.5, PLENTY), true);
    assert.equal(pace.allows(0.5, PLENTY), false);
  });

  test('counts everything since the wait before, and the time since then', (context) => {
    stopClock(context, 2);
    const pace = new ReceivePace();
    pace.received(300_000);
    pace.received(300_000);
    assert.equal(pace.allows(0.5, PLENTY), true);
    pace.received(500_000);
    assert.equal(pace.allows(0.5, PLENTY), false);
  });

  test('allows none in which more would come than is still to come', (context) => {
    stopClock(context, 1);
    const pace = new ReceivePace();
    pace.received(1 << 20);
    assert.equal(pace.allows(0.5, (1 << 19) - 1), false);
    pace.received(1 << 20);
    assert.equal(pace.allows(0.5, 1 << 19), true);
  });
});

const SIZE = 32 << 20;
/** In which not all fits that the kernel would hold. */
const PART = 1 << 18;

function* coDownload(connection: HTTPConnection): Coroutine<number> {
  yield* connection.coSendRequest('GET', `/send_${SIZE}_bytes`);
  yield* connection.coReadResponse();
  return yield* coRest(connection, 0);
}

function* coRest(connection: HTTPConnection, received: number): Coroutine<number> {
  const buffer = Buffer.alloc(PART);
  let total = received;
  for (let count = 1; count > 0; total += count) count = yield* connection.coReadInto(buffer);
  return total;
}

const isPause = ({ fd }: PollNeeded): boolean => fd < 0;

for (const carrier of plainAndTLS) {
  describe(`a fast download, ${carrier.name}`, { skip: carrier.skip }, () => {
    const start = (context: TestContext): HTTPConnection => startDownload(context, carrier);

    test('pauses, if it is over TLS and the thread is blocked, and then waits as ever', (context) => {
      const connection = start(context);
      const needs: PollNeeded[] = [];
      const wait = (need: PollNeeded, timeoutMs: number | undefined): boolean => {
        needs.push(need);
        return need.poll(timeoutMs);
      };
      assert.equal(runBlocking(coDownload(connection), { wait }), SIZE);
      assert.equal(needs.some(isPause), carrier.name === 'TLS');
      needs.forEach((need, index) => {
        if (isPause(need)) assert.ok((needs[index + 1]?.fd ?? -1) >= 0);
      });
    });

    test('never pauses in a loop written by hand', (context) => {
      const connection = start(context);
      const needs: PollNeeded[] = [];
      assert.equal(finish(coWatched(coDownload(connection), needs)), SIZE);
      assert.ok(needs.length > 0);
      assert.equal(needs.some(isPause), false);
    });
  });
}

const [, tls] = plainAndTLS;

describe('a pause', { skip: tls?.skip }, () => {
  /** Downloads until it pauses; `then` is called in the pause, and ends the download. */
  function interrupted(connection: HTTPConnection, then: () => void): unknown {
    const wait = (need: PollNeeded, timeoutMs: number | undefined): boolean => {
      if (isPause(need)) then();
      return need.poll(timeoutMs);
    };
    try {
      runBlocking(coDownload(connection), { wait });
    } catch (error) {
      return error;
    }
    return assert.fail('it did not pause');
  }

  test('can be interrupted: whoever reads next goes on', (context) => {
    const connection = startDownload(context, tls as Carrier);
    const reason = new Error('enough');
    const error = interrupted(connection, () => {
      throw reason;
    });
    assert.equal(error, reason);
    assert.ok(connection.readAll().length > 0);
    connection.sendRequest('GET', '/send_3_bytes');
    connection.readResponse();
    assert.equal(connection.readAll().length, 3);
  });

  test('ends with ConnectionClosed when the connection is closed meanwhile', (context) => {
    const connection = startDownload(context, tls as Carrier);
    const error = interrupted(connection, () => connection.disconnect());
    assert.equal((error as Error).name, 'ConnectionClosed');
  });
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
  // Fast if no more than a record of TLS is there at a time, and possible if a megabyte is.
  stopClock(context, 0.02);
  return connection;
}

function* coWatched<T>(coroutine: Coroutine<T>, needs: PollNeeded[]): Coroutine<T> {
  for (let step = coroutine.next(); ; step = coroutine.next()) {
    if (step.done) return step.value;
    needs.push(step.value);
    yield step.value;
  }
}
