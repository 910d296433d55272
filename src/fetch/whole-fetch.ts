/**
 * A fetch that reads the whole response, for a blocked thread, on the idle connections of this thread. The callers make
 * the final response object of it.
 */

import { GrowingBuffer } from '../client/growing-buffer.ts';
import type { HTTPConnection } from '../client/http-connection.ts';
import type { HTTPResponse } from '../client/http-response.ts';
import type { Coroutine } from '../coroutine.ts';
import { DugongError, Interrupted, UnsupportedResponse, withLostRequests } from '../errors.ts';
import { coRace, coWithTimeout } from '../schedule/combinators.ts';
import { type Answer, coFetch, coSend, type Fetched, isUnconnected } from './co-fetch.ts';
import { ConnectionPool, type Lease } from './connection-pool.ts';
import { contentCodings, decodeWhole } from './content-coding.ts';
import type { CheckedRouting } from './endpoint.ts';
import type { FetchRequest, RedirectMode } from './fetch-request.ts';
import { isRedirect } from './redirect.ts';
import { coLimited, coSendLimited, type TimeLimits } from './time-limits.ts';

/**
 * The idle connections of this thread. Of the common servers, node:http closes an idle connection the soonest: after
 * five seconds.
 */
export const pool: ConnectionPool = new ConnectionPool({
  maxIdleConnections: 8,
  idleTimeout: 4000,
  maxConnectionsPerOrigin: 0,
});

/** The body of an unwanted response is read up to this size (bytes) and time (milliseconds). */
const WORTH_READING = 65_536;
const WORTH_WAITING = 100;

/** The limits of receiving. */
export interface BodyLimits {
  readonly limits: TimeLimits;
  /** Most bytes of the body, received and decoded. */
  readonly maxBodySize: number;
  /** Whether to decode content codings. */
  readonly decompress: boolean;
}

/** The settings of one fetch. */
export interface WholeFetchPlan extends BodyLimits {
  readonly routing: CheckedRouting;
  readonly redirect: RedirectMode;
}

/** For callers with their own time limits. */
export const UNLIMITED: TimeLimits = { headersTimeout: 0, bodyTimeout: 0 };

/** A response with its body. */
export interface WholeResponse {
  readonly response: HTTPResponse;
  readonly body: Buffer;
  /** The request of this response. */
  readonly request: FetchRequest;
  readonly redirected: boolean;
}

interface WholeAnswer extends Answer {
  /** The body, if it was read while the request was sent. */
  readonly body: Buffer | undefined;
}

/** A response whose body {@link coWholeBody} reads; the lease ends then. */
export type HeadReceived = Fetched<WholeAnswer>;

/**
 * Fetches a response with its body. @throws as `coFetch`, also for the body; UnsupportedResponse for a body above
 * `maxBodySize`
 */
export function* coFetchWhole(request: FetchRequest, plan: WholeFetchPlan): Coroutine<WholeResponse> {
  return yield* coWholeBody(yield* coFetchHead(request, plan), plan);
}

/**
 * Fetches the head of the final response, and its body if that had to be read while the request was sent. @throws as
 * `coFetch`
 */
export function coFetchHead(request: FetchRequest, plan: WholeFetchPlan): Coroutine<HeadReceived> {
  const { routing, redirect, limits, maxBodySize } = plan;
  const wanted = (response: HTTPResponse): number | undefined =>
    isRedirect(response, redirect) ? undefined : maxBodySize;
  return coFetch(request, {
    pool,
    routing,
    redirect,
    assertAllowed: undefined,
    timing: undefined,
    ask: (lease, asked) => coAsk(lease, asked, { wanted, limits }),
  });
}

/** Reads the body and gives the connection back. @throws as {@link coFetchWhole} */
export function* coWholeBody(
  head: HeadReceived,
  { maxBodySize, limits, decompress }: BodyLimits,
): Coroutine<WholeResponse> {
  const { answer, lease, redirected, attempts, request } = head;
  try {
    const { response, sent } = answer;
    const body = answer.body ?? (yield* coBody(lease.connection, bodyIn(response, maxBodySize), limits));
    if (sent()) lease.giveBack(response, body.length);
    return { response, body: decompress ? decoded(head, body, maxBodySize) : body, request, redirected };
  } catch (error) {
    lease.trace?.failed(error);
    attempts.failed(lease.connection, error);
    throw attempts.told(error, request);
  } finally {
    lease.drop();
  }
}

/**
 * Decodes the body. @throws InvalidResponse for corrupt data; UnsupportedResponse for more than `maxSize` bytes, and
 * for too many codings
 */
function decoded({ answer, attempts, request }: HeadReceived, body: Buffer, maxSize: number): Buffer {
  if (body.length === 0) return body;
  try {
    return decodeWhole(body, contentCodings(answer.response.headers) ?? [], { maxSize });
  } catch (error) {
    attempts.answered(request);
    throw error;
  }
}

const UNWANTED: BodyLimits = { limits: UNLIMITED, maxBodySize: WORTH_READING, decompress: false };

/**
 * Ends an exchange whose body is not wanted, as that of a redirect. A small body is read to its end, so that the
 * connection can be reused. @throws Interrupted
 */
export function* coLeave(head: HeadReceived): Coroutine<void> {
  try {
    yield* coWithTimeout(coWholeBody(head, UNWANTED), WORTH_WAITING);
  } catch (error) {
    if (!(error instanceof DugongError) || error instanceof Interrupted) throw error;
  }
}

/** Most wanted bytes of a response's body; undefined if the body is not wanted, as that of a redirect. */
type Wanted = (response: HTTPResponse) => number | undefined;

/** How much of a response to read, and the time limits. */
interface Reading {
  readonly wanted: Wanted;
  readonly limits: TimeLimits;
}

function* coAsk(lease: Lease, request: FetchRequest, reading: Reading): Coroutine<WholeAnswer> {
  if (request.content?.large) return yield* coAskListening(lease, request, reading);
  const { headersTimeout } = reading.limits;
  const sent = yield* coSendLimited(coSend(lease, request), headersTimeout, () => isUnconnected(lease));
  const response = yield* coLimited(lease.connection.coReadResponse(), headersTimeout);
  return { response, sent: () => sent, body: undefined };
}

/**
 * Sends the request and reads the response at the same time. Otherwise a server that answers while it reads could wait
 * for this client, while the client waits for the server. If the wanted part of the response arrives first, the rest of
 * the request is not sent.
 */
function* coAskListening(lease: Lease, request: FetchRequest, { wanted, limits }: Reading): Coroutine<WholeAnswer> {
  const { connection } = lease;
  const { headersTimeout } = limits;
  let sent: boolean | undefined;
  let response: HTTPResponse | undefined;
  let body: Buffer | undefined;
  let collected: Collected | undefined;
  // The results stay in these variables, whichever of the two coroutines ends first; the second run continues with
  // them.
  function* coListen(timeout: number): Coroutine<void> {
    response ??= yield* coLimited(connection.coReadResponse(), timeout);
    const maxBodySize = wanted(response);
    if (maxBodySize === undefined) return;
    collected ??= bodyIn(response, maxBodySize);
    body ??= yield* coBody(connection, collected, limits);
  }
  const excused = (): boolean => response !== undefined || isUnconnected(lease);
  function* coSpeak(): Coroutine<void> {
    sent = yield* coSendLimited(coSend(lease, request), headersTimeout, excused);
  }
  yield* coRace([coSpeak(), coListen(0)]);
  yield* coListen(headersTimeout);
  return { response: response as unknown as HTTPResponse, sent: () => sent === true, body };
}

/** A partly read body. */
interface Collected {
  readonly bytes: GrowingBuffer;
  readonly response: HTTPResponse;
  readonly maxBodySize: number;
}

/** Begins to collect a body. @throws UnsupportedResponse if the announced length is above `maxBodySize` */
function bodyIn(response: HTTPResponse, maxBodySize: number): Collected {
  const { length } = response;
  if (length !== null && length > maxBodySize) throw tooLarge(response, maxBodySize);
  return { bytes: new GrowingBuffer(length ?? undefined, maxBodySize), response, maxBodySize };
}

/**
 * Reads the rest of the body. An interruption loses no collected byte. @throws UnsupportedResponse above `maxBodySize`
 */
function* coBody(
  connection: HTTPConnection,
  { bytes, response, maxBodySize }: Collected,
  { bodyTimeout }: TimeLimits,
): Coroutine<Buffer> {
  const { length } = response;
  while (bytes.end !== length) {
    const room = bytes.makeRoom();
    const target = bytes.bytes.subarray(bytes.end, bytes.end + room);
    const count = yield* coLimited(connection.coReadInto(target), bodyTimeout);
    if (count === 0) break;
    bytes.end += count;
    if (bytes.end > maxBodySize) throw tooLarge(response, maxBodySize);
  }
  return bytes.from(0);
}

/**
 * Makes the error, with the request as lost. The connection does not know the request any more if the whole body has
 * arrived.
 */
function tooLarge({ status, method, path }: HTTPResponse, maxBodySize: number): UnsupportedResponse {
  const error = new UnsupportedResponse(
    `the body (of status ${status}) is larger than maxBodySize (${maxBodySize} bytes)`,
  );
  return withLostRequests(error, [{ method, path, mayHaveBeenProcessed: true }]);
}
