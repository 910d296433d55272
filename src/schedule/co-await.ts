/**
 * Waiting for a promise inside a coroutine, where that is possible: on Node's event loop.
 */

import type { Coroutine, PollNeeded } from '../coroutine.ts';
import { StateError } from '../errors.ts';
import { currentDriver } from './running.ts';
import { type Outcome, resultOf } from './stepper.ts';
import { WaitList } from './wait-list.ts';

/** What else a coroutine waits for beside a promise. */
export interface Beside {
  /** The list in which the coroutine waits: `notify()` resumes it. */
  readonly waits: WaitList;
  /** What to wait for beside the promise; undefined: nothing. Called before each wait. */
  need(): PollNeeded | undefined;
  /** Called after each resumption, unless the promise is settled. An error that it throws ends the waiting. */
  heed(): void;
}

const nothingElse = (): Beside => ({ waits: new WaitList(), need: () => undefined, heed: () => undefined });

/**
 * Waits until `promise` is settled, and returns its value: `const value = yield* coAwait(promise)`. It works in a
 * coroutine that an AioFuture runs, also inside combinators, because only there the event loop turns. A value that is
 * no promise is returned as by `await`.
 *
 * @throws StateError in runBlocking, a PollLoop, or a loop of your own: there nothing could settle the promise
 * @throws what the promise was rejected with
 *
 * @example
 * ```js
 * import { AioFuture, coAwait } from 'dugong';
 *
 * function* coDigest(text) {
 *   const digest = yield* coAwait(crypto.subtle.digest('SHA-256', Buffer.from(text)));
 *   return Buffer.from(digest).toString('hex', 0, 4);
 * }
 *
 * console.log(await new AioFuture(coDigest('a'))); // ca978112
 * ```
 */
export function* coAwait<T>(promise: PromiseLike<T> | T): Coroutine<Awaited<T>> {
  return yield* coAwaitBeside(promise, nothingElse());
}

/** As {@link coAwait}, waiting for something else at the same time. @throws also what `beside.heed` throws */
export function* coAwaitBeside<T>(promise: PromiseLike<T> | T, beside: Beside): Coroutine<Awaited<T>> {
  assertCanAwait();
  let outcome: Outcome<Awaited<T>> | undefined;
  const settled = (as: Outcome<Awaited<T>>): void => {
    outcome = as;
    beside.waits.notify();
  };
  Promise.resolve(promise).then(
    (value) => settled({ status: 'fulfilled', value: value as Awaited<T> }),
    (reason: unknown) => settled({ status: 'rejected', reason }),
  );
  while (outcome === undefined) {
    // The coroutine may have another runner by now.
    assertCanAwait();
    yield* beside.waits.coWait(beside.need());
    if (outcome === undefined) beside.heed();
  }
  return resultOf(outcome as Outcome<Awaited<T>>);
}

/** @throws StateError, about `what`, unless the coroutine that is being run can wait for promises */
export function assertCanAwait(what: string = 'a promise'): void {
  if (currentDriver() === 'event loop') return;
  throw new StateError(
    `${what} can be awaited only in a coroutine that an AioFuture runs, as by connection.promises: here nothing could settle it`,
  );
}
