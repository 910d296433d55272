/**
 * Interrupts a coroutine at its n-th suspension, in every way of waiting and by every means of that way: for tests that try
 * all of its suspensions, one after the other.
 */

import { AioFuture, type Coroutine, PollLoop, type PollNeeded } from '../../src/index.ts';
import { runWaiting } from '../../src/schedule/run-blocking.ts';
import { timeLimit } from './time-limit.ts';

const LIMIT = timeLimit(20_000);

/** The result of an interruption. */
export interface Trial {
  /** The coroutine ended before its n-th suspension: there is no such point. */
  readonly completed: boolean;
  readonly error?: unknown;
}

export interface Means {
  readonly name: string;
  /** Whether an error interrupts the coroutine, or `return()`. */
  readonly throws: boolean;
  /** Whether this means stands for all means of its way of waiting, where an enumeration is slow. */
  readonly typical?: boolean;
  /** Whether the coroutine may wait for promises. */
  readonly awaits?: boolean;
  /** Runs the coroutine up to its n-th suspension (from 1), and interrupts it while it waits. */
  interrupt(coroutine: Coroutine<unknown>, at: number, reason: Error): Promise<Trial>;
}

/** Counts the suspensions of `coroutine` under any runner. */
function* coCounting(coroutine: Coroutine<unknown>, suspended: () => void): Coroutine<unknown> {
  let step = coroutine.next();
  try {
    while (!step.done) {
      suspended();
      try {
        yield step.value;
      } catch (error) {
        step = coroutine.throw(error);
        continue;
      }
      step = coroutine.next();
    }
  } finally {
    if (!step.done) coroutine.return(undefined);
  }
  return step.value;
}

async function outcome(run: () => unknown): Promise<Trial> {
  try {
    await run();
    return { completed: true };
  } catch (error) {
    return { completed: false, error };
  }
}

/** Steps by hand to the n-th suspension, waiting for what the others wait for. Says whether it came to that. */
function stepTo(coroutine: Coroutine<unknown>, at: number): boolean {
  for (let count = 1; ; count++) {
    const step = coroutine.next();
    if (step.done) return false;
    if (count === at) return true;
    if (!step.value.poll(LIMIT)) throw new Error('nothing came');
  }
}

export const EVERY_MEANS: readonly Means[] = [
  {
    name: 'runBlocking, a wait that fails',
    throws: true,
    typical: true,
    async interrupt(coroutine, at, reason) {
      let count = 0;
      const wait = (need: PollNeeded): boolean => {
        if (++count === at) throw reason;
        return need.poll(LIMIT);
      };
      return outcome(() => runWaiting(coroutine, 0, wait));
    },
  },
  {
    name: 'a loop written by hand, throw()',
    throws: true,
    typical: true,
    async interrupt(coroutine, at, reason) {
      if (!stepTo(coroutine, at)) return { completed: true };
      return outcome(() => coroutine.throw(reason));
    },
  },
  {
    name: 'a loop written by hand, return()',
    throws: false,
    async interrupt(coroutine, at) {
      if (!stepTo(coroutine, at)) return { completed: true };
      coroutine.return(undefined);
      return { completed: false };
    },
  },
  {
    name: 'PollLoop, cancel()',
    throws: true,
    typical: true,
    async interrupt(coroutine, at, reason) {
      using loop = new PollLoop();
      let count = 0;
      const counting = coCounting(coroutine, () => count++);
      const task = loop.createTask(counting);
      while (!task.done()) {
        if (count >= at) task.cancel(reason);
        loop.runOnce(LIMIT);
      }
      return outcome(() => task.result());
    },
  },
  {
    name: 'PollLoop, close()',
    throws: false,
    async interrupt(coroutine, at) {
      using loop = new PollLoop();
      let count = 0;
      const task = loop.createTask(coCounting(coroutine, () => count++));
      while (!task.done() && count < at) loop.runOnce(LIMIT);
      return { completed: task.done() };
    },
  },
  {
    name: 'AioFuture, cancel()',
    throws: true,
    typical: true,
    awaits: true,
    async interrupt(coroutine, at, reason) {
      let count = 0;
      // When it is suspended, it waits; not in the middle of that.
      const suspended = (): void => {
        if (++count === at) queueMicrotask(() => future.cancel(reason));
      };
      const future: AioFuture<unknown> = new AioFuture(coCounting(coroutine, suspended), { timeout: LIMIT });
      return outcome(() => future);
    },
  },
  {
    name: 'AioFuture, signal',
    throws: true,
    awaits: true,
    async interrupt(coroutine, at, reason) {
      const controller = new AbortController();
      let count = 0;
      const suspended = (): void => {
        if (++count === at) queueMicrotask(() => controller.abort(reason));
      };
      return outcome(() => new AioFuture(coCounting(coroutine, suspended), { signal: controller.signal }));
    },
  },
];
