/**
 * Runs one coroutine by blocking this thread with poll(2) whenever it waits. Node's event loop stands still meanwhile.
 */

import { now } from '../clock.ts';
import type { Coroutine, PollNeeded } from '../coroutine.ts';
import { ConnectionTimedOut } from '../errors.ts';
import { checkedOnSignal, type OnSignal } from '../io/signals.ts';
import { ownOptions } from '../options.ts';
import { showCaller } from './call-site.ts';
import { runBlocked } from './running.ts';
import { resultOf, Stepper } from './stepper.ts';

/**
 * How a blocking run waits, and how long: the options of {@link runBlocking}.
 *
 * @example
 * ```js
 * import { ConnectionTimedOut, HTTPConnection, runBlocking } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * try {
 *   runBlocking(connection.coRequest('GET', '/never'), { timeout: 50, onSignal: 'continue' });
 * } catch (error) {
 *   console.log(error instanceof ConnectionTimedOut && error.timeout); // 50
 * }
 * connection.disconnect();
 * ```
 */
export interface RunBlockingOptions {
  /**
   * Milliseconds of inactivity, without any descriptor becoming ready, after which ConnectionTimedOut is thrown into
   * the coroutine. Undefined or 0: no limit. Waits for a time only (coSleep) are no activity; a deadline that ends a
   * wait for a descriptor begins the count anew.
   */
  readonly timeout?: number | undefined;
  /**
   * When a signal comes that the process listens for: "interrupt" (the default) throws Interrupted into the coroutine, so that the
   * listener runs as soon as the program returns to the event loop; "continue" goes on waiting.
   */
  readonly onSignal?: OnSignal | undefined;
}

/** Waits, blocked, for what a coroutine needs; false if `timeoutMs` milliseconds have passed. */
export type Wait = (need: PollNeeded, timeoutMs: number | undefined) => boolean;

/**
 * Runs `coroutine` to its end in this thread and returns its result. Whenever the coroutine waits, the thread waits
 * for its descriptor in poll(2). Node's event loop stands still meanwhile: no timer, listener or promise runs.
 *
 * When `timeout` has passed, ConnectionTimedOut is thrown into the coroutine, so that its `finally` runs; so is
 * Interrupted for a signal that the process listens for. A coroutine that catches either goes on.
 *
 * @param options `timeout` in milliseconds of inactivity, and `onSignal`: see {@link RunBlockingOptions}
 * @throws TypeError for what is no coroutine, and for an unknown or invalid option; it is also thrown into a
 * coroutine that yields anything but a PollNeeded
 * @throws ConnectionTimedOut when `timeout` has passed
 * @throws Interrupted for a signal that the process listens for, unless `onSignal` is "continue"
 * @throws what the coroutine throws
 *
 * @example
 * ```js
 * import { HTTPConnection, runBlocking } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * const { body } = runBlocking(connection.coRequest('GET', '/a'), { timeout: 10_000 });
 * console.log(body.toString()); // document a
 * connection.disconnect();
 * ```
 */
export function runBlocking<T>(coroutine: Coroutine<T>, options?: RunBlockingOptions): T {
  const { timeout, onSignal } = ownOptions('runBlocking()', options, ['timeout', 'onSignal']);
  const heeding = checkedOnSignal(onSignal);
  return runWaiting(coroutine, checkedTimeout(timeout), (need, timeoutMs) => need.poll(timeoutMs, heeding));
}

/** The same, waiting by `wait`, whose errors are thrown into the coroutine. `timeout` is in milliseconds; 0: no limit. */
export function runWaiting<T>(coroutine: Coroutine<T>, timeout: number, wait: Wait): T {
  const steps = new Stepper('runBlocking()', coroutine);
  const waits = new BlockedWaits(timeout, wait);
  const outcome = runBlocked(() => steps.run((need) => waits.wait(need)));
  if (outcome?.status === 'rejected') showCaller(outcome.reason);
  // No wait suspends the run, so the coroutine has ended.
  return resultOf(outcome as NonNullable<typeof outcome>);
}

/** The waits of one blocking run, with one limit of inactivity for all of them. */
class BlockedWaits {
  readonly #timeout: number;
  readonly #wait: Wait;
  /** When the current sequence of waits for time only began; undefined after a wait for a descriptor. */
  #idleSince: number | undefined;

  constructor(timeout: number, wait: Wait) {
    this.#timeout = timeout;
    this.#wait = wait;
  }

  /** @throws what is to be thrown into the coroutine */
  wait(need: PollNeeded): 'go on' {
    if (this.#wait(need, this.#leftFor(need))) return 'go on';
    this.#idleSince = undefined;
    throw new ConnectionTimedOut(this.#timeout);
  }

  #leftFor({ fd }: PollNeeded): number | undefined {
    if (this.#timeout === 0) return undefined;
    if (fd >= 0) {
      this.#idleSince = undefined;
      return this.#timeout;
    }
    const time = now();
    this.#idleSince ??= time;
    return Math.max(0, this.#idleSince + this.#timeout - time);
  }
}

/** Milliseconds; 0 where there is no limit. @throws TypeError */
export function checkedTimeout(timeout: number | undefined): number {
  if (timeout === undefined) return 0;
  if (typeof timeout === 'number' && timeout >= 0) return timeout;
  throw new TypeError(`the timeout must be a number of milliseconds, got ${String(timeout)}`);
}
