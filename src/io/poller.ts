/**
 * Interest in many descriptors that the kernel keeps: epoll(7) on Linux, kqueue(2) on macOS and the BSDs. A wake-up costs by
 * what is ready, not by what is waited for. A poller is a descriptor itself, readable while something in it is ready, so that
 * it can be waited for in turn. It knows descriptors and event masks, not who waits.
 */

import { POLLIN, POLLOUT } from '../coroutine.ts';
import { shownAs } from '../inspection.ts';
import { closeOwned, closeWhenForgotten } from './descriptor.ts';
import { native } from './native.ts';
import { heeded, INTERRUPTED, interruption, type OnSignal } from './signals.ts';
import { ALREADY_THERE, NOT_THERE, systemError } from './system-error.ts';

/** A descriptor that has become ready. */
export interface PollerEvent {
  readonly fd: number;
  /** Bits of the mask waited for, and POLLERR (8) and POLLHUP (16) unasked. */
  readonly events: number;
}

/** At most so many events are returned by one `wait()`; the others by the next. */
const MOST_EVENTS = 256;

/**
 * Waits for many descriptors that the kernel remembers: epoll(7) on Linux, kqueue(2) on macOS and the BSDs. For loops of your
 * own that are too large for `poll()`.
 */
export class Poller {
  /** The poller's own descriptor: readable while something in it is ready. Not for use after `close()`. */
  readonly fd: number;
  /**
   * What is waited for, 0 for no longer. Entries are not deleted, of which a Map keeps track for as long as it is large: there are
   * no more of them than descriptors.
   */
  readonly #masks = new Map<number, number>();
  #size = 0;
  readonly #events = new Int32Array(2 * MOST_EVENTS);
  #closed = false;

  /** @throws SystemError (EMFILE, ...) */
  constructor() {
    this.fd = native.openPoller();
    if (this.fd < 0) throw systemError(this.fd, 'epoll_create1');
    closeWhenForgotten(this, this.fd);
  }

  /** How many descriptors are waited for. */
  get size(): number {
    return this.#size;
  }

  /** Waits for `mask` (POLLIN, POLLOUT or both) on `fd`. @throws SystemError (EEXIST, EBADF, EPERM: a regular file, ELOOP) */
  add(fd: number, mask: number): void {
    if (this.#maskOf(fd) !== 0) throw systemError(ALREADY_THERE, 'epoll_ctl');
    this.#change(fd, checkedMask(mask), 0);
    this.#size++;
  }

  /** Waits for another mask on `fd`. @throws SystemError (ENOENT if it was not added) */
  modify(fd: number, mask: number): void {
    const old = this.#maskOf(fd);
    if (old === 0) throw systemError(NOT_THERE, 'epoll_ctl');
    if (old !== mask) this.#change(fd, checkedMask(mask), old);
  }

  /** No longer waits for `fd`, which may have been closed meanwhile. Says whether it was waited for. */
  remove(fd: number): boolean {
    const old = this.#maskOf(fd);
    if (old === 0) return false;
    this.#masks.set(fd, 0);
    this.#size--;
    // A closed descriptor has left the poller by itself.
    if (!this.#closed) native.changePoller(this.fd, fd, 0, old);
    return true;
  }

  /**
   * Blocks until something is ready, or `timeoutMs` milliseconds have passed (undefined: no limit, 0: do not wait). What stays
   * ready is returned again by the next call (level-triggered).
   * @throws Interrupted for a signal that the process listens for, unless `onSignal` is "continue"; SystemError
   */
  wait(timeoutMs?: number, onSignal: OnSignal = 'interrupt'): PollerEvent[] {
    const count = native.waitPoller(this.fd, this.#events, timeoutMs ?? -1, heeded(onSignal));
    if (count === INTERRUPTED) throw interruption();
    if (count < 0) throw systemError(count, 'epoll_wait');
    return Array.from({ length: count }, (_, index) => ({
      fd: this.#events[2 * index] as number,
      events: this.#events[2 * index + 1] as number,
    }));
  }

  /** Frees the descriptor. May be called again. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#masks.clear();
    this.#size = 0;
    closeOwned(this, this.fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  static {
    shownAs(Poller, (poller) => ({ fd: poller.fd, size: poller.size, closed: poller.#closed }));
  }

  #maskOf(fd: number): number {
    return this.#masks.get(fd) ?? 0;
  }

  #change(fd: number, mask: number, old: number): void {
    const result = native.changePoller(this.fd, fd, mask, old);
    if (result < 0) throw systemError(result, 'epoll_ctl');
    this.#masks.set(fd, mask);
  }
}

function checkedMask(mask: number): number {
  if (mask === POLLIN || mask === POLLOUT || mask === (POLLIN | POLLOUT)) return mask;
  throw new TypeError(`the mask must be POLLIN, POLLOUT or both, got ${String(mask)}`);
}
