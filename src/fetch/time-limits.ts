/**
 * How long a server may be silent once there is a connection to it: default limits, so that no fetch hangs for ever. Where
 * promises are awaited, one timer serves all exchanges, since each has the same limit; where the thread is blocked, the waits
 * have deadlines.
 */

import { wholeNumber } from '../client/connection-options.ts';
import { now } from '../clock.ts';
import { type Coroutine, endNow, POLLOUT, PollNeeded } from '../coroutine.ts';
import { ConnectionTimedOut } from '../errors.ts';
import { Alarm } from '../schedule/alarms.ts';
import { coWaitOrFail, coWithTimeout } from '../schedule/combinators.ts';

/** Milliseconds; 0 is no limit. When one has passed, that is a ConnectionTimedOut. Connecting has `connection.connectTimeout`. */
export interface TimeLimits {
  /**
   * From the request, sent in whole, to the end of the head of its answer; also for how long the server may take nothing of the
   * request. Default 300,000.
   */
  readonly headersTimeout: number;
  /** Without any byte of the body that is being read. Default 300,000. */
  readonly bodyTimeout: number;
}

export const NAMES_OF_LIMITS = ['headersTimeout', 'bodyTimeout'] as const;

/** @throws TypeError on what is no whole number >= 0 */
export function timeLimits({ headersTimeout = 300_000, bodyTimeout = 300_000 }: Partial<TimeLimits>): TimeLimits {
  return {
    headersTimeout: wholeNumber('headersTimeout', headersTimeout, 0),
    bodyTimeout: wholeNumber('bodyTimeout', bodyTimeout, 0),
  };
}

/** One wait for a server; `end` it, whatever comes of it. */
export class Silence {
  readonly at: number;
  /** Its time was over when the timer went off; the event loop looks at the descriptors once more. */
  late = false;
  readonly interrupt: (error: ConnectionTimedOut) => void;
  readonly #limit: Set<Silence>;

  constructor(at: number, limit: Set<Silence>, interrupt: (error: ConnectionTimedOut) => void) {
    this.at = at;
    this.interrupt = interrupt;
    this.#limit = limit;
  }

  end(): void {
    this.#limit.delete(this);
  }
}

/** The same limit for any number of waits on this thread's event loop. It does not keep the process alive. */
export class SilenceLimit {
  readonly #ms: number;
  /** In the order of their ends. */
  readonly #silences = new Set<Silence>();
  #alarm: Alarm | undefined;

  /** @param ms 0: no limit */
  constructor(ms: number) {
    this.#ms = ms;
  }

  /** Calls `interrupt` when the time is over, unless the wait has been ended by then. */
  begin(interrupt: (error: ConnectionTimedOut) => void): Silence {
    const silence = new Silence(now() + this.#ms, this.#silences, interrupt);
    if (this.#ms > 0) {
      this.#silences.add(silence);
      if (this.#alarm === undefined) this.#ringAt(silence.at);
    }
    return silence;
  }

  #ringAt(at: number): void {
    this.#alarm = new Alarm(at, () => this.#rung());
  }

  #rung(): void {
    this.#alarm = undefined;
    const time = now();
    let next: number | undefined;
    for (const silence of this.#silences) {
      if (silence.at > time) {
        next ??= silence.at;
        break;
      }
      if (silence.late) {
        silence.end();
        silence.interrupt(new ConnectionTimedOut(this.#ms));
      } else {
        // What has come while the loop stood still counts: after a long turn, timers come before descriptors.
        silence.late = true;
        next = time;
      }
    }
    if (next !== undefined) this.#ringAt(next);
  }
}

/** Runs `coroutine`; after `ms` milliseconds, unless that is 0, ConnectionTimedOut is thrown into it. */
export function coLimited<T>(coroutine: Coroutine<T>, ms: number): Coroutine<T> {
  return ms === 0 ? coroutine : coWithTimeout(coroutine, ms);
}

/**
 * Runs `sending`; if the server takes nothing for `ms` milliseconds, unless that is 0, ConnectionTimedOut is thrown into it. That
 * it waits for the caller's own stream is no silence, and nothing is while it is `excused`: before the connection is there, and after
 * the answer has begun.
 */
export function* coSendLimited<T>(sending: Coroutine<T>, ms: number, excused: () => boolean): Coroutine<T> {
  let ended = false;
  try {
    for (let step = sending.next(); ; ) {
      if (step.done) {
        ended = true;
        return step.value;
      }
      const need = step.value;
      const heeded = ms > 0 && (need.mask & POLLOUT) !== 0 && !excused();
      const deadline = heeded ? now() + ms : Number.POSITIVE_INFINITY;
      const thrown = yield* coWaitOrFail(heeded ? need.before(deadline) : need);
      const silent = thrown === undefined && now() >= deadline && !new PollNeeded(need.fd, need.mask).poll(0);
      if (thrown !== undefined) step = sending.throw(thrown.error);
      else step = silent && !excused() ? sending.throw(new ConnectionTimedOut(ms)) : sending.next();
    }
  } catch (error) {
    ended = true;
    throw error;
  } finally {
    if (!ended) endNow(sending);
  }
}
