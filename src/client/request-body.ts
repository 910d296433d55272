/**
 * Converts the caller's request body into its framing and its bytes, and adds the fields that follow from it:
 * Content-Type, Content-Length, digests. `BodyFollowing` stands for a body that the caller writes after the head. It sends nothing.
 */

import { type HeadersInit, HTTPHeaders } from '../http1/headers.ts';
import type { RequestFraming } from '../http1/request-head.ts';
import { builtin } from '../io/builtin.ts';
import { checkedBytes } from './given-bytes.ts';
import { multipartBlob } from './multipart-blob.ts';
import { type BodyPieces, comesInPieces, knownLength } from './request-pieces.ts';

/** A converted body. */
export interface RequestBody {
  readonly framing: RequestFraming;
  /** The bytes; undefined if they are sent after the head. */
  readonly body: Uint8Array | undefined;
  /** The source of the bytes, if they come in pieces. */
  readonly pieces: BodyPieces | undefined;
  /** The Content-Type that its form implies. */
  readonly type: string | undefined;
}

/**
 * A request body that is given as a whole; a string is sent as UTF-8, URLSearchParams as a form with its Content-Type. It can be
 * sent again, so that an idempotent request with it survives the loss of its connection.
 *
 * @example
 * ```js
 * import { HTTPConnection } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * for (const body of ['ten bytes.', Buffer.alloc(3), new URLSearchParams({ q: 'x' })]) {
 *   console.log(connection.request('PUT', '/whole', { body }).body.toString());
 * }
 * connection.disconnect();
 * // prints:
 * // 10 bytes taken
 * // 3 bytes taken
 * // 3 bytes taken
 * ```
 */
export type WholeBody = string | ArrayBufferView | ArrayBuffer | SharedArrayBuffer | URLSearchParams;

/** The Content-Type of a form (RFC 1866 8.2.1), as fetch writes it. */
export const FORM_TYPE = 'application/x-www-form-urlencoded;charset=UTF-8';

const NONE: RequestBody = { framing: { kind: 'none' }, body: undefined, pieces: undefined, type: undefined };

/** Converts a body. @throws TypeError if `body` is of another type */
export function requestBody(body: unknown): RequestBody {
  if (body === undefined || body === null) return NONE;
  if (body instanceof BodyFollowing) {
    const { length } = body;
    return {
      framing: length === undefined ? { kind: 'chunked' } : { kind: 'length', length },
      body: undefined,
      pieces: undefined,
      type: undefined,
    };
  }
  if (body instanceof URLSearchParams) return { ...wholeBody(Buffer.from(body.toString())), type: FORM_TYPE };
  if (body instanceof FormData) {
    const blob = multipartBlob(body);
    return { ...requestBody(blob), type: blob.type };
  }
  if (comesInPieces(body)) {
    const length = knownLength(body);
    return {
      framing: length === undefined ? { kind: 'chunked' } : { kind: 'length', length },
      body: undefined,
      pieces: body,
      type: undefined,
    };
  }
  return wholeBody(typeof body === 'string' ? Buffer.from(body, 'utf8') : checkedBytes('body', body));
}

function wholeBody(bytes: Uint8Array): RequestBody {
  return { framing: { kind: 'length', length: bytes.length }, body: bytes, pieces: undefined, type: undefined };
}

/**
 * The framing of a body in pieces: if its own length is not known, the Content-Length of `headers` counts (RFC 9112
 * 6.2).
 */
export function framingOfPieces(framing: RequestFraming, headers: HeadersInit | undefined): RequestFraming {
  if (framing.kind !== 'chunked' || headers === undefined) return framing;
  const announced = new HTTPHeaders(headers).get('Content-Length');
  // A value that is no number is refused with the head.
  if (announced === undefined || !/^[0-9]{1,15}$/.test(announced)) return framing;
  return { kind: 'length', length: Number(announced) };
}

/** Adds the Content-Type that the body's form implies, unless `headers` has one. */
export function withContentType(headers: HeadersInit | undefined, type: string | undefined): HeadersInit | undefined {
  if (type === undefined) return headers;
  const fields = new HTTPHeaders(headers);
  if (!fields.has('Content-Type')) fields.append('Content-Type', type);
  return fields;
}

/**
 * The digest algorithms of Content-Digest (RFC 9530) that are in active use.
 *
 * @example
 * ```js
 * import { HTTPConnection } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * const { response } = connection.request('PUT', '/digest', { body: 'ten bytes.', contentDigest: 'sha-256' });
 * console.log(response.status); // 200
 * connection.disconnect();
 * ```
 */
export type DigestAlgorithm = 'sha-256' | 'sha-512';

/**
 * Digests of the body to send, by which the server can check it. The body must be given as a whole.
 *
 * @example
 * ```js
 * import { HTTPConnection } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * const options = { body: 'ten bytes.', contentMD5: true };
 * console.log(connection.request('PUT', '/checked', options).body.toString()); // 10 bytes taken
 * connection.disconnect();
 * ```
 */
export interface ContentChecks {
  /** Whether to add a Content-MD5 field (RFC 1864), unless `headers` has one. Default false. */
  readonly contentMD5?: boolean | undefined;
  /** The algorithm of a Content-Digest field to add (RFC 9530), unless `headers` has one. Default: none is added. */
  readonly contentDigest?: DigestAlgorithm | undefined;
}

/**
 * Adds Content-MD5 (RFC 1864) and Content-Digest (RFC 9530) of the body, unless `headers` has them.
 * @throws TypeError if the body is not given as a whole, or the algorithm is unknown
 */
export function withContentChecks(
  headers: HeadersInit | undefined,
  checks: ContentChecks,
  body: Uint8Array | undefined,
): HeadersInit | undefined {
  const { contentMD5, contentDigest } = checks;
  if (!contentMD5 && contentDigest === undefined) return headers;
  if (body === undefined) throw new TypeError('contentMD5 and contentDigest need a body that is given as a whole');
  const fields = new HTTPHeaders(headers);
  if (contentMD5 && !fields.has('Content-MD5')) fields.append('Content-MD5', hash('md5', body));
  if (contentDigest !== undefined && !fields.has('Content-Digest')) {
    if (contentDigest !== 'sha-256' && contentDigest !== 'sha-512') {
      throw new TypeError(`contentDigest must be "sha-256" or "sha-512", got ${JSON.stringify(contentDigest)}`);
    }
    fields.append('Content-Digest', `${contentDigest}=:${hash(contentDigest.replace('-', ''), body)}:`);
  }
  return fields;
}

function hash(algorithm: string, bytes: Uint8Array): string {
  return builtin.crypto.createHash(algorithm).update(bytes).digest('base64');
}

/**
 * Stands for a request body that follows through `write()`: pass it as the option `body` of `sendRequest`. Without a length the
 * body is sent chunked (RFC 9112 7.1), and `endBody()` ends it. With `expect100` the server may refuse it before a byte of it is
 * sent (RFC 9110 10.1.1).
 *
 * @example
 * ```js
 * import { BodyFollowing, HTTPConnection } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * connection.sendRequest('PUT', '/too-large', { body: new BodyFollowing(2 ** 40), expect100: true });
 * console.log(connection.readResponse().status, connection.readText()); // 413 too large
 * connection.disconnect();
 * ```
 */
export class BodyFollowing {
  /**
   * Bytes that will follow; undefined if the number is not known: the body is then sent chunked, and `endBody()` ends
   * it.
   */
  readonly length: number | undefined;

  /**
   * Announces a body, of a known length or of any.
   *
   * @param length bytes that will follow; undefined if the number is not known
   * @throws TypeError - `length` is no whole number from 0 to 2^53 - 1
   */
  constructor(length?: number) {
    if (length !== undefined && !(Number.isSafeInteger(length) && length >= 0)) {
      throw new TypeError(`the length of a body must be a whole number >= 0, got ${String(length)}`);
    }
    this.length = length;
  }
}
