/**
 * The combinators under every way of waiting, by themselves and inside each other.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  AioFuture,
  type Coroutine,
  coAll,
  coAllSettled,
  coMap,
  coRace,
  coSleep,
  coWithTimeout,
  HTTPConnection,
  PollLoop,
  PollNeeded,
  runBlocking,
} from 'dugong';
import { native } from '../../src/io/native.ts';
import { type DummyServer, startDummyServer } from '../support/dummy-server.ts';
import { expectEnd, expectHead, startScriptedServer } from '../support/scripted-server.ts';
import { waysOfWaiting } from '../support/waiting.ts';

const ways = [
  ...waysOfWaiting,
  {
    name: 'PollLoop',
    run: async <T>(coroutine: Coroutine<T>): Promise<T> => {
      using loop = new PollLoop();
      return loop.runUntilComplete(loop.createTask(coroutine));
    },
  },
];

function* coGet(server: DummyServer, path: string): Coroutine<number> {
  using connection = new HTTPConnection(server.hostname, { port: server.port });
  yield* connection.coSendRequest('GET', path);
  yield* connection.coReadResponse();
  return (yield* connection.coReadAll()).length;
}

function* coFail(ms: number): Coroutine<never> {
  yield* coSleep(ms);
  throw new Error('failed');
}

/** Waits for ever; notes how it is ended. */
function* coForever(log: string[]): Coroutine<never> {
  try {
    for (;;) yield* coSleep(1_000_000);
  } catch (error) {
    log.push((error as Error).name);
    throw error;
  } finally {
    log.push('finally');
  }
}

/** A coroutine that waits for a server which never answers. */
function* coHang(port: number): Coroutine<void> {
  using connection = new HTTPConnection('127.0.0.1', { port });
  yield* connection.coSendRequest('GET', '/');
  yield* connection.coReadResponse();
}

for (const { name, run } of ways) {
  describe(`combinators (${name})`, () => {
    test('coAll gives the results of all in their order', async () => {
      using server = startDummyServer();
      const before = native.counts();
      const sizes = [10, 100_000, 0, 5000, 70_000];
      const gets = sizes.map((size) => coGet(server, `/send_${size}_bytes`));
      assert.deepEqual(await run(coAll(gets)), sizes);
      assert.deepEqual(await run(coAll([])), []);
      assert.deepEqual(native.counts(), before);
    });

    test('coAll ends the others when one fails, and raises its error', async () => {
      using server = startScriptedServer([[expectHead(), expectEnd()]]);
      const before = native.counts();
      const log: string[] = [];
      await assert.rejects(run(coAll([coForever(log), coHang(server.port), coFail(50)])), { message: 'failed' });
      assert.deepEqual(log, ['AbortError', 'finally']);
      assert.deepEqual(native.counts(), before);
      server.check();
    });

    test('coAllSettled tells what each came to', async () => {
      const outcomes = await run(coAllSettled([coSleep(1), coFail(1)]));
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ['fulfilled', 'rejected'],
      );
    });

    test('coRace gives the first, and ends the others', async () => {
      const log: string[] = [];
      assert.equal(await run(coRace<unknown>([coForever(log), coSleep(5)])), undefined);
      assert.deepEqual(log, ['AbortError', 'finally']);
      await assert.rejects(run(coRace([coFail(1), coForever(log)])), { message: 'failed' });
      await assert.rejects(run(coRace([])), TypeError);
    });

    test('coMap runs so many at a time, and gives the results in order', async () => {
      let active = 0;
      let most = 0;
      const results = await run(
        coMap([5, 1, 4, 2, 3, 1], 2, function* (ms, index): Coroutine<string> {
          most = Math.max(most, ++active);
          yield* coSleep(ms);
          active--;
          return `${index}:${ms}`;
        }),
      );
      assert.deepEqual(results, ['0:5', '1:1', '2:4', '3:2', '4:3', '5:1']);
      assert.equal(most, 2);
      await assert.rejects(run(coMap([1, 2], 1, () => coFail(1))), { message: 'failed' });
      await assert.rejects(run(coMap([1], 0, () => coSleep(1))), TypeError);
    });

    test('coWithTimeout throws ConnectionTimedOut into what takes too long, and lets the rest be', async () => {
      const log: string[] = [];
      await assert.rejects(run(coWithTimeout(coForever(log), 20)), { name: 'ConnectionTimedOut', timeout: 20 });
      assert.deepEqual(
        log,
        ['Error', 'finally'].map((entry) => (entry === 'Error' ? 'ConnectionTimedOut' : entry)),
      );
      assert.equal(await run(coWithTimeout(coSleep(1), 1_000_000)), undefined);
      using server = startScriptedServer([[expectHead(), expectEnd()]]);
      const expected = { name: 'ConnectionTimedOut', phase: 'receive' };
      await assert.rejects(run(coWithTimeout(coHang(server.port), 50)), expected);
    });

    test('nest twenty deep, with connections at the bottom', async () => {
      using server = startDummyServer();
      const before = native.counts();
      let nested: Coroutine<unknown> = coAll([coGet(server, '/send_100000_bytes'), coGet(server, '/send_10_bytes')]);
      for (let depth = 0; depth < 20; depth++) nested = coAll([nested, coGet(server, `/send_${depth}_bytes`)]);
      let result = (await run(nested)) as [unknown, number];
      for (let depth = 19; depth >= 0; depth--) {
        assert.equal(result[1], depth);
        result = result[0] as [unknown, number];
      }
      assert.deepEqual(result, [100_000, 10]);
      assert.deepEqual(native.counts(), before);
    });

    test('that are given up end all of their branches', async () => {
      const log: string[] = [];
      const outer = coWithTimeout(coAll([coAll([coForever(log)]), coForever(log)]), 30);
      await assert.rejects(run(outer), { name: 'ConnectionTimedOut' });
      assert.deepEqual(log, ['ConnectionTimedOut', 'finally', 'ConnectionTimedOut', 'finally']);
    });
  });
}

describe('a combinator', () => {
  test('that is returned from ends its branches at once, and frees its descriptor', () => {
    using server = startScriptedServer([[expectEnd()]]);
    const before = native.counts();
    const log: string[] = [];
    const all = coAll([coForever(log), coHang(server.port)]);
    assert.ok(all.next().value instanceof PollNeeded);
    all.return(undefined as never);
    assert.deepEqual(log, ['finally']);
    assert.deepEqual(native.counts(), before);
  });

  test('lets two branches not read from one descriptor', () => {
    using server = startScriptedServer([[]]);
    using connection = new HTTPConnection(server.hostname, { port: server.port });
    connection.sendRequest('GET', '/');
    const both = coAll([connection.coReadResponse(), connection.coReadResponse()]);
    assert.throws(() => runBlocking(both), { name: 'StateError', message: /already waiting for reading/ });
  });

  test('is a future’s own when that is made inside another combinator', async () => {
    using server = startDummyServer();
    let future: AioFuture<[number, number]> | undefined;
    const outer = coAll([
      (function* (): Coroutine<void> {
        future = new AioFuture(coAll([coGet(server, '/send_10_bytes'), coGet(server, '/send_20_bytes')]));
        yield* coSleep(1);
      })(),
    ]);
    await new AioFuture(outer);
    assert.deepEqual(await future, [10, 20]);
  });
});
