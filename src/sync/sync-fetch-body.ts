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

/** A body; any other value is converted to a string. */
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

/** A body. Each method reads it; it can be read once. */
export abstract class Body {
  /** Most bytes of the body; 0: no limit. */
  size: number;
  /** Milliseconds for receiving the body; 0: no limit. */
  timeout: number;
  readonly #bytes: Buffer | undefined;
  readonly #received: ReceivedBody | undefined;
  #stream: Transform | undefined;
  #used = false;

  /** The header fields. */
  abstract readonly headers: Headers;
  /** The URL. */
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

  /** Whether the body was read. */
  get bodyUsed(): boolean {
    return this.#used;
  }

  /** The bytes. @throws TypeError if the body was read before; FetchError if it did not arrive completely */
  arrayBuffer(): ArrayBuffer {
    return new Uint8Array(this.#read()).buffer;
  }

  /** As {@link arrayBuffer}. */
  buffer(): Buffer {
    return Buffer.from(this.#read());
  }

  /** The platform's Blob. @throws as {@link arrayBuffer} */
  blob(): Blob {
    const type = this.headers.get('Content-Type') ?? '';
    return new Blob([new Uint8Array(this.#read())], bare({ type }));
  }

  /** The text, decoded as UTF-8. @throws as {@link arrayBuffer} */
  text(): string {
    return this.#read().toString('utf8');
  }

  /** The body parsed as JSON. @throws as {@link arrayBuffer}, and FetchError of type "invalid-json" */
  json(): unknown {
    const text = this.text();
    try {
      return JSON.parse(text);
    } catch (error) {
      const { message } = error as Error;
      throw new FetchError(`invalid json response body at ${this.url} reason: ${message}`, 'invalid-json');
    }
  }

  /** Not supported, as in sync-fetch. @throws FetchError always */
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

/** The error of node-fetch and sync-fetch for failures in operation. `type` is the kind, `code` the system's code. */
export class FetchError extends Error {
  /** "system", "request-timeout", "body-timeout", "max-size", "max-redirect", "no-redirect", "invalid-redirect", ... */
  readonly type: string | undefined;
  /** For type "system": the system's code, as ECONNREFUSED. */
  declare readonly code?: string | undefined;
  /** The same as {@link code}. */
  declare readonly errno?: string | undefined;

  /** @param systemError the failure whose code becomes `code` and `errno` */
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
