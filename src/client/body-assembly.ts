/**
 * A body on its way to being returned as a whole. It belongs to the session, not to the coroutine that collects: if that one
 * is interrupted, the next read goes on with what is here, so that a part is never taken for the whole.
 */

import type { Buffer } from 'node:buffer';
import { UnsupportedResponse } from '../errors.ts';
import type { BodyDecoder } from '../http1/body-decoder.ts';
import { GrowingBuffer } from './growing-buffer.ts';

export class BodyAssembly {
  readonly body: BodyDecoder;
  /** The collected bytes, of which those before `#start` have been taken out. */
  readonly #collected: GrowingBuffer;
  #start = 0;
  readonly #limit: number;

  constructor(body: BodyDecoder, limit: number) {
    this.body = body;
    this.#limit = limit;
    this.#collected = new GrowingBuffer(body.length ?? undefined, limit);
  }

  get bytes(): Buffer {
    return this.#collected.bytes;
  }

  /** Where in `bytes` the next ones belong. */
  get end(): number {
    return this.#collected.end;
  }

  get length(): number {
    return this.#collected.end - this.#start;
  }

  /** As {@link GrowingBuffer.makeRoom}. @throws UnsupportedResponse if there is too much already, each time */
  makeRoom(): number {
    this.#assertWithinLimit();
    return this.#collected.makeRoom();
  }

  /**
   * `count` bytes have been written at the end. @throws UnsupportedResponse if these are too many; they can be read in parts.
   * Of a body that is complete there are none left to read: with one byte above the limit it is handed out.
   */
  added(count: number): void {
    this.#collected.end += count;
    this.#assertWithinLimit();
  }

  /** Moves up to `length` collected bytes to `target[offset, offset + length)`; returns how many. */
  take(target: Uint8Array, offset: number, length: number): number {
    const count = Math.min(length, this.length);
    this.bytes.copy(target, offset, this.#start, this.#start + count);
    this.#start += count;
    return count;
  }

  /** All that was collected. */
  whole(): Buffer {
    return this.#collected.from(this.#start);
  }

  #assertWithinLimit(): void {
    if (this.end <= this.#limit || this.body.complete) return;
    throw new UnsupportedResponse(
      `the body is larger than limits.bodyInMemory (${this.#limit} bytes): read it in parts, or raise the limit`,
    );
  }
}
