/**
 * How long a coroutine that uses a lane's connection may wait. Errors that are thrown into it pass through.
 */

import { now } from '../clock.ts';
import { type Coroutine, type PollNeeded, waitFor } from '../coroutine.ts';
import { ConnectionTimedOut, Interrupted } from '../errors.ts';

/** Nothing has come for too long: the connection counts as lost. Something on the way may have lost a pipelined request. */
export class Stalled extends ConnectionTimedOut {}

/** Whether the error was thrown into a coroutine that waited. */
export function isInterruption(error: unknown): boolean {
  return error instanceof Interrupted || (error instanceof ConnectionTimedOut && !(error instanceof Stalled));
}

/**
 * Runs `coroutine`, which uses a lane's connection, for `ms` milliseconds at most; 0: no limit. The time starts anew if `progress` gives
 * another number at its end. @throws an error that makes the lane give the connection up
 */
// Parameters: no object for each read.
export function* coWithPatience<T>(coroutine: Coroutine<T>, ms: number, progress?: () => number): Coroutine<T> {
  if (ms === 0) return yield* coroutine;
  let reached = progress?.();
  const first = coroutine.next();
  // What is there already needs no clock.
  if (first.done) return first.value;
  return yield* coWatched(coroutine, first, now() + ms, () => {
    const latest = progress?.();
    if (latest === reached) throw new Stalled(ms, 'receive');
    reached = latest;
    return ms;
  });
}

/** Runs `coroutine`, and calls `late` if it has not ended after `ms` milliseconds: that may throw, and says when to call it again. */
export function* coWithWatch<T>(coroutine: Coroutine<T>, ms: number, late: () => number): Coroutine<T> {
  const first = coroutine.next();
  return first.done ? first.value : yield* coWatched(coroutine, first, now() + ms, late);
}

// Parameters: for one caller each; no object for each read.
function* coWatched<T>(
  coroutine: Coroutine<T>,
  first: IteratorResult<PollNeeded, T>,
  due: number,
  late: () => number,
): Coroutine<T> {
  try {
    let step = first;
    let deadline = due;
    while (!step.done) {
      if (now() >= deadline) deadline = now() + late();
      step = yield* coStep(coroutine, step.value.before(deadline));
    }
    return step.value;
  } finally {
    coroutine.return(undefined as never);
  }
}

/** Waits, and resumes `coroutine` with what comes: also an error that is thrown into this one. */
function* coStep<T>(coroutine: Coroutine<T>, need: PollNeeded): Coroutine<IteratorResult<PollNeeded, T>> {
  try {
    yield* waitFor(need);
  } catch (error) {
    return coroutine.throw(error);
  }
  return coroutine.next();
}
