/**
 * What requests and responses of the drop-in for sync-fetch have in common: a body that is all there, and can be read once.
 */

import { Buffer } from 'node:buffer';
import { Stream, Transform } from 'node:stream';
import { bytesOf } from '../client/given-bytes.ts';
import { multipartBlob } from '../client/multipart-blob.ts';
import { FORM_TYPE } from '../client/request-body.ts';
import { bare } from '../options.ts';
import { blobBytes } from './blob-bytes.ts';
import { enumerable } from './enumerable.ts';
import { FetchError } from './sync-fetch-error.ts';
import type { Headers } from './sync-fetch-headers.ts';

/** What can be a body; anything else is made a string. */
export type BodyInit = string | ArrayBuffer | ArrayBufferView | URLSearchParams | Blob | FormData;

/** A body that was given, and the Content-Type that its form implies. */
export interface GivenBody {
  readonly bytes: Buffer | undefined;
  readonly type: string | undefined;
}

/** A body that was received. */
export interface ReceivedBody {
  readonly bytes: Buffer;
  /** What the body failed of, to be thrown when it is read. */
  readonly failure: Error | undefined;
}

/** What can be given to another one. @throws TypeError if it was read already; FetchError if it did not come in whole */
export let handedOver: (from: Body) => GivenBody | ReceivedBody;

/** The methods of a body: each reads it, which can be done once. */
export abstract class Body {
  /** Bytes that the body may have at most; 0: any number. */
  size: number;
  /** Milliseconds. */
  timeout: number;
  readonly #bytes: Buffer | undefined;
  readonly #received: ReceivedBody | undefined;
  #stream: Transform | undefined;
  #used = false;

  abstract readonly headers: Headers;
  abstract readonly url: string;

  constructor(body: GivenBody | ReceivedBody, { size, timeout }: { size: number; timeout: number }) {
    this.size = size;
    this.timeout = timeout;
    this.#bytes = body.bytes;
    this.#received = Object.hasOwn(body, 'failure') ? (body as ReceivedBody) : undefined;
  }

  /** The bytes as they were given, null if none were; of what was received a stream of them. */
  get body(): Buffer | Transform | null {
    if (this.#received === undefined) return this.#bytes ?? null;
    this.#stream ??= streamOf(this.#received);
    return this.#stream;
  }

  get bodyUsed(): boolean {
    return this.#used;
  }

  /** @throws TypeError if it was read already; FetchError if it did not come in whole */
  arrayBuffer(): ArrayBuffer {
    return new Uint8Array(this.#read()).buffer;
  }

  /** As {@link arrayBuffer}. */
  buffer(): Buffer {
    return Buffer.from(this.#read());
  }

  /** As {@link arrayBuffer}; the platform's Blob. */
  blob(): Blob {
    const type = this.headers.get('Content-Type') ?? '';
    return new Blob([new Uint8Array(this.#read())], bare({ type }));
  }

  /** As {@link arrayBuffer}, as UTF-8. */
  text(): string {
    return this.#read().toString('utf8');
  }

  /** As {@link arrayBuffer}. @throws also FetchError of type "invalid-json" */
  json(): unknown {
    const text = this.text();
    try {
      return JSON.parse(text);
    } catch (error) {
      const { message } = error as Error;
      throw new FetchError(`invalid json response body at ${this.url} reason: ${message}`, 'invalid-json');
    }
  }

  /** @throws FetchError always, as in sync-fetch */
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

/** It fails only for what reads it. */
function streamOf({ bytes, failure }: ReceivedBody): Transform {
  return new Transform({
    read(): void {
      if (failure !== undefined) return void this.destroy(failure);
      if (bytes.length > 0) this.push(bytes);
      this.push(null);
    },
  });
}

/** @throws TypeError for streams, which cannot be read while the thread is blocked */
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

/** Of other makers, too. */
function isURLSearchParams(body: unknown): boolean {
  if (body instanceof URLSearchParams) return true;
  if (typeof body !== 'object' || body === null || !('append' in body && 'getAll' in body && 'sort' in body))
    return false;
  return !(body instanceof FormData);
}
