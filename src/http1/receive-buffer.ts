/**
 * Bytes that were received and not yet consumed: a window of fixed size that is filled at its end and consumed at its start.
 * It grows only when a message head or read-ahead needs more room than the window has, and goes back to its size when it is
 * empty. It knows nothing of what the bytes mean; the bounds are the readers' (limits.ts) and the caller's (maxReadAhead).
 */

import { Buffer } from 'node:buffer';
import { shownAs } from '../inspection.ts';

/**
 * Bytes that were received and not yet consumed: `input` of {@link ClientProtocol}. The driver fills it, with `push()`,
 * or in place with `makeRoom()` and `filled()`; the parsers consume. It grows only for a message head that does not
 * fit.
 *
 * @example
 * ```js
 * import { ReceiveBuffer } from 'dugong/http1';
 *
 * const buffer = new ReceiveBuffer(65_536);
 * const room = buffer.makeRoom();
 * const count = buffer.bytes.write('hello', buffer.end, 'latin1'); // as read(2) would
 * buffer.filled(count);
 * console.log(room, buffer.length, buffer.received); // 65536 5 5
 * ```
 */
export class ReceiveBuffer {
  /** The memory; valid bytes are `bytes[start, end)`. */
  bytes: Buffer;
  /** Offset of the first byte that waits to be consumed. */
  start = 0;
  /** Offset behind the last byte; `bytes[end, bytes.length)` is free. */
  end = 0;
  /** Number of bytes that were ever put in. */
  received = 0;
  readonly #window: Buffer;

  /**
   * Makes a buffer with a window of `size` bytes.
   * @throws TypeError - the size is no whole number >= 1
   */
  constructor(size: number) {
    if (!Number.isSafeInteger(size) || size < 1) {
      throw new TypeError(`the receive buffer's size must be a whole number >= 1, got ${String(size)}`);
    }
    this.#window = Buffer.allocUnsafeSlow(size);
    this.bytes = this.#window;
  }

  /** How many bytes wait to be consumed. */
  get length(): number {
    return this.end - this.start;
  }

  /**
   * Makes room at the end for at least one byte, and grows only if unconsumed bytes fill the window. Returns how many
   * bytes there is room for. `bytes`, `start` and `end` may have changed.
   */
  makeRoom(): number {
    if (this.start === this.end) {
      this.clear();
    } else if (this.end === this.bytes.length) {
      if (this.start > 0) this.#compact();
      else this.#grow();
    }
    return this.bytes.length - this.end;
  }

  /** Reports that `count` bytes have been written at `end`. */
  filled(count: number): void {
    this.end += count;
    this.received += count;
  }

  /** Reports that `count` bytes at `start` are done with. */
  consume(count: number): void {
    this.start += count;
  }

  /** Moves up to `length` bytes to `target`, from `offset` on; returns how many. */
  take(target: Uint8Array, offset: number, length: number): number {
    const count = Math.min(length, this.length);
    this.bytes.copy(target, offset, this.start, this.start + count);
    this.start += count;
    return count;
  }

  /** Appends a copy of `data`, for a driver that has received bytes in memory of its own. */
  push(data: Uint8Array): void {
    let done = 0;
    while (done < data.length) {
      const count = Math.min(this.makeRoom(), data.length - done);
      this.bytes.set(data.subarray(done, done + count), this.end);
      this.filled(count);
      done += count;
    }
  }

  /** Forgets all bytes, and goes back to the window. */
  clear(): void {
    this.start = 0;
    this.end = 0;
    this.bytes = this.#window;
  }

  /** How much there is, not what: the bytes may hold cookies. */
  toJSON(): { length: number; received: number } {
    return { length: this.length, received: this.received };
  }

  static {
    shownAs(ReceiveBuffer, (buffer) => buffer.toJSON());
  }

  #compact(): void {
    this.bytes.copyWithin(0, this.start, this.end);
    this.end -= this.start;
    this.start = 0;
  }

  #grow(): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(1024, this.bytes.length * 2));
    this.bytes.copy(larger, 0, this.start, this.end);
    this.bytes = larger;
  }
}
