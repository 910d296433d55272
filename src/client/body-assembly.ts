/**
 * A body that a call collects to return it as a whole. It belongs to the session, not to the coroutine: if the
 * coroutine is interrupted, the next read goes on with the collected bytes, so that a part is never taken for the whole
 * body.
 */

import type { Buffer } from 'node:buffer';
import { UnsupportedResponse } from '../errors.ts';
import type { BodyDecoder } from '../http1/body-decoder.ts';
import { GrowingBuffer } from './growing-buffer.ts';

/** The collected bytes of one body. */
export class BodyAssembly {
  readonly body: BodyDecoder;
  /** The collected bytes; those before `#start` have been taken. */
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

  /** Offset in `bytes` for the next received bytes. */
  get end(): number {
    return this.#collected.end;
  }

  get length(): number {
    return this.#collected.end - this.#start;
  }

  /** As {@link GrowingBuffer.makeRoom}. @throws UnsupportedResponse, at each call, if the limit is exceeded */
  makeRoom(): number {
    this.#assertWithinLimit();
    return this.#collected.makeRoom();
  }

  /**
   * Reports that `count` bytes were written at the end. @throws UnsupportedResponse if the body exceeds the limit; its
   * bytes can still be read in parts. A complete body has no bytes left to read in parts, so it is returned although it
   * has one byte more than the limit.
   */
  added(count: number): void {
    this.#collected.end += count;
    this.#assertWithinLimit();
  }

  /** Moves up to `length` collected bytes to `target[offset, offset + length)`. Returns their number. */
  take(target: Uint8Array, offset: number, length: number): number {
    const count = Math.min(length, this.length);
    this.bytes.copy(target, offset, this.#start, this.#start + count);
    this.#start += count;
    return count;
  }

  /** All collected bytes that have not been taken. */
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
