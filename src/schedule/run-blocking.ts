/**
 * Runs one coroutine by blocking this thread with poll(2) whenever it waits. Node's event loop stands still meanwhile.
 */

import { now } from '../clock.ts';
import { type Coroutine, PollNeeded } from '../coroutine.ts';
import { ConnectionTimedOut } from '../errors.ts';
import { checkedOnSignal, type OnSignal } from '../io/signals.ts';
import { ownOptions } from '../options.ts';
import { showCaller } from './call-site.ts';
import { runBlocked } from './running.ts';

/** How to wait, and how long. */
export interface RunBlockingOptions {
  /**
   * Milliseconds that may pass without any descriptor becoming ready, i.e. of inactivity: undefined or 0 is no limit. Times
   * that the coroutine waits for (sleeping, trying again later) are no activity.
   */
  readonly timeout?: number | undefined;
  /**
   * When a signal comes that the process listens for: "interrupt" (the default) throws Interrupted into the coroutine, so that the
   * listener runs as soon as the program returns to the event loop; "continue" goes on waiting.
   */
  readonly onSignal?: OnSignal | undefined;
  /**
   * Waits, blocked, in place of `need.poll(timeoutMs, onSignal)`: returns false if the time is up. What it throws goes to the coroutine. To
   * run other coroutines meanwhile is the business of a loop, not of this.
   */
  readonly wait?: ((need: PollNeeded, timeoutMs: number | undefined) => boolean) | undefined;
}

/**
 * Runs `coroutine` to its end and returns its result. When `timeout` has passed, ConnectionTimedOut is thrown into it, and
 * Interrupted for a signal that the process listens for.
 * @throws what the coroutine throws; TypeError for what is no coroutine, also thrown into one that yields anything but a
 * PollNeeded
 */
export function runBlocking<T>(coroutine: Coroutine<T>, options?: RunBlockingOptions): T {
  assertCoroutine('runBlocking()', coroutine);
  const waiting = new BlockedWaits(options);
  try {
    return runBlocked(() => {
      let step = coroutine.next();
      while (!step.done) {
        const error = waiting.waitOrFail(step.value);
        step = error === undefined ? coroutine.next() : coroutine.throw(error);
      }
      return step.value;
    });
  } catch (error) {
    showCaller(error);
    throw error;
  }
}

/** The waits of one blocking run, with one limit of inactivity for all of them. */
class BlockedWaits {
  readonly #timeout: number | undefined;
  readonly #wait: NonNullable<RunBlockingOptions['wait']>;
  /** When the first of the waits began that were for a time only, if the latest was such a one. */
  #idleSince: number | undefined;

  constructor(options: RunBlockingOptions | undefined) {
    const { timeout, onSignal, wait } = ownOptions('runBlocking()', options, ['timeout', 'onSignal', 'wait']);
    if (wait !== undefined && typeof wait !== 'function') {
      throw new TypeError(`wait must be a function, got ${typeof wait}`);
    }
    this.#timeout = checkedTimeout(timeout) || undefined;
    const heeding = checkedOnSignal(onSignal);
    this.#wait = wait ?? ((need, timeoutMs) => need.poll(timeoutMs, heeding));
  }

  /** Returns what is to be thrown into the coroutine, if anything. */
  waitOrFail(need: unknown): unknown {
    if (!(need instanceof PollNeeded)) return notPollNeeded(need);
    try {
      return this.#wait(need, this.#leftFor(need)) ? undefined : this.#timedOut();
    } catch (error) {
      return error;
    }
  }

  #leftFor({ fd }: PollNeeded): number | undefined {
    if (this.#timeout === undefined || fd >= 0) {
      this.#idleSince = undefined;
      return this.#timeout;
    }
    const time = now();
    this.#idleSince ??= time;
    return Math.max(0, this.#idleSince + this.#timeout - time);
  }

  #timedOut(): ConnectionTimedOut {
    this.#idleSince = undefined;
    return new ConnectionTimedOut(this.#timeout as number);
  }
}

/** Milliseconds; 0 where there is no limit. @throws TypeError */
export function checkedTimeout(timeout: number | undefined): number {
  if (timeout === undefined) return 0;
  if (typeof timeout === 'number' && timeout >= 0) return timeout;
  throw new TypeError(`the timeout must be a number of milliseconds, got ${String(timeout)}`);
}

/** Whether `value` can be run: what it yields, running it will tell. */
export function isCoroutine(value: unknown): boolean {
  const { next, throw: throwInto } = (value ?? {}) as Partial<Coroutine<unknown>>;
  const resumable = typeof next === 'function' && typeof throwInto === 'function';
  return resumable && !(Symbol.asyncIterator in (value as object));
}

/** @throws TypeError for anything else, e.g. a generator function that was not called, or an asynchronous generator */
export function assertCoroutine(what: string, value: unknown): void {
  if (isCoroutine(value)) return;
  throw new TypeError(`${what} needs a coroutine: call the generator function and pass what it returns`);
}

function className(value: object): string {
  return value.constructor?.name || Object.prototype.toString.call(value).slice(8, -1);
}

/** The error for a coroutine that yielded something else: nearly always a forgotten asterisk. */
export function notPollNeeded(value: unknown): TypeError {
  if (typeof value === 'object' && value !== null && className(value) === PollNeeded.name) {
    return new TypeError(
      'the coroutine yielded a PollNeeded of another copy of dugong: run it by what that copy exports, or install one only',
    );
  }
  const what = value === null ? 'null' : typeof value === 'object' ? `a ${className(value)}` : typeof value;
  return new TypeError(`the coroutine yielded ${what} instead of a PollNeeded: did you mean yield*?`);
}
