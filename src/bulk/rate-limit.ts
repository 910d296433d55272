/**
 * Bounds the bytes per second of all bodies together: a bucket that fills steadily. A body that has been received waits until the bucket
 * holds its bytes; meanwhile nothing more is read, so that the server slows down.
 */

import { now } from '../clock.ts';
import type { Coroutine } from '../coroutine.ts';
import { coSleep } from '../schedule/combinators.ts';

/** Seconds that the bucket can save up. */
const BURST = 0.25;

export class RateLimit {
  readonly #perMs: number;
  readonly #most: number;
  #tokens = 0;
  #filledAt: number = now();

  /** @param bytesPerSecond 0: no limit */
  constructor(bytesPerSecond: number) {
    this.#perMs = bytesPerSecond / 1000;
    this.#most = bytesPerSecond * BURST;
  }

  /** Most bytes to read at once. */
  get portion(): number {
    return this.#perMs === 0 ? Number.POSITIVE_INFINITY : Math.max(1024, Math.floor(this.#most));
  }

  *coTake(bytes: number): Coroutine<void> {
    if (this.#perMs === 0) return;
    const time = now();
    this.#tokens = Math.min(this.#most, this.#tokens + (time - this.#filledAt) * this.#perMs);
    this.#filledAt = time;
    // Several bodies may go below zero: each waits until its own bytes are due.
    this.#tokens -= bytes;
    if (this.#tokens < 0) yield* coSleep(-this.#tokens / this.#perMs);
  }
}
