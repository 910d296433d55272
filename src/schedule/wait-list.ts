/**
 * Coroutines that wait until another coroutine changes something. Three cases, which only this file tells apart:
 *
 * - A runner (a future, a member of a task set) resumes its coroutine when `notify()` asks it to.
 * - While the thread is blocked, nothing else acts: the coroutine waits for its descriptor alone.
 * - A loop written by hand understands descriptors only. `coWait()` gives it a descriptor of its own, a stand-in, which becomes ready
 *   when the real one does, or by `notify()`.
 *
 * A loop written by hand may also drop a coroutine, and nothing says so. A coroutine that relies on others looks for that from time to
 * time.
 */

import { now } from '../clock.ts';
import { type Coroutine, POLLIN, PollNeeded, SharedNeed, waitFor } from '../coroutine.ts';
import { Bell } from '../io/bell.ts';
import { Poller } from '../io/poller.ts';
import { currentDriver, currentRunner, type Runner, runsBlocked, wakeSoon } from './running.ts';

/** Never ready by itself: `notify()` alone ends this wait. */
export const UNTIL_NOTIFIED: PollNeeded = new PollNeeded(-1, 0);

/** Milliseconds after which a coroutine looks whether another one, on which it relies, was dropped. */
const LOOK_AFTER = 1000;
/** After so many looks. */
const DROPPED_AFTER = 3;

/** Whether the running coroutine will be resumed: a loop written by hand may drop it. */
function isCertain(): boolean {
  return currentDriver() !== 'own loop';
}

/** One wait in a list. */
export class Entry {
  readonly runner: Runner | undefined;
  readonly need: PollNeeded;
  /** Whether the coroutine cannot have been dropped. */
  readonly certain: boolean = isCertain();
  /** The coroutine was seen to be dropped. */
  dropped = false;
  /** At how many looks in a row what it waits for was ready. */
  #readyLooks = 0;
  #lookAgainAt = 0;

  constructor(need: PollNeeded) {
    this.runner = currentRunner();
    this.need = need;
  }

  /** A coroutine that leaves what it waits for lying, at look after look, was dropped, and not only resumed late. */
  look(): void {
    if (this.certain || this.dropped) return;
    if (!this.need.poll(0, 'continue')) {
      this.#readyLooks = 0;
    } else if (now() >= this.#lookAgainAt) {
      this.#readyLooks++;
      this.#lookAgainAt = now() + LOOK_AFTER;
    }
    this.dropped = this.#readyLooks === DROPPED_AFTER;
  }
}

export class WaitList {
  readonly #entries = new Set<Entry>();
  /**
   * The latest wait in a loop written by hand, or in a blocking call, which may run such a loop. It may drop a coroutine: a later wait
   * takes the place of a dropped one.
   */
  #untold: Entry | undefined;
  #standIn: StandIn | undefined;

  /** Whether a coroutine waits, as far as this is known. */
  get waiting(): boolean {
    for (const { dropped } of this.#entries) if (!dropped) return true;
    return false;
  }

  /** Whether a coroutine waits which `notify()` does not reach, unless it waits for a stand-in. */
  get untold(): boolean {
    return this.#untold?.dropped === false;
  }

  /** The running coroutine is about to wait for `need`. Give the result to `leave()` when it was resumed, or given up. */
  enter(need: PollNeeded): Entry {
    const entry = new Entry(need);
    if (entry.runner === undefined) {
      if (this.#untold !== undefined) this.#entries.delete(this.#untold);
      this.#untold = entry;
    }
    this.#entries.add(entry);
    return entry;
  }

  leave(entry: Entry): void {
    this.#entries.delete(entry);
    if (entry === this.#untold) this.#untold = undefined;
  }

  /**
   * `need`, for the running coroutine, which relies on those of this list: it looks again after a time, where one of them may have been
   * dropped, or nothing lets this one know of a change.
   */
  reliedOnBy(need: PollNeeded): PollNeeded {
    const certain = isCertain() && [...this.#entries].every((entry) => entry.certain || entry.dropped);
    return certain ? need : need.before(now() + LOOK_AFTER);
  }

  /** Looks which coroutines were dropped: those count as waiting no longer. */
  look(): void {
    for (const entry of this.#entries) entry.look();
  }

  /** All that wait look again. */
  notify(): void {
    for (const { runner } of this.#entries) if (runner !== undefined) wakeSoon(runner);
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
      // It has rung: the next wait gets another one.
      if (standIn?.unused && standIn !== this.#standIn) standIn.close();
    }
  }

  /** From now on, stand-ins become ready with `need`. The descriptor of before may be closed, and its number mean something else. */
  hold(need: PollNeeded): void {
    this.#standIn?.hold(need);
  }

  /** Frees what stand-ins have, also while loops wait for them: a closed descriptor is no longer waited for. */
  close(): void {
    this.#standIn?.close();
    this.#standIn = undefined;
  }

  /** Undefined if there are no descriptors left for a stand-in: the coroutine waits for `need` itself then. */
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
 * A descriptor in place of another one, for coroutines that wait for the same thing: a coroutine that is resumed early may close the
 * other descriptor, for which a loop would then wait in vain. After `ring()` it stays ready until the last coroutine has left.
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
      // What a poller does not take is always ready for poll(2), a regular file for one.
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
