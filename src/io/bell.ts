/**
 * A descriptor in a poller that is readable, so that the poller's own is: there is something to do for whoever waits for it, though
 * nothing in it is ready.
 */

import { POLLIN } from '../coroutine.ts';
import { closeOwned, closeWhenForgotten } from './descriptor.ts';
import { native } from './native.ts';
import type { Poller } from './poller.ts';

export class Bell {
  #fd: number | undefined;

  /** Makes the poller's descriptor readable. */
  ring(poller: Poller): void {
    if (this.#fd !== undefined) return;
    const fd = native.openBell();
    if (fd < 0) return;
    this.#fd = fd;
    closeWhenForgotten(this, fd);
    poller.add(fd, POLLIN);
  }

  /** Takes back `ring`. */
  silence(poller: Poller): void {
    if (this.#fd === undefined) return;
    poller.remove(this.#fd);
    closeOwned(this, this.#fd);
    this.#fd = undefined;
  }
}
