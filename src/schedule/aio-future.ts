/**
 * A promise for a coroutine's result: the coroutine is run on the event loop of this thread, as soon and as far as it can.
 */

import { AsyncResource } from 'node:async_hooks';
import { now } from '../clock.ts';
import { type Coroutine, PollNeeded } from '../coroutine.ts';
import { ConnectionTimedOut, DugongError, StateError } from '../errors.ts';
import { shownAs } from '../inspection.ts';
import { withoutLibuv } from '../io/native.ts';
import { member, ownOptions } from '../options.ts';
import { onAbort } from './abort-signal.ts';
import { Alarm } from './alarms.ts';
import { showCaller } from './call-site.ts';
import { addInterest, referenceChanged, removeInterest, type Waiter } from './interests.ts';
import { assertCoroutine, checkedTimeout, notPollNeeded } from './run-blocking.ts';
import { runAs } from './running.ts';

/** What ends a future early. */
export interface AioFutureOptions {
  /** Aborting throws the signal's reason into the coroutine. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for the whole coroutine, after which ConnectionTimedOut is thrown into it. Undefined or 0: no limit. */
  readonly timeout?: number | undefined;
}

const NAMES = ['signal', 'timeout'] as const;

/** The given options, checked once for several futures. @throws TypeError */
export function futureOptions(given: AioFutureOptions | undefined): AioFutureOptions {
  const options = ownOptions('AioFuture', given, NAMES);
  checkedTimeout(options.timeout);
  const { signal } = options;
  if (signal !== undefined && !isSignal(signal)) {
    throw new TypeError(`the signal must be an AbortSignal, got ${signal === null ? 'null' : typeof signal}`);
  }
  return options;
}

/** Also one of another realm or library. */
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

/**
 * Runs `coroutine` on Node's event loop; await it like any promise. Its first part runs at once, as that of an async
 * function. The process is kept alive while it waits, unless `unref()` was called.
 *
 * `cancel()`, an abort and a time-out are thrown into the coroutine, so that its `finally` runs; what it makes of the error
 * settles the future. `then` and its kin return plain promises.
 *
 * Under Bun and Deno, whose event loops the addon cannot use, it is rejected at once (`DUGONG_NO_EVENT_LOOP`), and the coroutine does
 * not begin.
 */
export class AioFuture<T> extends Promise<T> {
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  /** This future as interests, timers and task sets know it. */
  readonly #runner: Waiter & { referenced: boolean } = { canAwait: true, wake: () => this.#wake(), referenced: true };
  readonly #coroutine: Coroutine<T>;
  /** Typed so that a future of something special is one of something more general, as with promises. */
  readonly #resolve: (value: never) => void;
  readonly #reject: (error: unknown) => void;
  #state: 'pending' | 'fulfilled' | 'rejected' = 'pending';
  #result: T | undefined;
  #error: unknown;
  #running = false;
  /** Errors to throw into the coroutine when it can take them: it may be running at the time. */
  readonly #interruptions: { error: unknown }[] = [];
  #waitingFor: PollNeeded | undefined;
  #deadlineTimer: Alarm | undefined;
  #timeoutTimer: Alarm | undefined;
  readonly #withdrawSignal: (() => void) | undefined;
  /** Keeps async_hooks and AsyncLocalStorage contexts over suspensions; made at the first one. */
  #context: AsyncResource | undefined;

  constructor(coroutine: Coroutine<T>, given?: AioFutureOptions) {
    let resolve!: (value: T) => void;
    let reject!: (error: unknown) => void;
    super((onValue, onError) => {
      resolve = onValue;
      reject = onError;
    });
    assertCoroutine('AioFuture', coroutine);
    this.#coroutine = coroutine;
    this.#resolve = resolve;
    this.#reject = reject;
    const { signal, timeout = 0 } = futureOptions(given);
    if (withoutLibuv !== undefined) {
      this.#settle('rejected', undefined, noEventLoop(withoutLibuv));
      return;
    }
    if (signal?.aborted) this.#interruptions.push({ error: signal.reason });
    else if (signal !== undefined) this.#withdrawSignal = onAbort(signal, () => this.#interrupt(signal.reason));
    this.#run();
    if (this.#state === 'pending' && timeout > 0) this.#timeOutIn(timeout);
  }

  /** Whether the coroutine has ended. */
  done(): boolean {
    return this.#state !== 'pending';
  }

  /** What the coroutine returned. @throws what it threw; StateError while it runs */
  result(): T {
    if (this.#state === 'pending') throw new StateError('the coroutine has not ended: there is no result yet');
    if (this.#state === 'rejected') throw this.#error;
    return this.#result as T;
  }

  /** What the coroutine threw, undefined if it returned. @throws StateError while it runs */
  exception(): unknown {
    if (this.#state === 'pending') throw new StateError('the coroutine has not ended: there is no exception yet');
    return this.#error;
  }

  /**
   * Throws `reason` (an AbortError by default) into the coroutine. Returns false if it had ended before.
   */
  cancel(reason?: unknown): boolean {
    if (this.#state !== 'pending') return false;
    this.#interrupt(reason ?? cancellation());
    return true;
  }

  /** The process is kept alive while this future waits, as it is from the start. Returns the future. */
  ref(): this {
    this.#runner.referenced = true;
    this.#referenceChanged();
    return this;
  }

  /** As with timers of Node: the process may end although this future still waits. Returns the future. */
  unref(): this {
    this.#runner.referenced = false;
    this.#referenceChanged();
    return this;
  }

  #referenceChanged(): void {
    this.#reference(this.#deadlineTimer);
    this.#reference(this.#timeoutTimer);
    const fd = this.#waitingFor?.fd ?? -1;
    if (fd >= 0) referenceChanged(fd);
  }

  #reference(timer: Alarm | undefined): void {
    if (this.#runner.referenced) timer?.ref();
    else timer?.unref();
  }

  /** Goes on, if the coroutine still waits: what it waited for is ready, or it is to be interrupted. */
  #wake(): void {
    if (this.#waitingFor === undefined) return;
    this.#withdraw();
    if (this.#context === undefined) this.#run();
    else this.#context.runInAsyncScope(this.#run, this);
  }

  #interrupt(error: unknown): void {
    this.#interruptions.push({ error });
    if (!this.#running) this.#wake();
  }

  static {
    shownAs(AioFuture, (future) => future.#view());
  }

  #view(): object {
    const status = this.#state;
    if (status === 'fulfilled') return { status, value: this.#result };
    return status === 'rejected' ? { status, reason: this.#error } : { status, waitingFor: this.#waitingFor };
  }

  /** Steps the coroutine until it waits or ends. */
  #run(): void {
    this.#running = true;
    try {
      let interruption = this.#interruptions.shift();
      for (;;) {
        const step = runAs(this.#runner, () =>
          interruption === undefined ? this.#coroutine.next() : this.#coroutine.throw(interruption.error),
        );
        if (step.done) {
          this.#settle('fulfilled', step.value, undefined);
          return;
        }
        interruption = this.#interruptions.shift() ?? this.#waitFor(step.value);
        if (interruption === undefined) return;
      }
    } catch (error) {
      this.#settle('rejected', undefined, error);
    } finally {
      this.#running = false;
    }
  }

  /** Returns what is to be thrown into the coroutine because it cannot wait for `need`. */
  #waitFor(need: unknown): { error: unknown } | undefined {
    if (!(need instanceof PollNeeded)) return { error: notPollNeeded(need) };
    try {
      if (need.fd >= 0) addInterest(need, this.#runner);
    } catch (error) {
      return { error };
    }
    this.#waitingFor = need;
    this.#context ??= new AsyncResource('AioFuture');
    if (need.deadline !== undefined) {
      this.#deadlineTimer = new Alarm(need.deadline, this.#runner.wake);
      this.#reference(this.#deadlineTimer);
    }
    return undefined;
  }

  #withdraw(): void {
    const need = this.#waitingFor;
    if (need === undefined) return;
    this.#waitingFor = undefined;
    if (need.fd >= 0) removeInterest(need.fd, this.#runner);
    this.#deadlineTimer?.cancel();
    this.#deadlineTimer = undefined;
  }

  #timeOutIn(timeout: number): void {
    this.#timeoutTimer = new Alarm(now() + timeout, () => this.#timeOut(timeout));
    this.#reference(this.#timeoutTimer);
  }

  /** What is there by now is the result, however late anybody looked: after a long turn, timers come before descriptors. */
  #timeOut(timeout: number): void {
    this.#wake();
    if (this.#state === 'pending') this.#interrupt(new ConnectionTimedOut(timeout));
  }

  #settle(state: 'fulfilled' | 'rejected', result: T | undefined, error: unknown): void {
    this.#state = state;
    this.#result = result;
    this.#error = error;
    this.#timeoutTimer?.cancel();
    this.#timeoutTimer = undefined;
    this.#withdrawSignal?.();
    if (state === 'fulfilled') this.#resolve(result as never);
    else if (showCaller(error)) this.#reject(error);
    else this.#rejectFromAwait(error);
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
