/**
 * First in, first out. Taking the first entry costs the same however many entries wait: `Array.prototype.shift` moves all of them. It
 * imports nothing.
 */

/** Number of taken entries at the front from which on the array may be cut. */
const SHORT = 64;

export class Queue<T> implements Iterable<T> {
  #entries: (T | undefined)[] = [];
  /** Index of the first entry. */
  #first = 0;

  get length(): number {
    return this.#entries.length - this.#first;
  }

  push(entry: T): void {
    this.#entries.push(entry);
  }

  /** The entry at `index`, counted from the first one. */
  at(index: number): T | undefined {
    // Beyond its end, an array looks at Object.prototype.
    return index >= 0 && index < this.length ? this.#entries[this.#first + index] : undefined;
  }

  /** Takes the first entry out. */
  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const entry = this.#entries[this.#first];
    this.#entries[this.#first++] = undefined;
    // Each cut moves no more entries than were taken since the last one.
    if (this.#first >= SHORT && 2 * this.#first >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
    return entry;
  }

  /** Over the entries that are there now. */
  [Symbol.iterator](): ArrayIterator<T> {
    return (this.#entries.slice(this.#first) as T[]).values();
  }
}
