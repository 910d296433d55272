/**
 * What the members of one outermost task set wait for: descriptors in a Poller, and times. It wakes waits; it does not know
 * what they are the waits of.
 */

import { now } from '../clock.ts';
import { POLLIN, PollNeeded } from '../coroutine.ts';
import { Bell } from '../io/bell.ts';
import { addDescriptorListener, wakeWaiters } from '../io/descriptor.ts';
import { native } from '../io/native.ts';
import { Poller, type PollerEvent } from '../io/poller.ts';
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
  /** How many waits are for descriptors. */
  #waits = 0;
  #open = false;
  /** Made when it is first needed. */
  #bell: Bell | undefined;
  readonly #reference = new WeakRef(this);

  /** The descriptor that is readable when a wait is to be woken, or the bell is rung; -1 if only time can do the former. */
  get fd(): number {
    return this.#poller === undefined || (this.#waits === 0 && !this.#open) ? -1 : this.#poller.fd;
  }

  /** From now on there is a descriptor in any case. @throws SystemError (EMFILE, ...) */
  open(): void {
    this.#poller ??= new Poller();
    this.#open = true;
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
      this.#watch(fd, watchedFor(present), directionsOf(all));
      this.#byDescriptor.set(fd, all);
      this.#waits++;
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

  /** Wakes what is ready or due, without waiting. */
  collect(): void {
    this.#wakeReady(this.#poller?.wait(0, 'continue'));
  }

  /** The same, after at most `timeoutMs` milliseconds of waiting, blocked. @throws Interrupted, before anything is woken */
  collectBlocking(timeoutMs: number): void {
    if (this.#poller === undefined) TIMER_ONLY.poll(timeoutMs);
    this.#wakeReady(this.#poller?.wait(timeoutMs));
  }

  #wakeReady(events: readonly PollerEvent[] = []): void {
    for (const { fd, events: bits } of events) {
      const present = this.#waitsFor(fd);
      if (present === KEPT) this.#drop(fd);
      for (const wait of present) {
        // An error or hang-up concerns everybody.
        if (bits & (wait.need.mask | ~DIRECTIONS)) this.#wake(wait);
      }
    }
    const time = now();
    for (let due = this.#timers.takeDue(time); due !== undefined; due = this.#timers.takeDue(time)) this.#wake(due);
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
    this.#waits = 0;
    registries.delete(this.#reference);
  }

  /** The descriptor is gone, and all of its waits go with it: what is left of them cannot be waited for any more. */
  closed(fd: number): void {
    const present = this.#waitsFor(fd);
    if (present === NO_WAITS) return;
    this.#byDescriptor.set(fd, NO_WAITS);
    this.#poller?.remove(fd);
    this.#waits -= present.length;
    this.#wakeEach(present);
  }

  /** All waits for the descriptor look again. */
  wakeAll(fd: number): void {
    this.#wakeEach(this.#waitsFor(fd));
  }

  #wakeEach(present: readonly Wait[]): void {
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
    if (fd < 0) return;
    const present = this.#waitsFor(fd);
    if (present.length === 0) return;
    const left = present.filter((wait) => wait.live);
    this.#waits -= present.length - left.length;
    const before = directionsOf(present);
    if (left.length === 0 && before === POLLIN && native.owns(fd) === 1) {
      this.#byDescriptor.set(fd, KEPT);
      return;
    }
    this.#watch(fd, before, directionsOf(left));
    this.#byDescriptor.set(fd, left);
  }

  /** What was kept is of no use, or gone. */
  #drop(fd: number): void {
    this.#watch(fd, POLLIN, 0);
    this.#byDescriptor.set(fd, NO_WAITS);
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

/**
 * Nobody waits, but the poller still does, for input: who reads from a connection is about to do so again, and two calls of the
 * kernel are saved. Only for descriptors of which it is heard here when they are closed.
 */
const KEPT: readonly Wait[] = [];

/** The directions that the poller waits for. */
function watchedFor(present: readonly Wait[]): number {
  return present === KEPT ? POLLIN : directionsOf(present);
}

const TIMER_ONLY = new PollNeeded(-1, 0);

/** POLLIN and POLLOUT. */
const DIRECTIONS = 5;

/** Those that hold waits. Weakly: a combinator that was dropped in its middle never closes its own. */
const registries = new Set<WeakRef<Registry>>();

function inEach(tell: (registry: Registry) => void): void {
  for (const reference of registries) {
    const registry = reference.deref();
    if (registry === undefined) registries.delete(reference);
    else tell(registry);
  }
}

addDescriptorListener({
  closed: (fd) => inEach((registry) => registry.closed(fd)),
  wake: (fd) => inEach((registry) => registry.wakeAll(fd)),
});
