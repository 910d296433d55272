/**
 * Waits for times on this thread's event loop: one timer of the addon, set for the earliest, serves all of them, also those of
 * other copies of this library. Node's timers are not used, since test frameworks replace them.
 */

import { now } from '../clock.ts';
import { native, ofAllCopies } from '../io/native.ts';
import { type Timed, TimerQueue } from './timer-queue.ts';

/** The addon's longest timer; a longer time is waited for in several parts. */
const LONGEST = 2 ** 31 - 1;

/** Shared by all copies of this library, since the addon has one timer for all of them. */
interface Timer {
  readonly alarms: TimerQueue<Alarm>;
  /** What the timer is set for: no later than the earliest alarm. */
  setFor: number | undefined;
  /** How many live alarms keep the process alive. */
  holding: number;
}

const timers = ofAllCopies<Timer>('timer');
if (timers.length === 0) timers.push({ alarms: new TimerQueue(), setFor: undefined, holding: 0 });
/** Made by the copy that was loaded first. */
const timer = timers[0] as Timer;

/** Calls `ring` once, from the event loop, at the time `at` of the clock or soon after. It keeps the process alive after `ref()`. */
export class Alarm implements Timed {
  readonly at: number;
  /** Undefined once it is over: the queue keeps dead alarms for a while. */
  #ring: (() => void) | undefined;
  #holds = false;

  constructor(at: number, ring: () => void) {
    this.at = at;
    this.#ring = ring;
    timer.alarms.add(this);
    setTimer();
  }

  /** Whether it has neither rung nor been cancelled. */
  get live(): boolean {
    return this.#ring !== undefined;
  }

  ref(): void {
    if (this.#holds || !this.live) return;
    this.#holds = true;
    if (timer.holding++ === 0) native.holdAlarm(1);
  }

  unref(): void {
    if (!this.#holds) return;
    this.#holds = false;
    if (--timer.holding === 0) native.holdAlarm(0);
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
  const at = timer.alarms.next;
  if (at === undefined || (timer.setFor !== undefined && timer.setFor <= at)) return;
  timer.setFor = at;
  native.setAlarm(Math.min(LONGEST, Math.max(1, Math.ceil(at - now()))));
}

/** The timer has expired. Every copy calls this: the first call rings the alarms, the others find nothing due. */
export function ringDue(): void {
  timer.setFor = undefined;
  const { alarms } = timer;
  const time = now();
  const due: Alarm[] = [];
  // Collected first: alarms that are added meanwhile ring in a later turn.
  for (let alarm = alarms.takeDue(time); alarm !== undefined; alarm = alarms.takeDue(time)) due.push(alarm);
  for (const alarm of due) alarm.ring();
  setTimer();
}
