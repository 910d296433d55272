/**
 * A promise for a coroutine's result: the coroutine runs on the event loop of this thread, as soon and as far as it can.
 */

import { AsyncResource } from 'node:async_hooks';
import { now } from '../clock.ts';
import type { Coroutine, PollNeeded } from '../coroutine.ts';
import { ConnectionTimedOut, DugongError, StateError } from '../errors.ts';
import { shownAs } from '../inspection.ts';
import { withoutLibuv } from '../io/native.ts';
import { member, ownOptions } from '../options.ts';
import { onAbort } from './abort-signal.ts';
import { Alarm } from './alarms.ts';
import { showCaller } from './call-site.ts';
import { addWait, type LoopWait, referenceChanged, removeWait } from './event-loop.ts';
import { checkedTimeout } from './run-blocking.ts';
import { type Runner, runAs } from './running.ts';
import { type Outcome, resultOf, Stepper } from './stepper.ts';

/**
 * What ends a future early: the options of {@link AioFuture}, and of each call of `connection.promises`.
 *
 * @example
 * ```js
 * import { AioFuture, HTTPConnection } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * const signal = AbortSignal.timeout(50);
 * const future = new AioFuture(connection.coRequest('GET', '/never'), { signal, timeout: 10_000 });
 * await future.catch((error) => console.log(error === signal.reason)); // true
 * connection.disconnect();
 * ```
 */
export interface AioFutureOptions {
  /**
   * Aborting throws the signal's reason into the coroutine (AbortSignal of the DOM standard); a signal that is
   * aborted already does so before the coroutine begins. Default: none.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * Milliseconds for the whole coroutine, after which ConnectionTimedOut is thrown into it. Undefined or 0: no limit.
   */
  readonly timeout?: number | undefined;
}

/** The names of all options of a future. */
export const FUTURE_OPTIONS = ['signal', 'timeout'] as const;

/** The given options, checked once for several futures. @throws TypeError */
export function futureOptions(given: AioFutureOptions | undefined): AioFutureOptions {
  const options = ownOptions('AioFuture', given, FUTURE_OPTIONS);
  checkedTimeout(options.timeout);
  const { signal } = options;
  if (signal !== undefined && !isSignal(signal)) {
    throw new TypeError(`the signal must be an AbortSignal, got ${signal === null ? 'null' : typeof signal}`);
  }
  return options;
}

/** Accepts signals of other realms and libraries. */
function isSignal(signal: unknown): boolean {
  if (typeof signal !== 'object' || signal === null) return false;
  return typeof member(signal as AbortSignal, 'aborted') === 'boolean';
}

/** The error that is thrown into a coroutine that is no longer wanted. */
export function cancellation(): DOMException {
  return new DOMException('The operation was cancelled', 'AbortError');
}

function noEventLoop(runtime: string): DugongError {
  const wayOut = 'use the blocking calls (readResponse(), fetchSync(), runBlocking()), a PollLoop, or Node.js';
  return new DugongError('DUGONG_NO_EVENT_LOOP', `${runtime} has no libuv, by which promises are settled: ${wayOut}`);
}

/** The suspension of a future's coroutine. */
class FutureWait implements LoopWait {
  readonly need: PollNeeded;
  referenced = true;
  readonly #runner: Runner;

  constructor(need: PollNeeded, runner: Runner) {
    this.need = need;
    this.#runner = runner;
  }

  wake(): void {
    this.#runner.wake();
  }
}

/**
 * Runs a coroutine on Node's event loop; await it like any promise. Its first part runs at once, as that of an async
 * function. The process is kept alive while it waits, unless `unref()` was called.
 *
 * `cancel()`, an abort and a time-out throw an error into the coroutine, so that its `finally` runs; what the
 * coroutine then returns or throws settles the future. `then`, `catch` and `finally` return plain promises.
 *
 * Under Bun and Deno, whose event loops the addon cannot use, the future is rejected at once
 * (`DUGONG_NO_EVENT_LOOP`), and the coroutine does not begin.
 *
 * @example
 * ```js
 * import { AioFuture, HTTPConnection } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * const future = new AioFuture(connection.coRequest('GET', '/a'), { timeout: 10_000 });
 * console.log(future.done()); // false
 * const { body } = await future;
 * console.log(future.done(), body.toString()); // true document a
 * connection.disconnect();
 * ```
 */
export class AioFuture<T> extends Promise<T> {
  /** The class of the promises that `then`, `catch` and `finally` return. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  readonly #runner: Runner = { driver: 'event loop', wake: () => this.#wake() };
  /** Whether the process is kept alive while this future waits. */
  #referenced = true;
  readonly #steps: Stepper<T>;
  readonly #suspend = (need: PollNeeded): 'wait' => this.#waitFor(need);
  readonly #step = (): Outcome<T> | undefined => this.#steps.run(this.#suspend);
  /** Typed so that an AioFuture<Derived> can be assigned to an AioFuture<Base>, as with promises. */
  readonly #resolve: (value: never) => void;
  readonly #reject: (error: unknown) => void;
  /** Undefined while the coroutine has not ended. */
  #outcome: Outcome<T> | undefined;
  #wait: FutureWait | undefined;
  #deadlineTimer: Alarm | undefined;
  #timeoutTimer: Alarm | undefined;
  readonly #withdrawSignal: (() => void) | undefined;
  /** Keeps async_hooks and AsyncLocalStorage contexts over suspensions; made at the first one. */
  #context: AsyncResource | undefined;

  /**
   * Runs the first part of `coroutine` at once. An aborted signal is thrown into it before it begins.
   *
   * @param given `signal`, and `timeout` in milliseconds: see {@link AioFutureOptions}
   * @throws TypeError for what is no coroutine, and for an unknown or invalid option
   */
  constructor(coroutine: Coroutine<T>, given?: AioFutureOptions) {
    let resolve!: (value: T) => void;
    let reject!: (error: unknown) => void;
    super((onValue, onError) => {
      resolve = onValue;
      reject = onError;
    });
    this.#steps = new Stepper('AioFuture', coroutine);
    this.#resolve = resolve;
    this.#reject = reject;
    const { signal, timeout = 0 } = futureOptions(given);
    if (withoutLibuv !== undefined) {
      this.#settle({ status: 'rejected', reason: noEventLoop(withoutLibuv) });
      return;
    }
    if (signal?.aborted) this.#steps.interrupt(signal.reason);
    else if (signal !== undefined) this.#withdrawSignal = onAbort(signal, () => this.#interrupt(signal.reason));
    this.#run();
    if (this.#outcome === undefined && timeout > 0) this.#timeOutIn(timeout);
  }

  /** Whether the coroutine has ended, by returning or by throwing. */
  done(): boolean {
    return this.#outcome !== undefined;
  }

  /**
   * What the coroutine returned. Await the future, or ask `done()`, before.
   *
   * @throws StateError while the coroutine has not ended
   * @throws what the coroutine threw
   */
  result(): T {
    if (this.#outcome === undefined) throw new StateError('the coroutine has not ended: there is no result yet');
    return resultOf(this.#outcome);
  }

  /**
   * What the coroutine threw; undefined if it returned. Await the future, or ask `done()`, before.
   *
   * @throws StateError while the coroutine has not ended
   */
  exception(): unknown {
    if (this.#outcome === undefined) throw new StateError('the coroutine has not ended: there is no exception yet');
    return this.#outcome.status === 'rejected' ? this.#outcome.reason : undefined;
  }

  /**
   * Throws `reason` (by default an AbortError, a DOMException) into the coroutine, where it waits. Returns true;
   * false if the coroutine had ended before, and nothing happens. The future is settled by what the coroutine does
   * then, as a rule by rejecting with `reason`.
   */
  cancel(reason?: unknown): boolean {
    if (this.#outcome !== undefined) return false;
    this.#interrupt(reason ?? cancellation());
    return true;
  }

  /** The process is kept alive while this future waits, as it is from the start. Returns the future. */
  ref(): this {
    this.#referenced = true;
    this.#referenceChanged();
    return this;
  }

  /** As with timers of Node: the process may end although this future still waits. Returns the future. */
  unref(): this {
    this.#referenced = false;
    this.#referenceChanged();
    return this;
  }

  #referenceChanged(): void {
    this.#reference(this.#deadlineTimer);
    this.#reference(this.#timeoutTimer);
    if (this.#wait === undefined) return;
    this.#wait.referenced = this.#referenced;
    if (this.#wait.need.fd >= 0) referenceChanged(this.#wait.need.fd);
  }

  #reference(timer: Alarm | undefined): void {
    if (this.#referenced) timer?.ref();
    else timer?.unref();
  }

  /** Resumes the coroutine if it waits: its need is ready, or an error is to be thrown into it. */
  #wake(): void {
    if (this.#wait === undefined) return;
    this.#withdraw();
    if (this.#context === undefined) this.#run();
    else this.#context.runInAsyncScope(this.#run, this);
  }

  #interrupt(error: unknown): void {
    this.#steps.interrupt(error);
    this.#wake();
  }

  static {
    shownAs(AioFuture, (future) => future.#view());
  }

  #view(): object {
    if (this.#outcome === undefined) return { status: 'pending', waitingFor: this.#wait?.need };
    return { ...this.#outcome };
  }

  /** Runs the coroutine until it waits or ends. */
  #run(): void {
    const outcome = runAs(this.#runner, this.#step);
    if (outcome !== undefined) this.#settle(outcome);
  }

  /** @throws what is to be thrown into the coroutine, because it cannot wait for `need` */
  #waitFor(need: PollNeeded): 'wait' {
    const wait = new FutureWait(need, this.#runner);
    wait.referenced = this.#referenced;
    if (need.fd >= 0) addWait(wait);
    this.#wait = wait;
    this.#context ??= new AsyncResource('AioFuture');
    if (need.deadline !== undefined) {
      this.#deadlineTimer = new Alarm(need.deadline, this.#runner.wake);
      this.#reference(this.#deadlineTimer);
    }
    return 'wait';
  }

  #withdraw(): void {
    const wait = this.#wait;
    if (wait === undefined) return;
    this.#wait = undefined;
    if (wait.need.fd >= 0) removeWait(wait);
    this.#deadlineTimer?.cancel();
    this.#deadlineTimer = undefined;
  }

  #timeOutIn(timeout: number): void {
    this.#timeoutTimer = new Alarm(now() + timeout, () => this.#timeOut(timeout));
    this.#reference(this.#timeoutTimer);
  }

  /** Resumes the coroutine once more first: after a long turn of the loop, timers come before descriptors that are ready. */
  #timeOut(timeout: number): void {
    this.#wake();
    if (this.#outcome === undefined) this.#interrupt(new ConnectionTimedOut(timeout));
  }

  #settle(outcome: Outcome<T>): void {
    this.#outcome = outcome;
    this.#timeoutTimer?.cancel();
    this.#timeoutTimer = undefined;
    this.#withdrawSignal?.();
    if (outcome.status === 'fulfilled') this.#resolve(outcome.value as never);
    else if (showCaller(outcome.reason)) this.#reject(outcome.reason);
    else this.#rejectFromAwait(outcome.reason);
  }

  /**
   * Rejects in a reaction whose promise leads to this one: there V8 knows the async functions that await it, and writes them into
   * stacks. At this point no caller is on the stack.
   */
  #rejectFromAwait(error: unknown): void {
    const reaction = Promise.reject(error).catch((reason: unknown) => {
      showCaller(reason);
      throw reason;
    });
    reaction.then(this.#resolve as (value: unknown) => void, this.#reject);
  }
}
