/**
 * The one clock of this library: the times of waiting are real ones, also where a test framework has replaced `performance`, `Date`
 * and the timers by fakes, since the kernel waits in real time. It knows no deadlines. Beside it, the turns of the event loop.
 */

import { PerformanceMark, performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers';
import { native } from './io/native.ts';

/** Those of the platform, whatever is put in their place later: a fake immediate need not come at all. */
const [turn, mark] = [setImmediate, performance.markResourceTiming];

/** A mark's start is taken by Node from its own clock, which nothing replaces. (Its types know no constructor.) */
const Mark = PerformanceMark as unknown as new (name: string) => PerformanceMark;

/**
 * What the addon's clock says at this thread's 0 of `performance.now()`. It is read last, so that a deadline is never early for
 * a caller who looks at `performance.now()`, and more than once, since the first times take long.
 */
function originOfScale(): number {
  const readings = [1, 2, 3].map(() => {
    const { startTime } = new Mark('dugong');
    return native.now() - startTime;
  });
  return Math.min(...readings);
}

const origin = originOfScale();

/** Milliseconds, monotonic, on the scale of this thread's real `performance.now()`. */
export function now(): number {
  return native.now() - origin;
}

/**
 * Keeps the event loop alive until it has looked once more for what has come from outside, signals included. It looks between two
 * immediates: the first may still belong to the present turn. No time passes; a fake that runs neither only leaves the loop as it is.
 */
export function oneMoreTurn(): void {
  setImmediate(() => setImmediate(() => undefined));
}

/** Settled when the event loop has turned once. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => void turn(resolve));
}

/** Puts an entry on the timeline of this clock, as Node's `performance.markResourceTiming()` does, with its arguments. */
export function markResourceTiming(...entry: readonly unknown[]): void {
  Reflect.apply(mark, performance, entry);
}
