/**
 * Entries with a time, the earliest first (a binary heap). Removing is lazy: a dead entry is dropped when it comes to the top,
 * or when the queue has doubled.
 */

export interface Timed {
  readonly at: number;
  /** Whether it still counts. */
  readonly live: boolean;
}

/** A queue up to this length is not searched for dead entries. */
const SHORT = 64;

export class TimerQueue<T extends Timed> {
  #heap: T[] = [];
  /** Dead entries are dropped when the queue has grown to this length. */
  #limit = SHORT;

  /** The earliest time that counts; undefined if there is none. */
  get next(): number | undefined {
    this.#dropDead();
    return this.#heap.at(0)?.at;
  }

  add(entry: T): void {
    if (this.#heap.length >= this.#limit) this.#compact();
    this.#heap.push(entry);
    this.#rise(this.#heap.length - 1);
  }

  /** Takes out one entry whose time is not after `now`. */
  takeDue(now: number): T | undefined {
    this.#dropDead();
    const [first] = this.#heap;
    return first !== undefined && first.at <= now ? this.#takeFirst() : undefined;
  }

  #dropDead(): void {
    while (this.#heap.at(0)?.live === false) this.#takeFirst();
  }

  /** Costs as much as was added since the last time. */
  #compact(): void {
    // A sorted list is a heap, too.
    this.#heap = this.#heap.filter(({ live }) => live).sort((one, other) => one.at - other.at);
    this.#limit = Math.max(SHORT, 2 * this.#heap.length);
  }

  #takeFirst(): T | undefined {
    const [first] = this.#heap;
    const last = this.#heap.pop();
    if (this.#heap.length > 0 && last !== undefined) {
      this.#heap[0] = last;
      this.#sink(0);
    }
    return first;
  }

  #rise(from: number): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#swapIfLater(parent, index)) return;
      index = parent;
    }
  }

  #sink(from: number): void {
    let index = from;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      const earlier = this.#at(right) < this.#at(left) ? right : left;
      if (!this.#swapIfLater(index, earlier)) return;
      index = earlier;
    }
  }

  #at(index: number): number {
    return this.#heap.at(index)?.at ?? Number.POSITIVE_INFINITY;
  }

  #swapIfLater(above: number, below: number): boolean {
    const upper = this.#heap[above] as T;
    const lower = this.#heap.at(below);
    if (lower === undefined || upper.at <= lower.at) return false;
    this.#heap[above] = lower;
    this.#heap[below] = upper;
    return true;
  }
}
