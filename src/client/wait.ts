/**
 * Waiting with a reason: a time-out that a runner throws into a waiting coroutine says what was being waited for.
 */

import { type Coroutine, earlier, PollNeeded, waitFor } from '../coroutine.ts';
import { ConnectionTimedOut, type Phase } from '../errors.ts';

/** Suspends once. @throws what is thrown into the coroutine meanwhile, a ConnectionTimedOut with `phase` if it had none */
export function* coWait(need: PollNeeded, phase: Phase): Coroutine<void> {
  try {
    yield* waitFor(need);
  } catch (error) {
    throw inPhase(error, phase);
  }
}

/** Returns `error`; for a ConnectionTimedOut without a phase, a copy with `phase`. */
export function inPhase(error: unknown, phase: Phase): unknown {
  const unnamed = error instanceof ConnectionTimedOut && error.phase === undefined;
  return unnamed ? new ConnectionTimedOut(error.timeout, phase) : error;
}

/** Either of two needs of one descriptor. */
export function either(one: PollNeeded, other: PollNeeded): PollNeeded {
  return new PollNeeded(one.fd, one.mask | other.mask, { deadline: earlier(one.deadline, other.deadline) });
}
