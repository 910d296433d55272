import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { AioFuture, type Coroutine, coAll, coAwait, coRace, coSleep, PollLoop, runBlocking } from 'dugong';

function* coTwice(promise: Promise<number>): Coroutine<number> {
  return 2 * (yield* coAwait(promise));
}

describe('awaiting a promise inside a coroutine', () => {
  test('is possible under an AioFuture, directly and inside combinators', async () => {
    assert.equal(await new AioFuture(coTwice(Promise.resolve(2))), 4);
    const later = sleep(1, 5);
    assert.deepEqual(await new AioFuture(coAll([coTwice(later), coAll([coTwice(later), coSleep(1)])])), [
      10,
      [10, undefined],
    ]);
    assert.equal(await new AioFuture(coAwait(5)), 5);
  });

  test('raises what the promise was rejected with', async () => {
    await assert.rejects(new AioFuture(coTwice(Promise.reject(new Error('no')))), { message: 'no' });
  });

  test('can be given up; the promise may be settled later', async () => {
    let settle!: (value: number) => void;
    const promise = new Promise<number>((resolve) => {
      settle = resolve;
    });
    const race = coRace<unknown>([coTwice(promise), coSleep(1)]);
    await new AioFuture(
      (function* (): Coroutine<void> {
        yield* race;
        settle(1);
        yield* coSleep(1);
      })(),
    );
    const future = new AioFuture(coTwice(new Promise<number>(() => undefined)));
    future.cancel();
    await assert.rejects(future, { name: 'AbortError' });
  });

  test('is a clear error where the event loop stands still', () => {
    const expected = { name: 'StateError', message: /only in a coroutine that an AioFuture runs/ };
    assert.throws(() => runBlocking(coTwice(Promise.resolve(1))), expected);
    assert.throws(() => runBlocking(coAll([coTwice(Promise.resolve(1))])), expected);
    using loop = new PollLoop();
    const task = loop.createTask(coTwice(Promise.resolve(1)));
    assert.throws(() => loop.runUntilComplete(task), expected);
    assert.throws(() => coTwice(Promise.resolve(1)).next(), expected);
  });

  test('goes on in the runner that the coroutine has by then', { timeout: 20_000 }, async () => {
    let settle!: (value: number) => void;
    const promise = new Promise<number>((resolve) => {
      settle = resolve;
    });
    const coroutine = coTwice(promise);
    await new AioFuture(
      // biome-ignore lint/correctness/useYield: a coroutine that needs not wait
      (function* (): Coroutine<void> {
        coroutine.next();
      })(),
    );
    const future = new AioFuture(coAll([coroutine]));
    settle(2);
    // The event loop must have something to do until then.
    await sleep(1);
    assert.deepEqual(await future, [4]);
  });
});
