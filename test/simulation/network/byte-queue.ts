/** Bytes in order, as in a socket's buffer: copied in, copied out. */

const NONE = Buffer.alloc(0);

export class ByteQueue {
  #bytes: Buffer = NONE;
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (this.#end + bytes.length > this.#bytes.length) this.#makeRoom(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** The bytes; the view is not to be kept. */
  peek(): Buffer {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  /** Takes up to `length` bytes out; the copy is the caller's. */
  take(length: number): Buffer {
    const end = Math.min(this.#start + length, this.#end);
    const taken = Buffer.allocUnsafe(end - this.#start);
    this.#bytes.copy(taken, 0, this.#start, end);
    this.drop(taken.length);
    return taken;
  }

  /** Takes as much as fits into `target`; returns the number. */
  takeInto(target: Uint8Array): number {
    const count = Math.min(target.length, this.length);
    this.#bytes.copy(target, 0, this.#start, this.#start + count);
    this.drop(count);
    return count;
  }

  /** Takes the bytes up to and including `delimiter`; undefined if that is not there. */
  takeThrough(delimiter: string): string | undefined {
    const index = this.#bytes.indexOf(delimiter, this.#start, 'latin1');
    const end = index + delimiter.length;
    if (index < 0 || end > this.#end) return undefined;
    const text = this.#bytes.toString('latin1', this.#start, end);
    this.drop(text.length);
    return text;
  }

  drop(count: number): void {
    this.#start += Math.min(count, this.length);
    if (this.#start === this.#end) this.clear();
  }

  clear(): void {
    this.#start = 0;
    this.#end = 0;
  }

  #makeRoom(more: number): void {
    const { length } = this;
    const old = this.peek();
    if (length + more > this.#bytes.length) this.#bytes = Buffer.allocUnsafe(Math.max(256, 2 * (length + more)));
    this.#bytes.set(old, 0);
    this.#start = 0;
    this.#end = length;
  }
}
