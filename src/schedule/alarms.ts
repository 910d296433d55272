/**
 * Who waits for a time on this thread's event loop: one timer of the addon for all, set for the earliest. It has nothing to do
 * with Node's timers, which test frameworks replace.
 */

import { now } from '../clock.ts';
import { native } from '../io/native.ts';
import { type Timed, TimerQueue } from './timer-queue.ts';

/** The addon's longest; a longer time is waited for in several parts. */
const LONGEST = 2 ** 31 - 1;

const alarms = new TimerQueue<Alarm>();
/** What the timer is set for: no later than the earliest alarm. */
let setFor: number | undefined;
/** How many live alarms keep the process alive. */
let holding = 0;

/** Calls `ring` once, from the event loop, at the time `at` of the clock or soon after. It keeps the process alive after `ref()`. */
export class Alarm implements Timed {
  readonly at: number;
  /** Dropped when it is over: the queue forgets alarms late. */
  #ring: (() => void) | undefined;
  #holds = false;

  constructor(at: number, ring: () => void) {
    this.at = at;
    this.#ring = ring;
    alarms.add(this);
    setTimer();
  }

  /** Whether it has neither rung nor been cancelled. */
  get live(): boolean {
    return this.#ring !== undefined;
  }

  ref(): void {
    if (this.#holds || !this.live) return;
    this.#holds = true;
    if (holding++ === 0) native.holdAlarm(1);
  }

  unref(): void {
    if (!this.#holds) return;
    this.#holds = false;
    if (--holding === 0) native.holdAlarm(0);
  }

  cancel(): void {
    this.unref();
    this.#ring = undefined;
  }

  /** Its time has come. */
  ring(): void {
    const ring = this.#ring;
    this.cancel();
    ring?.();
  }
}

function setTimer(): void {
  const at = alarms.next;
  if (at === undefined || (setFor !== undefined && setFor <= at)) return;
  setFor = at;
  native.setAlarm(Math.min(LONGEST, Math.max(1, Math.ceil(at - now()))));
}

/** The timer has gone off. */
export function ringDue(): void {
  setFor = undefined;
  const time = now();
  const due: Alarm[] = [];
  // All of them first: those that are added meanwhile have the next turn.
  for (let alarm = alarms.takeDue(time); alarm !== undefined; alarm = alarms.takeDue(time)) due.push(alarm);
  for (const alarm of due) alarm.ring();
  setTimer();
}
