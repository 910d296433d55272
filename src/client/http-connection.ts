/**
 * HTTPConnection: the class that callers use. Each operation is a coroutine (`coX`), written in operations.ts; `X`
 * blocks the thread for it and `promises.X` awaits it. The session knows what the calls mean for the wire.
 */

import type { CipherNameAndProtocol, PeerCertificate } from 'node:tls';
import type { Coroutine } from '../coroutine.ts';
import type { HeadersInit } from '../http1/headers.ts';
import type { Limits } from '../http1/limits.ts';
import type { PendingRequest } from '../http1/protocol.ts';
import { shownAs } from '../inspection.ts';
import { TLSTransport } from '../io/tls.ts';
import { ownOptions } from '../options.ts';
import { iterated } from '../schedule/pull.ts';
import { runWaiting } from '../schedule/run-blocking.ts';
import { BlockedWait } from './blocked-wait.ts';
import { chunksOf } from './body-chunks.ts';
import {
  connectionOptions,
  connectionSettings,
  type HTTPConnectionOptions,
  wholeNumber,
} from './connection-options.ts';
import { type ConnectionPromises, promisesOf } from './connection-promises.ts';
import { connectionView } from './connection-view.ts';
import type { Destination } from './dial-steps.ts';
import type { HTTPResponse } from './http-response.ts';
import { Operations } from './operations.ts';
import {
  type CoPipelineOptions,
  coResults,
  PIPELINE_OPTIONS,
  Pipeline,
  type PipelineOptions,
  type PipelineRequest,
  type PipelineResult,
} from './pipeline.ts';
import type { WholeResponse } from './request-queue.ts';
import type { SendRequestOptions } from './send-options.ts';
import type { Session } from './session.ts';
import type { ConnectStep } from './wire.ts';

/** The limits of a connection, also for what is read by its operations. */
export let limitsOf: (connection: HTTPConnection) => Limits;
/** The operations of a connection, for what runs many of them. */
export let operationsOf: (connection: HTTPConnection) => Operations;

/**
 * One HTTP/1.1 connection to one server. It connects with the first request and carries any number of pipelined
 * requests. After `disconnect()`, the next request connects again. Responses arrive in the order of the requests; each
 * body must be read (or discarded) before the next response can be read.
 *
 * A lost connection stays lost until `disconnect()` is called: no request is sent twice without the caller's knowledge.
 */
export class HTTPConnection {
  /** The host name or IP address; an IPv6 address without brackets. */
  readonly hostname: string;
  /** The port of the server. */
  readonly port: number;
  /** The same operations as promises. The last argument of each call is one object with its options, e.g. a `signal`. */
  readonly promises: ConnectionPromises;
  readonly #operations: Operations;
  readonly #destination: Destination;
  readonly #limits: Limits;
  /** Milliseconds without progress that a blocking call waits; 0: no limit. */
  readonly #timeout: number;
  readonly #blocked: BlockedWait;

  /**
   * Checks the options; does no I/O. `server` is a host name or an IP address, or the URL of an origin, as
   * "http://localhost:8080": any string with "://" is a URL. Port and TLS follow from the URL, or from the options.
   * @throws TypeError on an invalid host name, URL or option, and on a URL with more parts than an origin (credentials,
   * a path, a query, a fragment) or one that contradicts the options; TLSError on TLS options that OpenSSL does not
   * accept
   */
  constructor(server: string | URL, options?: HTTPConnectionOptions) {
    const given = connectionOptions(options);
    const checked = connectionSettings(server, given);
    const { destination, limits } = checked;
    this.hostname = destination.hostname;
    this.port = destination.port;
    this.#destination = destination;
    this.#limits = limits;
    this.#operations = new Operations(checked);
    this.promises = promisesOf(this, this.#operations);
    const { timeout = 0 } = given;
    this.#timeout = wholeNumber('timeout', timeout, 0);
    this.#blocked = new BlockedWait(checked);
  }

  // --- the operations, as coroutines ---------------------------------------------------------------------------------

  /**
   * Connects if there is no connection: resolves the name, connects, and performs the TLS handshake if there is TLS.
   * Nothing blocks the thread.
   * @throws HostnameNotResolvable, DNSUnavailable, SystemError (ECONNREFUSED, ...), ProxyError, TLSError,
   * ConnectionTimedOut; ConnectionClosed if the connection was lost before; InvalidResponse if the server's greeting is
   * not HTTP
   */
  coConnect(): Coroutine<void> {
    return this.#operations.coConnect();
  }

  /**
   * Sends a request; connects first if there is no connection. `path` is path and query, percent-encoded. While the
   * coroutine waits, it also reads: if the server refuses the request early, sending stops (RFC 9112 9.5).
   * @throws TypeError if the request can never be sent, StateError if it cannot be sent now (the previous request's
   * body is not complete), ConnectionClosed (`readResponse` may still return the server's response), and the errors of
   * {@link coConnect}
   */
  coSendRequest(method: string, path: string, options?: SendRequestOptions): Coroutine<void> {
    return this.#operations.coSendRequest(method, path, options);
  }

  /**
   * Sends the next bytes of a BodyFollowing; reads while it waits, as {@link coSendRequest}. The caller must not change
   * `data` until the call has completed. @throws ExcessBodyData, StateError, ConnectionClosed (`readResponse` may still
   * return the server's response)
   */
  coWrite(data: Uint8Array): Coroutine<void> {
    return this.#operations.coWrite(data);
  }

  /**
   * Ends a chunked body, with trailers if there are any (RFC 9112 7.1.2). @throws StateError if no chunked
   * body is being sent, TypeError for a field that cannot be a trailer (RFC 9110 6.5.1), ConnectionClosed
   */
  coEndBody(trailers?: HeadersInit): Coroutine<void> {
    return this.#operations.coEndBody(trailers);
  }

  /**
   * Reads the head of the next response; the calls below read its body. For a request with `expect100`, a response of
   * status 100 comes first, unless the server refuses. A response may arrive while its request is still being sent. If
   * only the end of the previous body is missing (a last chunk, the end of the connection), the call waits for it.
   * @throws StateError if no response is pending, the previous body has unread bytes, or the request's own body is not
   * complete while no coroutine sends it and no response is there; InvalidResponse, UnsupportedResponse,
   * ConnectionClosed
   */
  coReadResponse(): Coroutine<HTTPResponse> {
    return this.#operations.coReadResponse();
  }

  /**
   * Returns up to `length` bytes of the body (default 65,536), at least one; empty only at its end. @throws TypeError
   * unless `length` is a whole number >= 0, and as {@link coReadAll}
   */
  coRead(length?: number): Coroutine<Buffer> {
    return this.#operations.coRead(length);
  }

  /**
   * Returns the rest of the body, up to `limits.bodyInMemory` bytes; empty behind its end. @throws ConnectionClosed if
   * the body is cut short, InvalidResponse, UnsupportedResponse (also for a larger body); StateError if `readResponse`
   * was not called for this response
   */
  coReadAll(): Coroutine<Buffer> {
    return this.#operations.coReadAll();
  }

  /**
   * Reads body bytes into `buffer`, as many as are there, at least one. Returns their number; 0 at the end of the body.
   * @throws as {@link coReadAll}
   */
  coReadInto(buffer: Uint8Array): Coroutine<number> {
    return this.#operations.coReadInto(buffer);
  }

  /** Reads the rest of the body and drops it. @throws as {@link coReadAll} */
  coDiscard(): Coroutine<void> {
    return this.#operations.coDiscard();
  }

  /**
   * Returns the rest of the body as text. Its byte order mark, which is removed, determines the charset, otherwise
   * Content-Type; the default is UTF-8.
   * @throws UnsupportedResponse for an unknown charset (nothing has been read then), and as {@link coReadAll}
   */
  coReadText(): Coroutine<string> {
    return this.#operations.coReadText();
  }

  /**
   * Returns up to `length` raw bytes, at least one, after HTTP has ended on this connection (RFC 9110 7.8, 9.3.6); empty
   * at the end of the stream. @throws TypeError unless `length` is a whole number >= 1, StateError, ConnectionClosed
   */
  coReadRaw(length: number): Coroutine<Buffer> {
    return this.#operations.coReadRaw(length);
  }

  /** Sends raw bytes after HTTP has ended on this connection. @throws StateError, ConnectionClosed */
  coWriteRaw(data: Uint8Array): Coroutine<void> {
    return this.#operations.coWriteRaw(data);
  }

  /**
   * The rest of the body in parts of up to `size` bytes (default 65,536), each as soon as bytes are there; blocking.
   * After leaving the loop early, `read`, `readAll` or `discard` go on right behind the last part. @throws as
   * {@link read}
   */
  chunks(size?: number): Generator<Buffer, void, void> {
    return chunksOf(() => this.read(size));
  }

  // --- many requests -------------------------------------------------------------------------------------------------

  /**
   * Sends a request and returns its response with the whole body. Any number of coroutines may call it at the same time: the requests
   * queue, are pipelined as {@link coPipeline} does it, and are sent again under the same conditions.
   * @throws TypeError if the request can never be sent; StateError while a response to `sendRequest` is to be read; ConnectionClosed with
   * `lostRequests`, its own first; the errors of {@link coConnect} and {@link coReadAll}
   */
  coRequest(method: string, path: string, options?: SendRequestOptions): Coroutine<WholeResponse> {
    return this.#operations.coRequest({ method, path, options });
  }

  /**
   * Sends all requests (paths, or objects with `path`, `method` and the options of `sendRequest`), ahead of the responses, and returns
   * their results in order, or gives each to `each`. It begins with one request, and sends ahead once the server has sent an HTTP/1.1
   * response that leaves the connection open. What cannot be sent ahead (a method that is not idempotent, a large body) is alone on the
   * connection. When the connection is lost, idempotent requests without a response are sent again, the oldest of them alone (RFC 9112
   * 9.3.2), a limited number of times; any other that the server may have processed is a result with an `error`. A server that loses
   * connections, or sends errors, when requests are pipelined gets fewer of them at a time, in the end one.
   * @throws TypeError on invalid options; StateError while requests are under way on the connection; the errors of {@link coConnect},
   * those of the iterable, of `consume` and of `each`
   */
  *coPipeline<R extends string | PipelineRequest, T = Buffer>(
    requests: Iterable<R> | AsyncIterable<R>,
    options?: CoPipelineOptions<R, T>,
  ): Coroutine<PipelineResult<R, T>[]> {
    const { each, ...own } = ownOptions('coPipeline()', options, [...PIPELINE_OPTIONS, 'each']);
    return yield* coResults(new Pipeline(this.#operations, requests, own), each);
  }

  // --- the same, blocking the thread ---------------------------------------------------------------------------------

  /** Blocking {@link coConnect}. @throws as that; ConnectionTimedOut, Interrupted */
  connect(): void {
    this.runBlocking(this.coConnect());
  }

  /**
   * Blocking {@link coSendRequest}. While the server does not take the request, responses are received, up to
   * `maxReadAhead` bytes. @throws as that; ConnectionTimedOut, Interrupted
   */
  sendRequest(method: string, path: string, options?: SendRequestOptions): void {
    this.runBlocking(this.coSendRequest(method, path, options));
  }

  /**
   * Blocking {@link coWrite}. While the server does not take the bytes, responses are received, up to `maxReadAhead`
   * bytes. @throws as that; ConnectionTimedOut, Interrupted
   */
  write(data: Uint8Array): void {
    this.runBlocking(this.coWrite(data));
  }

  /** Blocking {@link coEndBody}. @throws as that; ConnectionTimedOut, Interrupted */
  endBody(trailers?: HeadersInit): void {
    this.runBlocking(this.coEndBody(trailers));
  }

  /** Blocking {@link coReadResponse}. @throws as that; ConnectionTimedOut, Interrupted */
  readResponse(): HTTPResponse {
    return this.runBlocking(this.coReadResponse());
  }

  /** Blocking {@link coRead}. @throws as that; ConnectionTimedOut, Interrupted */
  read(length?: number): Buffer {
    return this.runBlocking(this.coRead(length));
  }

  /** Blocking {@link coReadAll}. @throws as that; ConnectionTimedOut, Interrupted */
  readAll(): Buffer {
    return this.runBlocking(this.coReadAll());
  }

  /** Blocking {@link coReadInto}. @throws as that; ConnectionTimedOut, Interrupted */
  readInto(buffer: Uint8Array): number {
    return this.runBlocking(this.coReadInto(buffer));
  }

  /** Blocking {@link coDiscard}. @throws as that; ConnectionTimedOut, Interrupted */
  discard(): void {
    this.runBlocking(this.coDiscard());
  }

  /** Blocking {@link coReadText}. @throws as that; ConnectionTimedOut, Interrupted */
  readText(): string {
    return this.runBlocking(this.coReadText());
  }

  /** Blocking {@link coReadRaw}. @throws as that; ConnectionTimedOut, Interrupted */
  readRaw(length: number): Buffer {
    return this.runBlocking(this.coReadRaw(length));
  }

  /** Blocking {@link coWriteRaw}. @throws as that; ConnectionTimedOut, Interrupted */
  writeRaw(data: Uint8Array): void {
    this.runBlocking(this.coWriteRaw(data));
  }

  /** Blocking {@link coRequest}. @throws as that; ConnectionTimedOut, Interrupted */
  request(method: string, path: string, options?: SendRequestOptions): WholeResponse {
    return this.runBlocking(this.coRequest(method, path, options));
  }

  /**
   * Blocking {@link coPipeline}: gives each result when its turn comes, and sends and receives meanwhile only as far as that needs. A loop
   * that is left early closes the connection if requests are in flight. @throws as that; ConnectionTimedOut, Interrupted
   */
  pipeline<R extends string | PipelineRequest, T = Buffer>(
    requests: Iterable<R>,
    options?: PipelineOptions<R, T>,
  ): Generator<PipelineResult<R, T>, void, void> {
    return iterated(new Pipeline(this.#operations, requests, options), (coroutine) => this.runBlocking(coroutine));
  }

  /**
   * Runs the caller's own coroutine over this connection as the blocking calls do: with its `timeout`, and receiving
   * responses while the server does not take requests. (Not for sending inside coAll and similar combinators, where
   * several coroutines may wait for several connections.) @throws the errors of the coroutine
   */
  runBlocking<T>(coroutine: Coroutine<T>): T {
    return runWaiting(coroutine, this.#timeout, (need, timeoutMs) =>
      this.#blocked.poll(this.#operations.session, need, timeoutMs),
    );
  }

  // --- what never waits ----------------------------------------------------------------------------------------------

  /**
   * Whether a response, or a part of a body, remains to be read. False while the body of the only request has not been
   * sent.
   */
  responsePending(): boolean {
    return (
      this.#operations.session !== undefined &&
      !this.#operations.session.closed &&
      this.#operations.session.protocol.responsePending
    );
  }

  /**
   * The requests without a complete response, oldest first. An interrupted call (abort, cancel, time-out) removes none:
   * the requests in the list are still under way, and the next call continues the connection.
   */
  pendingRequests(): PendingRequest[] {
    return this.#operations.session === undefined || this.#operations.session.closed
      ? []
      : this.#operations.session.protocol.pendingRequests;
  }

  /**
   * Whether the next request can use the present connection: no exchange is under way, neither side has announced the
   * end, and the server has neither closed it nor sent unexpected bytes (RFC 9112 9.5). The call looks at the socket
   * once; the server may close it right after that.
   */
  reusable(): boolean {
    return this.#operations.session?.reusable() ?? false;
  }

  /**
   * Collects requests from now on (up to 64 KiB), as TCP_CORK of tcp(7) does. `uncork()`, or the next read, sends them in
   * one call.
   */
  cork(): void {
    this.#operations.openSession().corked = true;
  }

  /** Sends the collected requests. Bytes that the kernel does not take at once are sent by the next call. */
  uncork(): void {
    this.#operations.session?.uncork();
  }

  /**
   * The server's certificate as node:tls returns it, with `detailed` also its issuers'; null without TLS, or without a
   * connection.
   */
  // Parameters: those of node:tls.
  getPeerCertificate(detailed?: boolean): PeerCertificate | null {
    return this.#tls?.getPeerCertificate(detailed) ?? null;
  }

  /** The cipher as node:tls returns it; null without TLS, or without a connection. */
  getCipher(): CipherNameAndProtocol | null {
    return this.#tls?.getCipher() ?? null;
  }

  /** The TLS version, as "TLSv1.2" or "TLSv1.3"; null without TLS, or without a connection. */
  getProtocol(): string | null {
    return this.#tls?.getProtocol() ?? null;
  }

  /**
   * The TLS session, for the TLS option `session` of another connection, e.g. in another process. (Connections that
   * share a TLSContext resume sessions by themselves.) Null without TLS, without a connection, and with TLS 1.3 before
   * the server has sent a ticket, which comes with its first response. It holds secrets.
   */
  getSession(): Buffer | null {
    return this.#tls?.getSession() ?? null;
  }

  /**
   * The numeric address of the server, or of the proxy if there is one; undefined over a Unix socket, or without a
   * connection.
   */
  get remoteAddress(): string | undefined {
    return this.#open?.wire.transport?.remoteAddress;
  }

  /** The port of {@link remoteAddress}. */
  get remotePort(): number | undefined {
    return this.remoteAddress === undefined ? undefined : (this.#destination.proxy ?? this).port;
  }

  /**
   * The time at which the connection was made, TLS included: milliseconds on the scale of `performance.now()`;
   * undefined without a connection.
   */
  get connectedAt(): number | undefined {
    return this.#open?.wire.connectedAt;
  }

  /**
   * The steps by which the connection was made, in order: `resolve`, `connect`, `handshake` with TLS; with a proxy also
   * `proxy-handshake` and `tunnel`. Empty without a connection.
   */
  get connectSteps(): readonly ConnectStep[] {
    return this.#open?.wire.connectSteps ?? [];
  }

  /** Closes the connection at once, if there is one. The next request connects again. */
  disconnect(): void {
    this.#operations.session?.close();
  }

  /** The same as {@link disconnect}. */
  reset(): void {
    this.disconnect();
  }

  /** The same as {@link disconnect}. */
  [Symbol.dispose](): void {
    this.disconnect();
  }

  /** The same as {@link disconnect}; the promise is fulfilled at once. */
  [Symbol.asyncDispose](): Promise<void> {
    this.disconnect();
    return Promise.resolve();
  }

  // -------------------------------------------------------------------------------------------------------------------

  static {
    limitsOf = (connection) => connection.#limits;
    operationsOf = (connection) => connection.#operations;
    shownAs(HTTPConnection, (one) => connectionView(one, one.#destination, one.#operations.session));
  }

  get #open(): Session | undefined {
    const { session } = this.#operations;
    return session?.closed ? undefined : session;
  }

  /** The TLS with the server, not that with a proxy. */
  get #tls(): TLSTransport | undefined {
    if (this.#destination.tls === undefined) return undefined;
    const transport = this.#operations.session?.wire.transport;
    return transport instanceof TLSTransport && !transport.closed ? transport : undefined;
  }
}
