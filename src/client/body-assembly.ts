/**
 * A body on its way to being returned as a whole. It belongs to the session, not to the coroutine that collects: if that one
 * is interrupted, the next read goes on with what is here, so that a part is never taken for the whole.
 */

import { Buffer } from 'node:buffer';
import { UnsupportedResponse } from '../errors.ts';
import type { BodyDecoder } from '../http1/body-decoder.ts';

/** What is allocated before any of the body is there: an announced length alone must not cost memory. */
const FIRST_ALLOCATION = 2 ** 20;
const UNKNOWN_LENGTH_ALLOCATION = 2 ** 16;

export class BodyAssembly {
  readonly body: BodyDecoder;
  /** Collected bytes are `bytes[start, end)`. */
  bytes: Buffer;
  start = 0;
  end = 0;
  readonly #limit: number;

  constructor(body: BodyDecoder, limit: number) {
    this.body = body;
    this.#limit = limit;
    this.bytes = Buffer.allocUnsafe(Math.min(body.length ?? UNKNOWN_LENGTH_ALLOCATION, FIRST_ALLOCATION, limit + 1));
  }

  get length(): number {
    return this.end - this.start;
  }

  /** Makes room for more and returns how much there is, at least 1. @throws UnsupportedResponse above the limit */
  makeRoom(): number {
    if (this.end === this.bytes.length) this.#grow();
    return this.bytes.length - this.end;
  }

  /**
   * `count` bytes have been written at the end. @throws UnsupportedResponse if these are too many; they can be read in parts.
   * Of a body that is complete there are none left to read: with one byte above the limit it is handed out.
   */
  added(count: number): void {
    this.end += count;
    if (this.end > this.#limit && !this.body.complete) throw this.#tooLarge();
  }

  /** Moves up to `length` collected bytes to `target[offset, offset + length)`; returns how many. */
  take(target: Uint8Array, offset: number, length: number): number {
    const count = Math.min(length, this.length);
    this.bytes.copy(target, offset, this.start, this.start + count);
    this.start += count;
    return count;
  }

  /** All that was collected; memory much larger than that is not handed out with it. */
  whole(): Buffer {
    const collected = this.bytes.subarray(this.start, this.end);
    return collected.length * 2 >= this.bytes.length ? collected : Buffer.from(collected);
  }

  #grow(): void {
    // One byte above the limit, since the end of a body of just that size may not have been seen yet.
    const announced = this.body.length ?? Number.POSITIVE_INFINITY;
    const wanted = Math.max(this.bytes.length * 2, UNKNOWN_LENGTH_ALLOCATION);
    const larger = Buffer.allocUnsafeSlow(Math.min(wanted, announced, this.#limit + 1));
    this.bytes.copy(larger, 0, 0, this.end);
    this.bytes = larger;
  }

  #tooLarge(): UnsupportedResponse {
    return new UnsupportedResponse(
      `the body is larger than limits.bodyInMemory (${this.#limit} bytes): read it in parts, or raise the limit`,
    );
  }
}
