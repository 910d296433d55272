/**
 * The response of fetchSync, with its complete body. It knows no connection.
 */

import { Buffer } from 'node:buffer';
import type { HTTPResponse } from '../client/http-response.ts';
import type { BodyPieces } from '../client/request-pieces.ts';
import { HTTPHeaders } from '../http1/headers.ts';
import { shownAs } from '../inspection.ts';
import { bare, member } from '../options.ts';
import { formDataOf } from './form-data.ts';
import { immutableHeaders } from './immutable-headers.ts';
import { requestContent, type SyncBody } from './sync-body.ts';

/** The origin and the body of a fetched response. */
interface Origin {
  readonly url: URL;
  readonly redirected: boolean;
  /** Undefined if there is none, as for status 204. */
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

/** Makes a SyncResponse of a received response. */
export let fetchedSyncResponse: (response: HTTPResponse, origin: Origin) => SyncResponse;

/**
 * The Response of WHATWG fetch, but its whole body is in memory, so that no method returns a promise. The body may be
 * read several times; `bodyUsed` tells whether it was read.
 *
 * @example
 * ```js
 * import { fetchSync } from 'dugong/sync';
 *
 * const response = fetchSync('http://localhost:8080/a');
 * console.log(response.ok, response.headers.get('Content-Length')); // true 10
 * console.log(response.text(), response.bytes().length); // document a 10
 * ```
 */
export class SyncResponse {
  #head: Head = DEFAULT_HEAD;
  #body: Uint8Array | undefined;
  #bodyUsed = false;
  /** The source of the headers, which are made on first use. */
  #fields: HTTPHeaders | undefined;
  #headers: Headers | undefined;
  #stream: ReadableStream<Uint8Array> | undefined;

  /**
   * Makes a response of one's own, as `new Response(body, init)` does; for tests, for instance.
   *
   * @param body strings, bytes, forms: see {@link SyncBody}; null or undefined: no body
   * @param init `status` (default 200), `statusText` and `headers`
   * @throws RangeError for a status outside 200 to 599
   * @throws TypeError for a body with a status that has none, an invalid status text or headers, and a body that
   * would have to be awaited
   */
  constructor(body?: SyncBody | null, init?: ResponseInit | null) {
    // fetchSync calls it without arguments, too.
    if (body === undefined && init === undefined) return;
    const { content, type } = requestContent(body);
    const { status, statusText, headers } = platformResponse(content && NO_BYTES, init ?? {});
    if (type !== undefined && !headers.has('Content-Type')) headers.set('Content-Type', type);
    this.#head = { ...DEFAULT_HEAD, status, statusText };
    this.#headers = headers;
    this.#body = content && new Uint8Array(wholeBytes(content.data));
  }

  /**
   * A response with `data` as JSON, as `Response.json()`. Content-Type is application/json unless `init` has another.
   *
   * @throws TypeError if JSON cannot represent `data`; and as the constructor
   * @throws RangeError for a status outside 200 to 599
   */
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

  /**
   * A response that redirects to `url`, with `status` 301, 302 (the default), 303, 307 or 308.
   *
   * @throws TypeError if `url` is no URL
   * @throws RangeError if `status` is no redirect
   */
  static redirect(url: string | URL, status: number = 302): SyncResponse {
    const { headers, status: checked } = Response.redirect(url, status as Parameters<typeof Response.redirect>[1]);
    return new SyncResponse(null, { status: checked, headers: [...headers] });
  }

  /** The status code, of three digits (RFC 9110 15); 0 for `SyncResponse.error()`. */
  get status(): number {
    return this.#head.status;
  }

  /** The reason phrase; empty if the server sent none. */
  get statusText(): string {
    return this.#head.statusText;
  }

  /** The URL of the last request, without credentials and fragment; empty if the response was not fetched. */
  get url(): string {
    return this.#head.url;
  }

  /** Whether there was a redirect before this response. */
  get redirected(): boolean {
    return this.#head.redirected;
  }

  /** "basic" if it was fetched, "default" if it was constructed, "error" from `SyncResponse.error()`. */
  get type(): Response['type'] {
    return this.#head.type;
  }

  /** Whether the status is a success, 200 to 299. */
  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  /** The header fields as WHATWG Headers. Those of a fetched response cannot be changed: a change is a TypeError. */
  get headers(): Headers {
    const fields = this.#fields ?? [];
    this.#headers ??= this.type === 'basic' ? immutableHeaders(fields) : new Headers([...fields]);
    return this.#headers;
  }

  /** The body as a byte stream; null if there is none. Its reader returns promises, although the bytes are there. */
  get body(): ReadableStream<Uint8Array> | null {
    const bytes = this.#body;
    if (bytes === undefined) return null;
    this.#stream ??= streamOf(bytes, () => {
      this.#bodyUsed = true;
    });
    return this.#stream;
  }

  /** Whether a method or a reader of `body` has read the body. It can be read again. */
  get bodyUsed(): boolean {
    return this.#bodyUsed;
  }

  /** The body as a stream of strings, decoded as by {@link text}; without a body, a stream that has ended. */
  textStream(): ReadableStream<string> {
    const { body } = this;
    return body === null
      ? new ReadableStream(bare({ start: (controller: ReadableStreamDefaultController<string>) => controller.close() }))
      : body.pipeThrough(new TextDecoderStream());
  }

  /**
   * The body decoded as UTF-8 without its byte order mark, whatever Content-Type says, as in fetch. May be called
   * again.
   */
  text(): string {
    return new TextDecoder().decode(this.#read());
  }

  /**
   * The body parsed as JSON, decoded as by {@link text}; each call returns a new value.
   *
   * @throws SyntaxError if it is no JSON
   */
  json(): unknown {
    return JSON.parse(this.text());
  }

  /** The bytes of the body, a new copy at each call. */
  bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#read());
  }

  /** The bytes of the body as an ArrayBuffer, a new copy at each call. */
  arrayBuffer(): ArrayBuffer {
    return this.bytes().buffer;
  }

  /** The bytes of the body as a Buffer, a new copy at each call, as in node-fetch and sync-fetch. */
  buffer(): Buffer<ArrayBuffer> {
    return Buffer.from(this.arrayBuffer());
  }

  /** The body as a Blob with the response's Content-Type. */
  blob(): Blob {
    return new Blob([this.bytes()], bare({ type: this.headers.get('Content-Type') ?? '' }));
  }

  /**
   * The body as a form: multipart/form-data (RFC 7578) or application/x-www-form-urlencoded, depending on
   * Content-Type.
   *
   * @throws TypeError for another Content-Type, or an invalid body
   */
  formData(): FormData {
    return formDataOf(this.#read(), this.headers.get('Content-Type'));
  }

  /** A response with the same head and body, whose body has not been read. */
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
    // As Web IDL demands for the platform's class.
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

/** Lets the platform check the head, and whether a body is allowed. */
function platformResponse(body: typeof NO_BYTES | undefined, init: ResponseInit): Response {
  const given = {
    status: member(init, 'status') ?? 200,
    statusText: member(init, 'statusText') ?? '',
    headers: member(init, 'headers') ?? [],
  };
  return new Response(body ?? null, bare(given));
}

/** The bytes of content from `requestContent`; pieces are an iterable. */
function wholeBytes(data: string | Uint8Array | BodyPieces): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  if (data instanceof Uint8Array) return data;
  const pieces = [...(data as Iterable<string | Uint8Array>)];
  return Buffer.concat(pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece)));
}

/** A stream of a copy of `bytes`, made when a reader asks for the first bytes. */
function streamOf(bytes: Uint8Array, onUse: () => void): ReadableStream<Uint8Array> {
  const pull = (controller: ReadableByteStreamController): void => {
    onUse();
    if (bytes.length > 0) controller.enqueue(new Uint8Array(bytes));
    controller.close();
    controller.byobRequest?.respond(0);
  };
  // A complete source: the platform would look up missing members on Object.prototype.
  const source = { type: 'bytes' as const, start: undefined, autoAllocateChunkSize: undefined, pull, cancel: onUse };
  return new ReadableStream(source as UnderlyingByteSource, bare({ highWaterMark: 0 }));
}

type UnderlyingByteSource = ConstructorParameters<typeof ReadableStream<Uint8Array>>[0] & { type: 'bytes' };
