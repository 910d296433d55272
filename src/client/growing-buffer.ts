/**
 * Bytes that come in parts, in memory that grows with them to one buffer. It takes little more than they do: a length that is merely
 * announced costs no memory, and growing to a limit does not take twice that limit. It knows nothing of bodies.
 */

import { Buffer } from 'node:buffer';

/** What is allocated before any of the bytes is there. */
const FIRST_ALLOCATION = 2 ** 20;
const UNKNOWN_LENGTH_ALLOCATION = 2 ** 16;
/** Copying so much costs little memory. */
const LITTLE = 2 ** 23;
/** Nor does a part of the limit like this one. */
const PART_OF_LIMIT = 16;

export class GrowingBuffer {
  /** The bytes are `bytes[0, end)`. Growing replaces it. */
  bytes: Buffer;
  end = 0;
  /** How many bytes there can be at most. */
  readonly #most: number;
  /** A buffer that is no smaller than this grows to its last size at once. */
  readonly #large: number;

  /** For `length` bytes, undefined if that is not known, but not for more than `limit`, and one that shows that there are more. */
  constructor(length: number | undefined, limit: number) {
    this.#most = Math.min(length ?? Number.POSITIVE_INFINITY, limit + 1);
    this.#large = length === undefined ? Math.max(LITTLE, limit / PART_OF_LIMIT) : LITTLE;
    const first = length === undefined ? UNKNOWN_LENGTH_ALLOCATION : FIRST_ALLOCATION;
    this.bytes = Buffer.allocUnsafe(Math.min(first, this.#most));
  }

  /** Makes room for more and returns how much there is, at least 1 below the limit. */
  makeRoom(): number {
    if (this.end === this.bytes.length) this.#grow();
    return this.bytes.length - this.end;
  }

  /** The bytes from `start` on; memory much larger than that is not handed out with them. */
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
   * Twice as much, until the bytes are many. Then all that they may become: such a size is mapped (malloc(3)), and takes memory by
   * what is written to it, while growing step by step would take that of both buffers at each step.
   */
  #allocate(): Buffer {
    const doubled = Math.min(Math.max(this.bytes.length * 2, UNKNOWN_LENGTH_ALLOCATION), this.#most);
    if (this.bytes.length < this.#large) return Buffer.allocUnsafeSlow(doubled);
    try {
      return Buffer.allocUnsafeSlow(this.#most);
    } catch {
      // More than there is, or than a buffer can be. Less may do.
      return Buffer.allocUnsafeSlow(doubled);
    }
  }
}
