/**
 * Waits for many descriptors that the kernel remembers: epoll(7) on Linux, kqueue(2) on macOS and the BSDs. The cost of
 * a wake-up depends on the number of ready descriptors, not on the number waited for. A poller is a descriptor itself,
 * readable while one of its members is ready, so that another wait can include it. It knows descriptors and event
 * masks, not coroutines.
 */

import { POLLIN, POLLOUT } from '../coroutine.ts';
import { shownAs } from '../inspection.ts';
import { closeOwned, closeWhenForgotten } from './descriptor.ts';
import { native } from './native.ts';
import { heeded, INTERRUPTED, interruption, type OnSignal } from './signals.ts';
import { ALREADY_THERE, NOT_THERE, systemError } from './system-error.ts';

/**
 * A descriptor that is ready, and for what: an element of what {@link Poller.wait} returns.
 *
 * @example
 * ```js
 * import { HTTPConnection, POLLOUT, Poller, PollNeeded } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * connection.sendRequest('GET', '/never');
 * const need = connection.coReadResponse().next().value;
 * const poller = new Poller();
 * if (need instanceof PollNeeded) poller.add(need.fd, POLLOUT);
 * for (const { events } of poller.wait(1000)) console.log(events === POLLOUT); // true
 * poller.close();
 * connection.disconnect();
 * ```
 */
export interface PollerEvent {
  /** The descriptor that is ready, as it was given to `add()`. */
  readonly fd: number;
  /** Bits of the mask waited for, and POLLERR (8) and POLLHUP (16) even if not asked for. */
  readonly events: number;
}

/** Most events that one `wait()` returns. The next call returns the others. */
const MOST_EVENTS = 256;

/**
 * Waits for many descriptors that the kernel remembers (epoll(7) on Linux, kqueue(2) on macOS): the cost of a wait
 * depends on the ready descriptors, not on all. For loops of the caller's own that are too large for {@link poll}. A
 * descriptor must be removed before the coroutine that waits for it goes on, since the coroutine may close it.
 *
 * @example
 * ```js
 * import { HTTPConnection, Poller } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * const poller = new Poller();
 * const coroutine = connection.coRequest('GET', '/a');
 * let step = coroutine.next();
 * while (!step.done) {
 *   const { fd, mask, deadline } = step.value;
 *   if (fd >= 0) poller.add(fd, mask);
 *   poller.wait(deadline && Math.max(0, deadline - performance.now()));
 *   poller.remove(fd);
 *   step = coroutine.next();
 * }
 * console.log(String(step.value.body)); // document a
 * poller.close();
 * connection.disconnect();
 * ```
 */
export class Poller {
  /** The poller's own descriptor: readable while one of its members is ready. Not for use after `close()`. */
  readonly fd: number;
  /** The mask by descriptor, which is a small number; 0 after removal. */
  readonly #masks: number[] = [];
  #size = 0;
  readonly #events = new Int32Array(2 * MOST_EVENTS);
  #closed = false;

  /**
   * Opens a poller, which is one descriptor (epoll_create1(2)).
   * @throws SystemError - EMFILE: the process has no descriptor left
   */
  constructor() {
    this.fd = native.openPoller();
    if (this.fd < 0) throw systemError(this.fd, 'epoll_create1');
    closeWhenForgotten(this, this.fd);
  }

  /** The number of descriptors waited for. */
  get size(): number {
    return this.#size;
  }

  /**
   * Begins to wait for `mask` (POLLIN, POLLOUT or both) on `fd`.
   * @throws SystemError - EEXIST: `fd` is waited for; EBADF: it is not open; EPERM: it is a regular file; ELOOP: pollers
   * in a circle
   * @throws TypeError - another mask
   */
  add(fd: number, mask: number): void {
    if (this.maskOf(fd) !== 0) throw systemError(ALREADY_THERE, 'epoll_ctl');
    this.#change(fd, checkedMask(mask), 0);
    this.#size++;
  }

  /**
   * Changes what is waited for on `fd` to `mask` (POLLIN, POLLOUT or both).
   * @throws SystemError - ENOENT: `fd` was not added
   * @throws TypeError - another mask
   */
  modify(fd: number, mask: number): void {
    const old = this.maskOf(fd);
    if (old === 0) throw systemError(NOT_THERE, 'epoll_ctl');
    if (old !== mask) this.#change(fd, checkedMask(mask), old);
  }

  /** What the poller waits for on `fd`: POLLIN, POLLOUT or both; 0: nothing. */
  maskOf(fd: number): number {
    return this.#masks[fd] ?? 0;
  }

  /**
   * Waits for `mask` on `fd` from now on, whatever it was before; 0: no longer. It is `add()`, `modify()` or
   * `remove()`, or nothing.
   * @throws SystemError - EBADF: `fd` is not open; EPERM: it is a regular file; ELOOP: pollers in a circle
   * @throws TypeError - another mask
   */
  watch(fd: number, mask: number): void {
    const old = this.maskOf(fd);
    if (old === mask) return;
    if (mask === 0) this.remove(fd);
    else if (old === 0) this.add(fd, mask);
    else this.modify(fd, mask);
  }

  /** Ends the wait for `fd`, which may be closed by now. Returns whether the poller waited for it. */
  remove(fd: number): boolean {
    const old = this.maskOf(fd);
    if (old === 0) return false;
    this.#masks[fd] = 0;
    this.#size--;
    // The kernel removes a closed descriptor from the poller.
    if (!this.#closed) native.changePoller(this.fd, fd, 0, old);
    return true;
  }

  /**
   * Blocks this thread until a member is ready, or `timeoutMs` milliseconds have passed (undefined: no limit, 0: do not
   * wait). Returns up to 256 ready members; none after a time-out. A member that stays ready is returned again by the
   * next call (level-triggered). `onSignal` says what a signal does that the process listens for.
   * @throws Interrupted - a signal arrived that the process listens for, and `onSignal` is not "continue"
   * @throws SystemError - the system refuses the wait, as after `close()`
   */
  wait(timeoutMs?: number, onSignal: OnSignal = 'interrupt'): PollerEvent[] {
    const count = native.waitPoller(this.fd, this.#events, timeoutMs ?? -1, heeded(onSignal));
    if (count === INTERRUPTED) throw interruption();
    if (count < 0) throw systemError(count, 'epoll_wait');
    const events: PollerEvent[] = [];
    for (let index = 0; index < 2 * count; index += 2)
      events.push({ fd: this.#events[index] as number, events: this.#events[index + 1] as number });
    return events;
  }

  /** Closes the poller's descriptor. The members stay open. May be called again. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#masks.length = 0;
    this.#size = 0;
    closeOwned(this, this.fd);
  }

  /** The same as {@link close}, for `using poller = new Poller()`. */
  [Symbol.dispose](): void {
    this.close();
  }

  static {
    shownAs(Poller, (poller) => ({ fd: poller.fd, size: poller.size, closed: poller.#closed }));
  }

  #change(fd: number, mask: number, old: number): void {
    const result = native.changePoller(this.fd, fd, mask, old);
    if (result < 0) throw systemError(result, 'epoll_ctl');
    this.#masks[fd] = mask;
  }
}

function checkedMask(mask: number): number {
  if (mask === POLLIN || mask === POLLOUT || mask === (POLLIN | POLLOUT)) return mask;
  throw new TypeError(`the mask must be POLLIN, POLLOUT or both, got ${String(mask)}`);
}
