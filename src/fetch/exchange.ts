/**
 * A request and what follows from its answer: another connection if an idle one was dead, another request if the server
 * redirects. How an answer is waited for is the caller's `ask`, since that is what differs between blocking and awaiting.
 */

import type { HTTPConnection } from '../client/http-connection.ts';
import type { HTTPResponse } from '../client/http-response.ts';
import type { Coroutine } from '../coroutine.ts';
import { ConnectionClosed, DugongError, TLSError, UnsupportedResponse } from '../errors.ts';
import { Attempts } from './attempts.ts';
import type { ConnectionPool, Lease } from './connection-pool.ts';
import { type CheckedReach, endpointOf } from './endpoint.ts';
import type { FetchRequest, RedirectMode } from './fetch-request.ts';
import { isRedirect, MOST_REDIRECTS, redirected } from './redirect.ts';
import type { ResourceTiming } from './resource-timing.ts';
import { CallTrace } from './trace.ts';

/** The head of a response, the body of which may be on the connection still. */
export interface Answer {
  readonly response: HTTPResponse;
  /** Whether the request has been sent in whole: if not, no other one can follow it. */
  readonly sent: () => boolean;
}

export interface Exchange<A extends Answer> {
  readonly pool: ConnectionPool;
  readonly reach: CheckedReach;
  readonly redirect: RedirectMode;
  /** Throws for a URL, of a redirect too, that is not to be fetched; undefined: all are. */
  readonly assertAllowed: ((url: URL) => void) | undefined;
  /** Notes the times; undefined: nothing asks for them. */
  readonly timing: ResourceTiming | undefined;
  /** Sends the request, by `coSend`, and reads the response as far as its head at least. For a large one, the connection is there. */
  readonly ask: (lease: Lease, request: FetchRequest) => Coroutine<A>;
}

/** The final answer, on a connection that is the caller's to give back. */
export interface Fetched<A extends Answer> {
  readonly answer: A;
  readonly lease: Lease;
  /** The one that it answers. */
  readonly request: FetchRequest;
  readonly redirected: boolean;
  /** For the error, if the rest of the answer does not come. */
  readonly attempts: Attempts;
  /** As in the exchange. */
  readonly timing: ResourceTiming | undefined;
}

/** What is noted of the requests of one fetch. */
interface Course {
  readonly attempts: Attempts;
  readonly trace: CallTrace | undefined;
}

/** Requests that may be sent again when it is unknown whether the server has acted on them (RFC 9110 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']);
/** The body of a redirect is read up to this size, if that saves the connection. */
const WORTH_DISCARDING = 65_536;

/**
 * Fetches. @throws what connecting and the operations of HTTPConnection throw; UnsupportedResponse for a redirect in mode
 * "error", or too many of them; InvalidResponse for one that leads nowhere. Each says what the requests may have done
 */
export function* coFetch<A extends Answer>(first: FetchRequest, exchange: Exchange<A>): Coroutine<Fetched<A>> {
  const course: Course = { attempts: new Attempts(), trace: CallTrace.begin() };
  const { attempts } = course;
  let request = first;
  try {
    for (let redirects = 0; ; redirects++) {
      exchange.assertAllowed?.(request.url);
      const { answer, lease } = yield* coAnswered(request, exchange, course);
      if (!isRedirect(answer.response, exchange.redirect)) {
        const { timing } = exchange;
        return { answer, lease, request, redirected: redirects > 0, attempts, timing };
      }
      attempts.answered(request);
      exchange.timing?.redirected();
      try {
        request = followed(request, answer.response, { redirects, mode: exchange.redirect });
        keepIfWhole(lease, answer);
      } finally {
        lease.drop();
      }
    }
  } catch (error) {
    throw attempts.told(error, request);
  }
}

function followed(
  request: FetchRequest,
  response: HTTPResponse,
  { redirects, mode }: { redirects: number; mode: RedirectMode },
): FetchRequest {
  if (mode === 'error') {
    throw new UnsupportedResponse(`the server redirects (${response.status}), which redirect: "error" forbids`);
  }
  if (redirects >= MOST_REDIRECTS) throw new UnsupportedResponse(`there were more than ${MOST_REDIRECTS} redirects`);
  return redirected(request, response);
}

/** On a connection that was idle, the request is tried once more where that cannot do harm. */
function* coAnswered<A extends Answer>(
  request: FetchRequest,
  { pool, reach, timing, ask }: Exchange<A>,
  { attempts, trace: call }: Course,
): Coroutine<{ answer: A; lease: Lease }> {
  const endpoint = endpointOf(request.url, reach);
  let choice: 'any' | 'reliable' | 'new' = isRepeatable(request) ? 'any' : 'reliable';
  for (; ; choice = 'new') {
    const trace = call?.request(request);
    let lease: Lease | undefined;
    let answer: A | undefined;
    try {
      const asked = trace === undefined ? request : { ...request, headers: trace.headers };
      lease = yield* pool.coLease(endpoint, choice);
      lease.trace = trace;
      timing?.asking();
      if (!lease.reused && (trace !== undefined || request.content?.large)) yield* coConnect(lease);
      answer = yield* ask(lease, asked);
      timing?.answered(lease.connection);
      trace?.answered(answer.response);
      return { answer, lease };
    } catch (error) {
      trace?.failed(error);
      if (lease === undefined) throw error;
      attempts.failed(lease.connection, error);
      if (lease.reused && error instanceof ConnectionClosed) pool.noteFickle(endpoint);
      if (!lease.reused || !mayRepeat(request, error, lease.connection)) throw error;
    } finally {
      if (answer === undefined) {
        lease?.drop();
        trace?.givenUp();
      }
    }
  }
}

/**
 * Before the request is sent, which otherwise does it: the answer to a large one is read while that is sent, and a listener sees when
 * each begins.
 */
function* coConnect({ connection, trace }: Lease): Coroutine<void> {
  trace?.connecting(connection);
  yield* connection.coConnect();
  trace?.connected(connection);
}

/** Whatever a server has made of it before. */
function isRepeatable({ method, content }: FetchRequest): boolean {
  return IDEMPOTENT.has(method) && content?.repeatable !== false;
}

function mayRepeat({ method, content }: FetchRequest, error: unknown, connection: HTTPConnection): boolean {
  if (content?.repeatable === false) return false;
  // An alert that lay on the idle connection was not about this request, of which nothing was sent; a later one may be.
  if (error instanceof TLSError) return connection.pendingRequests().every((each) => !each.mayHaveBeenProcessed);
  if (!(error instanceof ConnectionClosed)) return false;
  return IDEMPOTENT.has(method) || error.lostRequests.every(({ mayHaveBeenProcessed }) => !mayHaveBeenProcessed);
}

/**
 * Keeps the connection of a redirect, if all of its body has come by now. That is not waited for: the redirect holds, whatever
 * becomes of its body.
 */
function keepIfWhole(lease: Lease, { response, sent }: Answer): void {
  if (!sent() || response.length === null || response.length > WORTH_DISCARDING) return;
  const { connection } = lease;
  if (!connection.responsePending() || discardedAtOnce(connection)) lease.giveBack(response);
}

/** False also for a body that is cut short. */
function discardedAtOnce(connection: HTTPConnection): boolean {
  const discarding = connection.coDiscard();
  try {
    return discarding.next().done === true;
  } catch (error) {
    if (error instanceof DugongError) return false;
    throw error;
  } finally {
    discarding.return();
  }
}

/**
 * Sends the request. False if the server ended the connection before it had all of it, but may have answered: reading tells.
 * @throws as `HTTPConnection.coSendRequest`
 */
export function* coSend({ connection, reused, trace }: Lease, request: FetchRequest): Coroutine<boolean> {
  const { url, method, headers, content } = request;
  const host = headers.get('Host');
  trace?.sending(connection, reused);
  try {
    yield* connection.coSendRequest(method, targetOf(url), { headers, host, body: content?.data });
    trace?.sent();
    return true;
  } catch (error) {
    if (error instanceof ConnectionClosed && error.phase === 'send' && connection.responsePending()) return false;
    throw error;
  }
}

/** Whether the sending of a request is still the making of its connection, which has a time limit of its own, or that is closed. */
export function isUnconnected({ connection }: Lease): boolean {
  return connection.connectedAt === undefined;
}

/** All behind the authority: to ask the URL for its origin, or its parts, takes longer. */
function targetOf({ href }: URL): string {
  return href.slice(href.indexOf('/', 'https://'.length));
}
