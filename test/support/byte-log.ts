/** Bytes as they arrive, kept in one growing buffer, and how many of them the script has already accounted for. */
export class ByteLog {
  #buffer = Buffer.allocUnsafe(4096);
  #kept = 0;
  #uncounted = false;
  /** All bytes that came, kept or not. */
  total = 0;
  /** Those of them that a step has expected. */
  consumed = 0;

  append(bytes: Uint8Array): void {
    this.total += bytes.length;
    if (this.#uncounted) {
      this.consumed = this.total;
      return;
    }
    if (this.#kept + bytes.length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(2 * (this.#kept + bytes.length));
      this.#buffer.copy(larger, 0, 0, this.#kept);
      this.#buffer = larger;
    }
    this.#buffer.set(bytes, this.#kept);
    this.#kept += bytes.length;
  }

  /** From now on whatever comes counts as expected, and is not kept. */
  acceptAll(): void {
    this.#uncounted = true;
    this.consumed = this.total;
  }

  get all(): Buffer {
    return this.#buffer.subarray(0, this.#kept);
  }

  /** What came and no step has expected yet. */
  get rest(): Buffer {
    return this.#buffer.subarray(Math.min(this.consumed, this.#kept), this.#kept);
  }
}
