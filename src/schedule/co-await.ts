/**
 * Waiting for a promise inside a coroutine, where that is possible: on Node's event loop.
 */

import { nextTurn } from '../clock.ts';
import { type Coroutine, PollNeeded, waitFor } from '../coroutine.ts';
import { StateError } from '../errors.ts';
import { currentRunner, type Runner } from './running.ts';
import type { Outcome } from './task-set.ts';

/** Never ready by itself: whoever waits for it is woken by name. */
export const UNTIL_WOKEN: PollNeeded = new PollNeeded(-1, 0);

/** What else is listened to while a promise is waited for. */
export interface Beside {
  /** What to wait for beside the promise; undefined: nothing. Asked before each wait. */
  need(): PollNeeded | undefined;
  /** Called when the coroutine was resumed and the promise is not settled yet. What it throws ends the waiting. */
  heed(): void;
}

const NOTHING_ELSE: Beside = { need: () => undefined, heed: () => {} };

/**
 * Waits until `promise` is settled: `const value = yield* coAwait(promise)`. Works in a coroutine that an AioFuture runs, also
 * inside combinators.
 * @throws what the promise was rejected with; StateError where the event loop stands still, or nobody could resume the caller
 */
export function* coAwait<T>(promise: PromiseLike<T> | T): Coroutine<Awaited<T>> {
  return yield* coAwaitBeside(promise, NOTHING_ELSE);
}

/** The same, listening to something else meanwhile. @throws also what `beside.heed` throws */
export function* coAwaitBeside<T>(promise: PromiseLike<T> | T, beside: Beside): Coroutine<Awaited<T>> {
  // Whoever runs the coroutine at the time: it may change hands while it waits.
  let runner = assertCanAwait();
  let outcome: Outcome<Awaited<T>> | undefined;
  Promise.resolve(promise).then(
    (value) => {
      outcome = { status: 'fulfilled', value: value as Awaited<T> };
      runner.wake();
    },
    (reason: unknown) => {
      outcome = { status: 'rejected', reason };
      runner.wake();
    },
  );
  while (outcome === undefined) {
    runner = assertCanAwait();
    yield* waitFor(beside.need() ?? UNTIL_WOKEN);
    if (outcome === undefined) beside.heed();
  }
  const settled = outcome as Outcome<Awaited<T>>;
  if (settled.status === 'rejected') throw settled.reason;
  return settled.value;
}

/**
 * Lets the event loop turn once, for what is always ready: other callers, timers and aborts would have to wait for it otherwise.
 * @throws as {@link coAwait}; what `beside.heed` throws
 */
export function* coTurn(beside: Beside = NOTHING_ELSE): Coroutine<void> {
  yield* coAwaitBeside(nextTurn(), beside);
}

/** @throws StateError, about `what`, unless the coroutine that is being run can wait for promises */
export function assertCanAwait(what: string = 'a promise'): Runner {
  const runner = currentRunner();
  if (runner?.canAwait) return runner;
  throw new StateError(
    `${what} can be awaited only in a coroutine that an AioFuture runs, as by connection.promises: here nothing could settle it`,
  );
}
