/**
 * fetchSync: a blocking fetch. The thread is blocked until the whole response has arrived. It uses no other process,
 * and other threads only to resolve names and to read Blobs. whole-fetch.ts does the exchange.
 */

import { wholeNumber } from '../client/connection-options.ts';
import type { HeadersInit } from '../http1/headers.ts';
import { DEFAULT_LIMITS } from '../http1/limits.ts';
import { ownOptions } from '../options.ts';
import { coWithTimeout } from '../schedule/combinators.ts';
import { type RunBlockingOptions, runBlocking } from '../schedule/run-blocking.ts';
import { acceptEncoding } from './content-coding.ts';
import { checkedRouting, type FetchRouting, NAMES_OF_REACH } from './endpoint.ts';
import { checkedMethod, checkedURL, type FetchRequest, fetchRequest, type RedirectMode } from './fetch-request.ts';
import { mayHaveBody } from './fetched-response.ts';
import { jsonContent, type RequestContent, requestContent, type SyncBody } from './sync-body.ts';
import { fetchedSyncResponse, type SyncResponse } from './sync-response.ts';
import { NAMES_OF_LIMITS, type TimeLimits, timeLimits } from './time-limits.ts';
import { coFetchWhole, pool } from './whole-fetch.ts';

/**
 * The options of {@link fetchSync}: those of fetch that a blocked thread can support, and a few more. Times are
 * milliseconds, sizes bytes.
 *
 * @example
 * ```js
 * import { fetchSync } from 'dugong/sync';
 *
 * const init = { method: 'POST', json: { name: 'ann' }, timeout: 10_000, maxBodySize: 1_000_000 };
 * console.log(fetchSync('http://localhost:8080/form', init).text());
 * // prints:
 * // POST application/json {"name":"ann"}
 * //
 * ```
 */
export interface FetchSyncInit extends FetchRouting, Partial<TimeLimits> {
  /** The method, any but CONNECT and TRACE. Default GET. */
  readonly method?: string | undefined;
  /** The header fields: a record, pairs, Headers or HTTPHeaders. */
  readonly headers?: HeadersInit | undefined;
  /** The body; null or undefined: none. Not for GET and HEAD. */
  readonly body?: SyncBody | null | undefined;
  /**
   * A value that is sent as JSON in place of a body, with Content-Type: application/json unless `headers` have another.
   */
  readonly json?: unknown;
  /**
   * "follow" (the default): follow up to 20 redirects, as fetch does; Authorization, Cookie and Proxy-Authorization
   * are not sent to another origin. "error": throw UnsupportedResponse. "manual": return the redirecting response.
   */
  readonly redirect?: RedirectMode | undefined;
  /** Milliseconds for the whole call, with connecting, redirects and the body. Undefined or 0: no limit. */
  readonly timeout?: number | undefined;
  /** Most bytes of the body, received and decoded; a larger one is an UnsupportedResponse. Default 1 GiB. */
  readonly maxBodySize?: number | undefined;
  /**
   * Whether to ask for content codings (gzip, deflate, br, and zstd from Node 24 on), unless `headers` have
   * Accept-Encoding, and to decode the body. Default true.
   */
  readonly decompress?: boolean | undefined;
  /**
   * A signal that is aborted already: its reason is thrown. Any other signal is refused, because nothing can abort it
   * while the thread is blocked: use `timeout`.
   */
  readonly signal?: AbortSignal | null | undefined;
  /**
   * When a signal arrives that the process listens for: "interrupt" (the default) throws Interrupted and closes the
   * connection, so that the listener runs as soon as the program returns to the event loop; "continue" goes on.
   */
  readonly onSignal?: RunBlockingOptions['onSignal'];
}

const NAMES = [
  'method',
  'headers',
  'body',
  'json',
  'redirect',
  'timeout',
  'maxBodySize',
  'decompress',
  'signal',
  'onSignal',
  ...NAMES_OF_REACH,
  ...NAMES_OF_LIMITS,
] as const;
const REDIRECT_MODES: readonly unknown[] = ['follow', 'error', 'manual'];

/**
 * Fetches `input` and returns when the response has arrived with its body. The thread is blocked; Node's event loop
 * stands still meanwhile. Connections stay open for the next call; they do not keep the process alive. Credentials in
 * the URL become the field Authorization. Redirects, methods and fields follow the Fetch standard.
 *
 * A `Request` gives its URL, method, headers and `redirect`, unless `init` has others. Its body is a stream, which
 * only the event loop can read: pass the body again as `init.body`.
 *
 * Each error of this library has `lostRequests` with the requests of all attempts and redirects.
 *
 * @param init options: see {@link FetchSyncInit}
 * @throws TypeError for input that cannot be sent, bodies that would have to be awaited, and unknown or invalid
 * options
 * @throws SystemError if a system call fails: `code` is ECONNREFUSED, ...
 * @throws HostnameNotResolvable if the host name does not exist
 * @throws DNSUnavailable if the resolver gave no answer
 * @throws TLSError if the certificate is not accepted, or TLS fails
 * @throws ProxyError if the proxy makes no tunnel
 * @throws ConnectionClosed if the connection ends before the response does
 * @throws ConnectionTimedOut when `timeout`, or a limit of silence, has passed
 * @throws Interrupted for a signal that the process listens for, unless `onSignal` is "continue"
 * @throws InvalidResponse if the response is not HTTP, cannot be decoded, or redirects to no valid URL
 * @throws UnsupportedResponse for what this client does not support, too many redirects, and bodies above `maxBodySize`
 * @throws the reason of a `signal` that is aborted already
 *
 * @example
 * ```js
 * import { fetchSync } from 'dugong/sync';
 *
 * const response = fetchSync('http://localhost:8080/status', { timeout: 2000 });
 * console.log(response.status, response.json()); // 200 { version: '1.0', healthy: true }
 * ```
 */
export function fetchSync(input: string | URL | Request, init?: FetchSyncInit | null): SyncResponse {
  const options = checkedInit(init);
  const maxBodySize = wholeNumber('maxBodySize', options.maxBodySize ?? DEFAULT_LIMITS.bodyInMemory, 0);
  const timeout = wholeNumber('timeout', options.timeout ?? 0, 0);
  const { request, redirect } = requestOf(input, options);
  const decompress = checkedDecompress(options.decompress);
  const encoding = decompress ? acceptEncoding(request.headers) : undefined;
  if (encoding !== undefined) request.headers.set('Accept-Encoding', encoding);
  const routing = checkedRouting(options);
  const fetching = coFetchWhole(request, { routing, redirect, limits: timeLimits(options), maxBodySize, decompress });
  const { onSignal } = options;
  const whole = runBlocking(timeout === 0 ? fetching : coWithTimeout(fetching, timeout), { onSignal });
  const { response, redirected } = whole;
  const body = mayHaveBody(response) ? whole.body : undefined;
  return fetchedSyncResponse(response, { url: whole.request.url, redirected, body });
}

/**
 * Closes the idle connections that `fetchSync` keeps in this thread. A program need not call it: they do not keep the
 * process alive.
 *
 * @example
 * ```js
 * import { closeIdleConnections, fetchSync } from 'dugong/sync';
 *
 * console.log(fetchSync('http://localhost:8080/a').text()); // document a
 * closeIdleConnections();
 * ```
 */
export function closeIdleConnections(): void {
  pool.closeIdle();
}

/** Checks the options. @throws TypeError for unknown and invalid options; the reason of a signal that is aborted */
function checkedInit(given: FetchSyncInit | null | undefined): FetchSyncInit {
  const init = ownOptions('fetchSync', given ?? undefined, NAMES);
  const { redirect, signal } = init;
  if (redirect !== undefined && !REDIRECT_MODES.includes(redirect)) {
    throw new TypeError(`redirect must be "follow", "error" or "manual", got ${JSON.stringify(redirect)}`);
  }
  if (signal !== undefined && signal !== null) assertAborted(signal);
  return init;
}

/** Checks the option `decompress`. @throws TypeError */
function checkedDecompress(decompress: unknown): boolean {
  if (decompress === undefined || typeof decompress === 'boolean') return decompress ?? true;
  throw new TypeError(`decompress must be true or false, got ${JSON.stringify(decompress)}`);
}

/** @throws the reason of the signal; TypeError if it is not aborted */
function assertAborted(signal: AbortSignal): never {
  signal.throwIfAborted();
  throw new TypeError('nothing could abort a signal while the thread is blocked: use timeout');
}

/**
 * Makes the request. @throws TypeError for input that cannot be sent; the reason of a Request whose signal is aborted
 */
function requestOf(
  input: string | URL | Request,
  init: FetchSyncInit,
): { request: FetchRequest; redirect: RedirectMode } {
  const given = input instanceof Request ? input : undefined;
  given?.signal.throwIfAborted();
  if (given !== undefined && given.integrity !== '') {
    throw new TypeError('integrity is not checked here, so that it cannot be asked for');
  }
  const { content, type } = contentOf(init, given);
  const request = fetchRequest({
    url: checkedURL(given?.url ?? (input as string | URL)),
    method: checkedMethod(init.method ?? given?.method ?? 'GET'),
    headers: init.headers ?? given?.headers,
    content,
    contentType: type,
    host: 'of the caller',
    referrer: undefined,
  });
  return { request, redirect: init.redirect ?? given?.redirect ?? 'follow' };
}

/** Converts the body. @throws TypeError for both a body and json, and for a body that cannot be read here */
function contentOf({ body, json }: FetchSyncInit, given: Request | undefined): RequestContent {
  const hasBody = body !== undefined && body !== null;
  if (json !== undefined && hasBody) throw new TypeError('json and body exclude each other: json is the body');
  if (json !== undefined) return jsonContent(json);
  if (given !== undefined && given.body !== null && body === undefined) {
    throw new TypeError(
      'the body of a Request is a stream, which nothing can read while the thread is blocked: give it as init.body, too',
    );
  }
  return requestContent(body);
}
