/**
 * Lines on standard output, for reports and for what follows documents. It waits when the reader is slow.
 */

import type { Writable } from 'node:stream';

/** Writes lines. The owner of the stream hears its errors. */
export class Lines {
  readonly #stream: Writable;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** Returns a promise if the caller must wait until the reader has taken some. */
  write(text: string | Uint8Array): Promise<void> | undefined {
    if (this.#stream.destroyed || this.#stream.write(text)) return undefined;
    return new Promise((resolve) => {
      const go = (): void => {
        for (const event of ['drain', 'error', 'close']) this.#stream.off(event, go);
        resolve();
      };
      for (const event of ['drain', 'error', 'close']) this.#stream.on(event, go);
    });
  }
}
