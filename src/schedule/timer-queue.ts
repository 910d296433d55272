/**
 * Entries with a time, the earliest first (a binary heap). Removing is lazy: what is no longer wanted is dropped when its time
 * comes to the top.
 */

export interface Timed {
  readonly at: number;
  /** Whether it still counts. */
  readonly live: boolean;
}

export class TimerQueue<T extends Timed> {
  readonly #heap: T[] = [];

  /** The earliest time that counts; undefined if there is none. */
  get next(): number | undefined {
    this.#dropDead();
    return this.#heap[0]?.at;
  }

  add(entry: T): void {
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
    while (this.#heap[0]?.live === false) this.#takeFirst();
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
    return this.#heap[index]?.at ?? Number.POSITIVE_INFINITY;
  }

  #swapIfLater(above: number, below: number): boolean {
    const upper = this.#heap[above] as T;
    const lower = this.#heap[below];
    if (lower === undefined || upper.at <= lower.at) return false;
    this.#heap[above] = lower;
    this.#heap[below] = upper;
    return true;
  }
}
