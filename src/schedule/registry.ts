/**
 * The waits of one outermost task set and of the sets inside it: descriptors in a Poller, and times. It wakes waits, and does not
 * know what a wait stands for.
 */

import { now } from '../clock.ts';
import { POLLIN, PollNeeded } from '../coroutine.ts';
import { addDescriptorListener } from '../io/descriptor.ts';
import { native } from '../io/native.ts';
import { Poller, type PollerEvent } from '../io/poller.ts';
import { type Timed, TimerQueue } from './timer-queue.ts';
import { directionsOf, type Wait, WaitTable } from './wait-table.ts';

/** One suspension, which a descriptor or a time ends. */
export abstract class TimedWait implements Wait, Timed {
  readonly need: PollNeeded;
  /** Whether it has neither been woken nor withdrawn. */
  live = true;

  constructor(need: PollNeeded) {
    this.need = need;
  }

  get at(): number {
    return this.need.deadline ?? Number.POSITIVE_INFINITY;
  }

  abstract wake(): void;
}

const TIMER_ONLY = new PollNeeded(-1, 0);

export class Registry {
  /** Made with the first descriptor, so that timers alone cost none. */
  #poller: Poller | undefined;
  readonly #table = new WaitTable<TimedWait>({ watch: (fd, waits) => this.#watch(fd, directionsOf(waits)) });
  readonly #timers = new TimerQueue<TimedWait>();
  readonly #reference = new WeakRef(this);

  /** The descriptor that is readable when a wait is to be woken; -1 if only time can do that. */
  get fd(): number {
    return this.#poller === undefined || this.#table.size === 0 ? -1 : this.#poller.fd;
  }

  /** When the next wait is due, whatever its descriptor says. */
  get deadline(): number | undefined {
    return this.#timers.next;
  }

  /** @throws SlotTaken, SystemError if the descriptor cannot be waited for */
  add(wait: TimedWait): void {
    const { fd, deadline } = wait.need;
    if (fd >= 0) this.#table.add(wait);
    if (deadline !== undefined) this.#timers.add(wait);
  }

  /** The wait is no longer wanted. */
  remove(wait: TimedWait): void {
    if (!wait.live) return;
    wait.live = false;
    if (wait.need.fd >= 0) this.#table.remove(wait);
  }

  /** Wakes what is ready or due, without waiting. */
  collect(): void {
    this.#wakeReady(this.#poller?.wait(0, 'continue'));
  }

  /** The same, after at most `timeoutMs` milliseconds of waiting, blocked. @throws Interrupted, before anything is woken */
  collectBlocking(timeoutMs: number): void {
    if (this.#poller === undefined) TIMER_ONLY.poll(timeoutMs);
    this.#wakeReady(this.#poller?.wait(timeoutMs));
  }

  close(): void {
    this.#poller?.close();
    this.#poller = undefined;
    registries.delete(this.#reference);
  }

  /** The descriptor was closed: wakes its waits, since it can never become ready. */
  closed(fd: number): void {
    this.#poller?.remove(fd);
    for (const wait of this.#table.closed(fd)) this.#wake(wait);
  }

  #wakeReady(events: readonly PollerEvent[] = []): void {
    for (const { fd, events: bits } of events) {
      const woken = this.#table.take(fd, bits);
      if (woken.length === 0 && this.#table.waitsFor(fd).length === 0) this.#poller?.remove(fd);
      for (const wait of woken) this.#wake(wait);
    }
    const time = now();
    for (let due = this.#timers.takeDue(time); due !== undefined; due = this.#timers.takeDue(time)) {
      if (due.live && due.need.fd >= 0) this.#table.remove(due);
      this.#wake(due);
    }
  }

  /** The table has the wait no longer. */
  #wake(wait: TimedWait): void {
    if (!wait.live) return;
    wait.live = false;
    wait.wake();
  }

  /**
   * After the last wait for input, the poller keeps watching the descriptor: a connection's reader will soon wait again, and two
   * system calls are saved. Only for this library's own descriptors, whose closing is reported here.
   */
  #watch(fd: number, mask: number): void {
    if (mask === 0 && this.#poller?.maskOf(fd) === POLLIN && native.owns(fd) === 1) return;
    if (mask !== 0 && this.#poller === undefined) {
      this.#poller = new Poller();
      registries.add(this.#reference);
    }
    this.#poller?.watch(fd, mask);
  }
}

/** Registries with a poller, held weakly: a combinator that is dropped early never closes its own. */
const registries = new Set<WeakRef<Registry>>();

addDescriptorListener((fd) => {
  for (const reference of registries) {
    const registry = reference.deref();
    if (registry === undefined) registries.delete(reference);
    else registry.closed(fd);
  }
});
