/**
 * A replacement for the package sync-request 6: the same function, options and errors, on the connections of
 * `fetchSync`, without a process for each call. Most programs change only their import. New programs use `fetchSync` of
 * `dugong/sync`.
 *
 * It has that package's rules for queries, redirects, retries and errors; the exchange itself is that of `fetchSync`.
 *
 * @example
 * ```js
 * import request from 'dugong/sync-request';
 *
 * const response = request('GET', 'http://localhost:8080/hello', { qs: { to: 'Ann' } });
 * console.log(response.statusCode, response.getBody('utf8').trim()); // 200 hello from /hello?to=Ann
 * ```
 *
 * @module dugong/sync-request
 */

import type { IncomingHttpHeaders } from 'node:http';
import { ConnectionTimedOut, DugongError, Interrupted } from '../errors.ts';
import { UNSET } from '../fetch/codec.ts';
import { Content } from '../fetch/content.ts';
import { checkedRouting } from '../fetch/endpoint.ts';
import { bareURL, basicAuthorization, checkedMethod } from '../fetch/fetch-request.ts';
import { jsonContent, type RequestContent } from '../fetch/sync-body.ts';
import { coFetchWhole, UNLIMITED } from '../fetch/whole-fetch.ts';
import { HTTPHeaders } from '../http1/headers.ts';
import { DEFAULT_LIMITS } from '../http1/limits.ts';
import { bare, own, ownOptions } from '../options.ts';
import { coSleep, coWithTimeout } from '../schedule/combinators.ts';
import { runBlocking } from '../schedule/run-blocking.ts';
import { incomingHeaders } from './incoming-headers.ts';
import { FormData, formContent } from './sync-request-form.ts';
import { withQuery } from './sync-request-query.ts';
import { Response } from './sync-request-response.ts';
import { systemReason } from './system-reason.ts';

export type { StatusError } from './sync-request-response.ts';
export { FormData, Response };

/**
 * The usual methods. CONNECT, TRACE and TRACK are refused by a TypeError; any other token is sent.
 *
 * @example
 * ```js
 * import request from 'dugong/sync-request';
 *
 * console.log(request('PUT', 'http://localhost:8080/a', { body: 'text' }).getBody('utf8')); // 4 bytes taken
 * ```
 */
export type HttpVerb = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE' | 'CONNECT' | 'OPTIONS' | 'TRACE' | 'PATCH';

/**
 * The options of sync-request 6. Times are milliseconds; sizes are bytes.
 *
 * @example
 * ```js
 * import request from 'dugong/sync-request';
 *
 * const options = { qs: { page: 2 }, headers: { accept: 'text/plain' }, timeout: 10_000, retry: true };
 * console.log(request('GET', 'http://localhost:8080/hello', options).getBody('utf8').trim()); // hello from /hello?page=2
 * ```
 */
export interface Options {
  /** Adds to the query of the URL in the syntax of the package qs. */
  readonly qs?: Readonly<Record<string, unknown>> | undefined;
  /** The header fields by name; a list is several lines. */
  readonly headers?: IncomingHttpHeaders | undefined;
  /** The body; a string is sent as UTF-8. Not for GET, HEAD and DELETE. */
  readonly body?: string | Uint8Array | undefined;
  /** A value that is sent as JSON. Ignored for GET, HEAD and DELETE. */
  readonly json?: unknown;
  /** A form that is sent as multipart/form-data. Ignored for GET, HEAD and DELETE. */
  readonly form?: FormData | globalThis.FormData | undefined;
  /**
   * Whether to follow redirects. The next request has no body, and of the headers only `allowRedirectHeaders`. Default
   * true.
   */
  readonly followRedirects?: boolean | undefined;
  /** Most redirects that are followed; one more is an Error. Default 100, which ends loops. */
  readonly maxRedirects?: number | undefined;
  /** Names of the fields that a redirected request keeps. */
  readonly allowRedirectHeaders?: readonly string[] | null | undefined;
  /** Whether to ask for gzip and deflate, and to decode them. Default true. */
  readonly gzip?: boolean | undefined;
  /** Milliseconds for each request with its response and body. Default: no limit. */
  readonly timeout?: number | false | undefined;
  /** Milliseconds without a byte sent or received. Default: no limit. */
  readonly socketTimeout?: number | false | undefined;
  /** Whether to repeat a GET that fails, or whose status is 400 or above. Default false. */
  readonly retry?: boolean | undefined;
  /** Milliseconds to wait before each repetition. Default 200. */
  readonly retryDelay?: number | undefined;
  /** Most repetitions of one request. Default 5. */
  readonly maxRetries?: number | undefined;
  /** Only false is accepted: this library manages the connections. */
  readonly agent?: false | undefined;
  /** Refused by a TypeError: there is no cache. */
  readonly cache?: undefined;
}

/**
 * The type of `request`: the function of sync-request, with its class FormData as a property.
 *
 * @example
 * ```js
 * import request from 'dugong/sync-request';
 *
 * const form = new request.FormData();
 * form.append('name', 'ann');
 * console.log(request('POST', 'http://localhost:8080/form', { form }).statusCode); // 200
 * ```
 */
export interface SyncRequest {
  /**
   * Sends a request with `method` to `url`, and returns when the response has arrived with its body. The thread is
   * blocked meanwhile.
   *
   * @param options see {@link Options}
   * @throws Error with the system's `code` for failures in operation, and with `timeout` true when a limit has passed
   * @throws TypeError for input that cannot be sent, and unsupported options
   * @throws Interrupted for a signal that the process listens for
   */
  (method: HttpVerb | (string & {}), url: string | URL, options?: Options | null): Response;
  /** The function itself, for modules that use `.default`. */
  readonly default: SyncRequest;
  /** The class {@link FormData}, for programs that import the function only. */
  readonly FormData: typeof FormData;
}

const NAMES = [
  ...(['qs', 'headers', 'body', 'json', 'form', 'followRedirects', 'maxRedirects', 'allowRedirectHeaders'] as const),
  ...(['gzip', 'timeout', 'socketTimeout', 'retry', 'retryDelay', 'maxRetries', 'agent', 'cache'] as const),
] as const;
const BODYLESS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'DELETE']);
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * A replacement for sync-request without a process for each call: the same arguments, responses and errors. It blocks
 * the thread, and keeps connections open for the next call.
 *
 * @throws Error with the system's `code` for failures in operation, and with `timeout` true when a limit has passed
 * @throws TypeError for input that cannot be sent, and unsupported options
 * @throws Interrupted for a signal that the process listens for
 *
 * @example
 * ```js
 * import request from 'dugong/sync-request';
 *
 * const response = request('GET', 'http://localhost:8080/status', { timeout: 10_000 });
 * console.log(response.statusCode, JSON.parse(response.getBody('utf8')).version); // 200 1.0
 * ```
 */
const request: SyncRequest = Object.assign(
  function request(method: string, url: string | URL, options?: Options | null): Response {
    return requested(method, url, options);
  },
  { FormData, default: undefined as unknown as SyncRequest },
);
Object.assign(request, { default: request });

export { request, request as default, request as 'module.exports' };

interface Hop {
  readonly method: string;
  readonly url: string;
  readonly headers: HTTPHeaders;
  readonly content: Content | undefined;
}

function requested(given: string, input: string | URL, options: Options | null | undefined): Response {
  const init = checkedOptions(given, options);
  const method = given.toUpperCase();
  const { content, type } = contentOf(method, init);
  const headers = new HTTPHeaders(init.headers ?? undefined);
  if (type !== undefined && !headers.has('Content-Type')) headers.set('Content-Type', type);
  // The body determines the length.
  headers.delete('Content-Length');
  const text = urlText(input);
  const url = init.qs ? withQuery(text, init.qs) : text;
  return followed({ method, url, headers, content }, init);
}

/** The text of a URL, also of an object that url.parse() returned. @throws TypeError */
function urlText(url: unknown): string {
  const text = typeof url === 'object' && url !== null && 'href' in url ? url.href : url;
  if (typeof text !== 'string') throw new TypeError('The URL/path must be a string.');
  return text;
}

/** Checks the options. @throws TypeError for unknown and unsupported options */
function checkedOptions(method: unknown, options: Options | null | undefined): Options {
  if (typeof method !== 'string') throw new TypeError('The method must be a string.');
  const init = ownOptions('sync-request', options ?? undefined, NAMES);
  if (init.cache) throw new TypeError('the option cache cannot be obeyed: no responses are kept');
  if (init.agent) throw new TypeError('the option agent cannot be obeyed: connections are kept by dugong itself');
  for (const name of ['retry', 'retryDelay'] as const) {
    if (typeof init[name] === 'function') throw new TypeError(`the option ${name} cannot be a function`);
  }
  return init;
}

/** Converts the body. @throws Error for a body that the method must not have, as the package */
function contentOf(method: string, { body, json, form }: Options): RequestContent {
  if (BODYLESS.has(method)) {
    if (body) throw new Error(`You cannot pass a body to a ${method} request.`);
    return { content: undefined, type: undefined };
  }
  if (form) return formContent(form);
  if (json) return jsonContent(json);
  if (body && typeof body !== 'string' && !(body instanceof Uint8Array)) {
    throw new TypeError('body should be a Buffer or a String');
  }
  return { content: new Content(body || ''), type: undefined };
}

/** The package has no limit: a loop of redirects would block its caller for ever. */
const MOST_REDIRECTS = 100;

function followed(first: Hop, init: Options): Response {
  const maxRedirects = init.maxRedirects ?? MOST_REDIRECTS;
  let hop = first;
  for (let redirects = 0; ; redirects++) {
    const response = attempted(hop, init);
    if (init.followRedirects === false || !REDIRECTS.has(response.statusCode)) return response;
    if (redirects >= maxRedirects) {
      throw Object.assign(new Error('Maximum number of redirects exceeded'), { res: response });
    }
    hop = next(hop, response, init.allowRedirectHeaders);
  }
}

/**
 * Makes the request that a redirect asks for. As in the package, all methods except HEAD, GET and DELETE become GET,
 * and so does DELETE after a 303. @throws Error
 */
function next(
  { method, url, headers }: Hop,
  { statusCode, headers: fields }: Response,
  allowed: Options['allowRedirectHeaders'],
): Hop {
  const location = own(fields, 'location');
  if (location === undefined) throw new Error(`Cannot redirect to non string location: ${location}`);
  const target = Buffer.from(location, 'latin1').toString('utf8');
  if (!URL.canParse(target, url)) throw new Error(`Cannot redirect to ${target}`);
  const { href, origin } = new URL(target, url);
  const kept = new HTTPHeaders();
  for (const name of allowed ?? []) {
    const value = headers.get(name);
    // A Host for one origin is not sent to another.
    if (value !== undefined && !(name.toLowerCase() === 'host' && origin !== new URL(url).origin))
      kept.set(name, value);
  }
  const asGet = !BODYLESS.has(method) || (method === 'DELETE' && statusCode === 303);
  return { method: asGet ? 'GET' : method, url: href, headers: kept, content: undefined };
}

function attempted(hop: Hop, init: Options): Response {
  const { retry, retryDelay, maxRetries } = init;
  for (let retries = 0; ; retries++) {
    const last = !retry || hop.method !== 'GET' || retries >= (maxRetries || 5);
    try {
      const response = exchanged(hop, init);
      if (last || response.statusCode < 400) return response;
    } catch (error) {
      if (last || !(error instanceof Error) || error instanceof TypeError || error instanceof Interrupted) throw error;
    }
    runBlocking(coSleep(retryDelay || 200));
  }
}

/** Sends one request. @throws Error with the system's code; TypeError for input that cannot be sent */
function exchanged(hop: Hop, init: Options): Response {
  const { timeout, socketTimeout } = init;
  const gzip = init.gzip !== false;
  const request = wireRequest(hop, gzip ? 'gzip,deflate' : undefined);
  const maxBodySize = DEFAULT_LIMITS.bodyInMemory;
  const reading = { limits: UNLIMITED, maxBodySize, decompress: false } as const;
  const fetching = coFetchWhole(request, { routing: checkedRouting({}), redirect: 'manual', ...reading });
  try {
    const { response, body } = runBlocking(timeout ? coWithTimeout(fetching, timeout) : fetching, {
      timeout: socketTimeout || undefined,
    });
    const headers = incomingHeaders(response.headers);
    return new Response(response.status, headers, gzip ? decoded(headers, body) : body, hop.url);
  } catch (error) {
    throw failure(error);
  }
}

/** `codings` are accepted besides those of the caller's fields. */
function wireRequest(
  { method, url: text, headers: given, content }: Hop,
  codings: string | undefined,
): Parameters<typeof coFetchWhole>[0] {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    const protocol = url?.protocol.replace(':', '') ?? '';
    throw new TypeError(`The protocol "${protocol}" is not supported, cannot load "${text}"`);
  }
  const headers = new HTTPHeaders(given);
  const authorization = basicAuthorization(url);
  if (authorization !== undefined) headers.set('Authorization', authorization);
  const accepted = headers.get('Accept-Encoding');
  if (codings !== undefined)
    headers.set('Accept-Encoding', accepted === undefined ? codings : `${accepted},${codings}`);
  return { url: bareURL(url), method: checkedMethod(method), headers, content, referrer: undefined };
}

/** Decodes one coding and removes the field from `headers`, as the package does. @throws the error of node:zlib */
function decoded(headers: Record<string, string | string[]>, body: Buffer): Buffer {
  const coding = headers['content-encoding'];
  if (coding !== 'gzip' && coding !== 'deflate') return body;
  delete headers['content-encoding'];
  if (body.length === 0) return body;
  const { gunzipSync, inflateSync } = process.getBuiltinModule('node:zlib');
  const limit = bare({ ...UNSET, maxOutputLength: DEFAULT_LIMITS.bodyInMemory });
  return Buffer.from(coding === 'gzip' ? gunzipSync(body, limit) : inflateSync(body, limit));
}

/** Converts an error into the form of the package. */
function failure(error: unknown): unknown {
  if (error instanceof ConnectionTimedOut) {
    const duration = error.timeout;
    const { code } = error;
    return Object.assign(new Error(`Request timed out after ${duration}ms`, { cause: error }), {
      timeout: true,
      duration,
      code,
    });
  }
  if (!(error instanceof DugongError) || error instanceof Interrupted) return error;
  const { message, code } = systemReason(error);
  return Object.assign(new Error(message, { cause: error }), { code });
}
