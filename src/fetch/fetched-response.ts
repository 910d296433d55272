/**
 * The Response that createFetch resolves with: the platform's class, with properties that its constructor does not
 * accept: the URL, the redirects, statuses beyond 599, which HTTP allows to receive. Its parts are made on first use,
 * because most callers read the status and one form of the body. It relies on platform-slots.ts for the platform's
 * private state.
 */

import type { HTTPResponse } from '../client/http-response.ts';
import { bare } from '../options.ts';
import { streamOf } from './body-stream.ts';
import type { ByteReader } from './coding-reader.ts';
import { immutableHeaders } from './immutable-headers.ts';
import { type BodyReader, joined } from './incoming-body.ts';
import { bodyTrap, headersSymbol, noteOrigin } from './platform-slots.ts';

/** The parts of a response. */
export interface FetchedHead {
  readonly head: HTTPResponse;
  /** The URL of the last request, without credentials and fragment. */
  readonly url: URL;
  readonly redirected: boolean;
  /** "cors" if the last URL has another origin than the first, as in Node's fetch. */
  readonly type: 'basic' | 'cors';
  /** An abort fails the body until it has been consumed. */
  readonly signal: AbortSignal | undefined;
}

type Fields = [string, string][];

const NO_FIELDS: Fields = [];

/** A complete init: the platform would look up missing members on Object.prototype. */
function responseInit(headers: Fields, status = 200, statusText = ''): ResponseInit {
  return bare({ headers, status, statusText });
}

const utf8 = new TextDecoder();

/** Whether the standard allows a response of this status to have a body (Fetch, "null body status"). */
export function mayHaveBody({ status, method }: HTTPResponse): boolean {
  return method !== 'HEAD' && status !== 101 && status !== 103 && status !== 204 && status !== 205 && status !== 304;
}

type ResponseClass = new (from: FetchedHead, body: BodyReader | ReadableStream<Uint8Array> | null) => Response;

let FetchedResponse: ResponseClass | undefined;

/**
 * Makes the Response of `createFetch`. Its `constructor` is Response, and `clone()` returns the same kind. `body` is
 * null for the statuses and methods for which the standard allows none.
 */
export function fetchedResponse(from: FetchedHead, body: BodyReader | null): Response {
  FetchedResponse ??= fetchedResponseClass();
  return new FetchedResponse(from, body);
}

/** Makes the class with the first response, because naming the platform's class loads all of its fetch. */
function fetchedResponseClass(): ResponseClass {
  // The compiler's declaration has fields, which accessors cannot override.
  const PlatformResponse = Response as unknown as new (
    body: ReadableStream<Uint8Array<ArrayBuffer>> | null,
    init: ResponseInit | undefined,
  ) => object;

  class FetchedResponse extends PlatformResponse implements Response {
    readonly #from: FetchedHead;
    #headers: Headers | undefined;
    /** The source of the body, until a method reads it or asks for the stream. */
    #reader: BodyReader | undefined;
    /** The platform's Response, once the body is a stream. */
    #streamed: Response | undefined;
    #used = false;

    constructor(from: FetchedHead, body: BodyReader | ReadableStream<Uint8Array> | null) {
      const { status, reason } = from.head;
      const known = status >= 200 && status <= 599;
      const told = known ? responseInit(NO_FIELDS, status, reason) : responseInit(NO_FIELDS);
      super(body && mayHaveBody(from.head) ? bodyTrap() : null, told);
      this.#from = from;
      noteOrigin(this, from);
      if (body instanceof ReadableStream) this.#streamed = streamedResponse(body, from.head);
      else this.#reader = body ?? undefined;
    }

    get status(): number {
      // The platform's constructor reads the status before #from exists, to decide whether a body is allowed.
      return #from in this ? this.#from.head.status : 200;
    }

    get statusText(): string {
      return this.#from.head.reason;
    }

    get ok(): boolean {
      return this.status >= 200 && this.status < 300;
    }

    get url(): string {
      return this.#from.url.href;
    }

    get redirected(): boolean {
      return this.#from.redirected;
    }

    get type(): Response['type'] {
      return this.#from.type;
    }

    get headers(): Headers {
      this.#headers ??= immutableHeaders(this.#from.head.headers);
      return this.#headers;
    }

    get body(): ReadableStream<Uint8Array> | null {
      return this.#asStreamed()?.body ?? null;
    }

    get bodyUsed(): boolean {
      return this.#used || (this.#streamed?.bodyUsed ?? false);
    }

    async text(): Promise<string> {
      return utf8.decode(await this.#whole());
    }

    async json(): Promise<unknown> {
      return JSON.parse(utf8.decode(await this.#whole()));
    }

    async bytes(): Promise<Uint8Array<ArrayBuffer>> {
      const whole = await this.#whole();
      const { buffer, length } = whole;
      return (buffer.byteLength === length ? whole : whole.slice()) as Uint8Array<ArrayBuffer>;
    }

    async arrayBuffer(): Promise<ArrayBuffer> {
      return (await this.bytes()).buffer;
    }

    async blob(): Promise<Blob> {
      return await this.#asStreamedUnaborted().blob();
    }

    async formData(): Promise<FormData> {
      return await this.#asStreamedUnaborted().formData();
    }

    /**
     * Another response with the same body. The part that only one of them has read stays in memory for the other
     * (Fetch, "clone a body").
     */
    clone(): Response {
      if (this.bodyUsed || this.#streamed?.body?.locked) {
        throw new TypeError('a response whose body has been used, or is being read, cannot be cloned');
      }
      const body = this.#asStreamed()?.body;
      if (!body) return new FetchedResponse(this.#from, null);
      const [own, other] = body.tee();
      this.#streamed = streamedResponse(own, this.#from.head);
      return new FetchedResponse(this.#from, other);
    }

    async #whole(): Promise<Uint8Array> {
      this.#assertNotAborted();
      const reader = this.#reader;
      if (reader === undefined) {
        if (this.#used) throw unusable();
        return this.#streamed === undefined ? new Uint8Array(0) : new Uint8Array(await this.#streamed.arrayBuffer());
      }
      this.#reader = undefined;
      this.#used = true;
      return reader.takeWhole() ?? (await collected(reader));
    }

    #asStreamedUnaborted(): Response {
      this.#assertNotAborted();
      if (this.#used) throw unusable();
      return this.#asStreamed() ?? new Response(null, responseInit(contentType(this.#from.head)));
    }

    /** The platform's Response with the body as a stream; undefined if there is no body. */
    #asStreamed(): Response | undefined {
      if (this.#streamed === undefined && this.#used) {
        // The body was read without a stream: use a consumed one.
        const empty = new Response('', responseInit(NO_FIELDS));
        void empty.text();
        this.#streamed = empty;
      }
      const reader = this.#reader;
      if (reader === undefined) return this.#streamed;
      this.#reader = undefined;
      this.#streamed = streamedResponse(streamOf(reader, this.#from.signal), this.#from.head);
      return this.#streamed;
    }

    /** Throws the reason of an abort, unless there is no body, or it was read without a stream. */
    #assertNotAborted(): void {
      const { signal } = this.#from;
      if (signal?.aborted && (this.#reader ?? this.#streamed) !== undefined) throw signal.reason;
    }

    /** Defines a method that calls the platform's method of this name on the streamed body. */
    static #defineByStream(name: string): void {
      const value = function (this: FetchedResponse, ...given: unknown[]): unknown {
        const streamed = this.#asStreamedUnaborted();
        return Reflect.apply(Reflect.get(streamed, name), streamed, given);
      };
      const descriptor = bare({ value, writable: true, enumerable: true, configurable: true });
      Object.defineProperty(FetchedResponse.prototype, name, descriptor);
    }

    static {
      const headers = headersSymbol();
      if (headers !== undefined) {
        // The platform's constructor writes and reads its own headers.
        const blank = new Headers();
        const get = function (this: FetchedResponse): Headers {
          return #from in this ? this.headers : blank;
        };
        Object.defineProperty(FetchedResponse.prototype, headers, bare({ get, set: () => {}, configurable: true }));
      }
      // Methods that later versions of the platform add to a body, e.g. textStream(), are delegated.
      for (const name of Object.getOwnPropertyNames(Response.prototype)) {
        if (!Object.hasOwn(FetchedResponse.prototype, name)) FetchedResponse.#defineByStream(name);
      }
      // Web IDL demands enumerable members; members of a class are not.
      for (const name of Object.getOwnPropertyNames(FetchedResponse.prototype)) {
        Object.defineProperty(FetchedResponse.prototype, name, bare({ enumerable: true }));
      }
      const platforms = bare({ value: Response, writable: true, enumerable: false, configurable: true });
      Object.defineProperty(FetchedResponse.prototype, 'constructor', platforms);
    }
  }

  return FetchedResponse;
}

function unusable(): TypeError {
  return new TypeError('the body has been used: it can be read once, or be cloned before');
}

function streamedResponse(body: ReadableStream<Uint8Array>, head: HTTPResponse): Response {
  return new Response(body as ReadableStream<Uint8Array<ArrayBuffer>>, responseInit(contentType(head)));
}

/** The field on which the forms of a body depend. */
function contentType({ headers }: HTTPResponse): Fields {
  const type = headers.get('Content-Type');
  return type === undefined ? [] : [['Content-Type', type]];
}

async function collected(reader: ByteReader): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (let part = await reader.read(); part !== undefined; part = await reader.read()) parts.push(part);
  return parts.length === 1 ? (parts.at(0) as Uint8Array) : joined(parts);
}
