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

/**
 * Bit of a mask, and of the events that a wait returns: there is something to read, or the stream has ended (poll.h).
 *
 * @example
 * ```js
 * import { HTTPConnection, POLLIN, PollNeeded } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * connection.sendRequest('GET', '/never');
 * const need = connection.coReadResponse().next().value;
 * console.log(need instanceof PollNeeded && need.mask === POLLIN); // true
 * connection.disconnect();
 * ```
 */
export const POLLIN = 1;
/**
 * Bit of a mask, and of the events that a wait returns: writing will not block (poll.h).
 *
 * @example
 * ```js
 * import { POLLOUT, PollNeeded } from 'dugong';
 *
 * console.log(new PollNeeded(process.stdout.fd, POLLOUT).poll(1000)); // true
 * ```
 */
export const POLLOUT = 4;

/**
 * A coroutine of this library: a generator that yields a {@link PollNeeded} whenever it cannot go on, and returns a
 * `T`. Resume it with `next()` when what it yielded is ready; to resume it early is legal, it then yields again.
 * Another coroutine runs it with `yield*`. It runs once: keep its result.
 *
 * @example
 * ```js
 * import { HTTPConnection, runBlocking } from 'dugong';
 *
 * function* coLength(path) {
 *   const connection = new HTTPConnection('http://localhost:8080');
 *   const { body } = yield* connection.coRequest('GET', path);
 *   connection.disconnect();
 *   return body.length;
 * }
 * console.log(runBlocking(coLength('/a'))); // 10
 * ```
 */
export type Coroutine<T> = Generator<PollNeeded, T, void>;

/**
 * Optional properties of a wait: the third argument of the constructor of {@link PollNeeded}.
 *
 * @example
 * ```js
 * import { PollNeeded } from 'dugong';
 *
 * const pause = new PollNeeded(-1, 0, { deadline: performance.now() + 20 });
 * console.log(pause.poll(), performance.now() >= (pause.deadline ?? 0)); // true true
 * ```
 */
export interface PollNeededOptions {
  /** Resume at this time at the latest, on the scale of `performance.now()` (milliseconds). Default: no limit. */
  readonly deadline?: number | undefined;
}

/**
 * What a coroutine yields: "I can go on when `fd` is ready for one of the events in `mask`, or at `deadline`". A loop
 * hands the three to poll(2), epoll(7) or any other reactor, and calls `next()` afterwards. Immutable; one object may
 * be yielded often.
 *
 * @example
 * ```js
 * import { HTTPConnection } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * const coroutine = connection.coRequest('GET', '/a');
 * let step = coroutine.next();
 * while (!step.done) {
 *   step.value.poll(); // blocks until the coroutine can go on
 *   step = coroutine.next();
 * }
 * console.log(String(step.value.body)); // document a
 * connection.disconnect();
 * ```
 */
export class PollNeeded {
  /** The file descriptor to wait for; -1: only `deadline` counts. */
  readonly fd: number;
  /** POLLIN, POLLOUT or both: any one of them being ready is enough. */
  readonly mask: number;
  /** Resume at this time at the latest, ready or not (on the scale of `performance.now()`). */
  readonly deadline: number | undefined;
  /**
   * Makes a wait for `fd` (-1: none, only the deadline counts), until it is ready for `mask`: {@link POLLIN}, {@link
   * POLLOUT} or both. `options` may have a `deadline`.
   * @throws TypeError - the deadline is no number, or NaN, which is neither early nor late
   */
  constructor(fd: number, mask: number, options?: PollNeededOptions) {
    const { deadline } = ownOptions('PollNeeded', options, ['deadline']);
    if (deadline !== undefined && (typeof deadline !== 'number' || Number.isNaN(deadline))) {
      throw new TypeError(`the deadline must be a number, got ${String(deadline)}`);
    }
    this.fd = fd;
    this.mask = mask;
    this.deadline = deadline;
  }

  /**
   * Returns the same wait, but to be resumed at `deadline` at the latest: in milliseconds, on the scale of
   * `performance.now()`. The earlier of the two deadlines counts.
   */
  before(deadline: number): PollNeeded {
    return new PollNeeded(this.fd, this.mask, { deadline: earlier(deadline, this.deadline) });
  }

  /**
   * Blocks this thread with poll(2) until the I/O can go on, the deadline has come (both: true), or `timeoutMs`
   * milliseconds have passed (false; undefined: no limit, 0: do not wait). Errors and hang-ups on the fd count as
   * ready, as does a closed fd: the next call of the coroutine on it gets the error. `onSignal` says what a signal does
   * that the process listens for.
   * @throws Interrupted - a signal arrived that the process listens for, and `onSignal` is not "continue"
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
