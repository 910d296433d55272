/**
 * The waits for descriptors: a table over either the event loop or a Poller. It keeps the rule of two slots: on one
 * descriptor, at most one coroutine waits to read and one to write, since two readers of a stream would each get a part of its bytes.
 * A SharedNeed claims no slot.
 */

import { POLLIN, POLLOUT, type PollNeeded, SharedNeed } from '../coroutine.ts';
import { StateError } from '../errors.ts';

/** One suspension. */
export interface Wait {
  readonly need: PollNeeded;
  /** The need may be ready. Called once at most. */
  wake(): void;
}

/** Where the table's interests are registered: in the event loop, or in a poller. */
export interface Watcher<W extends Wait> {
  /** From now on `waits`, which may be empty, wait for `fd`. @throws SystemError if it cannot be watched */
  watch(fd: number, waits: readonly W[]): void;
}

/** A descriptor's slot belongs to another coroutine. */
export class SlotTaken extends StateError {}

const DIRECTIONS = POLLIN | POLLOUT;

/** The directions that are waited for. */
export function directionsOf(waits: readonly Wait[]): number {
  let mask = 0;
  for (const { need } of waits) mask |= need.mask;
  return mask;
}

export class WaitTable<W extends Wait> {
  /** By descriptor, which is a small number. */
  readonly #byDescriptor: (readonly W[])[] = [];
  readonly #watcher: Watcher<W>;
  #size = 0;

  constructor(watcher: Watcher<W>) {
    this.#watcher = watcher;
  }

  /** How many waits there are. */
  get size(): number {
    return this.#size;
  }

  waitsFor(fd: number): readonly W[] {
    return this.#byDescriptor[fd] ?? NONE;
  }

  /** @throws SlotTaken; SystemError if the descriptor cannot be watched */
  add(wait: W): void {
    const { fd } = wait.need;
    const present = this.waitsFor(fd);
    assertSlotsFree(wait.need, present);
    const all = present.length === 0 ? [wait] : [...present, wait];
    this.#watcher.watch(fd, all);
    this.#put(fd, present, all);
  }

  /** The wait is no longer wanted, if it is there. */
  remove(wait: W): void {
    const { fd } = wait.need;
    const present = this.waitsFor(fd);
    const left = present.filter((other) => other !== wait);
    if (left.length === present.length) return;
    this.#put(fd, present, left);
    this.#watcher.watch(fd, left);
  }

  /** Takes out the waits that `events` of poll(2) end. An error or a hang-up ends all. */
  take(fd: number, events: number): readonly W[] {
    const present = this.waitsFor(fd);
    const ended = ({ need }: W): boolean => (events & (need.mask | ~DIRECTIONS)) !== 0;
    const left = present.every(ended) ? NONE : present.filter((wait) => !ended(wait));
    this.#put(fd, present, left);
    this.#watcher.watch(fd, left);
    return left === NONE ? present : present.filter(ended);
  }

  /** Takes out all waits for a descriptor that was closed. */
  closed(fd: number): readonly W[] {
    const present = this.waitsFor(fd);
    this.#put(fd, present, NONE);
    return present;
  }

  #put(fd: number, before: readonly W[], waits: readonly W[]): void {
    if (before.length === 0 && waits.length === 0) return;
    this.#size += waits.length - before.length;
    this.#byDescriptor[fd] = waits.length === 0 ? NONE : waits;
  }
}

const NONE: readonly never[] = [];

/** @throws SlotTaken if `need` claims a slot that one of `waits` has */
function assertSlotsFree(need: PollNeeded, waits: readonly Wait[]): void {
  if (need instanceof SharedNeed) return;
  for (const other of waits) {
    const taken = other.need.mask & need.mask;
    if (taken === 0 || other.need instanceof SharedNeed) continue;
    const verb = taken & POLLIN ? 'reading' : 'writing';
    throw new SlotTaken(`another coroutine is already waiting for ${verb} on fd ${need.fd}`);
  }
}
