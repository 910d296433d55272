/**
 * What becomes of the members of a combinator once its result is decided: one that has not begun never does, one that waits takes
 * nothing more, and a result that is there is given, however late it is looked for.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  AioFuture,
  type Coroutine,
  coAll,
  coAllSettled,
  coAwait,
  coMap,
  coRace,
  coSleep,
  coWithTimeout,
  POLLIN,
  PollNeeded,
} from 'dugong';
import { waitFor } from '../../src/coroutine.ts';
import { native } from '../../src/io/native.ts';
import { type SocketPair, socketPair } from '../support/socket-pair.ts';
import { finish, suspend, waysWithLoop } from '../support/waiting.ts';

/** Ends in its first step. */
// biome-ignore lint/correctness/useYield: a coroutine that needs not wait
function* coGive<T>(value: T): Coroutine<T> {
  return value;
}

// biome-ignore lint/correctness/useYield: a coroutine that needs not wait
function* coFail(): Coroutine<never> {
  throw new Error('failed');
}

// biome-ignore lint/correctness/useYield: a coroutine that needs not wait
function* coNote(log: string[], entry: string): Coroutine<string> {
  log.push(entry);
  return entry;
}

/** Takes one byte as soon as there is one, as a read of a connection does. */
function* coTake({ fd }: SocketPair, log: string[] = []): Coroutine<string> {
  const buffer = Buffer.alloc(1);
  while (native.recv(fd, buffer, 0, 1) < 0) yield* waitFor(new PollNeeded(fd, POLLIN));
  log.push(buffer.toString());
  return buffer.toString();
}

/** Takes one byte after it has waited once in any case. */
function* coTakeLater(pair: SocketPair, log: string[] = []): Coroutine<string> {
  yield* waitFor(new PollNeeded(pair.fd, POLLIN));
  return yield* coTake(pair, log);
}

/** Ends slowly when it is interrupted. */
function* coLinger(ms: number): Coroutine<never> {
  try {
    for (;;) yield* coSleep(1_000_000);
  } finally {
    yield* coSleep(ms);
  }
}

function blockFor(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

const decided: Record<string, (member: Coroutine<unknown>) => Coroutine<unknown>> = {
  coRace: (member) => coRace([coGive('first'), member]),
  'coRace, the first of which fails,': (member) => coRace([coFail(), member]),
  'coAll, a member of which fails,': (member) => coAll([coGive(1), coFail(), member]),
  'coRace inside coAll': (member) => coAll([coRace<unknown>([coGive('first'), coAll([member])])]),
  'coAll inside coRace': (member) => coRace<unknown>([coAll([coGive(1)]), coAllSettled([member])]),
  'coRace with a member that has a time limit': (member) =>
    coRace<unknown>([coGive('first'), coWithTimeout(member, 1000)]),
  'coMap, the first coroutine of which fails,': (member) => coMap([coFail(), member], 2, (item) => item),
  'coMap, an item of which makes no coroutine,': (member) =>
    coMap([5, member], 2, (item) => item as Coroutine<unknown>),
  'coAll with something that is no coroutine': (member) => coAll([member, 5 as never]),
};

for (const { name, run } of waysWithLoop) {
  describe(`when the result is decided (${name})`, () => {
    for (const [what, make] of Object.entries(decided)) {
      test(`${what} begins no other member`, async () => {
        const log: string[] = [];
        await run(coAllSettled([make(coNote(log, 'began'))]));
        assert.deepEqual(log, []);
      });
    }

    for (const [what, combine] of [
      ['coRace', (members: Coroutine<string>[]) => coRace(members)],
      ['coAll', (members: Coroutine<string>[]) => coAll([coThenFail(members[0]), members[1] as Coroutine<string>])],
    ] as const) {
      test(`of two members of ${what} that are ready in the same turn, the second takes nothing`, async () => {
        using one = await socketPair();
        using other = await socketPair();
        const log: string[] = [];
        await one.send('x');
        await other.send('x');
        await run(coAllSettled([combine([coTakeLater(one, log), coTakeLater(other, log)])]));
        assert.deepEqual(log, ['x']);
        const left = [one, other].filter(({ fd }) => native.recv(fd, Buffer.alloc(1), 0, 1) === 1);
        assert.equal(left.length, 1);
      });
    }

    test('coMap takes no more items when the first coroutine has failed in its first step', async () => {
      const taken: number[] = [];
      function* items(): Generator<number> {
        for (let item = 0; ; item++) {
          taken.push(item);
          yield item;
        }
      }
      await assert.rejects(run(coMap(items(), 5, coFail)), { message: 'failed' });
      assert.deepEqual(taken, [0]);
    });

    test('coRace gives it although its time is over while the others end', async () => {
      assert.equal(await run(coWithTimeout(coRace([coLinger(50), coGive('first')]), 10)), 'first');
      const failing = coWithTimeout(coAll([coLinger(50), coFail()]), 10);
      await assert.rejects(run(failing), { message: 'failed' });
    });

    test('coWithTimeout gives what is there at the end of the time, though no runner looked before', async () => {
      using pair = await socketPair();
      await pair.send('x');
      function* coBusy(): Coroutine<string> {
        // What waits meanwhile may be kept from being resumed.
        blockFor(30);
        return yield* coTakeLater(pair);
      }
      assert.equal(await run(coWithTimeout(coBusy(), 5)), 'x');
    });

    test('coWithTimeout ends what would go on beyond the time', async () => {
      const log: string[] = [];
      function* coOften(): Coroutine<void> {
        for (let step = 0; step < 3; step++) {
          blockFor(10);
          yield* waitFor(new PollNeeded(-1, 0, { deadline: 0 }));
          log.push('step');
        }
      }
      await assert.rejects(run(coWithTimeout(coOften(), 5)), { name: 'ConnectionTimedOut' });
      assert.deepEqual(log, ['step']);
    });
  });
}

function* coThenFail(coroutine: Coroutine<unknown> | undefined): Coroutine<never> {
  yield* coroutine ?? coGive(0);
  throw new Error('failed');
}

describe('a result that is there', () => {
  test('is that of a future the time of which is over, though the event loop had no turn', async () => {
    using pair = await socketPair();
    const future = new AioFuture(coTake(pair), { timeout: 5 });
    await pair.send('x');
    blockFor(30);
    assert.equal(await future, 'x');
  });

  test('is that of a future which waits in a combinator, or for a promise', async () => {
    using pair = await socketPair();
    const future = new AioFuture(coAll([coTake(pair), coAwait(Promise.resolve('y'))]), { timeout: 5 });
    await pair.send('x');
    blockFor(30);
    assert.deepEqual(await future, ['x', 'y']);
  });

  test('ends a future no earlier than its time when there is none', async () => {
    using pair = await socketPair();
    const future = new AioFuture(coTake(pair), { timeout: 5 });
    blockFor(30);
    await assert.rejects(future, { name: 'ConnectionTimedOut' });
  });

  test('is given by coRace that a loop written by hand steps late', async () => {
    using one = await socketPair();
    using other = await socketPair();
    const race = coRace([coTake(one), coTake(other)]);
    suspend(race);
    await one.send('x');
    await other.send('x');
    assert.equal(finish(race), 'x');
    assert.equal(finish(coRace([coTake(one), coTake(other)])), 'x');
  });
});
