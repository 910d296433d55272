/**
 * The inputs that are worth changing: for each feature that was ever reached the shortest input that reaches it. One that is the
 * shortest for none is dropped. It knows no targets.
 */

import type { Random } from '../simulation/random.ts';

interface Entry {
  readonly input: Buffer;
  /** For how many features it is the shortest. */
  owned: number;
}

export class Corpus {
  readonly #owners = new Map<number, Entry>();
  #entries: Entry[] = [];

  get size(): number {
    return this.#entries.length;
  }

  /** How many features were reached. */
  get features(): number {
    return this.#owners.size;
  }

  get inputs(): Buffer[] {
    return this.#entries.map(({ input }) => input);
  }

  /** Keeps `input` if it reaches what none did, or what only longer ones did. Says whether it does. */
  add(input: Buffer, features: Iterable<number>): boolean {
    const entry: Entry = { input, owned: 0 };
    let outdated = false;
    for (const feature of features) {
      const owner = this.#owners.get(feature);
      if (owner !== undefined && owner.input.length <= input.length) continue;
      this.#owners.set(feature, entry);
      entry.owned++;
      if (owner !== undefined && --owner.owned === 0) outdated = true;
    }
    if (entry.owned === 0) return false;
    this.#entries.push(entry);
    if (outdated) this.#entries = this.#entries.filter(({ owned }) => owned > 0);
    return true;
  }

  /** One of them: every other time one of the newest, which lead further. */
  pick(random: Random): Buffer {
    const { length } = this.#entries;
    const least = random.chance(0.5) ? Math.floor(length * 0.8) : 0;
    return this.#entries[random.between(least, length - 1)]?.input ?? Buffer.alloc(0);
  }
}
