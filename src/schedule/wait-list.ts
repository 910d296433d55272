/**
 * Coroutines that wait until another coroutine changes something. Three cases, which only this file tells apart:
 *
 * - A runner (a future, a member of a task set) resumes its coroutine when `notify()` asks it to.
 * - While the thread is blocked, nothing else acts: the coroutine waits for its descriptor alone.
 * - A loop written by hand understands descriptors only. `coWait()` gives it a descriptor of its own, a stand-in, which becomes ready
 *   when the real one does, or by `notify()`.
 *
 * A loop written by hand may also drop a coroutine, and nothing says so. A coroutine that relies on another one is therefore resumed from
 * time to time, and looks.
 */

import { now } from '../clock.ts';
import { type Coroutine, POLLIN, PollNeeded, SharedNeed, waitFor } from '../coroutine.ts';
import { Bell } from '../io/bell.ts';
import { Poller } from '../io/poller.ts';
import { currentDriver, currentRunner, type Driver, type Runner, runsBlocked, wakeSoon } from './running.ts';

/** Never ready by itself: `notify()` alone ends this wait. */
export const UNTIL_NOTIFIED: PollNeeded = new PollNeeded(-1, 0);

/** Milliseconds between two looks. */
const LOOK_AFTER = 1000;
/** At so many looks in a row, a dropped coroutine's descriptor is ready. A coroutine that is only resumed late has fewer. */
const DROPPED_AFTER = 3;

/** One wait in a list. */
export class Entry {
  readonly runner: Runner | undefined;
  readonly need: PollNeeded;
  readonly driver: Driver = currentDriver();
  /** Whether the coroutine counts as dropped. */
  dropped = false;
  /** The neighbours in the list, which is linked: no set, whose hashing costs more than the rest of a wait. */
  next: Entry | undefined = undefined;
  previous: Entry | undefined = undefined;
  /** Number of looks in a row at which the descriptor was ready. */
  #readyLooks = 0;
  /** When to look again, if the coroutine may have been dropped. */
  #lookAt = 0;

  constructor(need: PollNeeded) {
    this.runner = currentRunner();
    this.need = need;
    if (!this.certain) this.#lookAt = now() + LOOK_AFTER;
  }

  /** Whether the coroutine cannot have been dropped. */
  get certain(): boolean {
    return this.driver !== 'own loop';
  }

  /** Whether it goes on while a coroutine of `driver` waits: a blocked thread, or a loop written by hand, keeps futures waiting. */
  goesOnBeside(driver: Driver): boolean {
    return this.driver === driver || (this.driver === 'own loop' && driver === 'event loop');
  }

  /**
   * Looks, if it is time, whether the coroutine was dropped: its descriptor, which must be open, is ready at each look, and the coroutine is
   * not resumed.
   */
  look(): void {
    if (this.certain || this.dropped || now() < this.#lookAt) return;
    this.#lookAt = now() + LOOK_AFTER;
    // Without a descriptor, it has been notified before.
    this.#readyLooks = this.need.fd < 0 || this.need.poll(0, 'continue') ? this.#readyLooks + 1 : 0;
    this.dropped = this.#readyLooks === DROPPED_AFTER;
  }
}

export class WaitList {
  #first: Entry | undefined;
  #last: Entry | undefined;
  /**
   * The latest wait without a runner: in a loop written by hand, or in a blocking call, which may run such a loop. It replaces the one
   * before, whose coroutine may have been dropped.
   */
  #untold: Entry | undefined;
  #standIn: StandIn | undefined;

  /** Whether a coroutine waits that does not count as dropped. */
  get waiting(): boolean {
    let entry = this.#first;
    while (entry?.dropped) entry = entry.next;
    return entry !== undefined;
  }

  /** Whether a coroutine waits that goes on while the running one waits, and does not count as dropped. */
  get reliable(): boolean {
    let entry = this.#first;
    if (entry === undefined) return false;
    const driver = currentDriver();
    while (entry !== undefined && (entry.dropped || !entry.goesOnBeside(driver))) entry = entry.next;
    return entry !== undefined;
  }

  /** Whether a coroutine waits without a runner: `notify()` reaches it by a stand-in only. */
  get untold(): boolean {
    return this.#untold?.dropped === false;
  }

  /** The running coroutine is about to wait for `need`. Give the result to `leave()` when it was resumed, or given up. */
  enter(need: PollNeeded): Entry {
    const entry = new Entry(need);
    if (entry.runner === undefined) {
      if (this.#untold !== undefined) this.leave(this.#untold);
      this.#untold = entry;
    }
    entry.previous = this.#last;
    if (this.#last === undefined) this.#first = entry;
    else this.#last.next = entry;
    this.#last = entry;
    return entry;
  }

  /** May be called again. */
  leave(entry: Entry): void {
    const { previous, next } = entry;
    if (previous !== undefined) previous.next = next;
    else if (entry === this.#first) this.#first = next;
    if (next !== undefined) next.previous = previous;
    else if (entry === this.#last) this.#last = previous;
    entry.previous = undefined;
    entry.next = undefined;
    if (entry === this.#untold) this.#untold = undefined;
  }

  /**
   * `need` of the running coroutine, which relies on the coroutines of this list. A deadline is added if one of them may be dropped, or if
   * nothing wakes the running coroutine.
   */
  reliedOnBy(need: PollNeeded): PollNeeded {
    let certain = currentDriver() !== 'own loop';
    for (let entry = this.#first; entry !== undefined && certain; entry = entry.next)
      certain = entry.certain || entry.dropped;
    return certain ? need : need.before(now() + LOOK_AFTER);
  }

  /** Looks which coroutines were dropped. From then on they count as waiting no longer. Their descriptors must be open. */
  look(): void {
    for (let entry = this.#first; entry !== undefined; entry = entry.next) entry.look();
  }

  /** Lets all coroutines of this list look again. */
  notify(): void {
    for (let entry = this.#first; entry !== undefined; entry = entry.next)
      if (entry.runner !== undefined) wakeSoon(entry.runner);
    const standIn = this.#standIn;
    this.#standIn = undefined;
    if (standIn?.unused) standIn.close();
    else standIn?.ring();
  }

  /** Waits until `need` is ready, or `notify()` is called. Several coroutines may wait for the same descriptor. */
  *coWait(need: PollNeeded = UNTIL_NOTIFIED): Coroutine<void> {
    const entry = this.enter(need);
    const standIn = entry.runner !== undefined || runsBlocked() ? undefined : this.#joined(need);
    try {
      yield* waitFor(standIn?.needBefore(need.deadline) ?? SharedNeed.of(need));
    } finally {
      this.leave(entry);
      standIn?.leave();
      // It has rung, and is no longer the list's.
      if (standIn?.unused && standIn !== this.#standIn) standIn.close();
    }
  }

  /** Lets stand-ins become ready with `need` from now on. The descriptor before it may be closed, and its number used again. */
  hold(need: PollNeeded): void {
    this.#standIn?.hold(need);
  }

  /** Closes the stand-in, also while loops wait for it: poll(2) reports a closed descriptor (POLLNVAL). */
  close(): void {
    this.#standIn?.close();
    this.#standIn = undefined;
  }

  /** Undefined if no descriptor is left for a stand-in: the coroutine then waits for `need` itself. */
  #joined(need: PollNeeded): StandIn | undefined {
    try {
      this.#standIn ??= new StandIn();
      if (this.#standIn.unused) this.#standIn.hold(need);
      this.#standIn.join();
      return this.#standIn;
    } catch {
      return undefined;
    }
  }
}

/**
 * A descriptor in place of another one, for coroutines that wait for the same thing. One of them may close the other descriptor while
 * loops still wait for it; this one stays. After `ring()` it stays ready until the last coroutine has left.
 */
class StandIn {
  #joined = 0;
  readonly #poller = new Poller();
  readonly #bell: Bell;
  #fd = -1;
  #closed = false;

  /** @throws SystemError (EMFILE, ...) */
  constructor() {
    try {
      this.#bell = new Bell();
    } catch (error) {
      this.#poller.close();
      throw error;
    }
  }

  get unused(): boolean {
    return this.#joined === 0;
  }

  join(): void {
    this.#joined++;
  }

  leave(): void {
    this.#joined--;
  }

  needBefore(deadline: number | undefined): PollNeeded {
    return new SharedNeed(this.#poller.fd, POLLIN, { deadline });
  }

  hold({ fd, mask }: PollNeeded): void {
    this.#poller.remove(this.#fd);
    this.#bell.silence(this.#poller);
    this.#fd = fd;
    if (fd < 0) return;
    try {
      this.#poller.add(fd, mask);
    } catch {
      // poll(2) calls always ready what a poller refuses, e.g. a regular file.
      this.#bell.ring(this.#poller);
    }
  }

  ring(): void {
    this.#poller.remove(this.#fd);
    this.#bell.ring(this.#poller);
  }

  /** May be called again. */
  close(): void {
    if (!this.#closed) this.#bell.close();
    this.#closed = true;
    this.#poller.close();
  }
}
