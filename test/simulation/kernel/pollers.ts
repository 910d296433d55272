/**
 * epoll(7), level-triggered: a poller holds descriptions, so that a closed descriptor leaves it. A poller is
 * readable while something in it is ready, and may be in another one.
 */

import type { Random } from '../random.ts';
import { type Description, type Descriptors, DIRECTIONS } from './descriptors.ts';
import { EBADF, EEXIST, EINVAL, ELOOP, ENOENT, POLLERR, POLLHUP, POLLIN } from './errno.ts';

/** Linux nests them no deeper (EP_MAX_NESTS). */
const MOST_NESTED = 5;

interface Entry {
  readonly fd: number;
  readonly description: Description;
  mask: number;
}

export class PollerDescription implements Description {
  readonly kind = 'poller';
  readonly #entries = new Map<number, Entry>();
  readonly #descriptors: Descriptors;

  constructor(descriptors: Descriptors) {
    this.#descriptors = descriptors;
  }

  poll(): number {
    for (const entry of this.#entries.values()) if (this.#isLive(entry) && readiness(entry) !== 0) return POLLIN;
    return 0;
  }

  close(): void {
    this.#entries.clear();
  }

  /** epoll_ctl(2). */
  change(fd: number, mask: number, old: number): number {
    const description = this.#descriptors.get(fd);
    if (description === undefined) return EBADF;
    if (description === this) return EINVAL;
    const present = this.#entries.get(fd);
    const entry = present?.description === description ? present : undefined;
    if (mask === 0 || old !== 0) return entry === undefined ? ENOENT : this.#modify(entry, mask);
    if (entry !== undefined) return EEXIST;
    if (description instanceof PollerDescription && this.#nestsTooDeep(description)) return ELOOP;
    this.#entries.set(fd, { fd, description, mask });
    return 0;
  }

  /** epoll_wait(2) without waiting: pairs of fd and events, in an order that the kernel does not promise. */
  ready(events: Int32Array, random: Random): number {
    const ready = random.shuffle(this.#live().filter((entry) => readiness(entry) !== 0));
    const count = Math.min(ready.length, events.length / 2);
    for (let index = 0; index < count; index++) {
      const entry = ready[index] as Entry;
      events[2 * index] = entry.fd;
      events[2 * index + 1] = readiness(entry);
    }
    return count;
  }

  #modify(entry: Entry, mask: number): number {
    if (mask === 0) this.#entries.delete(entry.fd);
    else entry.mask = mask;
    return 0;
  }

  #live(): Entry[] {
    return [...this.#entries.values()].filter((entry) => this.#isLive(entry));
  }

  /** False for a closed descriptor, whose number may stand for another one by now: the entry is removed. */
  #isLive(entry: Entry): boolean {
    if (this.#descriptors.get(entry.fd) === entry.description) return true;
    this.#entries.delete(entry.fd);
    return false;
  }

  #nestsTooDeep(added: PollerDescription): boolean {
    return added.#holds(this) || added.#depth() + this.#height() > MOST_NESTED;
  }

  #inside(): PollerDescription[] {
    return this.#live()
      .map(({ description }) => description)
      .filter((one) => one instanceof PollerDescription);
  }

  #holds(other: PollerDescription): boolean {
    return this.#inside().some((one) => one === other || one.#holds(other));
  }

  /** Number of pollers inside each other, this one included: downwards, and upwards. */
  #depth(): number {
    return 1 + Math.max(0, ...this.#inside().map((one) => one.#depth()));
  }

  #height(): number {
    const around: number[] = [0];
    for (const [, description] of this.#descriptors.entries()) {
      if (description instanceof PollerDescription && description.#inside().includes(this))
        around.push(description.#height());
    }
    return 1 + Math.max(...around);
  }
}

function readiness({ description, mask }: Entry): number {
  return description.poll() & ((mask & DIRECTIONS) | POLLERR | POLLHUP);
}

/** The end of a pipe without a writer: Linux reports POLLHUP, without POLLIN. */
export class BellDescription implements Description {
  readonly kind = 'bell';

  poll(): number {
    return POLLHUP;
  }

  close(): void {}
}
