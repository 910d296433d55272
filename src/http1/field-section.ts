/**
 * Finds the end of a header or trailer section and checks each byte on the way (RFC 9112 5, RFC 9110 5). It is
 * resumable: a scan goes on at the byte where the last one stopped, so that the cost stays linear if a server sends one
 * byte at a time. It collects the values of the three fields that decide framing and persistence. HTTPHeaders splits
 * the section into fields when a caller reads them.
 *
 * It is strict where leniency allows response smuggling: lines end with CRLF only, no space before the colon, no
 * control bytes. obs-fold is accepted, because RFC 9112 5.2 demands it of user agents, but not in Content-Length and
 * Transfer-Encoding.
 */

import { InvalidResponse } from '../errors.ts';
import { COLON, CR, FIELD_BYTE, HTAB, LF, quotedByte, SP, TCHAR } from './grammar.ts';

/**
 * The fields that decide framing and persistence: one string per field line, optional whitespace not yet removed.
 * {@link ResponseHead} has them; {@link responseFraming} and {@link isPersistent} take them.
 *
 * @example
 * ```js
 * import { ReceiveBuffer, ResponseHeadParser } from 'dugong/http1';
 *
 * const buffer = new ReceiveBuffer(4096);
 * buffer.push(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection:close\r\n\r\n'));
 * console.log(new ResponseHeadParser().parse(buffer)?.framingFields);
 * // prints:
 * // {
 * //   contentLength: [ ' 5' ],
 * //   transferEncoding: [],
 * //   connection: [ 'close' ]
 * // }
 * ```
 */
export interface FramingFields {
  /** The values of the Content-Length lines. */
  contentLength: string[];
  /** The values of the Transfer-Encoding lines. */
  transferEncoding: string[];
  /** The values of the Connection lines. */
  connection: string[];
}

const NONE: string[] = [];

type Expecting = 'line' | 'name' | 'value' | 'line-lf' | 'last-lf';

/**
 * Scans sections, one after the other; `reset()` prepares it for the next one. Its public lists are those of {@link
 * FramingFields}.
 */
export class FieldSectionParser {
  contentLength: string[] = NONE;
  transferEncoding: string[] = NONE;
  connection: string[] = NONE;
  readonly #kind: 'header' | 'trailer';
  readonly #maxBytes: number;
  readonly #maxFields: number;
  #expecting: Expecting = 'line';
  /** All offsets are relative to the start of the section, because the buffer may move its bytes between calls. */
  #scanned = 0;
  #line = 0;
  #colon = 0;
  #fields = 0;

  constructor(kind: 'header' | 'trailer', maxBytes: number, maxFields: number) {
    this.#kind = kind;
    this.#maxBytes = maxBytes;
    this.#maxFields = maxFields;
  }

  /** Prepares the parser for the next section. */
  reset(): void {
    this.contentLength = NONE;
    this.transferEncoding = NONE;
    this.connection = NONE;
    this.#expecting = 'line';
    this.#scanned = 0;
    this.#line = 0;
    this.#fields = 0;
  }

  /**
   * Scans the section that begins at `bytes[start]`; bytes up to `end` have arrived. Returns the length of the section
   * with its final empty line, or -1 if the section goes on beyond `end`.
   * @throws InvalidResponse
   */
  scan(bytes: Uint8Array, start: number, end: number): number {
    const stop = Math.min(end, start + this.#maxBytes);
    let at = start + this.#scanned;
    let expecting = this.#expecting;
    while (at < stop) {
      const byte = bytes[at] as number;
      switch (expecting) {
        case 'line':
          if (byte === CR) {
            this.#finishField(bytes, start, at - 2);
            expecting = 'last-lf';
            at++;
          } else if (byte === SP || byte === HTAB) {
            this.#checkFold(bytes, start);
            expecting = 'value';
          } else {
            this.#finishField(bytes, start, at - 2);
            this.#beginField(at - start);
            expecting = 'name';
          }
          break;
        case 'name':
          while (at < stop && TCHAR[bytes[at] as number] === 1) at++;
          if (at === stop) break;
          if (bytes[at] !== COLON || at - start === this.#line) throw this.#badName(bytes, start, at);
          this.#colon = at - start;
          expecting = 'value';
          at++;
          break;
        case 'value':
          while (at < stop && FIELD_BYTE[bytes[at] as number] === 1) at++;
          if (at === stop) break;
          if (bytes[at] !== CR) throw this.#badByte(bytes[at], at - start, 'in the value');
          expecting = 'line-lf';
          at++;
          break;
        case 'line-lf':
        case 'last-lf':
          if (byte !== LF) throw this.#badByte(byte, at - start, 'after CR');
          at++;
          if (expecting === 'last-lf') return at - start;
          expecting = 'line';
          break;
      }
    }
    this.#expecting = expecting;
    this.#scanned = at - start;
    if (this.#scanned >= this.#maxBytes) {
      throw new InvalidResponse(`the ${this.#kind} section is longer than ${this.#maxBytes} bytes`);
    }
    return -1;
  }

  #beginField(line: number): void {
    this.#line = line;
    this.#colon = 0;
    if (++this.#fields > this.#maxFields) {
      throw new InvalidResponse(`the ${this.#kind} section has more than ${this.#maxFields} fields`);
    }
  }

  /** Collects the value of the field that ends before `valueEnd`, if the field decides framing or persistence. */
  #finishField(bytes: Uint8Array, start: number, valueEnd: number): void {
    if (this.#fields === 0) return;
    const at = start + this.#line;
    switch (this.#colon - this.#line) {
      case 10:
        if (spells(bytes, at, 'connection'))
          this.connection = added(this.connection, this.#value(bytes, start, valueEnd));
        break;
      case 14:
        if (spells(bytes, at, 'content-length')) {
          this.contentLength = added(this.contentLength, this.#value(bytes, start, valueEnd));
        }
        break;
      case 17:
        if (spells(bytes, at, 'transfer-encoding')) {
          this.transferEncoding = added(this.transferEncoding, this.#value(bytes, start, valueEnd));
        }
        break;
    }
  }

  #value(bytes: Uint8Array, start: number, end: number): string {
    let text = '';
    for (let at = start + this.#colon + 1; at < end; at++) {
      const byte = bytes[at] as number;
      // SP replaces an accepted obs-fold (RFC 9112 5.2); CR and LF occur nowhere else.
      text += String.fromCharCode(byte === CR || byte === LF ? SP : byte);
    }
    return text;
  }

  #checkFold(bytes: Uint8Array, start: number): void {
    if (this.#fields === 0) throw new InvalidResponse(`whitespace before the first ${this.#kind} field`);
    const length = this.#colon - this.#line;
    const at = start + this.#line;
    if (length === 14 && spells(bytes, at, 'content-length')) throw new InvalidResponse('Content-Length is folded');
    if (length === 17 && spells(bytes, at, 'transfer-encoding'))
      throw new InvalidResponse('Transfer-Encoding is folded');
  }

  #badName(bytes: Uint8Array, start: number, at: number): InvalidResponse {
    if (at - start === this.#line && bytes[at] === COLON)
      return new InvalidResponse(`a ${this.#kind} field has an empty name`);
    return this.#badByte(bytes[at], at - start, 'in the name');
  }

  #badByte(byte: number | undefined, offset: number, where: string): InvalidResponse {
    return new InvalidResponse(
      `${quotedByte(byte)} ${where} of ${this.#kind} field ${this.#fields} (byte ${offset} of the section)`,
    );
  }
}

/** Appends `value` to `list`. The first value makes a new list, because all parsers share NONE. */
function added(list: string[], value: string): string[] {
  if (list === NONE) return [value];
  list.push(value);
  return list;
}

/** Whether the bytes at `at` spell `lowerCase` in any case. Only for words of letters and hyphens. */
function spells(bytes: Uint8Array, at: number, lowerCase: string): boolean {
  for (let index = 0; index < lowerCase.length; index++) {
    // Setting bit 5 makes letters lower-case. It does not change "-", and turns no other tchar into a letter.
    if (((bytes[at + index] as number) | 0x20) !== lowerCase.charCodeAt(index)) return false;
  }
  return true;
}
