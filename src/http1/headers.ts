/**
 * Header and trailer fields: ordered, names in the case they came in, compared without case, any number of lines per name.
 * It knows the shape of fields, not the meaning of any, except that `Set-Cookie` lines cannot be joined (RFC 9110 5.3).
 */

import { shownAs, shownField } from '../inspection.ts';
import { COLON, isFieldValue, isToken, quoted, trimOWS } from './grammar.ts';

/** What header fields can be made from: records may hold several values per name; `Headers` of the WHATWG fits, too. */
export type HeadersInit =
  | HTTPHeaders
  | Iterable<readonly [string, string | number]>
  | Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** The list of headers without fields, never changed: that of a response is made when something looks for a field that it has. */
const NONE: string[] = [];

/**
 * The fields of a message, or trailers: in their order and case, any number of lines to a name, looked up in any case (RFC
 * 9110 5). Convertible from and to WHATWG's Headers, records and pairs; Set-Cookie is never joined.
 */
export class HTTPHeaders implements Iterable<[string, string]> {
  /** Name and value in turn: one list is less memory than two. */
  #lines: string[] = NONE;
  /** The section as received, until a field of it is asked for. */
  #unparsed: string | undefined;

  /** @throws TypeError on a name that is no token, or a value with CR, LF, NUL, other controls or a character above U+00FF */
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

  /**
   * The fields of a section that the field-section parser has accepted: lines with CRLF ends, latin1. Nothing is checked
   * here, and they are split when one that is there is asked for: headers that are not read cost nothing.
   */
  static fromSection(section: string): HTTPHeaders {
    const headers = new HTTPHeaders();
    if (section !== '') headers.#unparsed = section;
    return headers;
  }

  /** The number of field lines. */
  get size(): number {
    this.#parse();
    return this.#lines.length / 2;
  }

  /**
   * The value of a field, several lines joined with ", " (RFC 9110 5.3); undefined if there is none. `Set-Cookie` is never
   * joined: the first is returned, {@link getAll} has all.
   */
  get(name: string): string | undefined {
    const key = name.toLowerCase();
    const first = this.#find(key);
    if (first < 0) return undefined;
    const only = key === 'set-cookie' || this.#find(key, first + 2) < 0;
    return only ? this.#lines[first + 1] : this.getAll(key).join(', ');
  }

  /** The values of all lines with this name, in order. */
  getAll(name: string): string[] {
    const key = name.toLowerCase();
    const values: string[] = [];
    for (let at = this.#find(key); at >= 0; at = this.#find(key, at + 2)) values.push(this.#lines[at + 1] as string);
    return values;
  }

  has(name: string): boolean {
    return this.#find(name.toLowerCase()) >= 0;
  }

  /** Replaces all lines with this name by one, at the place of the first. @throws TypeError as the constructor */
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

  /** Adds a line at the end. @throws TypeError as the constructor */
  append(name: string, value: string | number): void {
    const text = checkedField(name, value);
    this.#parse();
    this.#push(name, text);
  }

  /** Removes all lines with this name; says whether there were any. */
  delete(name: string): boolean {
    const key = name.toLowerCase();
    const first = this.#find(key);
    if (first < 0) return false;
    this.#removeFrom(first, key);
    return true;
  }

  /** Name and value of each line, in order, names in their own case: those that there were when it was begun. */
  *entries(): IterableIterator<[string, string]> {
    const lines = this.raw();
    for (let at = 0; at < lines.length; at += 2) yield [lines[at] as string, lines[at + 1] as string];
  }

  *keys(): IterableIterator<string> {
    for (const [name] of this.entries()) yield name;
  }

  *values(): IterableIterator<string> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }

  /** All lines as one flat list, name and value in turn: the shape of `rawHeaders` in node:http. */
  raw(): string[] {
    this.#parse();
    return this.#lines.slice();
  }

  /** A record with lower-case names; several lines are joined, `set-cookie` is always a list. It has no prototype. */
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

  /** All of them, secrets too, as {@link toObject}: for logs there is {@link withoutSecrets}. */
  toJSON(): Record<string, string | string[]> {
    return this.toObject();
  }

  /**
   * A copy for logs, as `console.log` shows it: values of fields for credentials, cookies and tokens are `***`, and so are user
   * names and passwords in URLs.
   */
  withoutSecrets(): HTTPHeaders {
    const copy = new HTTPHeaders();
    for (const [name, value] of this.entries()) copy.#push(name, shownField(name, value));
    return copy;
  }

  static {
    shownAs(HTTPHeaders, (headers) => fieldsByName(headers.withoutSecrets()));
  }

  /** Where in the list the first line of that name, in lower case, is, from `start` on; -1 if there is none. */
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

/** In order, each name as it came first; several lines are a list. */
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

/** Where the field line that begins at `at` ends, its continuation lines (obs-fold, RFC 9112 5.2) and CRLF included. */
function endOfField(section: string, at: number): number {
  for (let from = at; ; ) {
    const crlf = section.indexOf('\r\n', from);
    const end = (crlf < 0 ? section.length : crlf) + 2;
    const next = section.charAt(end);
    if (next !== ' ' && next !== '\t') return end;
    from = end;
  }
}

/** Whether there is a line of that name, in lower case: most fields that are looked for are not there. */
function hasLine(section: string, key: string): boolean {
  for (let at = 0; at < section.length; at = endOfField(section, at)) {
    if (section.charCodeAt(at + key.length) === COLON && section.slice(at, at + key.length).toLowerCase() === key)
      return true;
  }
  return false;
}

/** Each obs-fold becomes one SP; whitespace around the value is none of it. */
function unfold(value: string): string {
  return trimOWS(value.includes('\r\n') ? value.split('\r\n').map(trimOWS).join(' ') : value);
}

/** The value as text, if the field can be sent. @throws TypeError */
function checkedField(name: string, value: unknown): string {
  if (typeof name !== 'string' || !isToken(name)) {
    // What follows may be the value.
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

/** A pair, and not the characters of a string, which can be taken apart as well. @throws TypeError */
function checkedPair(pair: readonly [string, string | number]): readonly [string, string | number] {
  if (Array.isArray(pair) && pair.length === 2) return pair;
  throw new TypeError(`headers given as a list must be pairs of name and value, got ${describe(pair)}`);
}

/** Not what is in it, which may be a secret. */
function describe(value: unknown): string {
  if (typeof value === 'string') return 'a string';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return value === null ? 'null' : typeof value;
}

function isIterable(init: object): init is Iterable<readonly [string, string | number]> {
  return Symbol.iterator in init;
}
