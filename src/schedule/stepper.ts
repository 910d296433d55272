/**
 * The one place where a coroutine is resumed, what it yields is checked, and errors are thrown into it. Futures, task sets, blocking
 * calls and time limits use it, and decide how to wait.
 */

import { type Coroutine, PollNeeded } from '../coroutine.ts';

/**
 * How a coroutine has ended: "fulfilled", with what it returned as `value`, or "rejected", with what it threw as
 * `reason`. The shape is that of the results of `Promise.allSettled()`.
 *
 * @example
 * ```js
 * import { coAllSettled, coSleep, runBlocking } from 'dugong';
 *
 * const [slept, failed] = runBlocking(coAllSettled([coSleep(1), coSleep(Number.NaN)]));
 * console.log(slept.status); // fulfilled
 * if (failed.status === 'rejected') console.log(String(failed.reason));
 * // prints:
 * // TypeError: milliseconds must be a number, got NaN
 * ```
 */
export type Outcome<T> =
  | {
      /** The coroutine has returned. */
      readonly status: 'fulfilled';
      /** What the coroutine has returned. */
      readonly value: T;
    }
  | {
      /** The coroutine has thrown. */
      readonly status: 'rejected';
      /** What the coroutine has thrown. */
      readonly reason: unknown;
    };

/** Decides whether the coroutine waits for `need` or goes on. */
export type Suspend = (need: PollNeeded) => 'go on' | 'wait';

const WAIT: Suspend = () => 'wait';

/** A coroutine that suspends more often than this while it is being ended is left as it is. */
const MOST_CLEANUPS = 1000;

export class Stepper<T> {
  readonly #coroutine: Coroutine<T>;
  /** Errors to be thrown into the coroutine, one in each step; they may come while it runs. */
  readonly #interruptions: { readonly error: unknown }[] = [];
  #need: PollNeeded | undefined;

  /** `what` begins the message of the error. @throws TypeError unless `coroutine` can be run */
  constructor(what: string, coroutine: Coroutine<T>) {
    assertCoroutine(what, coroutine);
    this.#coroutine = coroutine;
  }

  /** The latest need of the coroutine. */
  get need(): PollNeeded {
    return this.#need as PollNeeded;
  }

  /** Throws `error` into the coroutine, with the next step. */
  interrupt(error: unknown): void {
    this.#interruptions.push({ error });
  }

  /**
   * Resumes the coroutine until it waits or ends. `suspend` decides whether it waits. An error of `suspend` is thrown into the
   * coroutine, as is a TypeError if it yields anything but a PollNeeded.
   */
  run(suspend: Suspend = WAIT): Outcome<T> | undefined {
    try {
      let step = this.#step();
      while (!step.done) {
        if (this.#interruptions.length === 0 && this.#suspended(step.value, suspend) === 'wait') return undefined;
        step = this.#step();
      }
      return { status: 'fulfilled', value: step.value };
    } catch (reason) {
      return { status: 'rejected', reason };
    }
  }

  /** Ends the coroutine, which is not resumed any more. @throws what a cleanup throws */
  end(): void {
    endNow(this.#coroutine);
  }

  #step(): IteratorResult<PollNeeded, T> {
    // Most often there is none, and shift() costs more than the question.
    const interruption = this.#interruptions.length === 0 ? undefined : this.#interruptions.shift();
    return interruption === undefined ? this.#coroutine.next() : this.#coroutine.throw(interruption.error);
  }

  #suspended(need: unknown, suspend: Suspend): 'go on' | 'wait' {
    try {
      if (!(need instanceof PollNeeded)) throw notPollNeeded(need);
      this.#need = need;
      return suspend(need);
    } catch (error) {
      this.interrupt(error);
      return 'go on';
    }
  }
}

/** The value of an outcome. @throws its reason */
export function resultOf<T>(outcome: Outcome<T>): T {
  if (outcome.status === 'rejected') throw outcome.reason;
  return outcome.value;
}

/**
 * Ends a coroutine that is not resumed any more. A cleanup that suspends is cut off there; the cleanups around it still run.
 * @throws what a cleanup throws
 */
export function endNow(coroutine: Coroutine<unknown>): void {
  for (let tries = 0; tries < MOST_CLEANUPS && !coroutine.return(undefined).done; tries++);
}

/** Whether `value` can be run. What it yields is checked when it runs. */
export function isCoroutine(value: unknown): boolean {
  const { next, throw: throwInto } = (value ?? {}) as Partial<Coroutine<unknown>>;
  const resumable = typeof next === 'function' && typeof throwInto === 'function';
  return resumable && !(Symbol.asyncIterator in (value as object));
}

/** @throws TypeError for anything else, e.g. a generator function that was not called, or an asynchronous generator */
function assertCoroutine(what: string, value: unknown): void {
  if (isCoroutine(value)) return;
  throw new TypeError(`${what} needs a coroutine: call the generator function and pass what it returns`);
}

function className(value: object): string {
  return value.constructor?.name || Object.prototype.toString.call(value).slice(8, -1);
}

/** The error for a coroutine that yielded something else: nearly always a forgotten asterisk. */
function notPollNeeded(value: unknown): TypeError {
  if (typeof value === 'object' && value !== null && className(value) === PollNeeded.name) {
    return new TypeError(
      'the coroutine yielded a PollNeeded of another copy of dugong: run it by what that copy exports, or install one only',
    );
  }
  const what = value === null ? 'null' : typeof value === 'object' ? `a ${className(value)}` : typeof value;
  return new TypeError(`the coroutine yielded ${what} instead of a PollNeeded: did you mean yield*?`);
}
