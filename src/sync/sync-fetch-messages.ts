/**
 * The requests and responses of the drop-in replacement for sync-fetch. They know no connection.
 */

import { STATUS_CODES } from 'node:http';
import { bare, member, own } from '../options.ts';
import { Body, type BodyInit, type GivenBody, givenBody, handedOver, type ReceivedBody } from './sync-fetch-body.ts';
import { enumerable, Headers, type HeadersInit } from './sync-fetch-headers.ts';

/** The options of fetch in sync-fetch. Those of the fetch standard that node-fetch 2 ignores are ignored here, too. */
export interface RequestInit {
  /** Default GET. */
  readonly method?: string | undefined;
  /** The header fields. */
  readonly headers?: HeadersInit | null | undefined;
  /** The body; not for GET and HEAD. */
  readonly body?: BodyInit | null | undefined;
  /** Default "follow". */
  readonly redirect?: 'follow' | 'manual' | 'error' | undefined;
  /**
   * A signal that is aborted already raises AbortError. Others are refused, because nothing can abort them while the
   * thread is blocked.
   */
  readonly signal?: AbortSignal | null | undefined;
  /** Most redirects. Default 20. */
  readonly follow?: number | undefined;
  /** Milliseconds for each request until its response begins, and again for its body. 0 (the default): no limit. */
  readonly timeout?: number | undefined;
  /** Whether to ask for gzip and deflate, and to decode gzip, deflate and br. Default true. */
  readonly compress?: boolean | undefined;
  /** Most bytes of the decoded response body. 0 (the default): 1 GiB. */
  readonly size?: number | undefined;
  /** Refused by `fetch`, because this library manages the connections. */
  readonly agent?: unknown;
  /** Ignored. */
  readonly cache?: string | undefined;
  /** Ignored. */
  readonly credentials?: string | undefined;
  /** Ignored. */
  readonly integrity?: string | undefined;
  /** Ignored. */
  readonly keepalive?: boolean | undefined;
  /** Ignored. */
  readonly mode?: string | undefined;
  /** Ignored. */
  readonly referrer?: string | undefined;
  /** Ignored. */
  readonly referrerPolicy?: string | undefined;
}

/** The second argument of {@link Response}. */
export interface ResponseInit {
  /** The URL of the response. Default "". */
  readonly url?: string | undefined;
  /** The status code. Default 200. */
  readonly status?: number | undefined;
  /** The reason phrase. Default: that of the status. */
  readonly statusText?: string | undefined;
  /** The header fields. */
  readonly headers?: HeadersInit | null | undefined;
  /** Most bytes of the body, for {@link Response.size}. Default 0. */
  readonly size?: number | undefined;
  /** Milliseconds, for {@link Response.timeout}. Default 0. */
  readonly timeout?: number | undefined;
  /** Number of redirects before this response. */
  readonly counter?: number | undefined;
}

const REQUEST_MEMBERS = [
  ...(['method', 'headers', 'body', 'redirect', 'signal', 'follow', 'timeout', 'compress', 'size', 'agent'] as const),
];
const RESPONSE_MEMBERS = ['url', 'status', 'statusText', 'headers', 'size', 'timeout', 'counter'] as const;

/** Reads the members once, along the chain of prototypes, but not from Object.prototype. */
function members<T extends object>(init: T | null, names: readonly (keyof T)[]): T {
  if (typeof init !== 'object' || init === null) return bare({}) as T;
  return bare(Object.fromEntries(names.map((name) => [name, member(init, name)]))) as T;
}

/** A request as in node-fetch 2, with a complete body. */
export class Request extends Body {
  /** Most redirects. */
  follow: number;
  /** Whether to ask for content codings and to decode them. */
  compress: boolean;
  /** Number of redirects before this request. */
  counter: number;
  /** The option `agent`, which `fetch` refuses. */
  agent: unknown;
  readonly #headers: Headers;
  readonly #url: string;
  readonly #method: string;
  readonly #redirect: 'follow' | 'manual' | 'error';
  readonly #signal: AbortSignal | null;

  /** @throws TypeError for a body with GET or HEAD, a body that is a stream, and invalid headers */
  constructor(input: string | URL | Request, init: RequestInit | null = {}) {
    const given = members<RequestInit>(init, REQUEST_MEMBERS);
    const base = input instanceof Request ? input : undefined;
    const method = (given.method || base?.method || 'GET').toUpperCase();
    const { content, type } = contentOf(given.body, base);
    if (content.bytes !== undefined && (method === 'GET' || method === 'HEAD')) {
      throw new TypeError('Request with GET/HEAD method cannot have body');
    }
    super(content, { size: given.size || base?.size || 0, timeout: given.timeout || base?.timeout || 0 });
    this.#headers = new Headers(given.headers || base?.headers);
    if (type !== undefined && !this.headers.has('Content-Type')) this.headers.append('Content-Type', type);
    this.#url = base?.url ?? normalised(input);
    this.#method = method;
    this.#redirect = given.redirect || base?.redirect || 'follow';
    this.#signal = checkedSignal(given.signal === undefined ? base?.signal : given.signal);
    this.follow = given.follow ?? base?.follow ?? 20;
    this.compress = given.compress ?? base?.compress ?? true;
    this.counter = base?.counter ?? 0;
    this.agent = given.agent ?? base?.agent;
  }

  get headers(): Headers {
    return this.#headers;
  }

  /** The method, in upper case. */
  get method(): string {
    return this.#method;
  }

  get url(): string {
    return this.#url;
  }

  /** How to handle redirects. */
  get redirect(): 'follow' | 'manual' | 'error' {
    return this.#redirect;
  }

  /** The signal; null if there is none. */
  get signal(): AbortSignal | null {
    return this.#signal;
  }

  /** A copy. @throws TypeError if the body was read before */
  clone(): Request {
    return new Request(this);
  }

  /** "Request". */
  get [Symbol.toStringTag](): string {
    return 'Request';
  }

  static {
    enumerable(Request, ['headers', 'method', 'url', 'redirect', 'signal', 'clone']);
  }
}

/**
 * Makes the request of a call of `fetch`, where an empty string is no body, unlike in `new Request()`. @throws as that
 */
export function calledRequest(input: string | URL | Request, init: RequestInit | null | undefined): Request {
  const given = members<RequestInit>(init ?? null, REQUEST_MEMBERS);
  return new Request(input, given.body ? given : bare({ ...given, body: undefined }));
}

/** A response as in node-fetch 2, with a complete body. */
export class Response extends Body {
  readonly #headers: Headers;
  readonly #url: string;
  readonly #status: number;
  readonly #statusText: string;
  readonly #counter: number;

  /** @throws TypeError for a body that is a stream, and invalid headers */
  constructor(body?: BodyInit | null, init: ResponseInit | null = {}) {
    const given = members<ResponseInit>(init, RESPONSE_MEMBERS);
    const content = body instanceof Handed ? body.content : givenBody(body);
    super(content, { size: given.size ?? 0, timeout: given.timeout ?? 0 });
    this.#headers = new Headers(given.headers);
    const type = own(content as GivenBody, 'type');
    if (type !== undefined && !this.headers.has('Content-Type')) this.headers.append('Content-Type', type);
    this.#url = given.url ?? '';
    this.#status = given.status || 200;
    this.#statusText = given.statusText || (own(STATUS_CODES, this.#status) ?? '');
    this.#counter = given.counter ?? 0;
  }

  get url(): string {
    return this.#url;
  }

  get headers(): Headers {
    return this.#headers;
  }

  /** The status code. */
  get status(): number {
    return this.#status;
  }

  /** The reason phrase. */
  get statusText(): string {
    return this.#statusText;
  }

  /** Whether the status is 200 to 299. */
  get ok(): boolean {
    return this.#status >= 200 && this.#status < 300;
  }

  /** Whether there was a redirect. */
  get redirected(): boolean {
    return this.#counter > 0;
  }

  /** A copy. @throws TypeError if the body was read before; FetchError if it did not arrive completely */
  clone(): Response {
    const { url, status, statusText, headers, size, timeout } = this;
    const init = { url, status, statusText, headers, size, timeout, counter: this.#counter };
    return handing(handedOver(this), init);
  }

  /** "Response". */
  get [Symbol.toStringTag](): string {
    return 'Response';
  }

  static {
    enumerable(Response, ['headers', 'url', 'status', 'statusText', 'ok', 'redirected', 'clone']);
  }
}

/** Wraps the content of another object for the constructor. */
class Handed {
  readonly content: GivenBody | ReceivedBody;

  constructor(content: GivenBody | ReceivedBody) {
    this.content = content;
  }
}

/** Makes a response with the content of another object. */
export function handing(content: GivenBody | ReceivedBody, init: ResponseInit): Response {
  return new Response(new Handed(content) as unknown as BodyInit, init);
}

interface Content {
  readonly content: GivenBody | ReceivedBody;
  readonly type: string | undefined;
}

function contentOf(body: BodyInit | null | undefined, base: Request | undefined): Content {
  if ((body === undefined || body === null) && base !== undefined)
    return { content: handedOver(base), type: undefined };
  const content = givenBody(body);
  return { content, type: content.type };
}

/**
 * The URL in its normal form if it begins with a scheme; otherwise the text, about which `fetch` decides. @throws
 * TypeError
 */
function normalised(input: unknown): string {
  const href = member(Object(input) as { href?: unknown }, 'href');
  const text = String(href || input);
  return /^[a-z][a-z\d+.-]*:/i.test(text) ? new URL(text).href : text;
}

/** @throws TypeError */
function checkedSignal(signal: unknown): AbortSignal | null {
  if (signal === undefined || signal === null) return null;
  if (typeof signal === 'object' && 'aborted' in signal && 'addEventListener' in signal) return signal as AbortSignal;
  throw new TypeError('Expected signal to be an instanceof AbortSignal');
}
