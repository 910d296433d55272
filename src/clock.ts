/**
 * The clock of this library. All waits use real time, because the kernel waits in real time: a test framework may
 * replace `performance`, `Date` and the timers by fakes, and the clock does not notice. It relies on the addon's
 * monotonic clock and knows no deadlines. It also has helpers for turns of the event loop and the performance timeline.
 */

import hooks from 'node:perf_hooks';
import { setImmediate } from 'node:timers';
import { native } from './io/native.ts';

/** The platform's own, saved before a test framework can replace them. */
// biome-ignore lint/style/noRestrictedGlobals: the one place where the platform's own is taken
const calendar = Date;
const mark = hooks.performance.markResourceTiming;

/**
 * Node takes a mark's start time from its own clock, which nothing replaces. (Its types declare no constructor.) Deno has the class as
 * a global only.
 */
const Mark = (hooks.PerformanceMark ?? globalThis.PerformanceMark) as unknown as new (
  name: string,
) => { readonly startTime: number };

/**
 * The addon's time at this thread's 0 of `performance.now()`. The addon's clock is read after the mark, so that a
 * deadline is never early for a caller that compares it with `performance.now()`. The smallest of three readings
 * counts, because the first readings take long.
 */
function originOfScale(): number {
  const readings = [1, 2, 3].map(() => {
    const { startTime } = new Mark('dugong');
    return native.now() - startTime;
  });
  return Math.min(...readings);
}

const origin = originOfScale();

/** Milliseconds on a monotonic clock, on the scale of this thread's real `performance.now()`. */
export function now(): number {
  return native.now() - origin;
}

/** The calendar's time, in milliseconds since 1970. */
export function wallTime(): number {
  return calendar.now();
}

/** The calendar's time as a text, in UTC: "2026-01-31T12:30:00.123Z". */
export function wallTimeText(): string {
  return new calendar().toISOString();
}

/** The time that a text names, in milliseconds since 1970; NaN if it names none. */
export function timeOf(text: string): number {
  return calendar.parse(text);
}

/**
 * Keeps the event loop alive until it has looked once more for events from outside, signals included. The loop looks
 * between two immediates: the first may still belong to the present turn. No time passes. If a fake `setImmediate` runs
 * neither, only this wait is lost.
 */
export function oneMoreTurn(): void {
  setImmediate(() => setImmediate(() => undefined));
}

/** Puts an entry on the performance timeline. Takes the arguments of Node's `performance.markResourceTiming()`. */
export function markResourceTiming(...entry: readonly unknown[]): void {
  Reflect.apply(mark, hooks.performance, entry);
}
