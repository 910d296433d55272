/**
 * Random numbers that a seed decides (sfc32): the same seed gives the same numbers on every platform. A fork has a stream of its
 * own, which depends on the seed and its name alone: the draws of one part of a world do not change those of others.
 */

export class Random {
  readonly #seed: number;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.#seed = seed >>> 0;
    this.#a = this.#seed;
    this.#b = hash('dugong', this.#seed);
    this.#c = Math.floor(seed / 2 ** 32) | 0;
    for (let round = 0; round < 12; round++) this.#next();
  }

  /** A stream of its own, the same whatever was drawn from this one. */
  fork(name: string): Random {
    return new Random(hash(name, this.#seed) + 2 ** 32 * (this.#seed & 0xfffff));
  }

  /** From 0 inclusive to 1 exclusive. */
  fraction(): number {
    return this.#next() / 2 ** 32;
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.fraction() * (most - least + 1));
  }

  /** True with this probability; 0 and 1 draw nothing. */
  chance(probability: number): boolean {
    if (probability <= 0) return false;
    return probability >= 1 || this.fraction() < probability;
  }

  /** One of several; the list must not be empty. */
  pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.fraction() * choices.length)] as T;
  }

  /** The same in another order, in place. */
  shuffle<T>(list: T[]): T[] {
    for (let last = list.length - 1; last > 0; last--) {
      const other = this.between(0, last);
      const moved = list[last] as T;
      list[last] = list[other] as T;
      list[other] = moved;
    }
    return list;
  }

  /** A size from `least` to `most`: each order of magnitude is equally likely. */
  size(least: number, most: number): number {
    const low = Math.log(least + 1);
    const drawn = Math.exp(low + this.fraction() * (Math.log(most + 2) - low)) - 1;
    return Math.min(most, Math.max(least, Math.floor(drawn)));
  }

  /** Bytes that no two streams have in common. */
  bytes(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let index = 0; index < length; index++)
      bytes[index] = (index & 3) === 0 ? this.#next() : (bytes[index - 1] as number) * 31 + 7;
    return bytes;
  }

  #next(): number {
    const sum = (this.#a + this.#b + this.#counter++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
}

/** FNV-1a. */
function hash(text: string, start: number): number {
  let value = (0x811c9dc5 ^ start) >>> 0;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return value;
}
