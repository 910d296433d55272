/** Received bytes in one growing buffer, and how many of them the script has accounted for. */
export class ByteLog {
  #buffer = Buffer.allocUnsafe(4096);
  #kept = 0;
  #uncounted = false;
  /** Number of received bytes, kept or not. */
  total = 0;
  /** Number of bytes that steps have expected. */
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

  /** From now on all bytes count as expected, and are not kept. */
  acceptAll(): void {
    this.#uncounted = true;
    this.consumed = this.total;
  }

  get all(): Buffer {
    return this.#buffer.subarray(0, this.#kept);
  }

  /** The bytes that no step has expected yet. */
  get rest(): Buffer {
    return this.#buffer.subarray(Math.min(this.consumed, this.#kept), this.#kept);
  }
}
