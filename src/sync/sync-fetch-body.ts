/**
 * The base class of requests and responses of the drop-in replacement for sync-fetch: a complete body that can be read
 * once. It knows no connection.
 */

import { Buffer } from 'node:buffer';
import { Stream, Transform } from 'node:stream';
import { bytesOf } from '../client/given-bytes.ts';
import { multipartBlob } from '../client/multipart-blob.ts';
import { FORM_TYPE } from '../client/request-body.ts';
import { blobBytes } from '../fetch/blob-bytes.ts';
import { UNSET } from '../fetch/codec.ts';
import { bare } from '../options.ts';
import { enumerable, type Headers } from './sync-fetch-headers.ts';

/**
 * A body of a {@link Request} or {@link Response}; any other value is converted to a string, except streams, which
 * are a TypeError.
 *
 * @example
 * ```js
 * import { Request } from 'dugong/sync-fetch';
 *
 * const body = new URLSearchParams({ name: 'ann' });
 * const request = new Request('http://localhost:8080/form', { method: 'POST', body });
 * console.log(request.headers.get('Content-Type'), request.text());
 * // prints:
 * // application/x-www-form-urlencoded;charset=UTF-8 name=ann
 * ```
 */
export type BodyInit = string | ArrayBuffer | ArrayBufferView | URLSearchParams | Blob | FormData;

/** A body from the caller, with the Content-Type that its form implies. */
export interface GivenBody {
  readonly bytes: Buffer | undefined;
  readonly type: string | undefined;
}

/** A received body. */
export interface ReceivedBody {
  readonly bytes: Buffer;
  /** The error of receiving or decoding, which reading the body throws. */
  readonly failure: Error | undefined;
}

/**
 * The body, for another request or response. @throws TypeError if it was read before; FetchError if it did not arrive
 * completely
 */
export let handedOver: (from: Body) => GivenBody | ReceivedBody;

/**
 * The complete body of a {@link Request} or {@link Response}. Each method reads it; it can be read once.
 *
 * @example
 * ```js
 * import fetch from 'dugong/sync-fetch';
 *
 * const response = fetch('http://localhost:8080/a');
 * console.log(response.text(), response.bodyUsed); // document a true
 * try {
 *   response.text();
 * } catch (error) {
 *   console.log(String(error)); // TypeError: body used already for: http://localhost:8080/a
 * }
 * ```
 */
export abstract class Body {
  /** Most bytes of the decoded body; 0: no limit but that of 1 GiB. */
  size: number;
  /** Milliseconds for receiving the body; 0: no limit. */
  timeout: number;
  readonly #bytes: Buffer | undefined;
  readonly #received: ReceivedBody | undefined;
  #stream: Transform | undefined;
  #used = false;

  /** The header fields of the request or response. */
  abstract readonly headers: Headers;
  /** The URL of the request, or of the last request after redirects. */
  abstract readonly url: string;

  protected constructor(body: GivenBody | ReceivedBody, { size, timeout }: { size: number; timeout: number }) {
    this.size = size;
    this.timeout = timeout;
    this.#bytes = body.bytes;
    this.#received = Object.hasOwn(body, 'failure') ? (body as ReceivedBody) : undefined;
  }

  /** The bytes of a body that the caller gave, null if there is none; of a received body, a stream. */
  get body(): Buffer | Transform | null {
    if (this.#received === undefined) return this.#bytes ?? null;
    this.#stream ??= streamOf(this.#received);
    return this.#stream;
  }

  /** Whether a method has read the body, which it can do once. */
  get bodyUsed(): boolean {
    return this.#used;
  }

  /**
   * The bytes of the body, in an ArrayBuffer of their own. Reads the body.
   *
   * @throws TypeError if the body was read before
   * @throws FetchError if it did not arrive completely
   */
  arrayBuffer(): ArrayBuffer {
    return new Uint8Array(this.#read()).buffer;
  }

  /**
   * The bytes of the body as a Buffer. Reads the body.
   *
   * @throws TypeError if the body was read before
   * @throws FetchError if it did not arrive completely
   */
  buffer(): Buffer {
    return Buffer.from(this.#read());
  }

  /**
   * The body as the platform's Blob, with the Content-Type of the fields as its type. Reads the body.
   *
   * @throws TypeError if the body was read before
   * @throws FetchError if it did not arrive completely
   */
  blob(): Blob {
    const type = this.headers.get('Content-Type') ?? '';
    return new Blob([new Uint8Array(this.#read())], bare({ type }));
  }

  /**
   * The text of the body, decoded as UTF-8 whatever Content-Type says. Reads the body.
   *
   * @throws TypeError if the body was read before
   * @throws FetchError if it did not arrive completely
   */
  text(): string {
    return this.#read().toString('utf8');
  }

  /**
   * The value of the body, parsed as JSON. Reads the body.
   *
   * @throws TypeError if the body was read before
   * @throws FetchError if it did not arrive completely, and, of type "invalid-json", if it is no JSON
   */
  json(): unknown {
    const text = this.text();
    try {
      return JSON.parse(text);
    } catch (error) {
      const { message } = error as Error;
      throw new FetchError(`invalid json response body at ${this.url} reason: ${message}`, 'invalid-json');
    }
  }

  /**
   * Not supported, as in sync-fetch: it throws always.
   *
   * @throws FetchError always
   */
  textConverted(): never {
    throw new FetchError('textConverted not implemented');
  }

  #read(): Buffer {
    this.#assertUnread();
    this.#used = true;
    return this.#bytes ?? Buffer.alloc(0);
  }

  #assertUnread(): void {
    if (this.#received?.failure !== undefined) throw this.#received.failure;
    if (this.#used) throw new TypeError(`body used already for: ${this.url}`);
  }

  static {
    handedOver = (from) => {
      from.#assertUnread();
      return from.#received ?? { bytes: from.#bytes, type: undefined };
    };
    enumerable(Body, ['body', 'bodyUsed', 'arrayBuffer', 'blob', 'buffer', 'json', 'text', 'textConverted']);
  }
}

/** A stream of the bytes. A failure is raised when a consumer reads it. */
function streamOf({ bytes, failure }: ReceivedBody): Transform {
  return new Transform({
    read(): void {
      if (failure !== undefined) return void this.destroy(failure);
      if (bytes.length > 0) this.push(bytes);
      this.push(null);
    },
  });
}

/** Converts a body from the caller. @throws TypeError for streams, which cannot be read while the thread is blocked */
export function givenBody(body: unknown): GivenBody {
  if (body === undefined || body === null) return { bytes: undefined, type: undefined };
  if (isURLSearchParams(body)) return { bytes: Buffer.from(String(body)), type: FORM_TYPE };
  if (body instanceof Stream || body instanceof ReadableStream) {
    throw new TypeError('sync-fetch does not support bodies of type: Stream');
  }
  const blob = body instanceof FormData ? multipartBlob(body) : body;
  if (blob instanceof Blob) return { bytes: Buffer.from(blobBytes(blob)), type: blob.type || undefined };
  const bytes = bytesOf(body);
  if (bytes === undefined) return { bytes: Buffer.from(String(body)), type: 'text/plain;charset=UTF-8' };
  return { bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), type: undefined };
}

/** Whether the value is a URLSearchParams, also of another library. */
function isURLSearchParams(body: unknown): boolean {
  if (body instanceof URLSearchParams) return true;
  if (typeof body !== 'object' || body === null || !('append' in body && 'getAll' in body && 'sort' in body))
    return false;
  return !(body instanceof FormData);
}

/** Whether node-fetch would decode this coding. */
export function isCoded(coding: string | null): coding is string {
  return coding !== null && /^(?:x-)?(?:gzip|deflate)$|^br$/.test(coding);
}

/** Decodes bytes. @throws the error of node:zlib; ERR_BUFFER_TOO_LARGE for more than `most` bytes */
export function decoded(bytes: Buffer, coding: string, most: number): Buffer {
  if (bytes.length === 0) return bytes;
  const { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync } =
    process.getBuiltinModule('node:zlib');
  const limit = bare({ ...UNSET, maxOutputLength: most });
  if (coding === 'br') return Buffer.from(brotliDecompressSync(bytes, limit));
  if (coding.endsWith('gzip')) {
    const { Z_SYNC_FLUSH } = constants;
    return Buffer.from(gunzipSync(bytes, bare({ ...limit, flush: Z_SYNC_FLUSH, finishFlush: Z_SYNC_FLUSH })));
  }
  // Some servers send raw deflate data without the zlib header (RFC 1950 2.2; its low bits are 8).
  const raw = ((bytes.at(0) ?? 0) & 0x0f) !== 8;
  return Buffer.from(raw ? inflateRawSync(bytes, limit) : inflateSync(bytes, limit));
}

/**
 * The error of node-fetch and sync-fetch for failures in operation. `type` is the kind, `code` the system's code. One
 * of type "system" has the error of this library as its `cause`.
 *
 * @example
 * ```js
 * import fetch from 'dugong/sync-fetch';
 *
 * try {
 *   fetch('http://localhost:8080/lost');
 * } catch (error) {
 *   if (!(error instanceof fetch.FetchError)) throw error;
 *   console.log(error.type, error.code); // system ECONNRESET
 * }
 * ```
 */
export class FetchError extends Error {
  /**
   * The kind: "system", "request-timeout", "body-timeout", "max-size", "max-redirect", "no-redirect",
   * "invalid-redirect", "invalid-json".
   */
  readonly type: string | undefined;
  /** For type "system": the system's code, as ECONNREFUSED; missing otherwise. */
  declare readonly code?: string | undefined;
  /** The same text as {@link code}, under the name that node-fetch 2 uses. */
  declare readonly errno?: string | undefined;

  /**
   * Makes an error with this `message` and `type`, as node-fetch 2 does.
   *
   * @param systemError the failure whose code becomes `code` and `errno`
   */
  constructor(message: string, type?: string, systemError?: { readonly code?: string | undefined }) {
    super(message);
    // Enumerable as in node-fetch 2, so that JSON shows it.
    Object.defineProperty(this, 'message', bare({ enumerable: true }));
    this.type = type;
    if (systemError !== undefined) {
      const { code } = systemError;
      this.code = code;
      this.errno = code;
    }
  }

  static {
    FetchError.prototype.name = 'FetchError';
  }
}
