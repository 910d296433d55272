/**
 * From what the user gives as a request body to its framing and its bytes.
 */

import { createHash } from 'node:crypto';
import { type HeadersInit, HTTPHeaders } from '../http1/headers.ts';
import type { RequestFraming } from '../http1/request-head.ts';
import { BodyFollowing } from './body-following.ts';

export interface RequestBody {
  readonly framing: RequestFraming;
  /** The bytes, unless they follow. */
  readonly body: Uint8Array | undefined;
}

const NONE: RequestBody = { framing: { kind: 'none' }, body: undefined };

/** @throws TypeError if `body` is of another type */
export function requestBody(body: unknown): RequestBody {
  if (body === undefined || body === null) return NONE;
  if (body instanceof BodyFollowing) {
    const { length } = body;
    return { framing: length === undefined ? { kind: 'chunked' } : { kind: 'length', length }, body: undefined };
  }
  const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : checkedBytes('body', body);
  return { framing: { kind: 'length', length: bytes.length }, body: bytes };
}

/** @throws TypeError unless `data` is a Uint8Array (a Buffer is one) */
export function checkedBytes(what: string, data: unknown): Uint8Array {
  if (data instanceof Uint8Array) return data;
  throw new TypeError(
    `${what} needs bytes (a Uint8Array, such as a Buffer), got ${data === null ? 'null' : typeof data}`,
  );
}

/** `headers` with the body's Content-MD5 (RFC 1864), unless they have one. @throws TypeError if the body is not there yet */
export function withContentMD5(headers: HeadersInit | undefined, body: Uint8Array | undefined): HTTPHeaders {
  if (body === undefined) throw new TypeError('contentMD5 needs a body that is given as a whole');
  const fields = new HTTPHeaders(headers);
  if (!fields.has('Content-MD5')) fields.append('Content-MD5', createHash('md5').update(body).digest('base64'));
  return fields;
}
