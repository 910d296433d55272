/**
 * The addon's handles on Node's event loop: watchers of descriptors, and the alarm (native/watcher.cc, native/alarm.cc, and
 * libuv below them). Nothing is reported by itself: the loop asks for the reports, and decides their order.
 */

import { type Descriptors, DIRECTIONS } from './descriptors.ts';
import { EBADF, POLLERR, POLLHUP } from './errno.ts';

export interface Watcher {
  readonly fd: number;
  /** The directions waited for, and those of them that keep the loop alive. */
  interest: number;
  holding: number;
}

/** A report that is due: the loop has seen it, and it is delivered when its turn comes. */
export interface Seen {
  readonly watcher: Watcher;
  readonly events: number;
}

export class Watchers {
  ready: ((fd: number, events: number) => void) | undefined;
  /** When the alarm expires; undefined: it is not set. */
  alarmAt: number | undefined;
  alarmHeld = false;
  readonly #watchers = new Map<number, Watcher>();
  readonly #descriptors: Descriptors;

  constructor(descriptors: Descriptors) {
    this.#descriptors = descriptors;
  }

  /** The function stays: it is the library's, for all worlds. */
  clear(): void {
    this.#watchers.clear();
    this.alarmAt = undefined;
  }

  /** How many descriptors are waited for. */
  get count(): number {
    let count = 0;
    for (const { interest } of this.#watchers.values()) if (interest !== 0) count++;
    return count;
  }

  /** Whether the event loop is kept alive. */
  get holds(): boolean {
    return this.alarmHolds || this.descriptorsHold;
  }

  get alarmHolds(): boolean {
    return this.alarmHeld && this.alarmAt !== undefined;
  }

  get descriptorsHold(): boolean {
    for (const { interest, holding } of this.#watchers.values()) if (interest !== 0 && holding !== 0) return true;
    return false;
  }

  watch(fd: number, mask: number): number {
    let watcher = this.#watchers.get(fd);
    if (watcher === undefined) {
      if (mask === 0) return 0;
      if (this.#descriptors.get(fd) === undefined) return EBADF;
      watcher = { fd, interest: 0, holding: 0 };
      this.#watchers.set(fd, watcher);
    }
    watcher.interest = mask;
    watcher.holding = mask;
    return 0;
  }

  release(fd: number, mask: number): void {
    const watcher = this.#watchers.get(fd);
    if (watcher !== undefined) watcher.holding &= ~mask;
  }

  /** Ends the watcher with its descriptor. */
  forget(fd: number): void {
    this.#watchers.delete(fd);
  }

  /** libuv counts in whole milliseconds (uv_update_time): the alarm may go off a fraction early. */
  setAlarm(milliseconds: number, now: number): void {
    this.alarmAt = Math.floor(now) + milliseconds;
  }

  /** The reports of epoll to libuv now. */
  seen(): Seen[] {
    const seen: Seen[] = [];
    for (const watcher of this.#watchers.values()) {
      if (watcher.interest === 0) continue;
      const events = this.#descriptors.poll(watcher.fd, watcher.interest);
      if (events !== 0) seen.push({ watcher, events });
    }
    return seen;
  }

  /** Whether seen() has something; cheaper. */
  get anySeen(): boolean {
    for (const { fd, interest } of this.#watchers.values()) {
      if (interest !== 0 && this.#descriptors.poll(fd, interest) !== 0) return true;
    }
    return false;
  }

  /** Reports a seen event, as far as it is still waited for. Returns whether it did. */
  deliver({ watcher, events }: Seen): boolean {
    // The number of a closed descriptor is free, or another one's.
    if (this.#watchers.get(watcher.fd) !== watcher) return false;
    const ready = reported(events, watcher.interest);
    if (ready === 0) return false;
    watcher.interest &= ~ready;
    watcher.holding &= ~ready;
    this.ready?.(watcher.fd, ready);
    return true;
  }

  /** Reports the alarm, which ends thereby. */
  ring(): void {
    this.alarmAt = undefined;
    this.ready?.(-1, 0);
  }
}

/** uv__io_poll() and uv__poll_io(): an error, or a bare hang-up, is every direction waited for. */
function reported(events: number, interest: number): number {
  const wanted = events & (interest | POLLERR | POLLHUP);
  if (wanted & POLLERR || wanted === POLLHUP) return interest;
  return wanted & DIRECTIONS;
}
