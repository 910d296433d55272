/**
 * createFetch: a function that is called like the platform's fetch, and runs on this client. One exchange to a connection;
 * connections are kept for the next request.
 */

import type { HTTPConnection } from '../client/http-connection.ts';
import type { Coroutine } from '../coroutine.ts';
import { ownOptions } from '../options.ts';
import { AioFuture } from '../schedule/aio-future.ts';
import { ConnectionPool, type Lease, type PoolLimits } from './connection-pool.ts';
import { type CheckedReach, checkedReach, NAMES_OF_REACH, type Reach } from './endpoint.ts';
import { type Answer, coFetch, coSend, type Fetched } from './exchange.ts';
import type { FetchRequest } from './fetch-request.ts';
import { FetchedResponse, mayHaveBody } from './fetched-response.ts';
import { IncomingBody } from './incoming-body.ts';
import { type FetchInit, requestInput } from './request-input.ts';

/** How servers are reached, and how many connections there may be. */
export interface CreateFetchOptions extends Reach, Partial<PoolLimits> {}

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

const NAMES = [...NAMES_OF_REACH, 'idleTimeout', 'maxConnectionsPerOrigin', 'maxIdleConnections'] as const;

/**
 * A `fetch` with connections of its own, for libraries that accept one. What it returns is a standard Response with a
 * streaming body; a network failure is a TypeError "fetch failed" whose `cause` is the error of this library, as callers of
 * fetch expect it. Beyond the standard: credentials in URLs are sent, bodies may be iterables. Content codings are not
 * undone, since none is asked for.
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
  const fetch = (input: string | URL | Request, init?: FetchInit): Promise<Response> =>
    fetchOver(pool, reach, { input, init });
  return Object.assign(fetch, { closeIdleConnections: () => pool.closeIdle() });
}

async function fetchOver(
  pool: ConnectionPool,
  reach: CheckedReach,
  given: { input: string | URL | Request; init: FetchInit | undefined },
): Promise<Response> {
  const { request, redirect, signal } = await requestInput(given.input, given.init);
  signal?.throwIfAborted();
  try {
    const fetched = await new AioFuture(coFetch(request, { pool, reach, redirect, ask: coAsk }), { signal });
    return responseOf(fetched, signal);
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw error instanceof TypeError ? error : new TypeError('fetch failed', { cause: error });
  }
}

interface AwaitedAnswer extends Answer {
  /** The request's body, while it is being sent. */
  readonly sending: AioFuture<boolean> | undefined;
}

function* coAsk(connection: HTTPConnection, request: FetchRequest): Coroutine<AwaitedAnswer> {
  if (request.content?.large) return yield* coAskListening(connection, request);
  const sent = yield* coSend(connection, request);
  return { response: yield* connection.coReadResponse(), sent: () => sent, sending: undefined };
}

/** The body is sent while the answer is waited for, and, if that comes early, while it is read. */
function* coAskListening(connection: HTTPConnection, request: FetchRequest): Coroutine<AwaitedAnswer> {
  const sending = new AioFuture(coSend(connection, request));
  // Nothing more can come of this connection; whoever reads finds it closed.
  sending.catch(() => connection.disconnect());
  try {
    const response = yield* connection.coReadResponse();
    return { response, sending, sent: () => sending.done() && sending.exception() === undefined && sending.result() };
  } catch (error) {
    if (!sending.cancel() && sending.exception() !== undefined) throw sending.exception();
    throw error;
  }
}

function responseOf(
  { answer, lease, request, redirected, attempts }: Fetched<AwaitedAnswer>,
  signal: AbortSignal | undefined,
): Response {
  const { response: head } = answer;
  const from = { head, url: request.url.href, redirected, signal };
  if (!mayHaveBody(head)) {
    end(answer, lease, head.length === 0 ? 'whole' : 'given up');
    return new FetchedResponse(from, null);
  }
  const onEnd = (how: 'whole' | 'given up'): void => end(answer, lease, how);
  const told = (error: unknown): unknown => {
    attempts.failed(lease.connection, error);
    return attempts.told(error, request);
  };
  return new FetchedResponse(from, new IncomingBody({ lease, signal, onEnd, told }));
}

/** A request that was answered before it was sent in whole is not sent on. */
function end({ response, sending, sent }: AwaitedAnswer, lease: Lease, how: 'whole' | 'given up'): void {
  const reusable = how === 'whole' && sent();
  sending?.cancel();
  if (reusable) lease.giveBack(response);
  else lease.drop();
}
