/**
 * HTTPConnection: what the user calls. Each operation is a coroutine (`coX`), written in operations.ts; `X` blocks the thread for
 * it and `promises.X` awaits it, one line each. What the calls mean for the wire is the session's affair.
 */

import type { CipherNameAndProtocol, PeerCertificate } from 'node:tls';
import type { Coroutine } from '../coroutine.ts';
import type { HeadersInit } from '../http1/headers.ts';
import type { PendingRequest } from '../http1/protocol.ts';
import { shownAs } from '../inspection.ts';
import { TLSTransport } from '../io/tls.ts';
import { runBlocking } from '../schedule/run-blocking.ts';
import { chunksOf } from './body-chunks.ts';
import { connectionOptions, type HTTPConnectionOptions, sessionOptions, wholeNumber } from './connection-options.ts';
import { ConnectionPromises } from './connection-promises.ts';
import { connectionView } from './connection-view.ts';
import type { Destination } from './dial.ts';
import type { HTTPResponse } from './http-response.ts';
import { Operations } from './operations.ts';
import type { SendRequestOptions } from './send-options.ts';
import type { Session } from './session.ts';

/**
 * One HTTP/1.1 connection to one server. It connects with the first request, carries any number of pipelined requests, and
 * after `disconnect()` connects anew. Responses come in the order of the requests; each body must be read (or discarded)
 * before the next response can be asked for.
 *
 * A connection that was lost stays lost until `disconnect()` is called: nothing is sent twice behind the caller's back.
 */
export class HTTPConnection {
  /** Without brackets if it is an IPv6 address. */
  readonly hostname: string;
  readonly port: number;
  /** The same operations as promises. */
  readonly promises: ConnectionPromises;
  readonly #operations: Operations;
  readonly #destination: Destination;
  readonly #blocking: Parameters<typeof runBlocking>[1];

  /**
   * No I/O happens here. `server` is a host name or an IP address, for port and TLS as the options say; or the URL of an origin, as
   * "http://localhost:8080", whose scheme and port say it: any string with "://" is one.
   * @throws TypeError on a host name, URL or option that cannot be, a URL that says more than the server (credentials, a path, a
   * query, a fragment), or other than the options; TLSError on TLS options that OpenSSL does not accept
   */
  constructor(server: string | URL, options?: HTTPConnectionOptions) {
    const given = connectionOptions(options);
    const checked = sessionOptions(server, given);
    const { destination, onSignal } = checked;
    this.hostname = destination.hostname;
    this.port = destination.port;
    this.#destination = destination;
    this.#operations = new Operations(checked);
    this.promises = new ConnectionPromises(this);
    const { timeout = 0 } = given;
    this.#blocking = {
      timeout: wholeNumber('timeout', timeout, 0),
      wait: (need, timeoutMs) =>
        this.#operations.session?.waitBlocking(need, timeoutMs) ?? need.poll(timeoutMs, onSignal),
    };
  }

  // --- the operations, as coroutines ---------------------------------------------------------------------------------

  /**
   * Resolves the name, connects, and with TLS shakes hands, if there is no connection yet. None of it blocks the thread.
   * @throws HostnameNotResolvable, DNSUnavailable, SystemError (ECONNREFUSED, ...), ProxyError, TLSError, ConnectionTimedOut;
   * ConnectionClosed if there is a connection that was lost; InvalidResponse if the server has greeted as none of HTTP does
   */
  coConnect(): Coroutine<void> {
    return this.#operations.coConnect();
  }

  /**
   * Sends a request, connecting first if there is no connection. `path` holds path and query, percent-encoded. When it has to
   * wait, it also listens: a server that refuses the request before it has all of it gets no more (RFC 9112 9.5).
   * @throws TypeError if the request cannot be sent at all, StateError if not now (the previous request's body is not
   * complete), ConnectionClosed (`readResponse` may still give the server's answer then), and what {@link coConnect} throws
   */
  coSendRequest(method: string, path: string, options?: SendRequestOptions): Coroutine<void> {
    return this.#operations.coSendRequest(method, path, options);
  }

  /**
   * Sends the next bytes of a BodyFollowing, and listens like {@link coSendRequest}. They must stay as they are until the call
   * is done. @throws ExcessBodyData, StateError, ConnectionClosed (`readResponse` may still give the server's answer then)
   */
  coWrite(data: Uint8Array): Coroutine<void> {
    return this.#operations.coWrite(data);
  }

  /** Ends a chunked body, with trailer fields if there are any. @throws StateError, TypeError, ConnectionClosed */
  coEndBody(trailers?: HeadersInit): Coroutine<void> {
    return this.#operations.coEndBody(trailers);
  }

  /**
   * The next response's head: status and fields. Its body is read with the calls below. For a request with `expect100` a
   * response of status 100 comes first, unless the server refuses. A response may come while its request is still being sent.
   * Of a body that is not read to its end yet, the end (a last chunk, the connection's end) is waited for and taken.
   * @throws StateError if nothing is pending, there is more of the previous body to read, or the request's own body is not
   * complete with no coroutine sending it and no answer there; InvalidResponse, UnsupportedResponse, ConnectionClosed
   */
  coReadResponse(): Coroutine<HTTPResponse> {
    return this.#operations.coReadResponse();
  }

  /** Up to `length` bytes of the body, at least one; empty at its end and behind it, never before. @throws as {@link coReadAll} */
  coRead(length?: number): Coroutine<Buffer> {
    return this.#operations.coRead(length);
  }

  /**
   * The rest of the body; empty behind its end. @throws ConnectionClosed if it is cut short, InvalidResponse,
   * UnsupportedResponse; StateError for a response that `readResponse` has not been called for
   */
  coReadAll(): Coroutine<Buffer> {
    return this.#operations.coReadAll();
  }

  /** Body bytes into `buffer`, as many as there are once there are any; 0 at its end. @throws as {@link coReadAll} */
  coReadInto(buffer: Uint8Array): Coroutine<number> {
    return this.#operations.coReadInto(buffer);
  }

  /** Reads the rest of the body and drops it. @throws as {@link coReadAll} */
  coDiscard(): Coroutine<void> {
    return this.#operations.coDiscard();
  }

  /**
   * The rest of the body as text: by its byte order mark, which is left out, else by the charset of Content-Type, else as UTF-8.
   * @throws UnsupportedResponse for an unknown charset (nothing has been read then), and as {@link coReadAll}
   */
  coReadText(): Coroutine<string> {
    return this.#operations.coReadText();
  }

  /** Up to `length` uninterpreted bytes, after HTTP has ended here; empty at the end. @throws StateError, ConnectionClosed */
  coReadRaw(length: number): Coroutine<Buffer> {
    return this.#operations.coReadRaw(length);
  }

  /** Sends uninterpreted bytes, after HTTP has ended here. @throws StateError, ConnectionClosed */
  coWriteRaw(data: Uint8Array): Coroutine<void> {
    return this.#operations.coWriteRaw(data);
  }

  /**
   * The rest of the body in parts of up to `size` bytes, each as soon as there is something, blocking. Whoever leaves the loop
   * early finds the connection where he left it: with `read`, `readAll` or `discard` it goes on from there.
   */
  chunks(size?: number): Generator<Buffer, void, void> {
    return chunksOf(() => this.read(size));
  }

  // --- the same, blocking the thread ---------------------------------------------------------------------------------

  /** Blocking {@link coConnect}. */
  connect(): void {
    this.runBlocking(this.coConnect());
  }

  /** Blocking {@link coSendRequest}. While the server does not take it, responses are taken in, up to `maxReadAhead`. */
  sendRequest(method: string, path: string, options?: SendRequestOptions): void {
    this.runBlocking(this.coSendRequest(method, path, options));
  }

  /** Blocking {@link coWrite}. While the server does not take it, responses are taken in, up to `maxReadAhead`. */
  write(data: Uint8Array): void {
    this.runBlocking(this.coWrite(data));
  }

  /** Blocking {@link coEndBody}. */
  endBody(trailers?: HeadersInit): void {
    this.runBlocking(this.coEndBody(trailers));
  }

  /** Blocking {@link coReadResponse}. */
  readResponse(): HTTPResponse {
    return this.runBlocking(this.coReadResponse());
  }

  /** Blocking {@link coRead}. */
  read(length?: number): Buffer {
    return this.runBlocking(this.coRead(length));
  }

  /** Blocking {@link coReadAll}. */
  readAll(): Buffer {
    return this.runBlocking(this.coReadAll());
  }

  /** Blocking {@link coReadInto}. */
  readInto(buffer: Uint8Array): number {
    return this.runBlocking(this.coReadInto(buffer));
  }

  /** Blocking {@link coDiscard}. */
  discard(): void {
    this.runBlocking(this.coDiscard());
  }

  /** Blocking {@link coReadText}. */
  readText(): string {
    return this.runBlocking(this.coReadText());
  }

  /** Blocking {@link coReadRaw}. */
  readRaw(length: number): Buffer {
    return this.runBlocking(this.coReadRaw(length));
  }

  /** Blocking {@link coWriteRaw}. */
  writeRaw(data: Uint8Array): void {
    this.runBlocking(this.coWriteRaw(data));
  }

  /**
   * Runs a coroutine of your own over this connection as its blocking calls are run: with its `timeout`, and taking in
   * responses while the server does not take requests. (Not for what sends inside of coAll and its kin, where several may wait
   * for several connections.) @throws what the coroutine throws
   */
  runBlocking<T>(coroutine: Coroutine<T>): T {
    return runBlocking(coroutine, this.#blocking);
  }

  // --- what never waits ----------------------------------------------------------------------------------------------

  /** Whether a response, or a part of a body, is still to be read. Not while the only request's own body has yet to be sent. */
  responsePending(): boolean {
    return (
      this.#operations.session !== undefined &&
      !this.#operations.session.closed &&
      this.#operations.session.protocol.responsePending
    );
  }

  /**
   * The requests that have not been answered in full, oldest first. An interrupted call (abort, cancel, time-out) takes none of
   * them away: those here are still under way, and the connection goes on with whatever is called next.
   */
  pendingRequests(): PendingRequest[] {
    return this.#operations.session === undefined || this.#operations.session.closed
      ? []
      : this.#operations.session.protocol.pendingRequests;
  }

  /**
   * Whether the next request can go out on the connection that is there: nothing is under way on it, neither side has announced its
   * end, and the server has neither closed it nor said anything unasked (RFC 9112 9.5), as one look at the socket tells. A server may
   * close it right after that.
   */
  reusable(): boolean {
    return this.#operations.session?.reusable() ?? false;
  }

  /** From here on requests are collected (up to 64 KiB), to be sent in one call by `uncork()`, or by the next read. */
  cork(): void {
    this.#operations.openSession().sending.corked = true;
  }

  /** Sends what was collected. What the kernel does not take at once goes out with the next call. */
  uncork(): void {
    this.#operations.session?.sending.uncork();
  }

  /**
   * The server's certificate in the shape that node:tls gives it, with `detailed` also its issuers'; null without TLS, or
   * while there is no connection.
   */
  getPeerCertificate(detailed?: boolean): PeerCertificate | null {
    return this.#tls?.getPeerCertificate(detailed) ?? null;
  }

  /** What the connection is encrypted with, as node:tls says it; null without TLS, or while there is no connection. */
  getCipher(): CipherNameAndProtocol | null {
    return this.#tls?.getCipher() ?? null;
  }

  /** "TLSv1.2" or "TLSv1.3"; null without TLS, or while there is no connection. */
  getProtocol(): string | null {
    return this.#tls?.getProtocol() ?? null;
  }

  /**
   * The TLS session, for the TLS option `session` of a connection that is to resume it, e.g. in another process; those that share
   * a TLSContext resume by themselves. Null without TLS, while there is no connection, and with TLS 1.3 before the server has
   * sent a ticket, which comes with its first response. It holds secrets.
   */
  getSession(): Buffer | null {
    return this.#tls?.getSession() ?? null;
  }

  /**
   * The numeric address that the connection leads to, the proxy's if there is one; undefined over a Unix socket, and while there
   * is no connection.
   */
  get remoteAddress(): string | undefined {
    return this.#open?.transport?.remoteAddress;
  }

  /** The port that goes with {@link remoteAddress}. */
  get remotePort(): number | undefined {
    return this.remoteAddress === undefined ? undefined : (this.#destination.proxy ?? this).port;
  }

  /** When it was made, TLS included: milliseconds on the scale of `performance.now()`; undefined while there is no connection. */
  get connectedAt(): number | undefined {
    return this.#open?.connectedAt;
  }

  /** Closes the connection at once, if there is one. The next request connects anew. */
  disconnect(): void {
    this.#operations.session?.close();
  }

  /** The same as {@link disconnect}. */
  reset(): void {
    this.disconnect();
  }

  [Symbol.dispose](): void {
    this.disconnect();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.disconnect();
    return Promise.resolve();
  }

  // -------------------------------------------------------------------------------------------------------------------

  static {
    shownAs(HTTPConnection, (one) => connectionView(one, one.#destination, one.#operations.session));
  }

  get #open(): Session | undefined {
    const { session } = this.#operations;
    return session?.closed ? undefined : session;
  }

  /** With the server; TLS with a proxy alone is none of it. */
  get #tls(): TLSTransport | undefined {
    if (this.#destination.tls === undefined) return undefined;
    const transport = this.#operations.session?.transport;
    return transport instanceof TLSTransport && !transport.closed ? transport : undefined;
  }
}
