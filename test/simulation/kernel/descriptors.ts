/**
 * The descriptors of the simulated process: the lowest free number is given out next, at once after it was closed, as kernels do
 * it. Its numbers begin far from those of the real process. It knows a descriptor only by its answer to poll(2).
 */

import { EMFILE, POLLERR, POLLHUP, POLLNVAL } from './errno.ts';

export interface Description {
  readonly kind: 'socket' | 'poller' | 'bell' | 'lookup';
  /** All bits that poll(2) could report, asked for or not. */
  poll(): number;
  /** The number is free from now on. */
  close(): void;
}

/** POLLIN and POLLOUT. */
export const DIRECTIONS = 5;

/** Each world has numbers of its own: garbage collection may close descriptors of a world in a later one. */
const SPAN = 10_000;
const FIRST = 1_000_000;

export class Descriptors {
  /** The first number. */
  base: number = FIRST;
  owned = 0;
  /** EMFILE beyond. */
  limit: number = SPAN;
  #table: (Description | undefined)[] = [];
  #lowestFree = 0;

  /** Forgets all descriptors, for another world. */
  clear(): void {
    if (this.owned > 0) this.base += SPAN;
    this.#table = [];
    this.#lowestFree = 0;
    this.owned = 0;
    this.limit = SPAN;
  }

  /** EMFILE if there are too many. */
  open(description: Description): number {
    if (this.owned >= this.limit) return EMFILE;
    const index = this.#lowestFree;
    this.#table[index] = description;
    this.owned++;
    do this.#lowestFree++;
    while (this.#table[this.#lowestFree] !== undefined);
    return this.base + index;
  }

  get(fd: number): Description | undefined {
    return this.#table[fd - this.base];
  }

  /** Returns whether it was open. */
  close(fd: number): boolean {
    const description = this.get(fd);
    if (description === undefined) return false;
    const index = fd - this.base;
    this.#table[index] = undefined;
    this.#lowestFree = Math.min(this.#lowestFree, index);
    this.owned--;
    description.close();
    return true;
  }

  /** Whether it was open in this world, and is no longer. */
  wasClosed(fd: number): boolean {
    const index = fd - this.base;
    return index >= 0 && index < this.#table.length && this.#table[index] === undefined;
  }

  /** The result of poll(2) for one descriptor. */
  poll(fd: number, mask: number): number {
    if (fd < 0) return 0;
    const description = this.get(fd);
    return description === undefined ? POLLNVAL : description.poll() & (mask | POLLERR | POLLHUP);
  }

  /** Each open descriptor with its number. */
  *entries(): Generator<[fd: number, description: Description]> {
    for (const [index, description] of this.#table.entries()) {
      if (description !== undefined) yield [this.base + index, description];
    }
  }

  /** Its name in traces: the same in each world. */
  nameOf(fd: number): string {
    return fd < 0 ? String(fd) : `#${fd - this.base}`;
  }
}
