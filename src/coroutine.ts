/**
 * What a coroutine yields when it cannot go on, and the type of the coroutines themselves. It knows nothing of HTTP nor of
 * who will resume the coroutine.
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

/** What else there is to say of a wait: see the fields of {@link PollNeeded}. */
export interface PollNeededOptions {
  readonly deadline?: number | undefined;
  readonly shared?: number | undefined;
}

/** "I can go on when `fd` is ready for one of `mask`, or at `deadline`." Immutable; one object may be yielded often. */
export class PollNeeded {
  /** The file descriptor to wait for; -1: only `deadline` counts. */
  readonly fd: number;
  /** POLLIN, POLLOUT or both: any one of them being ready is enough. */
  readonly mask: number;
  /** Resume at this time at the latest, ready or not (on the scale of `performance.now()`). */
  readonly deadline: number | undefined;
  /**
   * The directions of `mask` that are claimed for nobody: others may wait for them at the same time, one of them for itself.
   * So do those that share one thing in progress, as the establishment of a connection, and those that only look on.
   */
  readonly shared: number;

  /** @throws TypeError if the deadline is no number, or NaN, which is neither early nor late */
  constructor(fd: number, mask: number, options?: PollNeededOptions) {
    const { deadline, shared = 0 } = ownOptions('PollNeeded', options, ['deadline', 'shared']);
    if (deadline !== undefined && (typeof deadline !== 'number' || Number.isNaN(deadline))) {
      throw new TypeError(`the deadline must be a number, got ${String(deadline)}`);
    }
    if (!Number.isInteger(shared)) throw new TypeError(`shared must be a mask, got ${String(shared)}`);
    this.fd = fd;
    this.mask = mask;
    this.deadline = deadline;
    this.shared = shared;
  }

  /** The same, but to be resumed at `deadline` at the latest. */
  before(deadline: number): PollNeeded {
    const earlier = Math.min(deadline, this.deadline ?? deadline);
    return new PollNeeded(this.fd, this.mask, { deadline: earlier, shared: this.shared });
  }

  /** The same, but several coroutines may wait for it at the same time. */
  forSeveral(): PollNeeded {
    return new PollNeeded(this.fd, this.mask, { deadline: this.deadline, shared: this.mask });
  }

  /**
   * Blocks this thread with poll(2) until the I/O can go on, the deadline has come (both: true), or `timeoutMs`
   * milliseconds have passed (false). Errors and hang-ups on the fd count as ready, as does a closed fd: the coroutine
   * will find out what is the matter.
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

function maskName(mask: number): string {
  const known = [mask & POLLIN && 'POLLIN', mask & POLLOUT && 'POLLOUT'].filter(Boolean);
  return known.join(' | ') || String(mask);
}

function dueIn(deadline: number | undefined): object {
  return deadline === undefined ? {} : { deadline, dueIn: `${Math.round(deadline - now())} ms` };
}

/** A coroutine that wants to wait more often than this while it is ended is left alone. */
const MOST_CLEANUPS = 1000;

/**
 * Ends a coroutine that nobody will resume any more. A cleanup that wants to wait cannot: it is ended where it is, and those
 * around it are gone on with. @throws what a cleanup throws
 */
export function endNow(coroutine: Coroutine<unknown>): void {
  for (let tries = 0; tries < MOST_CLEANUPS && !coroutine.return(undefined).done; tries++);
}

/** Suspends the calling coroutine once. */
export function* waitFor(need: PollNeeded): Coroutine<void> {
  yield need;
}
