/**
 * Decides where a response's body ends and whether the connection persists: the rules of RFC 9112 6.3 and 9.3 as pure
 * functions. They rely on the head alone and see no body bytes.
 */

import { type DugongError, InvalidResponse, UnsupportedResponse } from '../errors.ts';
import type { FramingFields } from './field-section.ts';
import { listElements, quoted, trimOWS } from './grammar.ts';

/**
 * How a response's body ends (RFC 9112 6.3): `none`, there is no body; `tunnel`, the bytes after the head are no HTTP
 * (CONNECT); `length`, after so many bytes; `chunked`, with the last chunk; `close-delimited`, with the connection;
 * `invalid`, the end cannot be determined, and `error` gives the reason.
 *
 * @example
 * ```js
 * import { responseFraming } from 'dugong/http1';
 *
 * const fields = { contentLength: ['5', '6'], transferEncoding: [], connection: [] };
 * const framing = responseFraming({ method: 'GET', status: 200, minorVersion: 1, fields });
 * if (framing.kind === 'invalid') console.log(framing.error.code); // DUGONG_INVALID_RESPONSE
 * ```
 */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'tunnel' }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'close-delimited' }
  | { readonly kind: 'invalid'; readonly error: DugongError };

const NONE: Framing = { kind: 'none' };
const TUNNEL: Framing = { kind: 'tunnel' };
const CHUNKED: Framing = { kind: 'chunked' };
const CLOSE_DELIMITED: Framing = { kind: 'close-delimited' };

/**
 * What decides the framing of a response: the argument of {@link responseFraming}.
 *
 * @example
 * ```js
 * import { responseFraming } from 'dugong/http1';
 *
 * const fields = { contentLength: ['1000'], transferEncoding: [], connection: [] };
 * const toHead = { method: 'HEAD', status: 200, minorVersion: 1, fields };
 * console.log(responseFraming(toHead).kind, responseFraming({ ...toHead, method: 'GET' }).kind); // none length
 * ```
 */
export interface FramedMessage {
  /** The method of the request that the response answers. */
  readonly method: string;
  /** The status code of the response, as 200. */
  readonly status: number;
  /** The digit after "HTTP/1." in the status line: 0 or 1, rarely another. */
  readonly minorVersion: number;
  /** The response's fields that decide framing. */
  readonly fields: FramingFields;
}

/**
 * Whether `status` is informational, so that a final response follows. Codes below 100 do not get here: response-head.ts
 * refuses them.
 */
export function isInformational(status: number): boolean {
  return status >= 100 && status < 200;
}

/**
 * Returns the framing of a response by the numbered rules of RFC 9112 6.3. A doubtful head, as one with unequal
 * Content-Lengths, is `invalid`: it is never guessed. The function throws nothing.
 *
 * @example
 * ```js
 * import { responseFraming } from 'dugong/http1';
 *
 * const fields = { contentLength: ['5'], transferEncoding: ['chunked'], connection: [] };
 * console.log(responseFraming({ method: 'GET', status: 200, minorVersion: 1, fields })); // { kind: 'chunked' }
 * console.log(responseFraming({ method: 'GET', status: 204, minorVersion: 1, fields })); // { kind: 'none' }
 * ```
 */
export function responseFraming({ method, status, minorVersion, fields }: FramedMessage): Framing {
  // Rule 2 comes first, because a 204 opens a tunnel, too. Content-Length and Transfer-Encoding are ignored.
  if (method === 'CONNECT' && status >= 200 && status < 300) return TUNNEL;
  // Rule 1: there is no body, whatever the fields say.
  if (method === 'HEAD' || isInformational(status) || status === 204 || status === 304) return NONE;
  // Rules 3 and 4: Transfer-Encoding overrides Content-Length. If both are present, isPersistent ends the connection.
  if (fields.transferEncoding.length > 0) return chunkedFraming(fields.transferEncoding, minorVersion);
  // Rules 5 and 6.
  if (fields.contentLength.length > 0) return lengthFraming(fields.contentLength);
  // Rule 8. (Rule 7 is about requests.)
  return CLOSE_DELIMITED;
}

function chunkedFraming(lines: readonly string[], minorVersion: number): Framing {
  // RFC 9112 6.1: in an HTTP/1.0 message, Transfer-Encoding makes the framing faulty.
  if (minorVersion === 0) return invalid('Transfer-Encoding in an HTTP/1.0 response');
  const codings = lines.flatMap(listElements);
  if (codings.length === 1 && codings.at(0)?.toLowerCase() === 'chunked') return CHUNKED;
  if (codings.length > 0 && codings.every((coding) => coding.toLowerCase() === 'chunked')) {
    return invalid('"chunked" is applied more than once');
  }
  return {
    kind: 'invalid',
    error: new UnsupportedResponse(`transfer coding ${quoted(codings.join(', '))}: only "chunked" is known`),
  };
}

/** Fast paths for nearly all responses: the full rules cost a microsecond. 15 digits cannot exceed 2^53. */
const PLAIN_LENGTH = /^[\t ]*[0-9]{1,15}[\t ]*$/;
const PLAIN_KEEP_ALIVE = /^[\t ]*keep-alive[\t ]*$/i;

function lengthFraming(lines: readonly string[]): Framing {
  const [line] = lines;
  if (lines.length === 1 && line !== undefined && PLAIN_LENGTH.test(line)) return framingOfLength(Number(line));
  const values = lines.flatMap((line) => line.split(',')).map(trimOWS);
  const [first = ''] = values;
  // Equal values count once, sent as a list or as lines (RFC 9110 8.6). Unequal values are an attack or a fault.
  if (values.some((value) => value !== first)) return invalid(`unequal Content-Lengths ${quoted(values.join(', '))}`);
  if (!/^[0-9]+$/.test(first)) return invalid(`Content-Length ${quoted(first)} is no decimal number`);
  const length = Number(first);
  if (!Number.isSafeInteger(length)) return invalid(`Content-Length ${quoted(first)} is above 2^53 - 1`);
  return framingOfLength(length);
}

function framingOfLength(length: number): Framing {
  return length === 0 ? NONE : { kind: 'length', length };
}

function invalid(why: string): Framing {
  return { kind: 'invalid', error: new InvalidResponse(`${why} (RFC 9112 6.3)`) };
}

/**
 * Whether the connection persists after this response, so that another exchange can follow (RFC 9112 9.3, 9.6, 6.3):
 * decided by its `framing`, the `minorVersion` (the digit after "HTTP/1.") and the `fields` of its head.
 *
 * @example
 * ```js
 * import { isPersistent } from 'dugong/http1';
 *
 * const fields = { contentLength: [], transferEncoding: ['chunked'], connection: [] };
 * console.log(isPersistent({ kind: 'chunked' }, 1, fields)); // true
 * console.log(isPersistent({ kind: 'chunked' }, 1, { ...fields, connection: ['close'] })); // false
 * console.log(isPersistent({ kind: 'close-delimited' }, 1, fields)); // false
 * ```
 */
export function isPersistent(framing: Framing, minorVersion: number, fields: FramingFields): boolean {
  if (framing.kind === 'invalid' || framing.kind === 'close-delimited') return false;
  // Rule 3 of 6.3: both fields together are a sign of smuggling. The body can be read, but later bytes cannot be
  // trusted.
  if (framing.kind === 'chunked' && fields.contentLength.length > 0) return false;
  // RFC 9112 6.1: HTTP/1.0 has no Transfer-Encoding. The client must close the connection even if the response has no
  // body.
  if (minorVersion === 0 && fields.transferEncoding.length > 0) return false;
  const [line] = fields.connection;
  if (line === undefined) return minorVersion > 0;
  if (fields.connection.length === 1 && PLAIN_KEEP_ALIVE.test(line)) return true;
  const options = fields.connection.flatMap(listElements).map((option) => option.toLowerCase());
  if (options.includes('close')) return false;
  return minorVersion > 0 || options.includes('keep-alive');
}
