/**
 * Parses the status line and the header section of a response (RFC 9112 4 and 5) from a ReceiveBuffer. It is resumable
 * and strict: it refuses bytes that cannot begin an HTTP/1.x response at once, not when the line is complete. It does
 * not know the meaning of fields; framing.ts does.
 */

import { InvalidResponse, UnsupportedResponse } from '../errors.ts';
import { FieldSectionParser, type FramingFields } from './field-section.ts';
import { CR, FIELD_BYTE, isDigit, LF, quoted, quotedByte, SP } from './grammar.ts';
import { type HTTPHeaders, headersOfSection } from './headers.ts';
import { type Limits, withDefaultLimits } from './limits.ts';
import type { ReceiveBuffer } from './receive-buffer.ts';

/**
 * The head of a response as received: its status line and header section (RFC 9112 4, 5). `head` of a {@link Response}.
 *
 * @example
 * ```js
 * import { ReceiveBuffer, ResponseHeadParser } from 'dugong/http1';
 *
 * const buffer = new ReceiveBuffer(4096);
 * buffer.push(Buffer.from('HTTP/1.0 503 Busy\r\nRetry-After: 5\r\n\r\n'));
 * const head = new ResponseHeadParser().parse(buffer);
 * console.log(head?.minorVersion, head?.status, head?.reason, head?.headers.get('retry-after')); // 0 503 Busy 5
 * ```
 */
export interface ResponseHead {
  /** The digit after "HTTP/1." in the status line: 0 or 1, rarely another. */
  readonly minorVersion: number;
  /** The status code: three digits, the first not 0. */
  readonly status: number;
  /** The reason phrase; may be empty. */
  readonly reason: string;
  /** All fields of the header section. */
  readonly headers: HTTPHeaders;
  /** The raw values of the fields that decide framing and persistence. */
  readonly framingFields: FramingFields;
  /** Length of the head in bytes, with the empty lines before it. */
  readonly byteLength: number;
}

const VERSION = 'HTTP/1.';
/** Length of "HTTP/", with which all versions that have status lines begin. Any other beginning is another protocol. */
const HTTP = 5;
/** Number of first bytes that the message quotes if the server speaks another protocol. */
const TELLING = 64;
/** A TLS record begins with its type, then a 3 (RFC 8446 5.1). */
const TLS_ALERT = 0x15;
const TLS_HANDSHAKE = 0x16;
const TLS_VERSION = 3;
const SPEAKS_TLS =
  'This port speaks TLS: use https:// in the URL, or the option tls; or, if it is a proxy, https:// in its URL';
/** Offsets in a status line: `HTTP/1.x SP 3DIGIT [ SP reason ] CRLF`. */
const MINOR = 7;
const CODE = 9;
const AFTER_CODE = 12;

/**
 * Whether enough bytes have arrived to know that the stream is HTTP. The greetings of FTP, SMTP, SSH and MySQL servers
 * are not.
 * @throws InvalidResponse, quoting the first bytes, if it is another protocol
 */
export function assertBeginsAsHTTP({ bytes, start, end }: ReceiveBuffer): boolean {
  let line = start;
  while (line + 1 < end && bytes[line] === CR && bytes[line + 1] === LF) line += 2;
  if (line + 1 === end && bytes[line] === CR) return false;
  for (let index = 0; index < HTTP && line + index < end; index++) {
    if (bytes[line + index] !== VERSION.charCodeAt(index)) throw notHTTP(bytes, start, end);
  }
  return end - line >= HTTP;
}

function notHTTP(bytes: Buffer, start: number, end: number): InvalidResponse {
  const beginning = bytes.toString('latin1', start, Math.min(end, start + TELLING));
  const way = beginsAsTLS(bytes, start, end) ? `. ${SPEAKS_TLS}` : '';
  return new InvalidResponse(`this is no HTTP response: it begins with ${quoted(beginning)} (RFC 9112 2.1)${way}`);
}

/** Whether the bytes that have arrived begin a TLS record. */
function beginsAsTLS(bytes: Buffer, start: number, end: number): boolean {
  const known = bytes[start] === TLS_ALERT || bytes[start] === TLS_HANDSHAKE;
  return known && (start + 1 === end || bytes[start + 1] === TLS_VERSION);
}

/**
 * Parses the heads of responses, one after the other, from a buffer that is filled piece by piece (RFC 9112 4, 5). It
 * goes on where it stopped, and refuses bytes that cannot begin an HTTP/1.x response at once. {@link ClientProtocol}
 * contains one.
 *
 * @example
 * ```js
 * import { ReceiveBuffer, ResponseHeadParser } from 'dugong/http1';
 *
 * const parser = new ResponseHeadParser();
 * const buffer = new ReceiveBuffer(4096);
 * for (const piece of ['HTTP/1.1 20', '4 No Content\r\n', '\r\n']) {
 *   buffer.push(Buffer.from(piece));
 *   console.log(parser.parse(buffer)?.status);
 * }
 * // prints:
 * // undefined
 * // undefined
 * // 204
 * ```
 */
export class ResponseHeadParser {
  readonly #limits: Limits;
  readonly #section: FieldSectionParser;
  /** Bytes of empty lines before the status line. */
  #skipped = 0;
  /** Number of checked bytes of the status line. */
  #scanned = 0;
  /** Length of the complete status line with its CRLF; 0 while it is not complete. */
  #statusLine = 0;

  /**
   * Makes a parser. Of the limits in `given` (default {@link DEFAULT_LIMITS}), `statusLine`, `headerSection`, `fields`
   * and `emptyLines` hold.
   * @throws TypeError - a limit does not exist, or is no whole number >= 0
   */
  constructor(given?: Partial<Limits>) {
    const limits = withDefaultLimits(given);
    this.#limits = limits;
    this.#section = new FieldSectionParser('header', limits.headerSection, limits.fields);
  }

  /** Whether an incomplete status line of the next head, or an empty line before it, has been seen. */
  get begun(): boolean {
    return this.#skipped + this.#scanned > 0;
  }

  /**
   * Takes one head from `buffer`; returns undefined if it is not complete yet. Nothing is consumed before it is
   * complete.
   * @throws InvalidResponse - the bytes break the grammar, exceed a limit, or belong to another protocol
   * @throws UnsupportedResponse - the version is not HTTP/1.x
   */
  parse(buffer: ReceiveBuffer): ResponseHead | undefined {
    const { bytes, start, end } = buffer;
    if (this.#statusLine === 0 && !this.#scanStatusLine(bytes, start, end)) return undefined;
    const line = start + this.#skipped;
    const fields = line + this.#statusLine;
    const length = this.#section.scan(bytes, fields, end);
    if (length < 0) return undefined;
    const text = bytes.toString('latin1', line, fields + length - 2);
    const { contentLength, transferEncoding, connection } = this.#section;
    const head: ResponseHead = {
      minorVersion: text.charCodeAt(MINOR) - 0x30,
      status: (text.charCodeAt(CODE) - 0x30) * 100 + (text.charCodeAt(10) - 0x30) * 10 + (text.charCodeAt(11) - 0x30),
      reason: text.slice(AFTER_CODE + 1, this.#statusLine - 2),
      headers: headersOfSection(text.slice(this.#statusLine)),
      framingFields: { contentLength, transferEncoding, connection },
      byteLength: fields + length - start,
    };
    buffer.consume(head.byteLength);
    this.#reset();
    return head;
  }

  #reset(): void {
    this.#section.reset();
    this.#skipped = 0;
    this.#scanned = 0;
    this.#statusLine = 0;
  }

  /** Scans the status line. Returns whether it is complete. */
  #scanStatusLine(bytes: Buffer, start: number, end: number): boolean {
    if (this.#scanned === 0 && !this.#skipEmptyLines(bytes, start, end)) return false;
    const line = start + this.#skipped;
    const stop = Math.min(end, line + this.#limits.statusLine);
    let at = line + this.#scanned;
    for (const http = Math.min(stop, line + HTTP); at < http; at++)
      if (bytes[at] !== VERSION.charCodeAt(at - line)) throw notHTTP(bytes, start, end);
    for (const prefix = Math.min(stop, line + AFTER_CODE); at < prefix; at++)
      checkPrefix(bytes[at] as number, at - line);
    if (at === line + AFTER_CODE && at < stop) {
      if (bytes[at] !== SP && bytes[at] !== CR) {
        throw new InvalidResponse(
          `${quotedByte(bytes[at])} after the status code, which has three digits (RFC 9112 4)`,
        );
      }
    }
    if (at >= line + AFTER_CODE) {
      while (at < stop && FIELD_BYTE[bytes[at] as number] === 1) at++;
      if (at < stop && bytes[at] !== CR) throw new InvalidResponse(`${quotedByte(bytes[at])} in the reason phrase`);
      if (at + 1 < stop) {
        if (bytes[at + 1] !== LF) throw new InvalidResponse(`${quotedByte(bytes[at + 1])} after CR in the status line`);
        this.#statusLine = at + 2 - line;
        return true;
      }
    }
    this.#scanned = at - line;
    if (stop - line >= this.#limits.statusLine) {
      throw new InvalidResponse(`the status line is longer than ${this.#limits.statusLine} bytes`);
    }
    return false;
  }

  /**
   * Skips CRLFs before a status line: old servers send one after a body (RFC 9112 2.2 allows them before requests).
   * Returns false if more bytes are needed to decide.
   */
  #skipEmptyLines(bytes: Buffer, start: number, end: number): boolean {
    for (;;) {
      const at = start + this.#skipped;
      if (at >= end) return false;
      if (bytes[at] === LF) throw new InvalidResponse('a bare LF before the status line');
      if (bytes[at] !== CR) return true;
      if (this.#skipped >= 2 * this.#limits.emptyLines) {
        throw new InvalidResponse(`more than ${this.#limits.emptyLines} empty lines before the status line`);
      }
      if (at + 1 >= end) return false;
      if (bytes[at + 1] !== LF) throw new InvalidResponse('a bare CR before the status line');
      this.#skipped += 2;
    }
  }
}

/** Checks byte `index` (behind "HTTP/") of the fixed part of a status line: `HTTP/1.x SP 3DIGIT`. */
function checkPrefix(byte: number, index: number): void {
  if (index < MINOR) {
    if (byte !== VERSION.charCodeAt(index)) {
      throw new UnsupportedResponse(`${quotedByte(byte)} at byte ${index}: this is no HTTP/1.x response`);
    }
  } else if (index === CODE - 1) {
    if (byte !== SP) throw new InvalidResponse(`${quotedByte(byte)} instead of a space after the HTTP version`);
  } else if (index === CODE && byte === 0x30) {
    throw new InvalidResponse('a status code below 100 (RFC 9110 15)');
  } else if (!isDigit(byte)) {
    const what = index === MINOR ? 'HTTP version' : 'status code';
    throw new InvalidResponse(`${quotedByte(byte)} in the ${what}, which must be a digit (RFC 9112 4)`);
  }
}
