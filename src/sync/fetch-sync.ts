/**
 * fetchSync: the blocking twin of fetch. The thread stands still until the response is there in whole; there is no other
 * thread and no other process.
 */

import { wholeNumber } from '../client/connection-options.ts';
import { GrowingBuffer } from '../client/growing-buffer.ts';
import type { HTTPConnection } from '../client/http-connection.ts';
import type { HTTPResponse } from '../client/http-response.ts';
import type { Coroutine } from '../coroutine.ts';
import { UnsupportedResponse } from '../errors.ts';
import { ConnectionPool } from '../fetch/connection-pool.ts';
import { Content, contentAtHand, type TypedContent } from '../fetch/content.ts';
import { checkedReach, NAMES_OF_REACH, type Reach } from '../fetch/endpoint.ts';
import { type Answer, coFetch, coSend } from '../fetch/exchange.ts';
import {
  checkedMethod,
  checkedURL,
  type FetchRequest,
  fetchRequest,
  type RedirectMode,
} from '../fetch/fetch-request.ts';
import { isRedirect } from '../fetch/redirect.ts';
import { coLimited, coSendLimited, NAMES_OF_LIMITS, type TimeLimits, timeLimits } from '../fetch/time-limits.ts';
import type { HeadersInit } from '../http1/headers.ts';
import { DEFAULT_LIMITS } from '../http1/limits.ts';
import { ownOptions } from '../options.ts';
import { coRace, coWithTimeout } from '../schedule/combinators.ts';
import { type RunBlockingOptions, runBlocking } from '../schedule/run-blocking.ts';
import { SyncResponse } from './sync-response.ts';

/** Bodies that need no promise. An iterable is sent chunked, piece by piece, strings as UTF-8. */
export type SyncBody =
  | string
  | ArrayBufferView
  | ArrayBuffer
  | SharedArrayBuffer
  | URLSearchParams
  | Iterable<string | Uint8Array>;

/** As for fetch, where a blocked thread can do it, and a little more. */
export interface FetchSyncInit extends Reach, Partial<TimeLimits> {
  /** Default GET. */
  readonly method?: string | undefined;
  readonly headers?: HeadersInit | undefined;
  readonly body?: SyncBody | null | undefined;
  /**
   * "follow" (the default): up to 20 redirects, as fetch does; Authorization, Cookie and Proxy-Authorization do not go to
   * another origin. "error": UnsupportedResponse. "manual": the redirecting response is returned as it is.
   */
  readonly redirect?: RedirectMode | undefined;
  /** Milliseconds for all of the call: connecting, redirects and the body included. Undefined or 0: no limit. */
  readonly timeout?: number | undefined;
  /** Bytes of the body that are taken into memory at most. Default 1 GiB. */
  readonly maxBodySize?: number | undefined;
  /**
   * When a signal comes that the process listens for: "interrupt" (the default) raises Interrupted, and gives the connection up, so
   * that the listener runs as soon as the program returns to the event loop; "continue" goes on.
   */
  readonly onSignal?: RunBlockingOptions['onSignal'];
}

const NAMES = [
  'method',
  'headers',
  'body',
  'redirect',
  'timeout',
  'maxBodySize',
  'onSignal',
  ...NAMES_OF_REACH,
  ...NAMES_OF_LIMITS,
] as const;
const REDIRECT_MODES: readonly unknown[] = ['follow', 'error', 'manual'];

/**
 * Idle connections of this thread. node:http, of the servers that are common, closes an idle one the soonest: after five
 * seconds.
 */
const pool = new ConnectionPool({ maxIdleConnections: 8, idleTimeout: 4000, maxConnectionsPerOrigin: 0 });

/**
 * Fetches `url` and returns when the response, body included, is there. Node's event loop stands still meanwhile. Connections
 * are kept for the next call; they do not keep the process alive. Credentials in the URL become a field Authorization.
 *
 * ```ts
 * import { fetchSync } from 'dugong/sync';
 *
 * const { version } = fetchSync('http://localhost:8080/status', { timeout: 2000 }).json() as { version: string };
 * ```
 *
 * @throws TypeError for what cannot be sent, and bodies that would have to be awaited; otherwise the errors of HTTPConnection:
 * SystemError (ECONNREFUSED, ...), HostnameNotResolvable, DNSUnavailable, TLSError, ProxyError, ConnectionClosed,
 * ConnectionTimedOut, Interrupted, InvalidResponse, UnsupportedResponse (also for too many redirects, and bodies above
 * `maxBodySize`). Each has `lostRequests`, with the requests of all attempts and redirects
 */
export function fetchSync(url: string | URL, given?: FetchSyncInit): SyncResponse {
  const init = checkedInit(given);
  const maxBodySize = wholeNumber('maxBodySize', init.maxBodySize ?? DEFAULT_LIMITS.bodyInMemory, 0);
  const timeout = wholeNumber('timeout', init.timeout ?? 0, 0);
  const { content, type } = contentOf(init.body);
  const request = fetchRequest({
    url: checkedURL(url),
    method: checkedMethod(init.method ?? 'GET'),
    headers: init.headers,
    content,
    contentType: type,
    host: 'of the caller',
    referrer: undefined,
  });
  const fetching = coFetchWhole(request, init, maxBodySize);
  return runBlocking(timeout === 0 ? fetching : coWithTimeout(fetching, timeout), { onSignal: init.onSignal });
}

/** Closes the connections that `fetchSync` keeps in this thread for later calls. */
export function closeIdleConnections(): void {
  pool.closeIdle();
}

/** @throws TypeError for what is not obeyed: it must not look as if it were */
function checkedInit(given: FetchSyncInit | undefined): FetchSyncInit {
  if (typeof given === 'object' && given !== null && Object.hasOwn(given, 'signal')) {
    throw new TypeError('nothing could abort a signal while the thread is blocked: use timeout');
  }
  const init = ownOptions('fetchSync', given, NAMES);
  if (init.redirect !== undefined && !REDIRECT_MODES.includes(init.redirect)) {
    throw new TypeError(`redirect must be "follow", "error" or "manual", got ${JSON.stringify(init.redirect)}`);
  }
  return init;
}

function contentOf(body: unknown): { content: Content | undefined; type: string | undefined } | TypedContent {
  if (body === undefined || body === null) return { content: undefined, type: undefined };
  const atHand = contentAtHand(body);
  if (atHand !== undefined) return atHand;
  const name = typeof body === 'object' ? (body.constructor?.name ?? 'object') : typeof body;
  const awaited = body instanceof Blob || body instanceof FormData || Symbol.asyncIterator in Object(body);
  if (awaited) {
    throw new TypeError(`a body of type ${name} comes as promises, which nothing can settle here: use createFetch()`);
  }
  if (typeof body === 'object' && Symbol.iterator in body) {
    return { content: new Content(body as Iterable<string | Uint8Array>), type: undefined };
  }
  throw new TypeError(`a body must be a string, bytes, URLSearchParams or an iterable of these, got ${name}`);
}

interface WholeAnswer extends Answer {
  /** If it had to be read already. */
  readonly body: Buffer | undefined;
}

function* coFetchWhole(request: FetchRequest, init: FetchSyncInit, maxBodySize: number): Coroutine<SyncResponse> {
  const redirect = init.redirect ?? 'follow';
  const limits = timeLimits(init);
  const wanted = (response: HTTPResponse): number | undefined =>
    redirect === 'manual' || !isRedirect(response) ? maxBodySize : undefined;
  const { answer, lease, redirected, attempts, ...final } = yield* coFetch(request, {
    pool,
    reach: checkedReach(init),
    redirect,
    ask: (connection, asked) => coAsk(connection, asked, { wanted, limits }),
  });
  try {
    const { response, sent } = answer;
    const body = answer.body ?? (yield* coBody(lease.connection, bodyIn(response, maxBodySize), limits));
    if (sent()) lease.giveBack(response);
    return new SyncResponse(response, body, { url: final.request.url, redirected });
  } catch (error) {
    attempts.failed(lease.connection, error);
    throw attempts.told(error, final.request);
  } finally {
    lease.drop();
  }
}

/** How many bytes of a response's body are wanted at most; undefined if it is of no interest, as that of a redirect. */
type Wanted = (response: HTTPResponse) => number | undefined;

/** What is to be read of an answer, and how long is waited for it. */
interface Reading {
  readonly wanted: Wanted;
  readonly limits: TimeLimits;
}

function* coAsk(connection: HTTPConnection, request: FetchRequest, reading: Reading): Coroutine<WholeAnswer> {
  if (request.content?.large) return yield* coAskListening(connection, request, reading);
  const sent = yield* coSend(connection, request);
  const response = yield* coLimited(connection.coReadResponse(), reading.limits.headersTimeout);
  return { response, sent: () => sent, body: undefined };
}

/**
 * Sends, and reads what the server answers meanwhile: one that answers while it reads would otherwise wait for us as we wait
 * for it. If what is wanted of the answer is there first, the rest of the request is not sent.
 */
function* coAskListening(
  connection: HTTPConnection,
  request: FetchRequest,
  { wanted, limits }: Reading,
): Coroutine<WholeAnswer> {
  const { headersTimeout } = limits;
  // The time to connect is none in which the server could take anything.
  yield* connection.coConnect();
  let sent: boolean | undefined;
  let response: HTTPResponse | undefined;
  let body: Buffer | undefined;
  let collected: Collected | undefined;
  // What it has read stays here, whichever of the two ends first; it goes on with that when it is run again.
  function* coListen(timeout: number): Coroutine<void> {
    response ??= yield* coLimited(connection.coReadResponse(), timeout);
    const maxBodySize = wanted(response);
    if (maxBodySize === undefined) return;
    collected ??= bodyIn(response, maxBodySize);
    body ??= yield* coBody(connection, collected, limits);
  }
  function* coSpeak(): Coroutine<void> {
    sent = yield* coSendLimited(coSend(connection, request), headersTimeout, () => response !== undefined);
  }
  yield* coRace([coSpeak(), coListen(0)]);
  yield* coListen(headersTimeout);
  return { response: response as unknown as HTTPResponse, sent: () => sent === true, body };
}

/** What has been read of a body. */
interface Collected {
  readonly bytes: GrowingBuffer;
  readonly response: HTTPResponse;
  readonly maxBodySize: number;
}

/** @throws UnsupportedResponse for more than `maxBodySize` */
function bodyIn(response: HTTPResponse, maxBodySize: number): Collected {
  const { length, status } = response;
  if (length !== null && length > maxBodySize) throw tooLarge(status, maxBodySize);
  return { bytes: new GrowingBuffer(length ?? undefined, maxBodySize), response, maxBodySize };
}

/** Reads the rest of the body. When that is interrupted, what is collected is whole. @throws UnsupportedResponse above `maxBodySize` */
function* coBody(
  connection: HTTPConnection,
  { bytes, response, maxBodySize }: Collected,
  { bodyTimeout }: TimeLimits,
): Coroutine<Buffer> {
  const { length, status } = response;
  while (bytes.end !== length) {
    const room = bytes.makeRoom();
    const target = bytes.bytes.subarray(bytes.end, bytes.end + room);
    const count = yield* coLimited(connection.coReadInto(target), bodyTimeout);
    if (count === 0) break;
    bytes.end += count;
    if (bytes.end > maxBodySize) throw tooLarge(status, maxBodySize);
  }
  return bytes.from(0);
}

function tooLarge(status: number, maxBodySize: number): UnsupportedResponse {
  return new UnsupportedResponse(`the body (of status ${status}) is larger than maxBodySize (${maxBodySize} bytes)`);
}
