/** A descriptor that is ready when a test says so. */

import { POLLIN, PollNeeded } from '../../src/coroutine.ts';
import { Bell } from '../../src/io/bell.ts';
import { Poller } from '../../src/io/poller.ts';

export class Readiness implements Disposable {
  readonly #poller = new Poller();
  readonly #bell = new Bell();
  readonly need: PollNeeded = new PollNeeded(this.#poller.fd, POLLIN);
  #closed = false;

  get fd(): number {
    return this.#poller.fd;
  }

  begin(): void {
    this.#bell.ring(this.#poller);
  }

  end(): void {
    this.#bell.silence(this.#poller);
  }

  /** Closes the descriptor, at the end of a block at the latest. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#poller.close();
    this.#bell.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Whether what is waited for is there. */
export function isReady(need: PollNeeded): boolean {
  return need.poll(0);
}
