/**
 * The time limits of a server's silence on a connection: default limits, so that no fetch hangs for ever. With
 * promises, one timer serves all exchanges, because all have the same limit. In blocking calls, the waits have
 * deadlines.
 */

import { wholeNumber } from '../client/connection-options.ts';
import { now } from '../clock.ts';
import { type Coroutine, POLLOUT, PollNeeded } from '../coroutine.ts';
import { ConnectionTimedOut } from '../errors.ts';
import { Alarm } from '../schedule/alarms.ts';
import { coWaitOrFail, coWithTimeout } from '../schedule/combinators.ts';
import { type Outcome, resultOf, Stepper } from '../schedule/stepper.ts';

/**
 * How long a server may be silent, in milliseconds; 0: no limit. A limit that passes raises ConnectionTimedOut (with
 * `createFetch`, as the `cause` of a TypeError). For connecting there is `connection.connectTimeout`.
 *
 * @example
 * ```js
 * import { ConnectionTimedOut } from 'dugong';
 * import { fetchSync } from 'dugong/sync';
 *
 * try {
 *   fetchSync('http://localhost:8080/never', { headersTimeout: 50, bodyTimeout: 5000 });
 * } catch (error) {
 *   console.log(error instanceof ConnectionTimedOut && error.timeout); // 50
 * }
 * ```
 */
export interface TimeLimits {
  /**
   * Milliseconds from the end of the request to the end of the response's head. The same limit applies while the
   * server takes no byte of the request. Default 300,000; 0: no limit.
   */
  readonly headersTimeout: number;
  /** Milliseconds without any byte of a body that is being read. Default 300,000; 0: no limit. */
  readonly bodyTimeout: number;
}

export const NAMES_OF_LIMITS = ['headersTimeout', 'bodyTimeout'] as const;

/** Checks the limits and fills in the defaults. @throws TypeError if one is no whole number >= 0 */
export function timeLimits({ headersTimeout = 300_000, bodyTimeout = 300_000 }: Partial<TimeLimits>): TimeLimits {
  return {
    headersTimeout: wholeNumber('headersTimeout', headersTimeout, 0),
    bodyTimeout: wholeNumber('bodyTimeout', bodyTimeout, 0),
  };
}

/** One wait for a server. `end` must be called when the wait is over, whatever its result. */
export class Silence {
  readonly at: number;
  /** Whether the timer found the time to be over. The event loop then checks the descriptors once more. */
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

/** One limit for any number of waits on this thread's event loop. It does not keep the process alive. */
export class SilenceLimit {
  readonly #ms: number;
  /** In the order of their deadlines. */
  readonly #silences = new Set<Silence>();
  #alarm: Alarm | undefined;

  /** @param ms milliseconds; 0: no limit */
  constructor(ms: number) {
    this.#ms = ms;
  }

  /** Begins a wait. Calls `interrupt` when the time is over, unless the wait has ended before. */
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
        // Bytes that arrived while the event loop was busy count: after a long turn, timers run before descriptors are
        // checked.
        silence.late = true;
        next = time;
      }
    }
    if (next !== undefined) this.#ringAt(next);
  }
}

/** Runs `coroutine` and throws ConnectionTimedOut into it after `ms` milliseconds; 0: no limit. */
export function coLimited<T>(coroutine: Coroutine<T>, ms: number): Coroutine<T> {
  return ms === 0 ? coroutine : coWithTimeout(coroutine, ms);
}

/**
 * Runs `sending` and throws ConnectionTimedOut into it if the server takes no byte for `ms` milliseconds; 0: no limit.
 * Bytes that the server sends meanwhile do not extend the time. The time does not run while the caller's own stream is
 * waited for, nor while `excused` returns true: the connection is not made yet or is closed, or a response has begun.
 */
export function* coSendLimited<T>(sending: Coroutine<T>, ms: number, excused: () => boolean): Coroutine<T> {
  /** The time until which the server must take bytes. */
  let until: number | undefined;
  /** Whether the last check found the time to be over: input that arrived while the event loop was busy counts. */
  let late = false;
  const steps = new Stepper('a limit', sending);
  let outcome: Outcome<T> | undefined;
  try {
    for (;;) {
      outcome = steps.run();
      if (outcome !== undefined) return resultOf(outcome);
      const { need } = steps;
      if (ms === 0 || (need.mask & POLLOUT) === 0 || excused()) until = undefined;
      else until ??= now() + ms;
      const thrown = yield* coWaitOrFail(until === undefined ? need : need.before(until));
      if (thrown !== undefined) {
        steps.interrupt(thrown.error);
        continue;
      }
      // Other code, or input, may have resumed the coroutine. Only free space in the send buffer shows that the server
      // has taken bytes.
      if (until !== undefined && (excused() || new PollNeeded(need.fd, POLLOUT).poll(0, 'continue'))) until = undefined;
      const over = until !== undefined && now() >= until;
      if (over && late) steps.interrupt(new ConnectionTimedOut(ms));
      late = over;
    }
  } finally {
    if (outcome === undefined) steps.end();
  }
}
