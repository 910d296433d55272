/**
 * A loop for many coroutines in one blocked thread: an epoll or kqueue descriptor holds what all of them wait for, so that
 * a waiting coroutine costs nothing. Node's event loop stands still while it runs.
 */

import type { Coroutine } from '../coroutine.ts';
import { StateError } from '../errors.ts';
import { shownAs } from '../inspection.ts';
import { cancellation } from './aio-future.ts';
import { showCaller } from './call-site.ts';
import { currentRunner, runAs } from './running.ts';
import { type Outcome, resultOf } from './stepper.ts';
import { type Member, TaskSet } from './task-set.ts';
import { WaitList } from './wait-list.ts';

/** Makes a task of a loop: only `PollLoop.createTask` does. */
let makeTask: <T>(set: TaskSet, coroutine: Coroutine<T>) => Task<T>;

/**
 * A coroutine that a PollLoop runs: what {@link PollLoop.createTask} returns.
 *
 * @example
 * ```js
 * import { coSleep, PollLoop } from 'dugong';
 *
 * const loop = new PollLoop();
 * const first = loop.createTask(coSleep(5));
 * const second = loop.createTask(first.join());
 * loop.runUntilComplete(second);
 * console.log(first.done(), second.done()); // true true
 * loop.close();
 * ```
 */
export class Task<T> {
  readonly #set: TaskSet;
  readonly #member: Member<T>;
  /** Tasks that wait for the end of this one. */
  readonly #joining = new WaitList();
  #outcome: Outcome<T> | undefined;

  private constructor(set: TaskSet, coroutine: Coroutine<T>) {
    this.#set = set;
    this.#member = set.add(coroutine, (outcome) => {
      this.#outcome = outcome;
      this.#joining.notify();
    });
  }

  /** Whether the coroutine has ended, by returning or by throwing. */
  done(): boolean {
    return this.#outcome !== undefined;
  }

  /**
   * What the coroutine returned. Run the loop until `done()` before.
   *
   * @throws StateError while the coroutine has not ended
   * @throws what the coroutine threw
   */
  result(): T {
    return resultOf(this.#ended());
  }

  /**
   * What the coroutine threw; undefined if it returned. Run the loop until `done()` before.
   *
   * @throws StateError while the coroutine has not ended
   */
  exception(): unknown {
    const outcome = this.#ended();
    return outcome.status === 'rejected' ? outcome.reason : undefined;
  }

  /**
   * Throws `reason` (by default an AbortError, a DOMException) into the coroutine, the next time that the loop runs.
   * Returns true; false if the coroutine had ended before, and nothing happens. A task that has not begun never does.
   */
  cancel(reason?: unknown): boolean {
    if (this.done()) return false;
    this.#set.interrupt(this.#member as Member, reason ?? cancellation());
    return true;
  }

  /**
   * Waits for the end of this task inside another task of the loop: `yield* task.join()`. Returns its result.
   *
   * @throws StateError where nothing could wake the caller, as in a blocking call
   * @throws what this task threw
   */
  *join(): Coroutine<T> {
    while (!this.done()) {
      if (currentRunner() === undefined)
        throw new StateError('join() is for the tasks of a PollLoop: use runUntilComplete()');
      yield* this.#joining.coWait();
    }
    return this.result();
  }

  #ended(): Outcome<T> {
    if (this.#outcome === undefined) throw new StateError('the task has not ended: there is no result yet');
    return this.#outcome;
  }

  static {
    makeTask = (set, coroutine) => new Task(set, coroutine);
    shownAs(Task, (task) => ({ ...(task.#outcome ?? { status: 'pending', waitingFor: task.#member.wait?.need }) }));
  }
}

/** Accepts no other iterable: a coroutine is iterable, too, and would run. @throws TypeError */
function assertTasks(given: unknown): void {
  const tasks: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (tasks.every((task) => task instanceof Task)) return;
  throw new TypeError('runUntilComplete() needs a task, as createTask() returns it, or an array of tasks');
}

/**
 * Runs any number of coroutines, as tasks, in one blocked thread: an epoll(7) or kqueue descriptor holds what all of
 * them wait for. Tasks can be added, waited for and cancelled while it runs. Node's event loop stands still
 * meanwhile.
 *
 * @example
 * ```js
 * import { HTTPConnection, PollLoop } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * const loop = new PollLoop();
 * const tasks = ['/a', '/b'].map((path) => loop.createTask(connection.coRequest('GET', path)));
 * const answers = loop.runUntilComplete(tasks);
 * console.log(answers.map(({ body }) => body.toString())); // [ 'document a', 'document b' ]
 * loop.close();
 * connection.disconnect();
 * ```
 */
export class PollLoop {
  readonly #set = new TaskSet();

  /** How many tasks of the loop have not ended. */
  get size(): number {
    return this.#set.size;
  }

  /**
   * Adds a coroutine, and returns its task. It does not run in this call, but when the loop runs; tasks may add
   * tasks.
   *
   * @param coroutine what a generator function returned; each one once
   * @throws TypeError for what is no coroutine, or is a task already
   * @throws StateError if the loop was closed
   */
  createTask<T>(coroutine: Coroutine<T>): Task<T> {
    if (this.#set.ending) throw new StateError('the loop was closed: make a new one');
    return makeTask(this.#set, coroutine);
  }

  /**
   * One turn: runs the tasks that are ready; if none is, waits until one is, `timeoutMs` milliseconds at most
   * (undefined: no limit). Returns whether there are tasks left.
   *
   * @throws Interrupted for a signal that the process listens for: no task is affected, and the next call goes on
   * @throws StateError if all tasks wait for each other
   */
  runOnce(timeoutMs?: number): boolean {
    if (this.#set.size > 0) runAs(undefined, () => this.#set.runBlocking(timeoutMs ?? -1));
    return this.#set.size > 0;
  }

  /**
   * Runs the loop, blocked, until `task` has ended; other tasks run as well meanwhile. Returns its result.
   *
   * @throws TypeError for what is no task
   * @throws StateError for a task of another loop, and if all tasks wait for each other
   * @throws Interrupted for a signal that the process listens for: no task is affected, and the next call goes on
   * @throws what the task threw
   */
  runUntilComplete<T>(task: Task<T>): T;
  /**
   * Runs the loop until all of these `tasks` have ended, and returns their results in the order of the tasks.
   *
   * @throws TypeError for what is no task
   * @throws StateError for a task of another loop, and if all tasks wait for each other
   * @throws Interrupted for a signal that the process listens for: no task is affected, and the next call goes on
   * @throws what a task threw: the first of several in their order
   */
  runUntilComplete<T>(tasks: readonly Task<T>[]): T[];
  runUntilComplete<T>(tasks: Task<T> | readonly Task<T>[]): T | T[] {
    assertTasks(tasks);
    try {
      if (tasks instanceof Task) {
        this.#complete(tasks);
        return tasks.result();
      }
      for (const task of tasks) this.#complete(task);
      return tasks.map((task) => task.result());
    } catch (error) {
      showCaller(error);
      throw error;
    }
  }

  #complete<T>(task: Task<T>): void {
    while (!task.done()) {
      if (this.#set.size === 0) throw new StateError('the task is not one of this loop, which has none left to run');
      this.runOnce();
    }
  }

  /**
   * Ends all tasks without waiting, and frees the loop's descriptor. The tasks are done then, with an AbortError, or
   * with the error of their own cleanup. The loop takes no further tasks. May be called again.
   *
   * @throws the first error of a cleanup, after all tasks have been ended
   */
  close(): void {
    this.#set.close();
  }

  /** The same as {@link close}, for `using loop = new PollLoop()` in TypeScript and Node 24. */
  [Symbol.dispose](): void {
    this.close();
  }

  static {
    shownAs(PollLoop, (loop) => ({ size: loop.size, closed: loop.#set.ending }));
  }
}
