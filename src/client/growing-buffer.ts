/**
 * Collects bytes in one buffer that grows with them. It takes little more memory than the bytes: an announced length
 * alone costs nothing, and growing to a limit does not take twice the limit. It knows nothing of bodies.
 */

import { Buffer } from 'node:buffer';

/** Bytes that are allocated before the first byte arrives. */
const FIRST_ALLOCATION = 2 ** 20;
const UNKNOWN_LENGTH_ALLOCATION = 2 ** 16;
/** Copying up to this size costs little memory. */
const LITTLE = 2 ** 23;
/** Divisor of the limit: copying such a part of it costs little, too. */
const PART_OF_LIMIT = 16;

/** A buffer for a limited number of bytes. */
export class GrowingBuffer {
  /** The bytes are `bytes[0, end)`. Growing replaces it. */
  bytes: Buffer;
  end = 0;
  /** Most bytes that the buffer can hold. */
  readonly #most: number;
  /** Size from which the buffer grows to its final size at once. */
  readonly #large: number;

  /**
   * @param length the number of bytes; undefined if it is not known
   * @param limit the most bytes to collect; there is room for one more, which shows that the limit is exceeded
   */
  constructor(length: number | undefined, limit: number) {
    this.#most = Math.min(length ?? Number.POSITIVE_INFINITY, limit + 1);
    this.#large = length === undefined ? Math.max(LITTLE, limit / PART_OF_LIMIT) : LITTLE;
    const first = length === undefined ? UNKNOWN_LENGTH_ALLOCATION : FIRST_ALLOCATION;
    this.bytes = Buffer.allocUnsafe(Math.min(first, this.#most));
  }

  /** Makes room for more bytes and returns how many fit: at least 1, unless the limit is reached. */
  makeRoom(): number {
    if (this.end === this.bytes.length) this.#grow();
    return this.bytes.length - this.end;
  }

  /** The bytes from `start` on, copied if the buffer is much larger than they are. */
  from(start: number): Buffer {
    const wanted = this.bytes.subarray(start, this.end);
    return wanted.length * 2 >= this.bytes.length ? wanted : Buffer.from(wanted);
  }

  #grow(): void {
    const larger = this.#allocate();
    this.bytes.copy(larger, 0, 0, this.end);
    this.bytes = larger;
  }

  /**
   * Doubles the buffer while it is small. A large buffer grows to the final size at once: memory of that size is mapped
   * (malloc(3)) and used only when it is written to, while growing in steps would take the memory of both buffers at
   * each step.
   */
  #allocate(): Buffer {
    const doubled = Math.min(Math.max(this.bytes.length * 2, UNKNOWN_LENGTH_ALLOCATION), this.#most);
    if (this.bytes.length < this.#large) return Buffer.allocUnsafeSlow(doubled);
    try {
      return Buffer.allocUnsafeSlow(this.#most);
    } catch {
      // There is not enough memory, or a buffer cannot be so large: try less.
      return Buffer.allocUnsafeSlow(doubled);
    }
  }
}
