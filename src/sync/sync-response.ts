/**
 * What fetchSync returns: a response that is all there. It knows no connection.
 */

import { Buffer } from 'node:buffer';
import type { BodyPieces } from '../client/body-source.ts';
import type { HTTPResponse } from '../client/http-response.ts';
import { immutableHeaders } from '../fetch/immutable-headers.ts';
import { HTTPHeaders } from '../http1/headers.ts';
import { shownAs } from '../inspection.ts';
import { bare, member } from '../options.ts';
import { formDataOf } from './form-data.ts';
import { requestContent, type SyncBody } from './request-content.ts';

/** Where a fetched response comes from. */
interface Origin {
  readonly url: URL;
  readonly redirected: boolean;
  /** Undefined: there is none, as in a response of status 204. */
  readonly body: Uint8Array | undefined;
}

interface Head {
  readonly status: number;
  readonly statusText: string;
  readonly url: string;
  readonly redirected: boolean;
  readonly type: Response['type'];
}

const DEFAULT_HEAD: Head = { status: 200, statusText: '', url: '', redirected: false, type: 'default' };
const NO_BYTES = new Uint8Array(0);

/** Makes a response of one that was received. */
export let fetchedSyncResponse: (response: HTTPResponse, origin: Origin) => SyncResponse;

/**
 * WHATWG fetch's Response, but all of the body is there already, so that nothing is a promise. What has been read may be read
 * again, since it stays in memory: `bodyUsed` says whether it was.
 */
export class SyncResponse {
  #head: Head = DEFAULT_HEAD;
  #body: Uint8Array | undefined;
  #bodyUsed = false;
  /** What the headers are made of at the first look. */
  #fields: HTTPHeaders | undefined;
  #headers: Headers | undefined;
  #stream: ReadableStream<Uint8Array> | undefined;

  /**
   * As `new Response(body, init)`.
   * @throws RangeError for a status that is not 200 to 599; TypeError for a body with a status that has none, a status text or
   * headers that cannot be, and bodies that would have to be awaited
   */
  constructor(body?: SyncBody | null, init?: ResponseInit | null) {
    // So it is made by fetchSync, too.
    if (body === undefined && init === undefined) return;
    const { content, type } = requestContent(body);
    const { status, statusText, headers } = platformResponse(content !== undefined, init ?? {});
    if (type !== undefined && !headers.has('Content-Type')) headers.set('Content-Type', type);
    this.#head = { ...DEFAULT_HEAD, status, statusText };
    this.#headers = headers;
    this.#body = content && new Uint8Array(wholeBytes(content.data));
  }

  /** A response of `data` as JSON, as `Response.json()`. @throws TypeError for what JSON cannot hold; as the constructor */
  static json(data: unknown, init?: ResponseInit | null): SyncResponse {
    const text = JSON.stringify(data) as string | undefined;
    if (text === undefined) throw new TypeError(`json() needs a value that JSON has, got ${typeof data}`);
    // Bytes imply no Content-Type.
    const response = new SyncResponse(Buffer.from(text), init);
    const { headers } = response;
    if (!headers.has('Content-Type')) headers.set('Content-Type', 'application/json');
    return response;
  }

  /** A response that stands for a failure: type "error", status 0, no body. */
  static error(): SyncResponse {
    return new SyncResponse().#become({ ...DEFAULT_HEAD, status: 0, type: 'error' }, undefined, undefined);
  }

  /** A response that redirects. @throws TypeError if `url` is none; RangeError if `status` is no redirect. Default 302 */
  static redirect(url: string | URL, status: number = 302): SyncResponse {
    const { headers, status: checked } = Response.redirect(url, status as Parameters<typeof Response.redirect>[1]);
    return new SyncResponse(null, { status: checked, headers: [...headers] });
  }

  get status(): number {
    return this.#head.status;
  }

  /** The reason phrase; empty if the server sent none. */
  get statusText(): string {
    return this.#head.statusText;
  }

  /** Of the last request, without credentials and fragment; empty if it was not fetched. */
  get url(): string {
    return this.#head.url;
  }

  /** Whether there was a redirect on the way. */
  get redirected(): boolean {
    return this.#head.redirected;
  }

  /** "basic" if it was fetched, "default" if it was constructed, "error" from `SyncResponse.error()`. */
  get type(): Response['type'] {
    return this.#head.type;
  }

  /** Whether the status is one of success, 200 to 299. */
  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  /** The fields, in the shape that fetch gives them. Those of a response that was fetched cannot be changed. */
  get headers(): Headers {
    const fields = this.#fields ?? [];
    this.#headers ??= this.type === 'basic' ? immutableHeaders(fields) : new Headers([...fields]);
    return this.#headers;
  }

  /** The body as a stream of bytes, for what takes one; null if there is none. Its reader awaits, the bytes are there. */
  get body(): ReadableStream<Uint8Array> | null {
    const bytes = this.#body;
    if (bytes === undefined) return null;
    this.#stream ??= streamOf(bytes, () => {
      this.#bodyUsed = true;
    });
    return this.#stream;
  }

  /** Whether the body has been read, by a method or as `body`. It can be read again nevertheless. */
  get bodyUsed(): boolean {
    return this.#bodyUsed;
  }

  /** The body as a stream of strings, decoded as {@link text} does it; one that is at its end if there is no body. */
  textStream(): ReadableStream<string> {
    const { body } = this;
    return body === null
      ? new ReadableStream(bare({ start: (controller: ReadableStreamDefaultController<string>) => controller.close() }))
      : body.pipeThrough(new TextDecoderStream());
  }

  /** The body as UTF-8 without a byte order mark, whatever Content-Type says, as fetch does it. May be called again. */
  text(): string {
    return new TextDecoder().decode(this.#read());
  }

  /** The body as JSON, parsed anew by each call. @throws SyntaxError if it is none */
  json(): unknown {
    return JSON.parse(this.text());
  }

  /** A copy of the body: each call gives another one. */
  bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#read());
  }

  /** A copy of the body: each call gives another one. */
  arrayBuffer(): ArrayBuffer {
    return this.bytes().buffer;
  }

  /** A copy of the body as a Buffer, as node-fetch and sync-fetch have it: each call gives another one. */
  buffer(): Buffer<ArrayBuffer> {
    return Buffer.from(this.arrayBuffer());
  }

  /** The body as a Blob, of the response's Content-Type. */
  blob(): Blob {
    return new Blob([this.bytes()], bare({ type: this.headers.get('Content-Type') ?? '' }));
  }

  /**
   * The body as a form: multipart/form-data (RFC 7578) or application/x-www-form-urlencoded, as Content-Type says.
   * @throws TypeError for another Content-Type, and a body that is no form
   */
  formData(): FormData {
    return formDataOf(this.#read(), this.headers.get('Content-Type'));
  }

  /** Another response of the same head and body, the body of which has not been read. */
  clone(): SyncResponse {
    return new SyncResponse().#become(this.#head, new HTTPHeaders(this.headers), this.#body);
  }

  #become(head: Head, fields: HTTPHeaders | undefined, body: Uint8Array | undefined): this {
    this.#head = head;
    this.#fields = fields;
    this.#body = body;
    return this;
  }

  #read(): Uint8Array {
    if (this.#body === undefined) return NO_BYTES;
    this.#bodyUsed = true;
    return this.#body;
  }

  static {
    // As Web IDL has it for the platform's.
    Object.defineProperty(SyncResponse.prototype, Symbol.toStringTag, bare({ value: 'Response', configurable: true }));
    for (const name of Object.getOwnPropertyNames(SyncResponse.prototype)) {
      if (name !== 'constructor') Object.defineProperty(SyncResponse.prototype, name, bare({ enumerable: true }));
    }
    fetchedSyncResponse = ({ status, reason, headers }, { url, redirected, body }) => {
      const head: Head = { status, statusText: reason, url: url.href, redirected, type: 'basic' };
      return new SyncResponse().#become(head, headers, body);
    };
    shownAs(SyncResponse, (response) => {
      const { status, statusText, url, redirected } = response.#head;
      const headers = response.#headers === undefined ? response.#fields : new HTTPHeaders(response.#headers);
      const length = response.#body?.length ?? 0;
      return { status, statusText, url, redirected, headers: headers ?? new HTTPHeaders(), length };
    });
  }
}

/** The platform checks the head, and whether there may be a body. */
function platformResponse(hasBody: boolean, init: ResponseInit): Response {
  const given = {
    status: member(init, 'status') ?? 200,
    statusText: member(init, 'statusText') ?? '',
    headers: member(init, 'headers') ?? [],
  };
  return new Response(hasBody ? NO_BYTES : null, bare(given));
}

/** Of content as `requestContent` gives it: what comes in pieces is an iterable. */
function wholeBytes(data: string | Uint8Array | BodyPieces): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  if (data instanceof Uint8Array) return data;
  const pieces = [...(data as Iterable<string | Uint8Array>)];
  return Buffer.concat(pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece)));
}

/** A stream of `bytes`, a copy of which is made when the first of them are asked for. */
function streamOf(bytes: Uint8Array, onUse: () => void): ReadableStream<Uint8Array> {
  const pull = (controller: ReadableByteStreamController): void => {
    onUse();
    if (bytes.length > 0) controller.enqueue(new Uint8Array(bytes));
    controller.close();
    controller.byobRequest?.respond(0);
  };
  // Each member that the platform looks for: it would find one that is missing on Object.prototype.
  const source = { type: 'bytes' as const, start: undefined, autoAllocateChunkSize: undefined, pull, cancel: onUse };
  return new ReadableStream(source as UnderlyingByteSource, bare({ highWaterMark: 0 }));
}

type UnderlyingByteSource = ConstructorParameters<typeof ReadableStream<Uint8Array>>[0] & { type: 'bytes' };
