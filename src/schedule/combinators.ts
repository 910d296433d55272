/**
 * Coroutines made of coroutines, for every way of waiting: a caller sees one PollNeeded, however many branches wait. When a
 * combinator ends, all of its branches have ended: an AbortError is thrown into a branch that is no longer wanted, so that its
 * `finally` runs, and the combinator waits for its end.
 */

import { now } from '../clock.ts';
import { type Coroutine, PollNeeded, waitFor } from '../coroutine.ts';
import { ConnectionTimedOut } from '../errors.ts';
import { type Outcome, resultOf, Stepper } from './stepper.ts';
import { TaskSet } from './task-set.ts';

/**
 * The results of several coroutines, in their order: what {@link coAll} returns. For an array of different coroutines
 * it is a tuple with the type of each result.
 *
 * @example
 * ```js
 * import { coAll, coSleep, HTTPConnection, runBlocking } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * const [answer, nothing] = runBlocking(coAll([connection.coRequest('GET', '/a'), coSleep(5)]));
 * console.log(answer.body.toString(), nothing); // document a undefined
 * connection.disconnect();
 * ```
 */
export type Results<C extends readonly Coroutine<unknown>[]> = {
  -readonly [K in keyof C]: C[K] extends Coroutine<infer T> ? T : never;
};

/**
 * The outcomes of several coroutines, in their order: what {@link coAllSettled} returns. Each is an {@link Outcome}.
 *
 * @example
 * ```js
 * import { coAllSettled, HTTPConnection, runBlocking } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * const coroutines = ['/a', '/lost'].map((path) => connection.coRequest('GET', path));
 * for (const outcome of runBlocking(coAllSettled(coroutines))) console.log(outcome.status);
 * connection.disconnect();
 * // prints:
 * // fulfilled
 * // rejected
 * ```
 */
export type Outcomes<C extends readonly Coroutine<unknown>[]> = {
  -readonly [K in keyof C]: C[K] extends Coroutine<infer T> ? Outcome<T> : never;
};

/**
 * Runs all `coroutines` at once; returns their results in the order of the coroutines. If one fails, an AbortError is
 * thrown into those that have not ended, and coAll waits for their end.
 *
 * @throws TypeError unless given an array of distinct coroutines
 * @throws the error of the first coroutine that fails, after the others have been ended
 *
 * @example
 * ```js
 * import { coAll, HTTPConnection, runBlocking } from 'dugong';
 *
 * function* coText(path) {
 *   const connection = new HTTPConnection('http://localhost:8080');
 *   const { body } = yield* connection.coRequest('GET', path);
 *   connection.disconnect();
 *   return body.toString();
 * }
 *
 * console.log(runBlocking(coAll([coText('/a'), coText('/b')]))); // [ 'document a', 'document b' ]
 * ```
 */
export function* coAll<const C extends readonly Coroutine<unknown>[]>(coroutines: C): Coroutine<Results<C>> {
  const results: unknown[] = [];
  let failure: { readonly reason: unknown } | undefined;
  yield* coRunEach('coAll', coroutines, (set, index, outcome) => {
    if (outcome.status === 'fulfilled') {
      results[index] = outcome.value;
    } else {
      failure ??= outcome;
      set.endAll();
    }
  });
  if (failure !== undefined) throw (failure as { readonly reason: unknown }).reason;
  return results as Results<C>;
}

/**
 * Runs all `coroutines` at once; returns the {@link Outcome} of each, in the order of the coroutines. A failure ends
 * no other one.
 *
 * @throws TypeError unless given an array of distinct coroutines
 *
 * @example
 * ```js
 * import { coAllSettled, coSleep, coWithTimeout, runBlocking } from 'dugong';
 *
 * const outcomes = runBlocking(coAllSettled([coSleep(1), coWithTimeout(coSleep(60_000), 10)]));
 * console.log(outcomes.map(({ status }) => status)); // [ 'fulfilled', 'rejected' ]
 * ```
 */
export function* coAllSettled<const C extends readonly Coroutine<unknown>[]>(coroutines: C): Coroutine<Outcomes<C>> {
  const outcomes: Outcome<unknown>[] = [];
  yield* coRunEach('coAllSettled', coroutines, (_set, index, outcome) => {
    outcomes[index] = outcome;
  });
  return outcomes as Outcomes<C>;
}

/**
 * Runs all `coroutines` until one of them ends, and ends the others: one that waits is interrupted where it waits, by
 * an AbortError, and one that has not begun never does. Returns the result of the first.
 *
 * @throws TypeError unless given an array of distinct coroutines, at least one
 * @throws the error of the first, if it failed
 *
 * @example
 * ```js
 * import { coRace, coSleep, runBlocking } from 'dugong';
 *
 * function* coNamed(name, ms) {
 *   yield* coSleep(ms);
 *   return name;
 * }
 *
 * console.log(runBlocking(coRace([coNamed('slow', 60_000), coNamed('fast', 1)]))); // fast
 * ```
 */
export function* coRace<T>(coroutines: readonly Coroutine<T>[]): Coroutine<T> {
  if (coroutines?.length === 0) throw new TypeError('coRace needs at least one coroutine');
  let first: Outcome<T> | undefined;
  yield* coRunEach('coRace', coroutines, (set, _index, outcome) => {
    first ??= outcome;
    set.endAll();
  });
  return resultOf(first as unknown as Outcome<T>);
}

/**
 * Runs `make(item)` for each of `items`, at most `limit` at a time; returns the results in the order of the items. An
 * item is taken when there is room for its coroutine. After a failure no further item is taken, an AbortError is
 * thrown into the coroutines that have not ended, and coMap waits for their end.
 *
 * @param limit a whole number > 0, or Infinity
 * @param make gets the item and its number, from 0, and returns a coroutine: most often a generator function
 * @throws TypeError unless `limit` is a whole number > 0, or Infinity
 * @throws the first error, of a coroutine, of `make` or of `items`, after the other coroutines have been ended
 *
 * @example
 * ```js
 * import { coMap, HTTPConnection, runBlocking } from 'dugong';
 *
 * function* coLength(path) {
 *   const connection = new HTTPConnection('http://localhost:8080');
 *   const { body } = yield* connection.coRequest('GET', path);
 *   connection.disconnect();
 *   return body.length;
 * }
 *
 * console.log(runBlocking(coMap(['/a', '/large', '/digits'], 2, coLength))); // [ 10, 1000000, 1000 ]
 * ```
 */
export function* coMap<I, T>(
  items: Iterable<I>,
  limit: number,
  make: (item: I, index: number) => Coroutine<T>,
): Coroutine<T[]> {
  if (!(Number.isInteger(limit) || limit === Number.POSITIVE_INFINITY) || limit < 1) {
    throw new TypeError(`the limit must be a whole number >= 1, or Infinity, got ${String(limit)}`);
  }
  const results: T[] = [];
  let failure: { readonly reason: unknown } | undefined;
  const iterator = items[Symbol.iterator]();
  const set = new TaskSet();
  let index = 0;
  let exhausted = false;
  const fail = (reason: unknown): void => {
    failure ??= { reason };
    set.endAll();
  };
  const addNext = (): void => {
    try {
      // Also if `next()` throws: the iterator has ended then.
      exhausted = true;
      const next = iterator.next();
      if (next.done) return;
      exhausted = false;
      const at = index++;
      set.add(make(next.value, at), (outcome) => {
        if (outcome.status === 'rejected') return fail(outcome.reason);
        results[at] = outcome.value;
        if (!exhausted && !set.ending) addNext();
      });
    } catch (reason) {
      fail(reason);
    }
  };
  try {
    while (set.size < limit && !exhausted && !set.ending) {
      addNext();
      set.run();
    }
    yield* coRunSet(set);
  } finally {
    set.close();
    if (!exhausted) leave(iterator);
  }
  if (failure !== undefined) throw (failure as { readonly reason: unknown }).reason;
  return results;
}

/** As in a `for ... of` that an error leaves: that error counts, not one of `return()`. */
function leave(iterator: Iterator<unknown>): void {
  try {
    iterator.return?.();
  } catch {
    // It would hide why the items are not taken.
  }
}

/**
 * Waits for `ms` milliseconds, and for no descriptor. Other coroutines of the same loop or combinator go on.
 *
 * @throws TypeError if `ms` is no number
 *
 * @example
 * ```js
 * import { coSleep, runBlocking } from 'dugong';
 *
 * const start = performance.now();
 * runBlocking(coSleep(20));
 * console.log(performance.now() - start >= 20); // true
 * ```
 */
export function* coSleep(ms: number): Coroutine<void> {
  const deadline = deadlineIn(ms);
  const need = new PollNeeded(-1, 0, { deadline });
  while (now() < deadline) yield* waitFor(need);
}

/**
 * Runs `coroutine` and returns its result; after `ms` milliseconds ConnectionTimedOut is thrown into it, so that its
 * `finally` runs. A result that is there by then counts. A coroutine that catches the error goes on without a limit.
 *
 * @throws TypeError for what is no coroutine, or if `ms` is no number
 * @throws ConnectionTimedOut after `ms` milliseconds
 * @throws what the coroutine throws
 *
 * @example
 * ```js
 * import { ConnectionTimedOut, coWithTimeout, HTTPConnection, runBlocking } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * try {
 *   runBlocking(coWithTimeout(connection.coRequest('GET', '/never'), 50));
 * } catch (error) {
 *   console.log(error instanceof ConnectionTimedOut); // true
 * }
 * connection.disconnect();
 * ```
 */
export function* coWithTimeout<T>(coroutine: Coroutine<T>, ms: number): Coroutine<T> {
  const steps = new Stepper('coWithTimeout', coroutine);
  const deadline = deadlineIn(ms);
  let outcome: Outcome<T> | undefined;
  let timedOut = false;
  try {
    for (let late = false; ; ) {
      outcome = steps.run();
      // A result that is there by now counts, however late the coroutine was resumed.
      if (outcome !== undefined) return resultOf(outcome);
      if (late) {
        timedOut = true;
        late = false;
        steps.interrupt(new ConnectionTimedOut(ms));
        continue;
      }
      const thrown = yield* coWaitOrFail(timedOut ? steps.need : steps.need.before(deadline));
      if (thrown !== undefined) steps.interrupt(thrown.error);
      else late = !timedOut && now() >= deadline;
    }
  } finally {
    if (outcome === undefined) steps.end();
  }
}

function deadlineIn(ms: number): number {
  if (typeof ms !== 'number' || Number.isNaN(ms))
    throw new TypeError(`milliseconds must be a number, got ${String(ms)}`);
  return now() + ms;
}

/** Suspends once; returns the error that was thrown in meanwhile, if any. */
export function* coWaitOrFail(need: PollNeeded): Coroutine<{ readonly error: unknown } | undefined> {
  try {
    yield* waitFor(need);
    return undefined;
  } catch (error) {
    return { error };
  }
}

/**
 * Runs coroutines until all of them have ended; `ended` gets the index of each. Only an array is accepted, not any iterable: a
 * coroutine is iterable, too, and would run. @throws TypeError
 */
function* coRunEach<T>(
  name: string,
  coroutines: readonly Coroutine<T>[],
  ended: (set: TaskSet, index: number, outcome: Outcome<T>) => void,
): Coroutine<void> {
  if (!Array.isArray(coroutines)) throw new TypeError(`${name} needs an array of coroutines`);
  const set = new TaskSet();
  try {
    for (const [index, coroutine] of coroutines.entries()) {
      set.add<T>(coroutine, (outcome) => ended(set, index, outcome));
    }
    yield* coRunSet(set);
  } finally {
    set.close();
  }
}

/**
 * Runs a set until all of its members have ended. An error thrown into this coroutine is thrown into all members, and raised at
 * the end unless the members were being ended before.
 */
function* coRunSet(set: TaskSet): Coroutine<void> {
  let interruption: { readonly error: unknown } | undefined;
  for (;;) {
    set.run();
    if (set.size === 0) break;
    try {
      yield* set.coWait();
    } catch (error) {
      if (!set.ending) interruption = { error };
      set.interruptAll(error);
    }
  }
  if (interruption !== undefined) throw interruption.error;
}
