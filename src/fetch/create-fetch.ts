/**
 * createFetch: a function that is called like the platform's fetch, and runs on this client. One exchange to a connection;
 * connections are kept for the next request.
 */

import type { Coroutine } from '../coroutine.ts';
import { shownValue } from '../io/shown-value.ts';
import { ownOptions } from '../options.ts';
import { AioFuture } from '../schedule/aio-future.ts';
import { assertGoodPort } from './bad-ports.ts';
import { ConnectionPool, type Lease, type PoolLimits } from './connection-pool.ts';
import { acceptEncoding, type ContentCoding, contentCodings } from './content-coding.ts';
import { DecodedBody } from './decoded-body.ts';
import { type CheckedReach, checkedReach, NAMES_OF_REACH, type Reach } from './endpoint.ts';
import { type Answer, coFetch, coSend, type Exchange, type Fetched, isUnconnected } from './exchange.ts';
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

/** How servers are reached, how many connections there may be, and how long servers may be silent. */
export interface CreateFetchOptions extends Reach, Partial<PoolLimits>, Partial<TimeLimits> {
  /**
   * Ask for content codings (gzip, deflate, br, and zstd where node:zlib has it), unless a request has its own Accept-Encoding, and
   * undo those of bodies; the fields stay as they came. Default true.
   */
  readonly decompress?: boolean | undefined;
}

/** WHATWG's fetch, on this client's connections. */
export interface Fetch {
  /**
   * @throws TypeError (as a rejection) for what cannot be sent, and "fetch failed", the `cause` of which is our error, with the
   * requests of all attempts as its `lostRequests`; the signal's own reason, which cannot say what may have been processed
   */
  (input: string | URL | Request, init?: FetchInit): Promise<Response>;
  /** Closes the connections that are kept for later requests. */
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

/** What the calls of one fetch have in common. */
interface Means {
  readonly pool: ConnectionPool;
  readonly reach: CheckedReach;
  /** Milliseconds, for sending. */
  readonly headersTimeout: number;
  readonly heads: SilenceLimit;
  readonly bodies: SilenceLimit;
  readonly decompress: boolean;
}

/**
 * A `fetch` with connections of its own, for libraries that accept one. What it returns is a standard Response with a
 * streaming body; a network failure is a TypeError "fetch failed" whose `cause` is the error of this library, as callers of
 * fetch expect it. Beyond the standard: credentials in URLs are sent, bodies may be iterables.
 *
 * ```ts
 * import { createFetch } from 'dugong';
 *
 * const fetch = createFetch({ maxConnectionsPerOrigin: 16 });
 * const response = await fetch('http://localhost:8080/', { signal: AbortSignal.timeout(5000) });
 * console.log(response.status, await response.text());
 * ```
 *
 * @throws TypeError on options that cannot be; TLSError on what OpenSSL does not accept
 */
export function createFetch(given?: CreateFetchOptions): Fetch {
  const options = ownOptions('createFetch', given, NAMES);
  const reach = checkedReach(options);
  // As for fetchSync, node:http's five seconds decide. Many servers' own limits are about as high as the others.
  const { maxIdleConnections = 64, idleTimeout = 4000, maxConnectionsPerOrigin = 0 } = options;
  const pool = new ConnectionPool({ maxIdleConnections, idleTimeout, maxConnectionsPerOrigin });
  const { headersTimeout, bodyTimeout } = timeLimits(options);
  const heads = new SilenceLimit(headersTimeout);
  const { decompress = true } = options;
  if (typeof decompress !== 'boolean')
    throw new TypeError(`decompress must be true or false, got ${shownValue(decompress)}`);
  const means: Means = { pool, reach, headersTimeout, heads, bodies: new SilenceLimit(bodyTimeout), decompress };
  // Its length is 1, as Web IDL has it.
  const fetch = (input: string | URL | Request, init: FetchInit | undefined = undefined): Promise<Response> =>
    fetchOver(means, { input, init });
  return Object.assign(fetch, { closeIdleConnections: () => pool.closeIdle() });
}

/** Schemes without a connection (Fetch, "scheme fetch"): the platform's fetch, which a program may replace by ours, knows them. */
const UNCONNECTED: ReadonlySet<string> = new Set(['blob:', 'data:']);
const platformFetch = globalThis.fetch;

/** @throws TypeError "fetch failed" for a scheme that is not known: a network error (Fetch, "scheme fetch") */
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
    const { pool, reach, headersTimeout, heads } = means;
    // Called from the event loop only, when there is a future.
    const interrupt = (error: unknown): void => void fetching.cancel(error);
    const ask: Ask = (lease, asked) => coAsk(lease, asked, { heads, headersTimeout, interrupt });
    const exchange: Exchange<AwaitedAnswer> = { pool, reach, redirect, assertAllowed: assertGoodPort, timing, ask };
    const fetching = new AioFuture(coFetch(request, exchange), { signal });
    const response = responseOf(await fetching, means, { url, signal });
    return integrity === '' ? response : await verified(response, integrity);
  } catch (error) {
    const told = error instanceof TypeError ? error : new TypeError('fetch failed', { cause: error });
    const reason = signal?.aborted ? signal.reason : told;
    request.content?.cancel(reason);
    throw reason;
  }
}

interface AwaitedAnswer extends Answer {
  /** The request's body, while it is being sent. */
  readonly sending: AioFuture<boolean> | undefined;
}

type Ask = Exchange<AwaitedAnswer>['ask'];

/** How long the head of an answer is waited for, and what happens then. */
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

/** The body is sent while the answer is waited for, and, if that comes early, while it is read. */
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
    // Nothing more can come of this connection. The reader gets the error while the connection still knows what is lost.
    (error) => {
      if (listening && error !== undefined) interrupt(error);
      else connection.disconnect();
    },
  );
  try {
    const response = yield* connection.coReadResponse();
    // An answer to the announced bytes may be there before anybody has looked at what became of a body with more of them.
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

/** What there is to know of a call besides its request. */
interface Call {
  /** As it was given. */
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
    end(answer, lease, head.length === 0 ? 'whole' : 'given up');
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
    end(answer, lease, how);
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

/** @throws UnsupportedResponse, as `told` makes it, for too many of them */
function codingsOf(
  { answer, lease }: Fetched<AwaitedAnswer>,
  told: (error: unknown) => unknown,
): readonly ContentCoding[] {
  try {
    return contentCodings(answer.response.headers) ?? [];
  } catch (error) {
    const shown = told(error);
    end(answer, lease, 'given up');
    throw shown;
  }
}

/** A request that was answered before it was sent in whole is not sent on. */
function end({ response, sending, sent }: AwaitedAnswer, lease: Lease, how: 'whole' | 'given up'): void {
  const reusable = how === 'whole' && sent();
  sending?.cancel();
  if (reusable) lease.giveBack(response);
  else lease.drop();
}
