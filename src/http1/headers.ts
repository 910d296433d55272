/**
 * Header and trailer fields: ordered, names in their original case, compared without case, any number of lines per
 * name. The class knows the syntax of fields and the meaning of none, except that `Set-Cookie` lines cannot be joined
 * (RFC 9110 5.3).
 */

import { shownAs, shownField } from '../inspection.ts';
import { COLON, isFieldValue, isToken, quoted, trimOWS } from './grammar.ts';

/**
 * The forms of header fields that {@link HTTPHeaders} and the option `headers` of requests take: another HTTPHeaders,
 * pairs (as WHATWG's `Headers` gives them), or a record. A record may hold several values per name; undefined values are
 * skipped. Numbers are written in decimal.
 *
 * @example
 * ```js
 * import { HTTPHeaders } from 'dugong';
 *
 * console.log(new HTTPHeaders({ Vary: ['Accept', 'Origin'], Age: undefined }).get('vary')); // Accept, Origin
 * console.log(new HTTPHeaders([['Content-Length', 10]]).get('content-length')); // 10
 * console.log(new HTTPHeaders(new Headers({ Range: 'bytes=0-9' })).get('Range')); // bytes=0-9
 * ```
 */
export type HeadersInit =
  | HTTPHeaders
  | Iterable<readonly [string, string | number]>
  | Readonly<Record<string, string | number | readonly string[] | undefined>>;

/**
 * The shared, never modified list of headers without lines. A parsed section gets its own list when a caller looks for
 * a field that it has.
 */
const NONE: string[] = [];

/**
 * Makes headers of a section that FieldSectionParser has accepted: latin1, lines that end with CRLF. Nothing is checked
 * here. The section is split when a caller asks for a field that it contains, so that headers that no caller reads cost
 * nothing.
 */
export let headersOfSection: (section: string) => HTTPHeaders;

/**
 * The header or trailer fields of a message (RFC 9110 5): ordered, original case, any number of lines per name, looked
 * up in any case. Converts from and to WHATWG's Headers, records and pairs. `Set-Cookie` lines are never joined.
 * `console.log` hides the values of credentials.
 *
 * @example
 * ```js
 * import { HTTPConnection, HTTPHeaders } from 'dugong';
 *
 * const headers = new HTTPHeaders({ Accept: 'text/plain', Authorization: 'Bearer abc' });
 * const connection = new HTTPConnection('http://localhost:8080');
 * const { response } = connection.request('GET', '/a', { headers });
 * console.log(response.headers.get('content-length')); // 10
 * console.log(headers); // HTTPHeaders { Accept: 'text/plain', Authorization: '***' }
 * connection.disconnect();
 * ```
 */
export class HTTPHeaders implements Iterable<[string, string]> {
  /** Names and values alternate: one list takes less memory than two. */
  #lines: string[] = NONE;
  /** The section as received; undefined once it is split into lines. */
  #unparsed: string | undefined;

  /**
   * Makes fields from `init`, which is copied; without it, there are none.
   * @throws TypeError - a name is no token, or a value contains CR, LF, NUL, another control character or a character
   * above U+00FF (RFC 9110 5.5)
   */
  constructor(init?: HeadersInit) {
    if (init === undefined) return;
    if (typeof init !== 'object' || init === null) {
      throw new TypeError(`headers must be pairs, a record or Headers, got ${describe(init)}`);
    }
    if (init instanceof HTTPHeaders) {
      init.#parse();
      if (init.#lines.length > 0) this.#lines = init.#lines.slice();
    } else if (isIterable(init)) {
      for (const pair of init) this.append(...checkedPair(pair));
    } else {
      for (const [name, value] of Object.entries(init)) this.#appendAll(name, value);
    }
  }

  /** The number of field lines; a name may have several. */
  get size(): number {
    this.#parse();
    return this.#lines.length / 2;
  }

  /**
   * The value of the field `name`, in any case; undefined if there is none. Several lines are joined with ", " (RFC
   * 9110 5.3). For `Set-Cookie`, which cannot be joined, this is the first line; {@link getAll} returns all.
   */
  get(name: string): string | undefined {
    const key = name.toLowerCase();
    const first = this.#find(key);
    if (first < 0) return undefined;
    const only = key === 'set-cookie' || this.#find(key, first + 2) < 0;
    return only ? this.#lines[first + 1] : this.getAll(key).join(', ');
  }

  /** The values of all lines with this `name`, in any case and in their order; none: an empty list. */
  getAll(name: string): string[] {
    const key = name.toLowerCase();
    const values: string[] = [];
    for (let at = this.#find(key); at >= 0; at = this.#find(key, at + 2)) values.push(this.#lines[at + 1] as string);
    return values;
  }

  /** Whether there is a line with this `name`, in any case. */
  has(name: string): boolean {
    return this.#find(name.toLowerCase()) >= 0;
  }

  /**
   * Replaces all lines with this `name` by one with this `value`, at the place of the first; appends it if there is
   * none.
   * @throws TypeError - the name is no token, or the value contains a control character or one above U+00FF
   */
  set(name: string, value: string | number): void {
    const text = checkedField(name, value);
    const key = name.toLowerCase();
    const first = this.#find(key);
    if (first < 0) {
      this.#parse();
      this.#push(name, text);
      return;
    }
    this.#lines[first] = name;
    this.#lines[first + 1] = text;
    this.#removeFrom(first + 2, key);
  }

  /**
   * Appends a line with this `name` and `value`, beside those that have the same name.
   * @throws TypeError - the name is no token, or the value contains a control character or one above U+00FF
   */
  append(name: string, value: string | number): void {
    const text = checkedField(name, value);
    this.#parse();
    this.#push(name, text);
  }

  /** Removes all lines with this `name`, in any case. Returns whether there were any. */
  delete(name: string): boolean {
    const key = name.toLowerCase();
    const first = this.#find(key);
    if (first < 0) return false;
    this.#removeFrom(first, key);
    return true;
  }

  /**
   * Name and value of each line, in order, names in their original case. Lines that are added during the iteration are
   * not included.
   */
  *entries(): IterableIterator<[string, string]> {
    const lines = this.raw();
    for (let at = 0; at < lines.length; at += 2) yield [lines[at] as string, lines[at + 1] as string];
  }

  /** The name of each line, in order and in its original case; a name may occur several times. */
  *keys(): IterableIterator<string> {
    for (const [name] of this.entries()) yield name;
  }

  /** The value of each line, in order. */
  *values(): IterableIterator<string> {
    for (const [, value] of this.entries()) yield value;
  }

  /** The same as {@link entries}, for `for (const [name, value] of headers)`. */
  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }

  /** All lines as one flat list in which names and values alternate: the shape of `rawHeaders` in node:http. */
  raw(): string[] {
    this.#parse();
    return this.#lines.slice();
  }

  /**
   * A record with lower-case names and without a prototype. Several lines are joined with ", "; `set-cookie` is always
   * a list.
   */
  toObject(): Record<string, string | string[]> {
    const record = Object.create(null) as Record<string, string | string[]>;
    for (const [name, value] of this.entries()) {
      const key = name.toLowerCase();
      const before = record[key];
      if (Array.isArray(before)) before.push(value);
      else if (key === 'set-cookie') record[key] = [value];
      else record[key] = before === undefined ? value : `${before}, ${value}`;
    }
    return record;
  }

  /** For JSON.stringify: all fields, secrets included, as {@link toObject}. For logs use {@link withoutSecrets}. */
  toJSON(): Record<string, string | string[]> {
    return this.toObject();
  }

  /**
   * A copy for logs, as `console.log` shows it: `***` replaces the values of fields for credentials, cookies and
   * tokens, and user names and passwords in URLs.
   */
  withoutSecrets(): HTTPHeaders {
    const copy = new HTTPHeaders();
    for (const [name, value] of this.entries()) copy.#push(name, shownField(name, value));
    return copy;
  }

  static {
    headersOfSection = (section) => {
      const headers = new HTTPHeaders();
      if (section !== '') headers.#unparsed = section;
      return headers;
    };
    shownAs(HTTPHeaders, (headers) => fieldsByName(headers.withoutSecrets()));
  }

  /** Index of the first line with this lower-case name, from `start` on; -1 if there is none. */
  #find(key: string, start = 0): number {
    if (this.#unparsed !== undefined) {
      if (!hasLine(this.#unparsed, key)) return -1;
      this.#parse();
    }
    for (let at = start; at < this.#lines.length; at += 2) if (this.#is(at, key)) return at;
    return -1;
  }

  #is(at: number, key: string): boolean {
    const name = this.#lines[at] as string;
    return name.length === key.length && name.toLowerCase() === key;
  }

  #appendAll(name: string, value: unknown): void {
    if (value === undefined) return;
    if (!Array.isArray(value)) this.append(name, value as string);
    else for (const each of value as string[]) this.append(name, each);
  }

  #push(name: string, value: string): void {
    if (this.#lines === NONE) this.#lines = [];
    this.#lines.push(name, value);
  }

  #removeFrom(first: number, key: string): void {
    const lines = this.#lines;
    this.#lines = lines.filter((_, index) => index < first || !this.#is(index - (index % 2), key));
  }

  #parse(): void {
    const section = this.#unparsed;
    if (section === undefined) return;
    this.#unparsed = undefined;
    for (let at = 0; at < section.length; ) {
      const next = endOfField(section, at);
      const line = section.slice(at, next - 2);
      const colon = line.indexOf(':');
      this.#push(line.slice(0, colon), unfold(line.slice(colon + 1)));
      at = next;
    }
  }
}

/** A record in order; each name in the case of its first line, several lines as a list. */
function fieldsByName(headers: HTTPHeaders): Record<string, string | string[]> {
  const record = Object.create(null) as Record<string, string | string[]>;
  const seen = new Set<string>();
  for (const name of headers.keys()) {
    const key = name.toLowerCase();
    if (seen.has(key)) continue;
    seen.add(key);
    const all = headers.getAll(key);
    record[name] = all.length === 1 ? (all[0] as string) : all;
  }
  return record;
}

/** The end of the field line that begins at `at`, with its continuation lines (obs-fold, RFC 9112 5.2) and its CRLF. */
function endOfField(section: string, at: number): number {
  for (let from = at; ; ) {
    const crlf = section.indexOf('\r\n', from);
    const end = (crlf < 0 ? section.length : crlf) + 2;
    const next = section.charAt(end);
    if (next !== ' ' && next !== '\t') return end;
    from = end;
  }
}

/**
 * Whether the unparsed section has a line with this lower-case name. Most lookups are for fields that are not there.
 */
function hasLine(section: string, key: string): boolean {
  for (let at = 0; at < section.length; at = endOfField(section, at)) {
    if (section.charCodeAt(at + key.length) === COLON && section.slice(at, at + key.length).toLowerCase() === key)
      return true;
  }
  return false;
}

/** Replaces each obs-fold by one SP and removes the whitespace around the value. */
function unfold(value: string): string {
  return trimOWS(value.includes('\r\n') ? value.split('\r\n').map(trimOWS).join(' ') : value);
}

/** Returns the value as text. @throws TypeError if the field cannot be sent */
function checkedField(name: string, value: unknown): string {
  if (typeof name !== 'string' || !isToken(name)) {
    // The text after the name may be the value, which may be secret.
    const shown = quoted(String(name).replace(/[\s:=].+/s, '...'));
    throw new TypeError(`${shown} is no field name: it must be a token (RFC 9110 5.1)`);
  }
  if (typeof value !== 'string' && !(typeof value === 'number' && Number.isFinite(value))) {
    throw new TypeError(`the value of field ${name} must be a string or a number, got ${describe(value)}`);
  }
  const text = String(value);
  if (!isFieldValue(text)) {
    throw new TypeError(
      `the value of field ${name} holds a control character or one above U+00FF, which no field can (RFC 9110 5.5)`,
    );
  }
  return text;
}

/** Returns the pair. A string of two characters, which could be destructured, too, is refused. @throws TypeError */
function checkedPair(pair: readonly [string, string | number]): readonly [string, string | number] {
  if (Array.isArray(pair) && pair.length === 2) return pair;
  throw new TypeError(`headers given as a list must be pairs of name and value, got ${describe(pair)}`);
}

/** Describes the kind of a value, not its content, which may be secret. */
function describe(value: unknown): string {
  if (typeof value === 'string') return 'a string';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return value === null ? 'null' : typeof value;
}

function isIterable(init: object): init is Iterable<readonly [string, string | number]> {
  return Symbol.iterator in init;
}
