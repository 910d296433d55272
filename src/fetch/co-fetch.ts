/**
 * Sends a request and follows its response: a new connection if an idle one turns out to be closed, and a new request
 * if the server redirects. The caller's `ask` waits for the response, because blocking and awaiting differ only there.
 */

import type { HTTPConnection } from '../client/http-connection.ts';
import type { HTTPResponse } from '../client/http-response.ts';
import type { Coroutine } from '../coroutine.ts';
import { ConnectionClosed, DugongError, TLSError, UnsupportedResponse } from '../errors.ts';
import { isIdempotent } from '../http1/methods.ts';
import { Attempts } from './attempts.ts';
import type { ConnectionPool, Lease } from './connection-pool.ts';
import { type CheckedRouting, endpointOf } from './endpoint.ts';
import type { FetchRequest, RedirectMode } from './fetch-request.ts';
import { isRedirect, MOST_REDIRECTS, redirected } from './redirect.ts';
import type { ResourceTiming } from './resource-timing.ts';
import { CallTrace } from './trace.ts';

/** A response whose body may still be on the connection. */
export interface Answer {
  readonly response: HTTPResponse;
  /** Whether the whole request has been sent. If not, no other request can follow on the connection. */
  readonly sent: () => boolean;
}

/** The settings of one fetch, and its way of waiting. */
export interface FetchPlan<A extends Answer> {
  readonly pool: ConnectionPool;
  readonly routing: CheckedRouting;
  readonly redirect: RedirectMode;
  /** Throws if a URL, that of a redirect included, must not be fetched; undefined: all URLs are allowed. */
  readonly assertAllowed: ((url: URL) => void) | undefined;
  /** Records times; undefined if they are not needed. */
  readonly timing: ResourceTiming | undefined;
  /**
   * Sends the request with `coSend` and reads the response at least up to the end of its head. For a large request the
   * connection is made before.
   */
  readonly ask: (lease: Lease, request: FetchRequest) => Coroutine<A>;
}

/** The final response, on a connection that the caller must give back. */
export interface Fetched<A extends Answer> {
  readonly answer: A;
  readonly lease: Lease;
  /** The request of this response. */
  readonly request: FetchRequest;
  readonly redirected: boolean;
  /** Completes the error if the rest of the response fails. */
  readonly attempts: Attempts;
  /** As in {@link FetchPlan}. */
  readonly timing: ResourceTiming | undefined;
}

/** The records about the requests of one fetch. */
interface Course {
  readonly attempts: Attempts;
  readonly trace: CallTrace | undefined;
}

/** The body of a redirect is discarded up to this size, if that keeps the connection usable. */
const WORTH_DISCARDING = 65_536;

/**
 * Fetches: sends `first` and follows redirects. @throws the errors of connecting and of HTTPConnection's operations;
 * UnsupportedResponse for a redirect in mode "error", or for too many redirects; InvalidResponse for a redirect without
 * a valid target. Each error lists the lost requests.
 */
export function* coFetch<A extends Answer>(first: FetchRequest, plan: FetchPlan<A>): Coroutine<Fetched<A>> {
  const course: Course = { attempts: new Attempts(), trace: CallTrace.begin() };
  const { attempts } = course;
  let request = first;
  try {
    for (let redirects = 0; ; redirects++) {
      plan.assertAllowed?.(request.url);
      const { answer, lease } = yield* coAnswered(request, plan, course);
      if (!isRedirect(answer.response, plan.redirect)) {
        const { timing } = plan;
        return { answer, lease, request, redirected: redirects > 0, attempts, timing };
      }
      attempts.answered(request);
      plan.timing?.redirected();
      try {
        request = followed(request, answer.response, { redirects, mode: plan.redirect });
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

/**
 * Sends a request and waits for its response. After a failure on a connection that was idle, it tries once more on a
 * new connection, if that is safe.
 */
function* coAnswered<A extends Answer>(
  request: FetchRequest,
  { pool, routing, timing, ask }: FetchPlan<A>,
  { attempts, trace: call }: Course,
): Coroutine<{ answer: A; lease: Lease }> {
  const endpoint = endpointOf(request.url, routing);
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
 * Connects before the request is sent (sending would do it otherwise): the response to a large request is read at the
 * same time, and subscribers see when each step begins.
 */
function* coConnect({ connection, trace }: Lease): Coroutine<void> {
  trace?.connecting(connection);
  yield* connection.coConnect();
  trace?.connected(connection);
}

/** Whether the request can be repeated even if the server has processed it. */
function isRepeatable({ method, content }: FetchRequest): boolean {
  return isIdempotent(method) && content?.repeatable !== false;
}

function mayRepeat({ method, content }: FetchRequest, error: unknown, connection: HTTPConnection): boolean {
  if (content?.repeatable === false) return false;
  // A TLS alert that had arrived on the idle connection is not about this request, of which nothing was sent. A later
  // alert may be.
  if (error instanceof TLSError) return connection.pendingRequests().every((each) => !each.mayHaveBeenProcessed);
  if (!(error instanceof ConnectionClosed)) return false;
  return isIdempotent(method) || error.lostRequests.every(({ mayHaveBeenProcessed }) => !mayHaveBeenProcessed);
}

/**
 * Keeps the connection of a redirect if the whole body has arrived by now. It does not wait: the redirect is valid
 * whatever happens to its body.
 */
function keepIfWhole(lease: Lease, { response, sent }: Answer): void {
  const { length } = response;
  if (!sent() || length === null || length > WORTH_DISCARDING) return;
  const { connection } = lease;
  if (!connection.responsePending() || discardedAtOnce(connection)) lease.giveBack(response, length);
}

/** Discards the body as far as it has arrived. False if bytes are missing, or the body is cut short. */
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
 * Sends the request. Returns false if the server ended the connection before it took the whole request, but may have
 * answered: reading shows whether it did.
 * @throws as `HTTPConnection.coSendRequest`
 */
export function* coSend({ connection, reused, trace }: Lease, request: FetchRequest): Coroutine<boolean> {
  const { url, method, headers, content } = request;
  const host = headers.get('Host');
  trace?.sending({ connection, reused });
  try {
    yield* connection.coSendRequest(method, targetOf(url), { headers, host, body: content?.data });
    trace?.sent();
    return true;
  } catch (error) {
    if (error instanceof ConnectionClosed && error.phase === 'send' && connection.responsePending()) return false;
    throw error;
  }
}

/** Whether the connection is not made yet (connecting has a time limit of its own), or is closed. */
export function isUnconnected({ connection }: Lease): boolean {
  return connection.connectedAt === undefined;
}

/** The request-target: all characters behind the authority. Reading the parts of the URL takes longer. */
export function targetOf({ href }: URL): string {
  return href.slice(href.indexOf('/', 'https://'.length));
}
