/**
 * Who is running a coroutine at this moment on this thread: a future, a member of a task set, or nobody in particular (a blocking
 * call, a loop written by hand). A set that is run inside another one knows it by this, and so does a coroutine that waits
 * for something which no descriptor tells.
 */

export interface Runner {
  /** Resumes the coroutine if it waits: waking early is legal. */
  wake(): void;
  /** Whether promises can be settled while the coroutine waits. */
  readonly canAwait: boolean;
}

const SETTLED = Promise.resolve();

/** Calls `then` as a microtask; queueMicrotask() may be a test framework's, which queues for a time that never comes. */
export function soon(then: () => void): void {
  SETTLED.then(then);
}

/** Resumes `runner`, but not in the middle of what is going on now: a future goes on at once when it is woken. */
export function wakeSoon(runner: Runner): void {
  if (runner.canAwait) soon(() => runner.wake());
  else runner.wake();
}

let current: Runner | 'blocking call' | undefined;

export function currentRunner(): Runner | undefined {
  return current === 'blocking call' ? undefined : current;
}

/** Whether the coroutine is run by a call that blocks while it waits: nobody else can do anything meanwhile. */
export function runsBlocked(): boolean {
  return current === 'blocking call';
}

/** Calls `step` as what `runner` does. */
export function runAs<T>(runner: Runner | undefined, step: () => T): T {
  return during(runner, step);
}

/** Calls `step` as what a blocking call does. */
export function runBlocked<T>(step: () => T): T {
  return during('blocking call', step);
}

function during<T>(running: typeof current, step: () => T): T {
  const before = current;
  current = running;
  try {
    return step();
  } finally {
    current = before;
  }
}
