/**
 * What the members of one outermost task set wait for: descriptors in a Poller, and times. It wakes waits; it does not know
 * what they are the waits of.
 */

import { PollNeeded } from '../coroutine.ts';
import { Bell } from '../io/bell.ts';
import { addDescriptorListener, wakeWaiters } from '../io/descriptor.ts';
import { Poller } from '../io/poller.ts';
import { assertSlotsFree, directionsOf } from './slots.ts';
import { type Timed, TimerQueue } from './timer-queue.ts';

/** One suspension. */
export abstract class Wait implements Timed {
  readonly need: PollNeeded;
  /** Whether it has neither been woken nor withdrawn. */
  live = true;

  constructor(need: PollNeeded) {
    this.need = need;
  }

  get at(): number {
    return this.need.deadline ?? Number.POSITIVE_INFINITY;
  }

  /** What was waited for is there. Called once. */
  abstract wake(): void;
}

export class Registry {
  /** Made with the first descriptor, so that timers alone cost none. */
  #poller: Poller | undefined;
  /** Entries are emptied, never deleted: see interests.ts. */
  readonly #byDescriptor = new Map<number, readonly Wait[]>();
  readonly #timers = new TimerQueue<Wait>();
  /** Made when it is first needed. */
  #bell: Bell | undefined;
  readonly #reference = new WeakRef(this);

  /** The descriptor that is readable when a wait is to be woken, -1 if only time can do that. */
  get fd(): number {
    return this.#poller === undefined || this.#poller.size === 0 ? -1 : this.#poller.fd;
  }

  /** When the next wait is due, whatever its descriptor says. */
  get deadline(): number | undefined {
    return this.#timers.next;
  }

  /** @throws StateError if another wait has the slot, SystemError if the descriptor cannot be waited for */
  add(wait: Wait): void {
    const { fd, deadline } = wait.need;
    if (fd >= 0) {
      const present = this.#waitsFor(fd);
      assertSlotsFree(wait.need, present);
      const all = [...present, wait];
      this.#watch(fd, directionsOf(present), directionsOf(all));
      this.#byDescriptor.set(fd, all);
    }
    if (deadline !== undefined) this.#timers.add(wait);
    registries.add(this.#reference);
  }

  /** The wait is no longer wanted. */
  remove(wait: Wait): void {
    if (!wait.live) return;
    wait.live = false;
    this.#forget(wait);
  }

  /** Wakes what is ready or due, after at most `timeoutMs` milliseconds of waiting, blocked. */
  collect(timeoutMs: number): void {
    if (this.#poller === undefined && timeoutMs !== 0) TIMER_ONLY.poll(timeoutMs);
    for (const { fd, events: bits } of this.#poller?.wait(timeoutMs) ?? []) {
      for (const wait of this.#waitsFor(fd)) {
        // An error or hang-up concerns everybody.
        if (bits & (wait.need.mask | ~DIRECTIONS)) this.#wake(wait);
      }
    }
    const now = performance.now();
    for (let due = this.#timers.takeDue(now); due !== undefined; due = this.#timers.takeDue(now)) this.#wake(due);
  }

  /** Makes the descriptor readable, for someone who waits for it by a loop of his own: there is something to do. */
  ring(): void {
    if (this.#poller === undefined) return;
    try {
      this.#bell ??= new Bell();
    } catch {
      // Whoever rings has no use for the error; with no descriptor left, there are other calls to tell of it.
      return;
    }
    this.#bell.ring(this.#poller);
  }

  /** Takes back `ring`. */
  silence(): void {
    if (this.#poller !== undefined) this.#bell?.silence(this.#poller);
  }

  close(): void {
    this.#bell?.close();
    this.#bell = undefined;
    this.#poller?.close();
    this.#poller = undefined;
    this.#byDescriptor.clear();
    registries.delete(this.#reference);
  }

  /** The descriptor is gone, or those who wait for it are to look again. */
  wakeAll(fd: number): void {
    const present = this.#waitsFor(fd);
    if (present.length === 0) return;
    for (const wait of present) this.#wake(wait);
    // Whoever waits for this registry has something to collect, though no descriptor says so.
    if (this.#poller !== undefined) wakeWaiters(this.#poller.fd);
  }

  #wake(wait: Wait): void {
    if (!wait.live) return;
    this.remove(wait);
    wait.wake();
  }

  #forget({ need: { fd } }: Wait): void {
    const present = this.#waitsFor(fd);
    if (present.length === 0) return;
    const left = present.filter((wait) => wait.live);
    this.#watch(fd, directionsOf(present), directionsOf(left));
    this.#byDescriptor.set(fd, left);
  }

  #waitsFor(fd: number): readonly Wait[] {
    return this.#byDescriptor.get(fd) ?? NO_WAITS;
  }

  #watch(fd: number, before: number, after: number): void {
    if (before === after) return;
    this.#poller ??= new Poller();
    if (after === 0) this.#poller.remove(fd);
    else if (before === 0) this.#poller.add(fd, after);
    else this.#poller.modify(fd, after);
  }
}

const NO_WAITS: readonly Wait[] = [];

const TIMER_ONLY = new PollNeeded(-1, 0);

/** POLLIN and POLLOUT. */
const DIRECTIONS = 5;

/** Those that hold waits. Weakly: a combinator that was dropped in its middle never closes its own. */
const registries = new Set<WeakRef<Registry>>();

function wakeEverywhere(fd: number): void {
  for (const reference of registries) {
    const registry = reference.deref();
    if (registry === undefined) registries.delete(reference);
    else registry.wakeAll(fd);
  }
}

addDescriptorListener({ closed: wakeEverywhere, wake: wakeEverywhere });
