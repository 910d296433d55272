/**
 * A replacement for the package sync-fetch 0.5: the same function, classes and errors, which are those of node-fetch 2,
 * on the connections of `fetchSync`, without a process for each call. Most programs change only their import. New programs
 * use `fetchSync` of `dugong/sync`.
 *
 * It has node-fetch's rules for redirects, codings and errors; the exchange itself is that of `fetchSync`.
 *
 * @example
 * ```js
 * import fetch from 'dugong/sync-fetch';
 *
 * const response = fetch('http://localhost:8080/hello');
 * console.log(response.status, response.text().trim()); // 200 hello from /hello
 * ```
 *
 * @module dugong/sync-fetch
 */

import type { HTTPResponse } from '../client/http-response.ts';
import { ConnectionClosed, ConnectionTimedOut, DugongError, Interrupted, UnsupportedResponse } from '../errors.ts';
import { Content } from '../fetch/content.ts';
import { checkedRouting } from '../fetch/endpoint.ts';
import { bareURL, basicAuthorization, checkedMethod, type FetchRequest } from '../fetch/fetch-request.ts';
import {
  type BodyLimits,
  coFetchHead,
  coLeave,
  coWholeBody,
  type HeadReceived,
  UNLIMITED,
} from '../fetch/whole-fetch.ts';
import { HTTPHeaders } from '../http1/headers.ts';
import { DEFAULT_LIMITS } from '../http1/limits.ts';
import { bare } from '../options.ts';
import { coWithTimeout } from '../schedule/combinators.ts';
import { runBlocking } from '../schedule/run-blocking.ts';
import { incomingHeaders } from './incoming-headers.ts';
import { decoded, FetchError, isCoded, type ReceivedBody } from './sync-fetch-body.ts';
import { Headers } from './sync-fetch-headers.ts';
import { calledRequest, handing, Request, type RequestInit, Response } from './sync-fetch-messages.ts';
import { systemReason } from './system-reason.ts';

export type { Body, BodyInit } from './sync-fetch-body.ts';
export type { HeadersInit } from './sync-fetch-headers.ts';
export type { RequestInit, ResponseInit } from './sync-fetch-messages.ts';
export { FetchError, Headers, Request, Response };

/**
 * The type of `fetch`: the function of sync-fetch, with its classes as properties.
 *
 * @example
 * ```js
 * import fetch from 'dugong/sync-fetch';
 *
 * const headers = new fetch.Headers({ 'Content-Type': 'text/plain' });
 * const response = fetch('http://localhost:8080/form', { method: 'POST', headers, body: 'text' });
 * console.log(response instanceof fetch.Response, response.text().trim()); // true POST text/plain text
 * ```
 */
export interface SyncFetch {
  /**
   * Fetches `resource`, and returns when the response has arrived with its body. The thread is blocked meanwhile. A
   * failure of the body is thrown when the body is read.
   *
   * @param init options: see {@link RequestInit}
   * @throws FetchError for failures in operation
   * @throws TypeError for input that cannot be sent, and unsupported options
   * @throws Error named AbortError, of `type` "aborted", for a signal that is aborted
   * @throws Interrupted for a signal that the process listens for
   */
  (resource: string | URL | Request, init?: RequestInit | null): Response;
  /** The class {@link Headers}, for programs that import the function only. */
  readonly Headers: typeof Headers;
  /** The class {@link Request}, for programs that import the function only. */
  readonly Request: typeof Request;
  /** The class {@link Response}, for programs that import the function only. */
  readonly Response: typeof Response;
  /** The class {@link FetchError}, for programs that import the function only. */
  readonly FetchError: typeof FetchError;
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Credentials, which are for one origin, and Host. */
const CREDENTIALS = ['Authorization', 'WWW-Authenticate', 'Cookie', 'Cookie2', 'Proxy-Authorization', 'Host'];
/** Begins as node-fetch's, which servers may check. */
const USER_AGENT = 'node-fetch/1.0 (+dugong)';

/**
 * A replacement for sync-fetch without a process for each call: the same arguments, classes and errors. It blocks the
 * thread, and keeps connections open for the next call.
 *
 * @throws FetchError for failures in operation
 * @throws TypeError for input that cannot be sent, and unsupported options
 * @throws Error named AbortError, of `type` "aborted", for a signal that is aborted
 * @throws Interrupted for a signal that the process listens for
 *
 * @example
 * ```js
 * import fetch from 'dugong/sync-fetch';
 *
 * const response = fetch('http://localhost:8080/a', { timeout: 10_000 });
 * console.log(response.ok, response.text()); // true document a
 * ```
 */
const fetch: SyncFetch = Object.assign(
  function fetch(resource: string | URL | Request, init?: RequestInit | null): Response {
    return fetched(calledRequest(resource, init));
  },
  { Headers, Request, Response, FetchError },
);

export { fetch, fetch as default, fetch as 'module.exports' };

function fetched(first: Request): Response {
  if (first.agent) throw new TypeError('the option agent cannot be obeyed: connections are kept by dugong itself');
  if (first.signal !== null) assertAborted(first.signal);
  let request = first;
  for (;;) {
    const head = headOf(request);
    const { status, headers } = head.answer.response;
    const mode = request.redirect;
    const heeded = mode === 'error' || (mode === 'follow' && headers.has('Location'));
    if (!REDIRECTS.has(status) || !heeded) return responseOf(request, head);
    runBlocking(coLeave(head));
    request = followed(request, status, headers.getAll('Location').at(0));
  }
}

/** @throws an AbortError; TypeError for a signal that is not aborted */
function assertAborted(signal: AbortSignal): never {
  if (!signal.aborted) {
    throw new TypeError('the option signal cannot be obeyed while the thread is blocked: use timeout');
  }
  const error = Object.assign(new Error('The user aborted a request.'), { type: 'aborted' });
  error.name = 'AbortError';
  throw error;
}

/** The target of a Location; undefined if it is no URL. */
function targetOf(location: string, { url }: Request): URL | undefined {
  const text = Buffer.from(location, 'latin1').toString('utf8');
  return URL.canParse(text, url) ? new URL(text, url) : undefined;
}

/**
 * Makes the request that a redirect asks for. Credentials are not sent to another origin.
 * @throws FetchError for one redirect too many, for a redirect in mode "error", and for a target that is no URL
 */
function followed(request: Request, status: number, location: string | undefined): Request {
  const target = location === undefined ? undefined : targetOf(location, request);
  if (location !== undefined && target === undefined) {
    throw new FetchError(`uri requested responds with an invalid redirect URL: ${location}`, 'invalid-redirect');
  }
  if (target === undefined || request.redirect === 'error') {
    const message = `uri requested responds with a redirect, redirect mode is set to error: ${request.url}`;
    throw new FetchError(message, 'no-redirect');
  }
  if (request.counter >= request.follow) {
    throw new FetchError(`maximum redirect reached at: ${request.url}`, 'max-redirect');
  }
  const headers = new Headers(request.headers);
  if (new URL(request.url).origin !== target.origin) for (const name of CREDENTIALS) headers.delete(name);
  const { method, size, timeout, follow, compress } = request;
  const asGet = status === 303 || ((status === 301 || status === 302) && method === 'POST');
  if (asGet) headers.delete('Content-Length');
  const body = asGet ? undefined : ((request.body ?? undefined) as Buffer | undefined);
  const next = new Request(target, {
    ...{ method: asGet ? 'GET' : method, headers, body: body as Uint8Array | undefined },
    ...{ size, timeout, follow, compress },
  });
  next.counter = request.counter + 1;
  return next;
}

/** Sends a request and reads the head of its response. @throws FetchError for a failure */
function headOf(request: Request): HeadReceived {
  const { timeout, url } = request;
  const plan = { routing: checkedRouting({}), redirect: 'manual', ...bodyLimits(request) } as const;
  const fetching = coFetchHead(wireRequest(request), plan);
  try {
    return runBlocking(timeout > 0 ? coWithTimeout(fetching, timeout) : fetching);
  } catch (error) {
    if (error instanceof ConnectionTimedOut) throw new FetchError(`network timeout at: ${url}`, 'request-timeout');
    if (!(error instanceof DugongError) || error instanceof Interrupted) throw error;
    const reason = systemReason(error);
    const failure = new FetchError(`request to ${url} failed, reason: ${reason.message}`, 'system', reason);
    throw Object.defineProperty(failure, 'cause', bare({ value: error, writable: true, configurable: true }));
  }
}

/** Converts the request for the exchange. @throws TypeError for a URL that cannot be fetched */
function wireRequest(request: Request): FetchRequest {
  const url = URL.canParse(request.url) ? new URL(request.url) : undefined;
  if (!url?.hostname) throw new TypeError('Only absolute URLs are supported');
  if (!/^https?:$/.test(url.protocol)) throw new TypeError('Only HTTP(S) protocols are supported');
  const headers = new HTTPHeaders(request.headers.raw());
  // The body determines the length.
  headers.delete('Content-Length');
  if (!headers.has('Accept')) headers.set('Accept', '*/*');
  if (!headers.has('User-Agent')) headers.set('User-Agent', USER_AGENT);
  if (request.compress && !headers.has('Accept-Encoding')) headers.set('Accept-Encoding', 'gzip,deflate');
  const authorization = basicAuthorization(url);
  if (authorization !== undefined && !headers.has('Authorization')) headers.set('Authorization', authorization);
  const body = request.body as Buffer | null;
  const content = body === null ? undefined : new Content(body);
  return { url: bareURL(url), method: checkedMethod(request.method), headers, content, referrer: undefined };
}

/** Most bytes of the body. */
function mostOf({ size }: Request): number {
  return size > 0 ? size : DEFAULT_LIMITS.bodyInMemory;
}

/** The limits for receiving. Decoding has its own limit. */
function bodyLimits(request: Request): BodyLimits {
  const maxBodySize = request.compress ? DEFAULT_LIMITS.bodyInMemory : mostOf(request);
  return { limits: UNLIMITED, maxBodySize, decompress: false };
}

function responseOf(request: Request, head: HeadReceived): Response {
  const content = receivedBody(request, head);
  const { status, reason: statusText, headers: fields } = head.answer.response;
  const headers = new Headers();
  for (const [name, value] of Object.entries(incomingHeaders(fields))) {
    for (const each of [value].flat()) headers.append(name, each);
  }
  const location = REDIRECTS.has(status) ? headers.get('Location') : null;
  const target = location === null ? undefined : targetOf(location, request);
  if (target !== undefined) headers.set('Location', target.href);
  const { url, size, timeout, counter } = request;
  return handing(content, { url, status, statusText, headers, size, timeout, counter });
}

/** Receives the body. An error is stored for the call that reads the body. */
function receivedBody(request: Request, head: HeadReceived): ReceivedBody {
  const { timeout } = request;
  const reading = coWholeBody(head, bodyLimits(request));
  try {
    const { response, body } = runBlocking(timeout > 0 ? coWithTimeout(reading, timeout) : reading);
    return { bytes: decodedBody(request, response, body), failure: undefined };
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    return { bytes: Buffer.alloc(0), failure: bodyFailure(request, head.answer.response, error) };
  }
}

/** Decodes the body. @throws RangeError for more than `size` bytes; the error of node:zlib */
function decodedBody(request: Request, { status, headers }: HTTPResponse, body: Buffer): Buffer {
  const coding = headers.get('Content-Encoding') ?? null;
  const { compress, method } = request;
  const coded = compress && method !== 'HEAD' && status !== 204 && status !== 304 && isCoded(coding);
  const most = mostOf(request);
  const bytes = coded ? decoded(body, coding, most) : body;
  if (bytes.length > most) throw new RangeError('the body is too large');
  return bytes;
}

function bodyFailure(request: Request, { headers }: HTTPResponse, error: unknown): FetchError {
  const { url, timeout } = request;
  if (error instanceof RangeError || error instanceof UnsupportedResponse) {
    return new FetchError(`content size at ${url} over limit: ${mostOf(request)}`, 'max-size');
  }
  if (error instanceof ConnectionTimedOut) {
    const message = `Response timeout while trying to fetch ${url} (over ${timeout}ms)`;
    return new FetchError(message, 'body-timeout');
  }
  const cut = error instanceof ConnectionClosed;
  const premature = { code: 'ERR_STREAM_PREMATURE_CLOSE', message: 'Premature close' };
  const aborted = { code: 'ECONNRESET', message: 'aborted' };
  const ending = headers.has('Transfer-Encoding') ? premature : aborted;
  const reason = cut ? ending : systemReason(error);
  const message = `Invalid response body while trying to fetch ${url}: ${reason.message}`;
  return Object.assign(new FetchError(message, 'system', reason), { cause: error });
}
