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
   * From the request, sent in whole, to the end of the head of its answer; also for how long the system may have no room for more of
   * the request, since the server takes nothing. Default 300,000.
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
 * Runs `sending`; if the server takes nothing for `ms` milliseconds, unless that is 0, ConnectionTimedOut is thrown into it. What the
 * server says meanwhile is no excuse. The caller's own stream is one, and so is whatever `excused` tells of: a connection that is not
 * there yet or any more, an answer that has begun.
 */
export function* coSendLimited<T>(sending: Coroutine<T>, ms: number, excused: () => boolean): Coroutine<T> {
  /** Until when the server has to take something. */
  let until: number | undefined;
  /** That time was over; what has come while the event loop stood still counts. */
  let late = false;
  try {
    for (let step = sending.next(); ; ) {
      if (step.done) return step.value;
      const need = step.value;
      if (ms === 0 || (need.mask & POLLOUT) === 0 || excused()) until = undefined;
      else until ??= now() + ms;
      const thrown = yield* coWaitOrFail(until === undefined ? need : need.before(until));
      if (thrown !== undefined) {
        step = sending.throw(thrown.error);
        continue;
      }
      // Other code may have woken it, or input: only room to send in says that the server has taken something.
      if (until !== undefined && (excused() || new PollNeeded(need.fd, POLLOUT).poll(0, 'continue'))) until = undefined;
      const over = until !== undefined && now() >= until;
      step = over && late ? sending.throw(new ConnectionTimedOut(ms)) : sending.next();
      late = over;
    }
  } finally {
    endNow(sending);
  }
}
