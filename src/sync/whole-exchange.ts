/**
 * A fetch whose answer is read in whole, for a thread that is blocked. It knows the connections of this thread; what the answer is
 * made of, its callers say.
 */

import { GrowingBuffer } from '../client/growing-buffer.ts';
import type { HTTPConnection } from '../client/http-connection.ts';
import type { HTTPResponse } from '../client/http-response.ts';
import type { Coroutine } from '../coroutine.ts';
import { DugongError, Interrupted, UnsupportedResponse, withLostRequests } from '../errors.ts';
import { ConnectionPool, type Lease } from '../fetch/connection-pool.ts';
import { contentCodings, decodeWhole } from '../fetch/content-coding.ts';
import type { CheckedReach } from '../fetch/endpoint.ts';
import { type Answer, coFetch, coSend, type Fetched, isUnconnected } from '../fetch/exchange.ts';
import type { FetchRequest, RedirectMode } from '../fetch/fetch-request.ts';
import { isRedirect } from '../fetch/redirect.ts';
import { coLimited, coSendLimited, type TimeLimits } from '../fetch/time-limits.ts';
import { coRace, coWithTimeout } from '../schedule/combinators.ts';

/**
 * Idle connections of this thread. node:http, of the servers that are common, closes an idle one the soonest: after five
 * seconds.
 */
export const pool: ConnectionPool = new ConnectionPool({
  maxIdleConnections: 8,
  idleTimeout: 4000,
  maxConnectionsPerOrigin: 0,
});

/** Bytes, and milliseconds. */
const WORTH_READING = 65_536;
const WORTH_WAITING = 100;

/** Of the body. */
export interface BodyLimits {
  readonly limits: TimeLimits;
  /** Bytes, as they come, and decoded. */
  readonly maxBodySize: number;
  /** Whether content codings are undone. */
  readonly decompress: boolean;
}

export interface WholeExchange extends BodyLimits {
  readonly reach: CheckedReach;
  readonly redirect: RedirectMode;
}

/** For callers with time limits of their own. */
export const UNLIMITED: TimeLimits = { headersTimeout: 0, bodyTimeout: 0 };

/** A response and its body. */
export interface WholeResponse {
  readonly response: HTTPResponse;
  readonly body: Buffer;
  /** The request that it answers. */
  readonly request: FetchRequest;
  readonly redirected: boolean;
}

interface WholeAnswer extends Answer {
  /** If it had to be read already. */
  readonly body: Buffer | undefined;
}

/** An answer, the body of which is to be read by {@link coWholeBody}; its lease ends with that. */
export type HeadReceived = Fetched<WholeAnswer>;

/** @throws what `coFetch` throws, also for the body; UnsupportedResponse for one above `maxBodySize` */
export function* coFetchWhole(request: FetchRequest, exchange: WholeExchange): Coroutine<WholeResponse> {
  return yield* coWholeBody(yield* coFetchHead(request, exchange), exchange);
}

/** As far as the head of the final answer; where its body had to be read to get there, that as well. @throws what `coFetch` throws */
export function coFetchHead(request: FetchRequest, exchange: WholeExchange): Coroutine<HeadReceived> {
  const { reach, redirect, limits, maxBodySize } = exchange;
  const wanted = (response: HTTPResponse): number | undefined =>
    isRedirect(response, redirect) ? undefined : maxBodySize;
  return coFetch(request, {
    pool,
    reach,
    redirect,
    assertAllowed: undefined,
    timing: undefined,
    ask: (lease, asked) => coAsk(lease, asked, { wanted, limits }),
  });
}

/** Reads the body, and gives the connection back. @throws as {@link coFetchWhole} */
export function* coWholeBody(
  head: HeadReceived,
  { maxBodySize, limits, decompress }: BodyLimits,
): Coroutine<WholeResponse> {
  const { answer, lease, redirected, attempts, request } = head;
  try {
    const { response, sent } = answer;
    const body = answer.body ?? (yield* coBody(lease.connection, bodyIn(response, maxBodySize), limits));
    if (sent()) lease.giveBack(response);
    return { response, body: decompress ? decoded(head, body, maxBodySize) : body, request, redirected };
  } catch (error) {
    lease.trace?.failed(error);
    attempts.failed(lease.connection, error);
    throw attempts.told(error, request);
  } finally {
    lease.drop();
  }
}

/** @throws InvalidResponse for corrupt data; UnsupportedResponse for more than `maxSize` bytes, and for too many codings */
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

/** An answer whose body is of no interest, as that of a redirect, is read to its end if that is near, so that its connection serves again. @throws Interrupted */
export function* coLeave(head: HeadReceived): Coroutine<void> {
  try {
    yield* coWithTimeout(coWholeBody(head, UNWANTED), WORTH_WAITING);
  } catch (error) {
    if (!(error instanceof DugongError) || error instanceof Interrupted) throw error;
  }
}

/** How many bytes of a response's body are wanted at most; undefined if it is of no interest, as that of a redirect. */
type Wanted = (response: HTTPResponse) => number | undefined;

/** What is to be read of an answer, and how long is waited for it. */
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
 * Sends, and reads what the server answers meanwhile: one that answers while it reads would otherwise wait for us as we wait
 * for it. If what is wanted of the answer is there first, the rest of the request is not sent.
 */
function* coAskListening(lease: Lease, request: FetchRequest, { wanted, limits }: Reading): Coroutine<WholeAnswer> {
  const { connection } = lease;
  const { headersTimeout } = limits;
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
  const excused = (): boolean => response !== undefined || isUnconnected(lease);
  function* coSpeak(): Coroutine<void> {
    sent = yield* coSendLimited(coSend(lease, request), headersTimeout, excused);
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
  const { length } = response;
  if (length !== null && length > maxBodySize) throw tooLarge(response, maxBodySize);
  return { bytes: new GrowingBuffer(length ?? undefined, maxBodySize), response, maxBodySize };
}

/** Reads the rest of the body. When that is interrupted, what is collected is whole. @throws UnsupportedResponse above `maxBodySize` */
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

/** The request is lost with it, also if all of the body has come: then the connection knows of no request any more. */
function tooLarge({ status, method, path }: HTTPResponse, maxBodySize: number): UnsupportedResponse {
  const error = new UnsupportedResponse(
    `the body (of status ${status}) is larger than maxBodySize (${maxBodySize} bytes)`,
  );
  return withLostRequests(error, [{ method, path, mayHaveBeenProcessed: true }]);
}
