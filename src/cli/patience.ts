/** Waiting for what takes output, which may take it never. It knows nothing of what that is. */

import { AioFuture, coSleep } from '../index.ts';

/** A file that is being written when the signal comes is no reader that stalls. */
const GRACE = 200;

export class Patience {
  readonly #signal: AbortSignal;
  #pending = 0;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** What `action` comes to, unless the signal comes first. @throws the reason of the signal then */
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

  /** Whether something does not end, which keeps the process from ending by itself. */
  async isStuck(): Promise<boolean> {
    if (this.#pending > 0) await new AioFuture(coSleep(GRACE));
    return this.#pending > 0;
  }
}
