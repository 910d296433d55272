/**
 * The header fields of the drop-in replacement for sync-fetch: the class of node-fetch 2 with `raw()`, names in their
 * original case.
 */

import { isFieldValue, isToken } from '../http1/grammar.ts';
import { bare } from '../options.ts';

/**
 * The initial fields of {@link Headers}: other Headers, pairs, or a record; values are converted to strings.
 *
 * @example
 * ```js
 * import { Headers } from 'dugong/sync-fetch';
 *
 * const record = new Headers({ Accept: 'text/plain', 'X-Count': 1 });
 * const pairs = new Headers([['Accept', 'text/plain'], ['Accept', 'text/html']]);
 * console.log(record.get('x-count'), pairs.get('accept')); // 1 text/plain, text/html
 * ```
 */
export type HeadersInit = Headers | Iterable<Iterable<string>> | Readonly<Record<string, unknown>>;

/** %IteratorPrototype%, which has `map()` and other methods in newer versions of Node. */
const ITERATOR: object = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));

/**
 * Header fields as in node-fetch 2: lines of the same name are joined, `Set-Cookie` included; `raw()` has each line.
 * Names are compared without regard to case (RFC 9110 5.1), and values are checked (5.5).
 *
 * @example
 * ```js
 * import { Headers } from 'dugong/sync-fetch';
 *
 * const headers = new Headers({ 'Set-Cookie': 'a=1' });
 * headers.append('set-cookie', 'b=2');
 * console.log(headers.get('Set-Cookie')); // a=1, b=2
 * console.log(headers.raw()['Set-Cookie']); // [ 'a=1', 'b=2' ]
 * ```
 */
export class Headers implements Iterable<[string, string]> {
  readonly #lists: Record<string, string[]> = Object.create(null);

  /**
   * Makes fields of `init`; without it there are none.
   *
   * @throws TypeError for an invalid name or value, and for an `init` that is no headers
   */
  constructor(init?: HeadersInit | null) {
    if (init === undefined || init === null) return;
    if (typeof init !== 'object') throw new TypeError('Provided initializer must be an object');
    if (init instanceof Headers) {
      for (const [name, values] of Object.entries(init.#lists)) this.#lists[name] = [...values];
    } else if (Symbol.iterator in init) {
      for (const [name, value] of pairsOf(init as Iterable<unknown>)) this.append(name, value);
    } else {
      for (const [name, value] of Object.entries(init)) this.append(name, value as string);
    }
  }

  /**
   * All values of the field `name`, joined with ", "; null if there is none.
   *
   * @throws TypeError for an invalid name
   */
  get(name: string): string | null {
    return this.#listOf(name)?.join(', ') ?? null;
  }

  /**
   * Whether there is a field with this `name`, in any case.
   *
   * @throws TypeError for an invalid name
   */
  has(name: string): boolean {
    return this.#listOf(name) !== undefined;
  }

  /**
   * Replaces all values of the field `name` by one `value`; its name keeps its case.
   *
   * @throws TypeError for an invalid name or value
   */
  set(name: string, value: string): void {
    const key = this.#keyOf(checkedName(name)) ?? String(name);
    this.#lists[key] = [checkedValue(value)];
  }

  /**
   * Adds `value` as a further line of the field `name`.
   *
   * @throws TypeError for an invalid name or value
   */
  append(name: string, value: string): void {
    const text = checkedValue(value);
    const list = this.#listOf(name);
    if (list === undefined) this.#lists[String(name)] = [text];
    else list.push(text);
  }

  /**
   * Removes all values of the field `name`, if there are any.
   *
   * @throws TypeError for an invalid name
   */
  delete(name: string): void {
    const key = this.#keyOf(checkedName(name));
    if (key !== undefined) delete this.#lists[key];
  }

  /** Calls `callback` with value, name and these headers for each name, sorted. `thisArg` is its `this`. */
  forEach(callback: (value: string, name: string, headers: Headers) => void, thisArg?: unknown): void {
    for (const [name, value] of this) callback.call(thisArg, value, name, this);
  }

  /** The values of each name, in its original case; not a copy. */
  raw(): Record<string, string[]> {
    return this.#lists;
  }

  /** The names in lower case, sorted, each once. */
  keys(): IterableIterator<string> {
    return this.#each(([name]) => name);
  }

  /** The joined value of each name, sorted by name. */
  values(): IterableIterator<string> {
    return this.#each(([, value]) => value);
  }

  /** Lower-case name and joined value of each field, sorted. */
  entries(): IterableIterator<[string, string]> {
    return this.#each((pair) => pair);
  }

  /** The same as `entries()`: lower-case name and joined value of each field. */
  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }

  /** "Headers", the name that `Object.prototype.toString` shows. */
  get [Symbol.toStringTag](): string {
    return 'Headers';
  }

  #keyOf(name: string): string | undefined {
    const lower = name.toLowerCase();
    return Object.keys(this.#lists).find((key) => key.toLowerCase() === lower);
  }

  #listOf(name: string): string[] | undefined {
    const key = this.#keyOf(checkedName(name));
    return key === undefined ? undefined : this.#lists[key];
  }

  /** An iterator over the present fields: changes during the iteration are seen. */
  #each<T>(select: (pair: [string, string]) => T): IterableIterator<T> {
    let index = 0;
    const iterator = Object.create(ITERATOR) as IterableIterator<T>;
    iterator.next = () => {
      const pair = this.#pairs().at(index++);
      return pair === undefined ? { done: true, value: undefined } : { done: false, value: select(pair) };
    };
    return Object.defineProperty(iterator, Symbol.toStringTag, bare({ value: 'HeadersIterator' }));
  }

  #pairs(): [string, string][] {
    const names = Object.keys(this.#lists).sort();
    return names.map((name) => [name.toLowerCase(), this.#lists[name]?.join(', ') ?? '']);
  }

  static {
    enumerable(Headers, ['get', 'forEach', 'set', 'append', 'has', 'delete', 'keys', 'values', 'entries']);
  }
}

/** Reads all pairs before the first is used. @throws TypeError for an invalid pair */
function pairsOf(init: Iterable<unknown>): [string, string][] {
  return Array.from(init, (pair) => {
    if (typeof pair !== 'object' || pair === null || !(Symbol.iterator in pair)) {
      throw new TypeError('Each header pair must be iterable');
    }
    const both = [...(pair as Iterable<string>)];
    if (both.length !== 2) throw new TypeError('Each header pair must be a name/value tuple');
    return both as [string, string];
  });
}

function checkedName(name: string): string {
  const text = String(name);
  if (!isToken(text)) throw new TypeError(`${text} is not a legal HTTP header name`);
  return text;
}

function checkedValue(value: string): string {
  const text = String(value);
  if (!isFieldValue(text)) throw new TypeError(`${text} is not a legal HTTP header value`);
  return text;
}

/** Makes the properties `names` of the prototype of `type` enumerable. */
export function enumerable(type: { readonly prototype: object }, names: readonly string[]): void {
  for (const name of names)
    Object.defineProperty(type.prototype, name, { __proto__: null, enumerable: true } as object);
}
