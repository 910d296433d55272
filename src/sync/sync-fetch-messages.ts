/**
 * Requests and responses of the drop-in for sync-fetch. They know no connection.
 */

import { STATUS_CODES } from 'node:http';
import { bare, member, own } from '../options.ts';
import { enumerable } from './enumerable.ts';
import { Body, type BodyInit, type GivenBody, givenBody, handedOver, type ReceivedBody } from './sync-fetch-body.ts';
import { Headers, type HeadersInit } from './sync-fetch-headers.ts';

/** The options of fetch in sync-fetch. Those of the fetch standard that node-fetch 2 does not heed are not heeded here. */
export interface RequestInit {
  /** Default GET. */
  readonly method?: string | undefined;
  readonly headers?: HeadersInit | null | undefined;
  readonly body?: BodyInit | null | undefined;
  /** Default "follow". */
  readonly redirect?: 'follow' | 'manual' | 'error' | undefined;
  /** One that is aborted already is an AbortError. Others are refused: nothing could abort them while the thread is blocked. */
  readonly signal?: AbortSignal | null | undefined;
  /** How many redirects are followed at most. Default 20. */
  readonly follow?: number | undefined;
  /** Milliseconds for each request until its response begins, and again for its body. 0, the default: no limit. */
  readonly timeout?: number | undefined;
  /** Whether gzip, deflate and br are asked for, and undone. Default true. */
  readonly compress?: boolean | undefined;
  /** Bytes that the body of the response may have, decoded. 0, the default: 1 GiB. */
  readonly size?: number | undefined;
  /** Refused by `fetch`: connections are this library's own. */
  readonly agent?: unknown;
  readonly cache?: string | undefined;
  readonly credentials?: string | undefined;
  readonly integrity?: string | undefined;
  readonly keepalive?: boolean | undefined;
  readonly mode?: string | undefined;
  readonly referrer?: string | undefined;
  readonly referrerPolicy?: string | undefined;
}

/** What a {@link Response} can be told. */
export interface ResponseInit {
  readonly url?: string | undefined;
  readonly status?: number | undefined;
  readonly statusText?: string | undefined;
  readonly headers?: HeadersInit | null | undefined;
  readonly size?: number | undefined;
  readonly timeout?: number | undefined;
  /** How many redirects there were. */
  readonly counter?: number | undefined;
}

const REQUEST_MEMBERS = [
  ...(['method', 'headers', 'body', 'redirect', 'signal', 'follow', 'timeout', 'compress', 'size', 'agent'] as const),
];
const RESPONSE_MEMBERS = ['url', 'status', 'statusText', 'headers', 'size', 'timeout', 'counter'] as const;

/** What was given, read once, along the chain of prototypes, but not from Object.prototype. */
function members<T extends object>(init: T | null, names: readonly (keyof T)[]): T {
  if (typeof init !== 'object' || init === null) return bare({}) as T;
  return bare(Object.fromEntries(names.map((name) => [name, member(init, name)]))) as T;
}

/** A request as node-fetch 2 has it, with a body that can be read at once. */
export class Request extends Body {
  follow: number;
  compress: boolean;
  counter: number;
  agent: unknown;
  readonly #headers: Headers;
  readonly #url: string;
  readonly #method: string;
  readonly #redirect: 'follow' | 'manual' | 'error';
  readonly #signal: AbortSignal | null;

  /** @throws TypeError for a body with GET or HEAD, bodies that are streams, and headers that cannot be */
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

  get method(): string {
    return this.#method;
  }

  get url(): string {
    return this.#url;
  }

  get redirect(): 'follow' | 'manual' | 'error' {
    return this.#redirect;
  }

  get signal(): AbortSignal | null {
    return this.#signal;
  }

  /** @throws TypeError if the body was read already */
  clone(): Request {
    return new Request(this);
  }

  get [Symbol.toStringTag](): string {
    return 'Request';
  }

  static {
    enumerable(Request, ['headers', 'method', 'url', 'redirect', 'signal', 'clone']);
  }
}

/** The request of a call of `fetch`, where an empty string is no body, unlike in `new Request()`. @throws as that */
export function calledRequest(input: string | URL | Request, init: RequestInit | null | undefined): Request {
  const given = members<RequestInit>(init ?? null, REQUEST_MEMBERS);
  return new Request(input, given.body ? given : bare({ ...given, body: undefined }));
}

/** A response as node-fetch 2 has it, with a body that can be read at once. */
export class Response extends Body {
  readonly #headers: Headers;
  readonly #url: string;
  readonly #status: number;
  readonly #statusText: string;
  readonly #counter: number;

  /** @throws TypeError for bodies that are streams, and headers that cannot be */
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

  get status(): number {
    return this.#status;
  }

  get statusText(): string {
    return this.#statusText;
  }

  /** Whether the status is 200 to 299. */
  get ok(): boolean {
    return this.#status >= 200 && this.#status < 300;
  }

  get redirected(): boolean {
    return this.#counter > 0;
  }

  /** @throws TypeError if the body was read already; FetchError if it did not come in whole */
  clone(): Response {
    const { url, status, statusText, headers, size, timeout } = this;
    const init = { url, status, statusText, headers, size, timeout, counter: this.#counter };
    return handing(handedOver(this), init);
  }

  get [Symbol.toStringTag](): string {
    return 'Response';
  }

  static {
    enumerable(Response, ['headers', 'url', 'status', 'statusText', 'ok', 'redirected', 'clone']);
  }
}

/** Content that another object has had. */
class Handed {
  readonly content: GivenBody | ReceivedBody;

  constructor(content: GivenBody | ReceivedBody) {
    this.content = content;
  }
}

/** A response that has its content from elsewhere. */
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

/** What begins with a scheme is an absolute URL; whether another one can be fetched, `fetch` says. @throws TypeError */
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
