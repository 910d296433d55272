/**
 * Runs one coroutine by blocking this thread with poll(2) whenever it waits. Node's event loop stands still meanwhile.
 */

import { type Coroutine, PollNeeded } from '../coroutine.ts';
import { ConnectionTimedOut } from '../errors.ts';
import { runAs } from './running.ts';

export interface RunBlockingOptions {
  /** Milliseconds that one wait may last, i.e. of inactivity: undefined or 0 is no limit. */
  readonly timeout?: number | undefined;
  /** Waits in place of `need.poll(timeoutMs)`: returns false if the time is up. What it throws goes to the coroutine. */
  readonly wait?: (need: PollNeeded, timeoutMs: number | undefined) => boolean;
}

/**
 * Runs `coroutine` to its end and returns its result. A wait that takes longer than `timeout` throws ConnectionTimedOut into
 * the coroutine.
 * @throws what the coroutine throws; TypeError thrown into it if it yields anything but a PollNeeded
 */
export function runBlocking<T>(coroutine: Coroutine<T>, options: RunBlockingOptions = {}): T {
  const timeout = options.timeout || undefined;
  const wait = options.wait ?? pollFor;
  return runAs(undefined, () => {
    let step = coroutine.next();
    while (!step.done) {
      const error = waitOrFail(step.value, wait, timeout);
      step = error === undefined ? coroutine.next() : coroutine.throw(error);
    }
    return step.value;
  });
}

function pollFor(need: PollNeeded, timeoutMs: number | undefined): boolean {
  return need.poll(timeoutMs);
}

/** Returns what is to be thrown into the coroutine, if anything. */
function waitOrFail(
  need: unknown,
  wait: NonNullable<RunBlockingOptions['wait']>,
  timeout: number | undefined,
): unknown {
  if (!(need instanceof PollNeeded)) return notPollNeeded(need);
  try {
    return wait(need, timeout) ? undefined : new ConnectionTimedOut(timeout as number);
  } catch (error) {
    return error;
  }
}

function className(value: object): string {
  return value.constructor?.name || Object.prototype.toString.call(value).slice(8, -1);
}

/** The error for a coroutine that yielded something else: nearly always a forgotten asterisk. */
export function notPollNeeded(value: unknown): TypeError {
  const what = value === null ? 'null' : typeof value === 'object' ? `a ${className(value)}` : typeof value;
  return new TypeError(`the coroutine yielded ${what} instead of a PollNeeded: did you mean yield*?`);
}
