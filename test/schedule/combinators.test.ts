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
import { expectEnd, expectHead, type ScriptedServer, startScriptedServer } from '../support/scripted-server.ts';
import { atSomePace } from '../support/time-limit.ts';
import { waysWithLoop } from '../support/waiting.ts';

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

/** Fails when the server has got a request. */
function* coFailWhenAsked(server: ScriptedServer): Coroutine<never> {
  while (server.connections() === 0 || server.heads().length === 0) yield* coSleep(1);
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

for (const { name, run } of waysWithLoop) {
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
      const all = coAll([coForever(log), coHang(server.port), coFailWhenAsked(server)]);
      await assert.rejects(run(all), { message: 'failed' });
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
    });

    test('coWithTimeout says in which phase it was', () =>
      atSomePace(async (factor) => {
        using server = startScriptedServer([[expectHead(), expectEnd()]]);
        const expected = { name: 'ConnectionTimedOut', phase: 'receive' };
        await assert.rejects(run(coWithTimeout(coHang(server.port), 20 * factor)), expected);
      }));

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

  test('that was begun by hand goes on inside a loop, with all that is nested in it', () => {
    using server = startDummyServer();
    const nested = coAll([coWithTimeout(coAll([coGet(server, '/send_10_bytes'), coSleep(20)]), 1_000_000)]);
    nested.next();
    using loop = new PollLoop();
    assert.deepEqual(loop.runUntilComplete(loop.createTask(nested)), [[10, undefined]]);
  });

  test('can be stepped by hand inside a task of a loop: what it yields tells times too', () => {
    using loop = new PollLoop();
    const task = loop.createTask(
      // biome-ignore lint/correctness/useYield: a coroutine that waits in its own way
      (function* (): Coroutine<number> {
        const all = coAll([coSleep(5), coSleep(10)]);
        let steps = 0;
        for (let step = all.next(); !step.done; step = all.next()) {
          assert.ok(step.value.poll(10_000));
          steps++;
        }
        return steps;
      })(),
    );
    assert.ok(loop.runUntilComplete(task) < 10);
  });

  test('tells a loop written by hand when another call closes what it waits for', () => {
    using server = startScriptedServer([[expectHead(), expectEnd()]]);
    const before = native.counts();
    const connection = new HTTPConnection(server.hostname, { port: server.port });
    connection.sendRequest('GET', '/');
    const all = coAll([connection.coReadResponse(), coSleep(1_000_000)]);
    const { value } = all.next();
    connection.disconnect();
    assert.ok((value as PollNeeded).poll(10_000));
    assert.throws(() => all.next(), { name: 'ConnectionClosed' });
    assert.deepEqual(native.counts(), before);
  });

  test('throws the TypeError of a forgotten asterisk into the coroutine, also with a time limit', () => {
    let told = '';
    function* coForgetful(): Coroutine<string> {
      try {
        yield coSleep(1) as never;
      } catch (error) {
        told = (error as Error).message;
      }
      return 'went on';
    }
    assert.equal(runBlocking(coWithTimeout(coForgetful(), 1000)), 'went on');
    assert.match(told, /yielded a Generator .* did you mean yield\*/);
  });

  test('refuses a time that is no number, which would come neither early nor late', () => {
    for (const ms of [Number.NaN, undefined as never]) {
      assert.throws(() => runBlocking(coSleep(ms)), TypeError);
      assert.throws(() => runBlocking(coWithTimeout(coSleep(1), ms)), TypeError);
    }
    assert.throws(() => new PollNeeded(-1, 0, { deadline: Number.NaN }), TypeError);
  });
});

describe('coMap', () => {
  function* numbers(log: string[]): Generator<number> {
    try {
      for (let number = 0; ; number++) yield number;
    } finally {
      log.push('items ended');
    }
  }

  test('takes no more items when it is cancelled, whatever becomes of those under way', () => {
    const log: string[] = [];
    using loop = new PollLoop();
    const task = loop.createTask(
      coMap(numbers(log), 2, function* (number): Coroutine<void> {
        log.push(`begin ${number}`);
        try {
          yield* coSleep(1_000_000);
        } catch {
          log.push(`end ${number}`);
        }
      }),
    );
    loop.runOnce(0);
    task.cancel();
    assert.throws(() => loop.runUntilComplete(task), { name: 'AbortError' });
    assert.deepEqual(log, ['begin 0', 'begin 1', 'end 0', 'end 1', 'items ended']);
  });

  test('tells where the items come from that it has ended, however it has', () => {
    const log: string[] = [];
    const returned = coMap(numbers(log), 2, () => coSleep(1_000_000));
    returned.next();
    returned.return(undefined as never);
    assert.deepEqual(log, ['items ended']);
    for (const at of [0, 1, 5]) {
      log.length = 0;
      const make = (number: number): Coroutine<void> => {
        if (number === at) throw new Error('cannot');
        return coSleep(0.1);
      };
      assert.throws(() => runBlocking(coMap(numbers(log), 2, make)), { message: 'cannot' });
      assert.deepEqual(log, ['items ended']);
    }
  });

  test('raises what a coroutine fails of, also if the items fail when they are left', () => {
    const items: Iterable<number> = {
      [Symbol.iterator]: () => ({
        next: () => ({ done: false, value: 1 }),
        return: () => {
          throw new Error('cannot be left');
        },
      }),
    };
    function* coFail(): Coroutine<void> {
      yield* coSleep(1);
      throw new Error('cannot');
    }
    assert.throws(() => runBlocking(coMap(items, 2, coFail)), { message: 'cannot' });
  });

  test('raises what the items raise, and ends those under way', () => {
    const log: string[] = [];
    function* items(): Generator<number> {
      yield 5;
      yield 1_000_000;
      throw new Error('no more');
    }
    const all = coMap(items(), 2, function* (ms): Coroutine<void> {
      try {
        yield* coSleep(ms);
      } finally {
        log.push(`${ms}`);
      }
    });
    assert.throws(() => runBlocking(all), { message: 'no more' });
    assert.deepEqual(log, ['5', '1000000']);
  });
});
