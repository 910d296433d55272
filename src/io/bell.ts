/**
 * A descriptor that is always readable. In a poller it makes the poller's own descriptor readable, so that a wait for the poller
 * ends although no other member is ready.
 */

import { POLLIN } from '../coroutine.ts';
import { closeOwned, closeWhenForgotten } from './descriptor.ts';
import { native } from './native.ts';
import type { Poller } from './poller.ts';
import { systemError } from './system-error.ts';

export class Bell {
  readonly #fd: number;
  #rings = false;

  /** @throws SystemError (EMFILE, ...) */
  constructor() {
    this.#fd = native.openBell();
    if (this.#fd < 0) throw systemError(this.#fd, 'pipe');
    closeWhenForgotten(this, this.#fd);
  }

  /** Makes the poller's descriptor readable. */
  ring(poller: Poller): void {
    if (!this.#rings) poller.add(this.#fd, POLLIN);
    this.#rings = true;
  }

  /** Takes back `ring`. */
  silence(poller: Poller): void {
    if (this.#rings) poller.remove(this.#fd);
    this.#rings = false;
  }

  close(): void {
    closeOwned(this, this.#fd);
  }
}
