/**
 * Decodes the parts of a multipart/byteranges body (RFC 9110 14.6, RFC 2046 5.1) as its bytes arrive. Content-Range
 * gives the length of each part, so the decoder counts bytes instead of searching for the boundary, which must follow
 * at once. It reads no other multipart type, because their parts have no length. It relies on ReceiveBuffer and
 * FieldSectionParser and does no I/O.
 */

import { InvalidResponse } from '../errors.ts';
import { FieldSectionParser } from './field-section.ts';
import { CR, HTAB, LF, parameterOf, quoted, quotedByte, SP } from './grammar.ts';
import { type HTTPHeaders, headersOfSection } from './headers.ts';
import { type Limits, withDefaultLimits } from './limits.ts';
import { ReceiveBuffer } from './receive-buffer.ts';

/**
 * One range of a representation, as a 206 (Partial Content) response has it (RFC 9110 14.4): what `ByterangesReader`
 * and {@link ByterangesDecoder} return for each part, and {@link rangePart} for a response with one range. Offsets and
 * lengths are bytes.
 *
 * @example
 * ```js
 * import { ByterangesReader, HTTPConnection } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * connection.sendRequest('GET', '/digits', { headers: { Range: 'bytes=0-1,8-9' } });
 * const ranges = new ByterangesReader(connection, connection.readResponse());
 * for (let part = ranges.nextPart(); part !== null; part = ranges.nextPart())
 *   console.log(part.first, part.last, part.size, part.length);
 * connection.disconnect();
 * // prints:
 * // 0 1 1000 2
 * // 8 9 1000 2
 * ```
 */
export interface RangePart {
  /** The fields of the part, or of the response if it has one range only. */
  readonly headers: HTTPHeaders;
  /** Offset of the first byte in the representation. */
  readonly first: number;
  /** Offset of the last byte in the representation; the byte belongs to the range. */
  readonly last: number;
  /** Bytes of the whole representation; null if the server does not know the number ("*"). */
  readonly size: number | null;
  /** Bytes of this part: `last - first + 1`. */
  readonly length: number;
}

const BYTERANGES = /^multipart\/byteranges[\t ]*(?:[;,]|$)/i;
/** A repetition of the type, if the server sent the field twice (RFC 9110 5.3). */
const AGAIN = /,[\t ]*multipart\/byteranges\b/gi;
const CONTENT_RANGE = /^bytes[\t ]+([0-9]+)-([0-9]+)\/([0-9]+|\*)$/i;
/** RFC 2046 5.1.1: a boundary has at most 70 characters. */
const LONGEST_BOUNDARY = 70;
/** Bytes. In practice, preambles are empty lines. */
const LONGEST_PREAMBLE = 1024;
const LONGEST_PADDING = 64;
const HYPHEN = 0x2d;

/** Whether the Content-Type announces byte ranges (and not a multipart document). */
export function isByteranges(contentType: string | undefined): boolean {
  return contentType !== undefined && BYTERANGES.test(contentType);
}

type State = 'preamble' | 'delimiter' | 'fields' | 'part' | 'end';

/**
 * Decodes a multipart/byteranges body (RFC 9110 14.6): `push()` takes the body's bytes, `nextPart()` and `read()`
 * return the parts. `undefined` means that more bytes must be pushed first. With an `HTTPConnection`, use
 * `ByterangesReader`.
 *
 * @example
 * ```js
 * import { ByterangesDecoder } from 'dugong/http1';
 *
 * const decoder = new ByterangesDecoder('multipart/byteranges; boundary=X');
 * decoder.push(Buffer.from('--X\r\nContent-Range: bytes 4-6/9\r\n\r\nabc\r\n--X--\r\n'));
 * const target = Buffer.alloc(10);
 * for (let part = decoder.nextPart(); part; part = decoder.nextPart()) {
 *   const count = decoder.read(target, 0, target.length);
 *   console.log(part.first, target.toString('latin1', 0, count)); // 4 abc
 * }
 * console.log(decoder.ended); // true
 * ```
 */
export class ByterangesDecoder {
  readonly #buffer = new ReceiveBuffer(4096);
  readonly #delimiter: Buffer;
  readonly #section: FieldSectionParser;
  #state: State = 'preamble';
  #preambleBytes = 0;
  /** Unread bytes of the current part. */
  #left = 0;

  /**
   * Makes a decoder for the body of a response with this `contentType`. Of the limits in `given` (default {@link
   * DEFAULT_LIMITS}), `headerSection` and `fields` hold for each part.
   * @throws InvalidResponse - `contentType` is not multipart/byteranges with a boundary
   * @throws TypeError - a limit does not exist, or is no whole number >= 0
   */
  constructor(contentType: string | undefined, given?: Partial<Limits>) {
    const limits = withDefaultLimits(given);
    const type = (contentType ?? '').replace(AGAIN, '');
    const boundary = (isByteranges(type) && parameterOf(type, 'boundary')) || '';
    if (boundary === '' || boundary.length > LONGEST_BOUNDARY) {
      throw new InvalidResponse(`Content-Type ${quoted(type)} names no boundary of byte ranges (RFC 9110 14.6)`);
    }
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
    this.#section = new FieldSectionParser('header', limits.headerSection, limits.fields);
    // The first delimiter may be the first bytes of the body, without the CRLF that belongs to all others.
    this.#buffer.push(Buffer.from('\r\n'));
  }

  /** Whether the closing delimiter has been seen. A body that ends before it is cut short. */
  get ended(): boolean {
    return this.#state === 'end';
  }

  /**
   * Takes the next bytes of the body; `data` is copied. Bytes after the closing delimiter are ignored (RFC 2046 5.1.1).
   */
  push(data: Uint8Array): void {
    if (this.#state !== 'end') this.#buffer.push(data);
  }

  /**
   * Returns the next part, null after the last one, undefined if more bytes must be pushed first. The unread rest of
   * the part before is skipped.
   * @throws InvalidResponse - the bytes are no part with a Content-Range, or the part has another length than it announces
   */
  nextPart(): RangePart | null | undefined {
    for (;;) {
      switch (this.#state) {
        case 'preamble':
          if (!this.#skipPreamble()) return undefined;
          this.#state = 'delimiter';
          break;
        case 'delimiter':
          if (!this.#takeDelimiter()) return undefined;
          break;
        case 'fields':
          return this.#takeFields();
        case 'part':
          if (this.read(undefined, 0, this.#left) === undefined) return undefined;
          break;
        case 'end':
          return null;
      }
    }
  }

  /**
   * Moves up to `length` bytes of the current part to `target`, from `offset` on, or drops them if there is no target.
   * Returns the number of bytes: 0 at the end of the part, undefined if more bytes must be pushed first.
   */
  read(target: Uint8Array | undefined, offset: number, length: number): number | undefined {
    if (this.#state !== 'part') return 0;
    const wanted = Math.min(length, this.#left);
    const count = Math.min(wanted, this.#buffer.length);
    if (target === undefined) this.#buffer.consume(count);
    else this.#buffer.take(target, offset, count);
    this.#left -= count;
    if (this.#left === 0) this.#state = 'delimiter';
    return count > 0 || wanted === 0 ? count : undefined;
  }

  /** Drops the preamble. Returns false if more bytes are needed. */
  #skipPreamble(): boolean {
    const { bytes, start, end } = this.#buffer;
    const found = bytes.subarray(start, end).indexOf(this.#delimiter);
    // The buffer may end with the beginning of a delimiter.
    const skipped = found >= 0 ? found : Math.max(0, end - start - this.#delimiter.length + 1);
    this.#buffer.consume(skipped);
    this.#preambleBytes += skipped;
    if (this.#preambleBytes > LONGEST_PREAMBLE)
      throw new InvalidResponse('no boundary where the byte ranges should begin');
    return found >= 0;
  }

  /** Takes one delimiter line or the closing delimiter. Returns false if more bytes are needed. */
  #takeDelimiter(): boolean {
    const { bytes, start, end } = this.#buffer;
    const delimiter = this.#delimiter;
    const there = Math.min(delimiter.length, end - start);
    if (bytes.compare(delimiter, 0, there, start, start + there) !== 0) {
      throw new InvalidResponse('no boundary where the range that Content-Range announced ends (RFC 9110 14.6)');
    }
    let at = start + delimiter.length;
    if (end < at + 2) return false;
    if (bytes[at] === HYPHEN && bytes[at + 1] === HYPHEN) {
      this.#state = 'end';
      this.#buffer.clear();
      return true;
    }
    while (at < end && (bytes[at] === SP || bytes[at] === HTAB)) at++;
    if (at - start > delimiter.length + LONGEST_PADDING) throw new InvalidResponse('endless padding after a boundary');
    if (end < at + 2) return false;
    if (bytes[at] !== CR || bytes[at + 1] !== LF) {
      throw new InvalidResponse(`${quotedByte(bytes[at])} after a boundary (RFC 2046 5.1.1)`);
    }
    this.#buffer.consume(at + 2 - start);
    this.#section.reset();
    this.#state = 'fields';
    return true;
  }

  #takeFields(): RangePart | undefined {
    const { bytes, start, end } = this.#buffer;
    const length = this.#section.scan(bytes, start, end);
    if (length < 0) return undefined;
    const part = rangePart(headersOfSection(bytes.toString('latin1', start, start + length - 2)));
    this.#buffer.consume(length);
    this.#left = part.length;
    this.#state = 'part';
    return part;
  }
}

/**
 * Returns the range that the Content-Range in `headers` names: of a part, or of a 206 response with one range (RFC 9110
 * 14.4).
 * @throws InvalidResponse - there is no Content-Range, or it is no range of bytes
 * @example
 * ```js
 * import { HTTPHeaders, rangePart } from 'dugong/http1';
 *
 * const { first, last, size, length } = rangePart(new HTTPHeaders({ 'Content-Range': 'bytes 0-9/*' }));
 * console.log(first, last, size, length); // 0 9 null 10
 * ```
 */
export function rangePart(headers: HTTPHeaders): RangePart {
  const value = headers.get('Content-Range') ?? '';
  const [, first = '', last = '', size = ''] = CONTENT_RANGE.exec(value) ?? [];
  const part = {
    headers,
    first: Number(first),
    last: Number(last),
    size: size === '*' ? null : Number(size),
    length: Number(last) - Number(first) + 1,
  };
  const sound =
    first !== '' && Number.isSafeInteger(part.last) && part.length > 0 && part.last < (part.size ?? Infinity);
  if (!sound) throw new InvalidResponse(`Content-Range ${quoted(value)} is no range of bytes (RFC 9110 14.4)`);
  return part;
}
