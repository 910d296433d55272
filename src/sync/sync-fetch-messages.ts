/**
 * The requests and responses of the drop-in replacement for sync-fetch. They know no connection.
 */

import { STATUS_CODES } from 'node:http';
import { bare, member, own } from '../options.ts';
import { Body, type BodyInit, type GivenBody, givenBody, handedOver, type ReceivedBody } from './sync-fetch-body.ts';
import { enumerable, Headers, type HeadersInit } from './sync-fetch-headers.ts';

/**
 * The options of `fetch` in sync-fetch, which are those of node-fetch 2. Those of the Fetch standard that node-fetch
 * 2 ignores are ignored here, too.
 *
 * @example
 * ```js
 * import fetch from 'dugong/sync-fetch';
 *
 * const response = fetch('http://localhost:8080/old', { follow: 5, timeout: 10_000, size: 1_000_000 });
 * console.log(response.url, response.redirected); // http://localhost:8080/hello true
 * ```
 */
export interface RequestInit {
  /** The method, which is made upper-case. Default GET. */
  readonly method?: string | undefined;
  /** The header fields of the request. */
  readonly headers?: HeadersInit | null | undefined;
  /** The body; not for GET and HEAD. */
  readonly body?: BodyInit | null | undefined;
  /** How to handle redirects: "follow" (the default), "manual": return them, "error": throw FetchError. */
  readonly redirect?: 'follow' | 'manual' | 'error' | undefined;
  /**
   * A signal that is aborted already raises AbortError. Others are refused, because nothing can abort them while the
   * thread is blocked.
   */
  readonly signal?: AbortSignal | null | undefined;
  /** Most redirects that are followed; one more is a FetchError. Default 20. */
  readonly follow?: number | undefined;
  /** Milliseconds for each request until its response begins, and again for its body. 0 (the default): no limit. */
  readonly timeout?: number | undefined;
  /** Whether to ask for gzip and deflate, and to decode gzip, deflate and br. Default true. */
  readonly compress?: boolean | undefined;
  /** Most bytes of the decoded response body; more are a FetchError when it is read. 0 (the default): 1 GiB. */
  readonly size?: number | undefined;
  /** Refused by `fetch`, because this library manages the connections. */
  readonly agent?: unknown;
  /** Ignored, as by node-fetch 2: there is no cache. */
  readonly cache?: string | undefined;
  /** Ignored, as by node-fetch 2: there are no cookies. */
  readonly credentials?: string | undefined;
  /** Ignored, as by node-fetch 2: nothing is checked. */
  readonly integrity?: string | undefined;
  /** Ignored, as by node-fetch 2: connections stay open anyway. */
  readonly keepalive?: boolean | undefined;
  /** Ignored, as by node-fetch 2: there is no CORS. */
  readonly mode?: string | undefined;
  /** Ignored, as by node-fetch 2: set the field Referer. */
  readonly referrer?: string | undefined;
  /** Ignored, as by node-fetch 2: no field Referer is made. */
  readonly referrerPolicy?: string | undefined;
}

/**
 * The second argument of the constructor of {@link Response}: its head.
 *
 * @example
 * ```js
 * import { Response } from 'dugong/sync-fetch';
 *
 * const response = new Response('nothing here', { status: 404, url: 'http://localhost:8080/x' });
 * console.log(response.statusText, response.ok); // Not Found false
 * ```
 */
export interface ResponseInit {
  /** The URL of the response. Default: the empty string. */
  readonly url?: string | undefined;
  /** The status code, of three digits. Default 200. */
  readonly status?: number | undefined;
  /** The reason phrase. Default: that of the status. */
  readonly statusText?: string | undefined;
  /** The header fields of the response. */
  readonly headers?: HeadersInit | null | undefined;
  /** Most bytes of the body, shown as the property `size`. Default 0. */
  readonly size?: number | undefined;
  /** Milliseconds for the body, shown as the property `timeout`. Default 0. */
  readonly timeout?: number | undefined;
  /** Number of redirects before this response. Default 0. */
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

/**
 * A request as in node-fetch 2, with a complete body; an argument of `fetch`.
 *
 * @example
 * ```js
 * import fetch, { Request } from 'dugong/sync-fetch';
 *
 * const request = new Request('http://localhost:8080/a', { method: 'PUT', body: 'text' });
 * console.log(fetch(request).text()); // 4 bytes taken
 * ```
 */
export class Request extends Body {
  /** Most redirects that are followed; one more is a FetchError. */
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

  /**
   * Makes a request of a URL, or a copy of another request with other options.
   *
   * @param input a URL, or a request, whose body is not used up
   * @param init options: see {@link RequestInit}
   * @throws TypeError for a body with GET or HEAD, a body that is a stream, invalid headers, and a signal that is
   * none
   */
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

  /** The header fields of the request; they can be changed. */
  get headers(): Headers {
    return this.#headers;
  }

  /** The method of the request, in upper case. */
  get method(): string {
    return this.#method;
  }

  /** The URL of the request, in its normal form. */
  get url(): string {
    return this.#url;
  }

  /** How to handle redirects: "follow", "manual" or "error". */
  get redirect(): 'follow' | 'manual' | 'error' {
    return this.#redirect;
  }

  /** The signal of the request; null if there is none. */
  get signal(): AbortSignal | null {
    return this.#signal;
  }

  /**
   * A copy of the request, with the same body.
   *
   * @throws TypeError if the body was read before
   */
  clone(): Request {
    return new Request(this);
  }

  /** "Request", the name that `Object.prototype.toString` shows. */
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

/**
 * A response as in node-fetch 2, with a complete body: what `fetch` returns.
 *
 * @example
 * ```js
 * import fetch from 'dugong/sync-fetch';
 *
 * const response = fetch('http://localhost:8080/status');
 * console.log(response.status, response.statusText, response.json()); // 200 OK { version: '1.0', healthy: true }
 * ```
 */
export class Response extends Body {
  readonly #headers: Headers;
  readonly #url: string;
  readonly #status: number;
  readonly #statusText: string;
  readonly #counter: number;

  /**
   * Makes a response of one's own, for tests, for instance.
   *
   * @param body what the methods read; null or undefined: no body
   * @param init its head: see {@link ResponseInit}
   * @throws TypeError for a body that is a stream, and invalid headers
   */
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

  /** The URL of the last request, after redirects. */
  get url(): string {
    return this.#url;
  }

  /** The header fields of the response, as they were received. */
  get headers(): Headers {
    return this.#headers;
  }

  /** The status code, of three digits (RFC 9110 15). */
  get status(): number {
    return this.#status;
  }

  /** The reason phrase that the server has sent. */
  get statusText(): string {
    return this.#statusText;
  }

  /** Whether the status is 200 to 299. */
  get ok(): boolean {
    return this.#status >= 200 && this.#status < 300;
  }

  /** Whether there was a redirect before this response. */
  get redirected(): boolean {
    return this.#counter > 0;
  }

  /**
   * A copy of the response, with the same body.
   *
   * @throws TypeError if the body was read before
   * @throws FetchError if it did not arrive completely
   */
  clone(): Response {
    const { url, status, statusText, headers, size, timeout } = this;
    const init = { url, status, statusText, headers, size, timeout, counter: this.#counter };
    return handing(handedOver(this), init);
  }

  /** "Response", the name that `Object.prototype.toString` shows. */
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
