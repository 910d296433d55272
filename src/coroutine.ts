/**
 * What a coroutine yields when it cannot go on, and the type of the coroutines themselves. It knows nothing of HTTP, nor of the loop
 * that resumes the coroutine.
 *
 * A coroutine is a generator that yields {@link PollNeeded}s. Resuming it early is always legal: it tries again and yields
 * again. Only {@link waitFor} contains a literal `yield`; everything else delegates with `yield*`.
 */

import { now } from './clock.ts';
import { shownAs } from './inspection.ts';
import { native } from './io/native.ts';
import { heeded, INTERRUPTED, interruption, type OnSignal } from './io/signals.ts';
import { ownOptions } from './options.ts';

/** There is something to read (poll.h). */
export const POLLIN = 1;
/** Writing will not block (poll.h). */
export const POLLOUT = 4;

/** A coroutine of this library: resume it with `next()` when what it yielded is ready; it returns a `T`. */
export type Coroutine<T> = Generator<PollNeeded, T, void>;

/** Optional properties of a wait: see the fields of {@link PollNeeded}. */
export interface PollNeededOptions {
  /** Resume at this time at the latest, on the scale of `performance.now()` (milliseconds). Default: no limit. */
  readonly deadline?: number | undefined;
}

/** "I can go on when `fd` is ready for one of `mask`, or at `deadline`." Immutable; one object may be yielded often. */
export class PollNeeded {
  /** The file descriptor to wait for; -1: only `deadline` counts. */
  readonly fd: number;
  /** POLLIN, POLLOUT or both: any one of them being ready is enough. */
  readonly mask: number;
  /** Resume at this time at the latest, ready or not (on the scale of `performance.now()`). */
  readonly deadline: number | undefined;
  /** @throws TypeError if the deadline is no number, or NaN, which is neither early nor late */
  constructor(fd: number, mask: number, options?: PollNeededOptions) {
    const { deadline } = ownOptions('PollNeeded', options, ['deadline']);
    if (deadline !== undefined && (typeof deadline !== 'number' || Number.isNaN(deadline))) {
      throw new TypeError(`the deadline must be a number, got ${String(deadline)}`);
    }
    this.fd = fd;
    this.mask = mask;
    this.deadline = deadline;
  }

  /** The same, but to be resumed at `deadline` at the latest. */
  before(deadline: number): PollNeeded {
    return new PollNeeded(this.fd, this.mask, { deadline: earlier(deadline, this.deadline) });
  }

  /**
   * Blocks this thread with poll(2) until the I/O can go on, the deadline has come (both: true), or `timeoutMs`
   * milliseconds have passed (false). Errors and hang-ups on the fd count as ready, as does a closed fd: the next call
   * of the coroutine on it gets the error.
   * @throws Interrupted for a signal that the process listens for, unless `onSignal` is "continue"
   */
  poll(timeoutMs?: number, onSignal: OnSignal = 'interrupt'): boolean {
    let limit = timeoutMs ?? -1;
    let due = false;
    if (this.deadline !== undefined) {
      const left = Math.max(0, this.deadline - now());
      if (limit < 0 || left <= limit) {
        limit = left;
        due = true;
      }
    }
    const events = native.pollOne(this.fd, this.mask, limit, heeded(onSignal));
    if (events === INTERRUPTED) throw interruption();
    return events !== 0 || due;
  }

  static {
    shownAs(PollNeeded, ({ fd, mask, deadline }) => ({ fd, mask: maskName(mask), ...dueIn(deadline) }));
  }
}

/** The earlier of two times, of which either may be missing. */
export function earlier(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}

/**
 * A wait that claims no slot: other coroutines may wait for the same directions, one of them with a slot of its own. For coroutines
 * that share something in progress, such as making a connection, and for a sender that listens.
 */
export class SharedNeed extends PollNeeded {
  static of(need: PollNeeded): PollNeeded {
    return need instanceof SharedNeed || need.fd < 0
      ? need
      : new SharedNeed(need.fd, need.mask, { deadline: need.deadline });
  }

  override before(deadline: number): PollNeeded {
    return new SharedNeed(this.fd, this.mask, { deadline: earlier(deadline, this.deadline) });
  }
}

function maskName(mask: number): string {
  const known = [mask & POLLIN && 'POLLIN', mask & POLLOUT && 'POLLOUT'].filter(Boolean);
  return known.join(' | ') || String(mask);
}

function dueIn(deadline: number | undefined): object {
  return deadline === undefined ? {} : { deadline, dueIn: `${Math.round(deadline - now())} ms` };
}

/** Suspends the calling coroutine once. */
export function* waitFor(need: PollNeeded): Coroutine<void> {
  yield need;
}
