/**
 * An HTTP/1.1 client in which the caller decides how to wait. Each operation exists three times: it blocks the thread,
 * returns a promise, or is a coroutine that any loop can resume.
 *
 * - {@link HTTPConnection} is one connection to a server: begin with it, and with `request()`, its simplest call.
 * - {@link pipeline} and {@link Transfer} fetch many documents, over one connection or over many.
 * - {@link createFetch} makes a `fetch` with the interface of the standard.
 * - {@link runBlocking}, {@link AioFuture} and {@link PollLoop} run coroutines, {@link coAll} and its like combine
 * them; {@link poll}, {@link select}   and {@link Poller} are for loops of your own, which wait for what a {@link
 * PollNeeded} says.
 * - {@link DugongError} is the base of all errors.
 *
 * `fetchSync`, fetch for scripts, is in `dugong/sync`; the protocol without any I/O is `dugong/http1`.
 *
 * @example
 * ```js
 * import { HTTPConnection } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * const { response, body } = connection.request('GET', '/a'); // blocks
 * console.log(response.status, String(body)); // 200 document a
 *
 * const both = await Promise.all(['/a', '/b'].map((path) => connection.promises.request('GET', path)));
 * console.log(both.map(({ body }) => String(body)).join(', ')); // document a, document b
 * connection.disconnect();
 * ```
 *
 * @module dugong
 */

export { Transfer, type TransferPromises } from './bulk/transfer.ts';
export type {
  TransferDigest,
  TransferJob,
  TransferResult,
  TransferSink,
  Verification,
} from './bulk/transfer-job.ts';
export type { TransferCounts, TransferOptions, TransferRequest } from './bulk/transfer-options.ts';
export { WrongDocument } from './bulk/verification.ts';
export { type ByterangesPromises, ByterangesReader } from './client/byteranges-reader.ts';
export type { HTTPConnectionOptions } from './client/connection-options.ts';
export type { ConnectionPromises } from './client/connection-promises.ts';
export { HTTPConnection } from './client/http-connection.ts';
export type { HTTPResponse } from './client/http-response.ts';
export type {
  Consuming,
  CoPipelineOptions,
  PipelineFailure,
  PipelineOptions,
  PipelineRequest,
  PipelineResponse,
  PipelineResult,
} from './client/pipeline.ts';
export { coPipeline, pipeline } from './client/pipeline-functions.ts';
export type { ProxyOptions } from './client/proxy.ts';
export { proxyFromEnvironment } from './client/proxy-environment.ts';
export { BodyFollowing, type ContentChecks, type DigestAlgorithm, type WholeBody } from './client/request-body.ts';
export type { BodyPieces } from './client/request-pieces.ts';
export type { WholeResponse } from './client/request-queue.ts';
export type { SendRequestOptions } from './client/send-options.ts';
export type { ConnectStep } from './client/wire.ts';
export { type Coroutine, POLLIN, POLLOUT, PollNeeded, type PollNeededOptions } from './coroutine.ts';
export {
  ConnectionClosed,
  type ConnectionClosedDetails,
  ConnectionTimedOut,
  DNSUnavailable,
  DugongError,
  ExcessBodyData,
  HostnameNotResolvable,
  Interrupted,
  InvalidResponse,
  type LostRequest,
  MissingBodyData,
  type Phase,
  type ProxyAnswer,
  ProxyError,
  StateError,
  SystemError,
  TLSError,
  UnsupportedResponse,
} from './errors.ts';
export type { PoolLimits } from './fetch/connection-pool.ts';
export { type CreateFetchOptions, createFetch, type Fetch } from './fetch/create-fetch.ts';
export type { FetchRouting } from './fetch/endpoint.ts';
export type { FetchInit } from './fetch/request-input.ts';
export type { TimeLimits } from './fetch/time-limits.ts';
export type { TracedRequest, TraceMessages } from './fetch/trace.ts';
export type { RangePart } from './http1/byteranges-decoder.ts';
export { type HeadersInit, HTTPHeaders } from './http1/headers.ts';
export { DEFAULT_LIMITS, type Limits } from './http1/limits.ts';
export { isIdempotent } from './http1/methods.ts';
export type { PendingRequest } from './http1/protocol.ts';
export { type PollRequest, type PollResult, poll, type Selectable, select } from './io/poll.ts';
export { Poller, type PollerEvent } from './io/poller.ts';
export { type AddressFamily, dnsTestHostnames, type ResolveOptions } from './io/resolver.ts';
export type { OnSignal } from './io/signals.ts';
export { TLSContext, type TLSOption } from './io/tls-context.ts';
export type { CredentialOptions, EncryptedKey, EncryptedPfx, PEM } from './io/tls-credentials.ts';
export type { TLSOptions, TLSVersion } from './io/tls-options.ts';
export { AioFuture, type AioFutureOptions } from './schedule/aio-future.ts';
export { coAwait } from './schedule/co-await.ts';
export {
  coAll,
  coAllSettled,
  coMap,
  coRace,
  coSleep,
  coWithTimeout,
  type Outcomes,
  type Results,
} from './schedule/combinators.ts';
export { PollLoop, type Task } from './schedule/poll-loop.ts';
export { type RunBlockingOptions, runBlocking } from './schedule/run-blocking.ts';
export type { Outcome } from './schedule/stepper.ts';
export { isTempNetworkError } from './temp-network-error.ts';
