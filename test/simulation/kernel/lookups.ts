/**
 * getaddrinfo(3), each on a thread of its own (native/lookup.cc): a limited number at a time, the oldest first; an abandoned lookup
 * makes way at once, though its thread goes on. A result makes a pipe readable.
 */

import { isIP } from 'node:net';
import type { Random } from '../random.ts';
import type { World } from '../world.ts';
import type { Description } from './descriptors.ts';
import { POLLHUP, POLLIN } from './errno.ts';

/** As LookupFailure of src/io/native.ts. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly errno: number;
}

export type Answer = readonly string[] | Failure;

export interface Resolver {
  /** The result of getaddrinfo for a name, and its delay in milliseconds (infinite: never). */
  resolve(hostname: string, family: number, random: Random): { readonly answer: Answer; readonly delay: number };
}

/** `EAI_NONAME` and other codes, with their text. */
export function failure(code: string, errno: number = 0): Failure {
  return { code, message: `simulated ${code}`, errno };
}

/** Resolves these names, and no others. */
export function hosts(names: Readonly<Record<string, readonly string[]>>, delay: number = 1): Resolver {
  return {
    resolve(hostname, family) {
      const version = isIP(hostname);
      if (version !== 0) return { answer: ofNumber(hostname, version, family), delay };
      const known = Object.hasOwn(names, hostname) ? (names[hostname] as readonly string[]) : undefined;
      if (known === undefined) return { answer: failure('EAI_NONAME'), delay };
      const fitting = known.filter((address) => family === 0 || (family === 6) === address.includes(':'));
      return { answer: fitting.length > 0 ? fitting : failure('EAI_NODATA'), delay };
    },
  };
}

function ofNumber(address: string, version: number, family: number): Answer {
  return family === 0 || family === version ? [address] : failure('EAI_ADDRFAMILY');
}

/** Gives for each name the answer of the next resolver, and in the end always that of the last: failing, then working. */
export function inTurn(...resolvers: readonly [Resolver, ...Resolver[]]): Resolver {
  const asked = new Map<string, number>();
  return {
    resolve(hostname, family, random) {
      const count = asked.get(hostname) ?? 0;
      asked.set(hostname, count + 1);
      const resolver = resolvers[Math.min(count, resolvers.length - 1)] as Resolver;
      return resolver.resolve(hostname, family, random);
    },
  };
}

/** Gives this answer for every name. */
export function always(answer: Answer, delay: number = 1): Resolver {
  return { resolve: () => ({ answer, delay }) };
}

/** native/lookup.h: maxThreadsOfAsker. */
export const MOST_THREADS = 64;

export class LookupDescription implements Description {
  readonly kind = 'lookup';
  readonly hostname: string;
  readonly family: number;
  answer: Answer | undefined;
  wanted = true;
  begun = false;
  readonly #abandon: (lookup: LookupDescription) => void;

  constructor(hostname: string, family: number, abandon: (lookup: LookupDescription) => void) {
    this.hostname = hostname;
    this.family = family;
    this.#abandon = abandon;
  }

  /** One byte, and no writer that could add another (Lookup::announce). */
  poll(): number {
    return this.answer === undefined ? 0 : POLLIN | POLLHUP;
  }

  close(): void {
    this.#abandon(this);
  }
}

export class Lookups {
  readonly #world: World;
  readonly #resolver: Resolver;
  readonly #random: Random;
  readonly #waiting: LookupDescription[] = [];
  #running = 0;
  #threads = 0;
  #count = 0;

  constructor(world: World, resolver: Resolver) {
    this.#world = world;
    this.#resolver = resolver;
    this.#random = world.random.fork('lookups');
  }

  /** Threads, and lookups that wait for one. */
  get pending(): number {
    return this.#threads + this.#waiting.length;
  }

  prepare(hostname: string, family: number): LookupDescription {
    return new LookupDescription(hostname, family, (lookup) => this.#abandon(lookup));
  }

  start(lookup: LookupDescription): void {
    this.#waiting.push(lookup);
    this.#begin();
  }

  #begin(): void {
    while (this.#running < MOST_THREADS) {
      const lookup = this.#waiting.shift();
      if (lookup === undefined) return;
      this.#running++;
      this.#threads++;
      lookup.begun = true;
      const { hostname, family } = lookup;
      const random = this.#random.fork(`${hostname} ${this.#count++}`);
      const { answer, delay } = this.#resolver.resolve(hostname, family, random);
      if (delay < Number.POSITIVE_INFINITY) this.#world.after(delay, () => this.#finish(lookup, answer));
    }
  }

  #finish(lookup: LookupDescription, answer: Answer): void {
    this.#threads--;
    if (lookup.wanted) {
      this.#running--;
      lookup.answer = answer;
      if (this.#world.traced) this.#world.note('resolver', `${lookup.hostname}: ${JSON.stringify(answer)}`);
    }
    this.#begin();
  }

  #abandon(lookup: LookupDescription): void {
    if (!lookup.wanted) return;
    lookup.wanted = false;
    if (lookup.answer !== undefined) return;
    if (lookup.begun) this.#running--;
    else this.#waiting.splice(this.#waiting.indexOf(lookup), 1);
    this.#begin();
  }
}
