/**
 * Waits for writes of output, which may never complete, until a signal arrives. It does not know what is written, or
 * where.
 */

import { AioFuture, coSleep } from '../index.ts';

/** Milliseconds in which a write may still complete after the signal. */
const GRACE = 200;

/** Waits that a signal ends. */
export class Patience {
  readonly #signal: AbortSignal;
  #pending = 0;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Waits for `action`. @throws the reason of the signal if that comes first */
  until<T>(action: Promise<T>): Promise<T> {
    const signal = this.#signal;
    this.#pending++;
    return new Promise((resolve, reject) => {
      const give = (): void => reject(signal.reason);
      if (signal.aborted) give();
      signal.addEventListener('abort', give, { once: true });
      const ended = (): void => {
        this.#pending--;
        signal.removeEventListener('abort', give);
      };
      action.finally(ended).then(resolve, reject);
    });
  }

  /** Whether a write does not complete and so keeps the process alive. */
  async isStuck(): Promise<boolean> {
    if (this.#pending > 0) await new AioFuture(coSleep(GRACE));
    return this.#pending > 0;
  }
}
