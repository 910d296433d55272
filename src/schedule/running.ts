/**
 * The runner of the coroutine that runs on this thread at this moment: a future, a member of a task set, or none (a blocking
 * call, a loop written by hand). By this, a set finds the set around it, and a coroutine that waits for something without a
 * descriptor finds the runner to wake.
 */

/**
 * What resumes a coroutine in the end, whatever sets are around it. Only the event loop settles promises meanwhile. Only a loop written by
 * hand may drop a coroutine, and nothing says so.
 */
export type Driver = 'event loop' | 'blocked thread' | 'own loop';

export interface Runner {
  /** Resumes the coroutine if it waits: waking early is legal. */
  wake(): void;
  readonly driver: Driver;
}

const SETTLED = Promise.resolve();

/** Calls `then` as a microtask. Not by queueMicrotask(): a test framework may have replaced it by one that never calls. */
export function soon(then: () => void): void {
  SETTLED.then(then);
}

/** Wakes `runner` without running its coroutine inside the present call: a future would run at once, hence the microtask. */
export function wakeSoon(runner: Runner): void {
  if (runner.driver === 'event loop') soon(() => runner.wake());
  else runner.wake();
}

let current: Runner | 'blocking call' | undefined;

export function currentRunner(): Runner | undefined {
  return current === 'blocking call' ? undefined : current;
}

/** Whether a blocking call runs the coroutine, so that nothing else runs while it waits. */
export function runsBlocked(): boolean {
  return current === 'blocking call';
}

export function currentDriver(): Driver {
  if (current === 'blocking call') return 'blocked thread';
  return current?.driver ?? 'own loop';
}

/** Calls `step` with `runner` as the current runner. */
export function runAs<T>(runner: Runner | undefined, step: () => T): T {
  return during(runner, step);
}

/** Calls `step` as part of a blocking call. */
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
