/**
 * createFetch makes a function with the interface of the platform's fetch that runs on HTTPConnection. A connection
 * carries one exchange at a time; the pool keeps it for later requests. Redirects and retries are in co-fetch.ts.
 */

import type { Coroutine } from '../coroutine.ts';
import { shownValue } from '../io/shown-value.ts';
import { ownOptions } from '../options.ts';
import { AioFuture } from '../schedule/aio-future.ts';
import { assertGoodPort } from './bad-ports.ts';
import { type Answer, coFetch, coSend, type Fetched, type FetchPlan, isUnconnected } from './co-fetch.ts';
import { ConnectionPool, type Lease, type PoolLimits } from './connection-pool.ts';
import { acceptEncoding, type ContentCoding, contentCodings } from './content-coding.ts';
import { DecodedBody } from './decoded-body.ts';
import { type CheckedRouting, checkedRouting, type FetchRouting, NAMES_OF_REACH } from './endpoint.ts';
import { assertOfHTTP, type FetchRequest, parsedURL } from './fetch-request.ts';
import { fetchedResponse, mayHaveBody } from './fetched-response.ts';
import { IncomingBody } from './incoming-body.ts';
import { verified } from './integrity.ts';
import { type FetchInit, requestInput } from './request-input.ts';
import { ResourceTiming } from './resource-timing.ts';
import {
  coSendLimited,
  NAMES_OF_LIMITS,
  type Silence,
  SilenceLimit,
  type TimeLimits,
  timeLimits,
} from './time-limits.ts';

/**
 * How to reach servers, how many connections there may be, how long servers may be silent, and whether bodies are
 * decoded: the options of {@link createFetch}, for all calls of the function that it makes.
 *
 * @example
 * ```js
 * import { createFetch } from 'dugong';
 *
 * const fetch = createFetch({ decompress: false, headersTimeout: 10_000, connection: { connectTimeout: 2000 } });
 * const response = await fetch('http://localhost:8080/gzip');
 * const bytes = new Uint8Array(await response.arrayBuffer());
 * console.log(bytes[0] === 0x1f && bytes[1] === 0x8b); // true
 * fetch.closeIdleConnections();
 * ```
 */
export interface CreateFetchOptions extends FetchRouting, Partial<PoolLimits>, Partial<TimeLimits> {
  /**
   * Whether to ask for content codings (gzip, deflate, br, and zstd from Node 24 on; RFC 9110 8.4) and to decode
   * bodies. A request with its own Accept-Encoding keeps it. The fields stay as they were received. Default true.
   */
  readonly decompress?: boolean | undefined;
}

/**
 * The fetch of WHATWG over connections of this library: what {@link createFetch} returns.
 *
 * @example
 * ```js
 * import { createFetch } from 'dugong';
 *
 * const fetch = createFetch();
 * const headers = { 'Content-Type': 'text/plain' };
 * const response = await fetch('http://localhost:8080/form', { method: 'POST', headers, body: 'text' });
 * console.log(await response.text()); // POST text/plain text
 * fetch.closeIdleConnections();
 * ```
 */
export interface Fetch {
  /**
   * Fetches `input` on the event loop. The promise resolves when the head of the response has arrived (with
   * `integrity`, when the body has, too), with a Response whose body is a stream. Redirects are followed unless `init`
   * says otherwise (Fetch standard, "HTTP-redirect fetch").
   *
   * @throws TypeError (as a rejection) for input that cannot be sent; and TypeError "fetch failed", whose `cause` is
   * an error of this library, with the requests of all attempts as its `lostRequests`
   * @throws the signal's own reason after an abort, which cannot list requests
   */
  (input: string | URL | Request, init?: FetchInit): Promise<Response>;
  /**
   * Closes the connections of this function that are idle now. Those in use go on, and the next call makes new ones.
   */
  closeIdleConnections(): void;
}

const NAMES = [
  ...NAMES_OF_REACH,
  ...NAMES_OF_LIMITS,
  'decompress',
  'idleTimeout',
  'maxConnectionsPerOrigin',
  'maxIdleConnections',
] as const;

/** What all calls of one fetch function share. */
interface Means {
  readonly pool: ConnectionPool;
  readonly routing: CheckedRouting;
  /** Milliseconds; the limit for sending. */
  readonly headersTimeout: number;
  readonly heads: SilenceLimit;
  readonly bodies: SilenceLimit;
  readonly decompress: boolean;
}

/**
 * Makes a `fetch` with its own connections, for libraries that accept one. It resolves with a standard Response with
 * a streaming body. A network failure is a TypeError "fetch failed" whose `cause` is the error of this library, as
 * callers of fetch expect. It follows the Fetch standard; beyond it, credentials in URLs are sent, and bodies may be
 * iterables.
 *
 * @param given options for all calls: see {@link CreateFetchOptions}
 * @throws TypeError on an invalid option
 * @throws TLSError if OpenSSL does not accept a TLS option
 *
 * @example
 * ```js
 * import { createFetch } from 'dugong';
 *
 * const fetch = createFetch({ maxConnectionsPerOrigin: 16 });
 * const response = await fetch('http://localhost:8080/a', { signal: AbortSignal.timeout(5000) });
 * console.log(response.status, await response.text()); // 200 document a
 * fetch.closeIdleConnections();
 * ```
 */
export function createFetch(given?: CreateFetchOptions): Fetch {
  const options = ownOptions('createFetch', given, NAMES);
  const routing = checkedRouting(options);
  // The default of idleTimeout is below the five seconds after which node:http servers close a connection.
  const { maxIdleConnections = 64, idleTimeout = 4000, maxConnectionsPerOrigin = 0 } = options;
  const pool = new ConnectionPool({ maxIdleConnections, idleTimeout, maxConnectionsPerOrigin });
  const { headersTimeout, bodyTimeout } = timeLimits(options);
  const heads = new SilenceLimit(headersTimeout);
  const { decompress = true } = options;
  if (typeof decompress !== 'boolean')
    throw new TypeError(`decompress must be true or false, got ${shownValue(decompress)}`);
  const means: Means = { pool, routing, headersTimeout, heads, bodies: new SilenceLimit(bodyTimeout), decompress };
  // The function's length is 1, as Web IDL demands.
  const fetch = (input: string | URL | Request, init: FetchInit | undefined = undefined): Promise<Response> =>
    fetchOver(means, { input, init });
  return Object.assign(fetch, { closeIdleConnections: () => pool.closeIdle() });
}

/**
 * Schemes without a connection (Fetch, "scheme fetch"). The platform's fetch handles them. It is saved here, because a
 * program may replace the global one by this function.
 */
const UNCONNECTED: ReadonlySet<string> = new Set(['blob:', 'data:']);
const platformFetch = globalThis.fetch;

/** @throws TypeError "fetch failed", a network error (Fetch, "scheme fetch"), for an unknown scheme */
function assertFetchable(url: URL): void {
  try {
    assertOfHTTP(url);
  } catch (cause) {
    throw new TypeError('fetch failed', { cause });
  }
}

async function fetchOver(
  means: Means,
  given: { input: string | URL | Request; init: FetchInit | undefined },
): Promise<Response> {
  const { input, init } = given;
  const url = parsedURL(input instanceof Request ? input.url : input);
  if (UNCONNECTED.has(url.protocol)) return platformFetch(input, init as RequestInit);
  assertFetchable(url);
  const timing = new ResourceTiming(url);
  const { request, redirect, signal, integrity } = await requestInput(url, input, init);
  try {
    signal?.throwIfAborted();
    const encoding = means.decompress ? acceptEncoding(request.headers) : undefined;
    if (encoding !== undefined) request.headers.set('Accept-Encoding', encoding);
    const { pool, routing, headersTimeout, heads } = means;
    // The event loop calls this later, when the future exists.
    const interrupt = (error: unknown): void => void fetching.cancel(error);
    const ask: Ask = (lease, asked) => coAsk(lease, asked, { heads, headersTimeout, interrupt });
    const plan: FetchPlan<AwaitedAnswer> = { pool, routing, redirect, assertAllowed: assertGoodPort, timing, ask };
    const fetching = new AioFuture(coFetch(request, plan), { signal });
    const response = responseOf(await fetching, means, { url, signal });
    return integrity === '' ? response : await verified(response, integrity);
  } catch (error) {
    const told = error instanceof TypeError ? error : new TypeError('fetch failed', { cause: error });
    const reason = signal?.aborted ? signal.reason : told;
    request.content?.cancel(reason);
    throw reason;
  }
}

/** A response whose request may still be sending its body. */
interface AwaitedAnswer extends Answer {
  /** The sending of the request's body, if it may take long. */
  readonly sending: AioFuture<boolean> | undefined;
}

type Ask = FetchPlan<AwaitedAnswer>['ask'];

/** The limits for the head of a response, and the function that a limit calls. */
interface Patience extends Pick<Means, 'heads' | 'headersTimeout'> {
  readonly interrupt: (error: unknown) => void;
}

function* coAsk(lease: Lease, request: FetchRequest, patience: Patience): Coroutine<AwaitedAnswer> {
  if (request.content?.large) return yield* coAskListening(lease, request, patience);
  const sent = yield* coSendLimited(coSend(lease, request), patience.headersTimeout, () => isUnconnected(lease));
  const silence = patience.heads.begin(patience.interrupt);
  try {
    return { response: yield* lease.connection.coReadResponse(), sent: () => sent, sending: undefined };
  } finally {
    silence.end();
  }
}

/** Sends a large body and reads the response at the same time, because the response may come early. */
function* coAskListening(
  lease: Lease,
  request: FetchRequest,
  { heads, headersTimeout, interrupt }: Patience,
): Coroutine<AwaitedAnswer> {
  const { connection } = lease;
  let listening = true;
  const excused = (): boolean => !listening || isUnconnected(lease);
  let silence: Silence | undefined;
  const sending = new AioFuture(coSendLimited(coSend(lease, request), headersTimeout, excused));
  sending.then(
    () => {
      if (listening) silence = heads.begin(interrupt);
    },
    // The connection has failed. The reader must get the error while the connection still knows the lost requests.
    (error) => {
      if (listening && error !== undefined) interrupt(error);
      else connection.disconnect();
    },
  );
  try {
    const response = yield* connection.coReadResponse();
    // A response to the announced bytes may arrive before the failure of a body with more bytes is noticed.
    if (sending.done() && sending.exception() !== undefined) throw sending.exception();
    return { response, sending, sent: () => sending.done() && sending.exception() === undefined && sending.result() };
  } catch (error) {
    if (!sending.cancel() && sending.exception() !== undefined) throw sending.exception();
    throw error;
  } finally {
    listening = false;
    silence?.end();
  }
}

/** A call apart from its request. */
interface Call {
  /** The URL that the caller gave. */
  readonly url: URL;
  readonly signal: AbortSignal | undefined;
}

function responseOf(fetched: Fetched<AwaitedAnswer>, means: Means, { url, signal }: Call): Response {
  const { answer, lease, request, redirected, attempts, timing } = fetched;
  const { response: head } = answer;
  const { status } = head;
  const type = !redirected || request.url.origin === url.origin ? 'basic' : 'cors';
  const from = { head, url: request.url, redirected, type, signal } as const;
  if (!mayHaveBody(head)) {
    end(answer, lease, head.length === 0 ? 0 : undefined);
    timing?.ended({ encoded: 0, decoded: 0 }, status);
    return fetchedResponse(from, null);
  }
  const told = (error: unknown): unknown => {
    lease.trace?.failed(error);
    attempts.failed(lease.connection, error);
    return attempts.told(error, request);
  };
  const codings = means.decompress ? codingsOf(fetched, told) : [];
  let encoded = 0;
  const onWhole = (decoded: number): void => timing?.ended({ encoded, decoded }, status);
  const onEnd = (how: 'whole' | 'given up', received: number): void => {
    if (how === 'given up' && signal?.aborted) lease.trace?.failed(signal.reason);
    end(answer, lease, how === 'whole' ? received : undefined);
    encoded = received;
    if (how === 'whole' && codings.length === 0) onWhole(received);
  };
  const incoming = new IncomingBody({ lease, signal, limit: means.bodies, onEnd, told });
  const body =
    codings.length === 0
      ? incoming
      : new DecodedBody(incoming, codings, { onWhole, told: (error) => attempts.undecoded(error, request) });
  return fetchedResponse(from, body);
}

/** @throws UnsupportedResponse, completed by `told`, for too many codings */
function codingsOf(
  { answer, lease }: Fetched<AwaitedAnswer>,
  told: (error: unknown) => unknown,
): readonly ContentCoding[] {
  try {
    return contentCodings(answer.response.headers) ?? [];
  } catch (error) {
    const shown = told(error);
    end(answer, lease, undefined);
    throw shown;
  }
}

/**
 * Ends the exchange, after `bytes` of a whole body; undefined if it is given up. If the request was not sent completely,
 * sending stops and the connection is closed.
 */
function end({ response, sending, sent }: AwaitedAnswer, lease: Lease, bytes: number | undefined): void {
  const whole = sent() ? bytes : undefined;
  sending?.cancel();
  if (whole === undefined) lease.drop();
  else lease.giveBack(response, whole);
}
