/**
 * Converts the body that a caller of fetchSync gives into Content. A blocked thread cannot wait for promises: a body
 * that needs them is refused, unless another thread can read it.
 */

import { multipartBlob } from '../client/multipart-blob.ts';
import { blobBytes } from './blob-bytes.ts';
import { Content, contentAtHand } from './content.ts';

/**
 * The bodies that fetchSync accepts. Bytes are sent as they are, strings as UTF-8, with a Content-Length. An iterable
 * is sent chunked, piece by piece. Another thread reads a Blob or File, also in FormData, into memory; one of a file
 * on disk (`fs.openAsBlob`) cannot be read.
 *
 * @example
 * ```js
 * import { fetchSync } from 'dugong/sync';
 *
 * const form = new FormData();
 * form.append('name', 'ann');
 * for (const body of ['text', new Uint8Array(3), ['in ', 'pieces'], new URLSearchParams({ a: '1' })]) {
 *   console.log(fetchSync('http://localhost:8080/a', { method: 'PUT', body }).text());
 * }
 * console.log(fetchSync('http://localhost:8080/form', { method: 'POST', body: form }).ok);
 * // prints:
 * // 4 bytes taken
 * // 3 bytes taken
 * // 9 bytes taken
 * // 3 bytes taken
 * // true
 * ```
 */
export type SyncBody =
  | string
  | ArrayBufferView
  | ArrayBuffer
  | SharedArrayBuffer
  | URLSearchParams
  | Blob
  | FormData
  | Iterable<string | Uint8Array>;

/** Content, or undefined, with the Content-Type that its form implies. */
export interface RequestContent {
  readonly content: Content | undefined;
  readonly type: string | undefined;
}

/** Converts a body. @throws TypeError for a value that is no body, or would have to be awaited */
export function requestContent(body: unknown): RequestContent {
  if (body === undefined || body === null) return { content: undefined, type: undefined };
  const atHand = contentAtHand(body);
  if (atHand !== undefined) return atHand;
  const blob = body instanceof FormData ? multipartBlob(body) : body;
  if (blob instanceof Blob) return { content: new Content(blobBytes(blob)), type: blob.type || undefined };
  const name = typeof body === 'object' ? (body.constructor?.name ?? 'object') : typeof body;
  if (Symbol.asyncIterator in Object(body)) {
    throw new TypeError(`a body of type ${name} comes as promises, which nothing can settle here: use createFetch()`);
  }
  if (typeof body === 'object' && Symbol.iterator in body) {
    return { content: new Content(body as Iterable<string | Uint8Array>), type: undefined };
  }
  throw new TypeError(
    `a body must be a string, bytes, URLSearchParams, FormData, a Blob or an iterable of strings and bytes, got ${name}`,
  );
}

/** A value as JSON, with its Content-Type. @throws TypeError if JSON cannot represent it */
export function jsonContent(value: unknown): RequestContent {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError(`json must be a value that JSON has, got ${typeof value}`);
  return { content: new Content(text), type: 'application/json' };
}
