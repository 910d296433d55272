/**
 * Results that come one by one, in each way of waiting. Between two of them nothing runs.
 */

import type { Coroutine } from '../coroutine.ts';

/** What gives results. */
export interface Pull<T> {
  /** The next one; undefined at the end. */
  coNext(): Coroutine<T | undefined>;
  /** Gives up what is under way. May be called again. */
  close(): void;
}

/** The caller's function for each result; it may be a generator function. */
export type Each<T> = (result: T) => Coroutine<void> | void;

/** Gives each result to `each`. @throws what either throws */
export function* coEach<T>(pull: Pull<T>, each: Each<T>): Coroutine<void> {
  try {
    for (let result = yield* pull.coNext(); result !== undefined; result = yield* pull.coNext()) {
      yield* each(result) ?? [];
    }
  } finally {
    pull.close();
  }
}

/** The results as an iterable; `run` blocks for each. */
export function* iterated<T>(
  pull: Pull<T>,
  run: (coroutine: Coroutine<T | undefined>) => T | undefined,
): Generator<T, void, void> {
  try {
    for (let result = run(pull.coNext()); result !== undefined; result = run(pull.coNext())) yield result;
  } finally {
    pull.close();
  }
}

/** The results as an asynchronous iterable; `run` awaits each. */
export async function* iteratedAwaiting<T>(
  pull: Pull<T>,
  run: (coroutine: Coroutine<T | undefined>) => PromiseLike<T | undefined>,
): AsyncGenerator<T, void, void> {
  try {
    for (let result = await run(pull.coNext()); result !== undefined; result = await run(pull.coNext())) yield result;
  } finally {
    pull.close();
  }
}
