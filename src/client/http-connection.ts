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
 * One HTTP/1.1 connection to one server. It connects with the first request and carries any number of requests, also pipelined ones
 * (RFC 9112 9.3.2). After `disconnect()`, the next request connects again.
 *
 * Each operation has three forms. `coX()` is a generator coroutine: it yields a {@link PollNeeded} whenever it must wait, and
 * whatever runs it waits. `X()` blocks this thread, so that the event loop stands still meanwhile. `promises.X()` runs on the event
 * loop.
 *
 * The order of calls is that of HTTP: `sendRequest`, then `write` and `endBody` if the body follows, then `readResponse`, then the
 * body (`read`, `readAll`, `readText`, `readInto`, `chunks`, or `discard`) to its end, then the next response. Responses come in
 * the order of the requests. `request` and `pipeline` do all of this.
 *
 * A lost connection stays lost until `disconnect()` is called: `sendRequest` sends no request twice without the caller's knowledge.
 * Only `request` and `pipeline` connect again by themselves, and send again what may be sent again. A call that was interrupted (a
 * time limit, a signal, a cancelled future) loses no byte: a further read goes on where it ended, and any next call sends what an
 * interrupted one has left; it may throw what that would have thrown. A pipeline that is interrupted is over.
 *
 * @example
 * ```js
 * import { HTTPConnection } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * connection.sendRequest('GET', '/hello');
 * const response = connection.readResponse();
 * console.log(response.status, connection.readText().trim()); // 200 hello from /hello
 * connection.disconnect();
 * ```
 */
export class HTTPConnection {
  /** The host name or IP address of the server; an IPv6 address without brackets. */
  readonly hostname: string;
  /** The port of the server: that of the URL or of the options, otherwise 80, or 443 with TLS. */
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
   * Checks the options; does no I/O. The first request connects.
   *
   * @param server a host name or an IP address, or the URL of an origin, as "http://localhost:8080": any string with "://" is a
   * URL. Port and TLS follow from the URL, or from the options.
   * @param options how to reach the server and how to use the connection
   * @throws TypeError - an invalid host name, URL or option; a URL with more parts than an origin (credentials, a path, a query, a
   * fragment), or one that contradicts the options
   * @throws TLSError - OpenSSL does not accept a TLS option
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
   * Connects, if there is no connection: resolves the name, connects (Happy Eyeballs, RFC 8305), and performs the TLS handshake if
   * there is TLS; through the proxy, if there is one. It need not be called, since the first request connects. The coroutine yields
   * a {@link PollNeeded} whenever it must wait.
   *
   * @throws HostnameNotResolvable - the name does not exist
   * @throws DNSUnavailable - the resolver cannot tell whether the name exists
   * @throws SystemError - a system call failed; `code` says how (ECONNREFUSED, ...)
   * @throws ProxyError - the proxy refuses to connect to the server
   * @throws TLSError - the server or the proxy is not trusted, or the handshake failed
   * @throws UnsupportedResponse - the server has chosen HTTP/2 by ALPN
   * @throws InvalidResponse - the server greets in another protocol than HTTP
   * @throws ConnectionClosed - the peer ended the connection meanwhile, or it was lost before: `disconnect()` allows another one
   * @throws ConnectionTimedOut - the option `connectTimeout` passed
   * @example
   * ```js
   * import { HTTPConnection } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * const coroutine = connection.coConnect();
   * for (let step = coroutine.next(); !step.done; step = coroutine.next()) step.value.poll();
   * console.log(connection.remoteAddress); // 127.0.0.1
   * connection.disconnect();
   * ```
   */
  coConnect(): Coroutine<void> {
    return this.#operations.coConnect();
  }

  /**
   * Sends a request: its head, and its body unless that is a {@link BodyFollowing}. Connects first if there is no connection.
   * Further requests may be sent before the response is read (pipelining, RFC 9112 9.3.2); `readResponse` returns the responses in
   * the same order.
   *
   * The coroutine yields a {@link PollNeeded} whenever it must wait. While it waits it also reads: if the server refuses the
   * request early, sending stops (RFC 9112 9.5).
   *
   * @param method a token, as "GET"; case matters
   * @param path path and query, percent-encoded, beginning with "/"; "*" for OPTIONS, and "host:port" for CONNECT
   * @param options the header fields, the body, and how to send them
   * @throws TypeError - the request can never be sent: its method, path, a field or an option is invalid
   * @throws StateError - it cannot be sent now: the body of the request before is not complete, or another coroutine is sending
   * @throws ExcessBodyData - a body in pieces has more bytes than Content-Length announced
   * @throws MissingBodyData - a body in pieces has fewer bytes than Content-Length announced
   * @throws ConnectionClosed - the connection ended, or the server refused the request early: `readResponse` may still return its
   * response
   * @throws HostnameNotResolvable, DNSUnavailable, SystemError, ProxyError, TLSError, UnsupportedResponse, InvalidResponse - the
   * connection cannot be made: see {@link HTTPConnection.connect}
   * @throws ConnectionTimedOut - the option `connectTimeout` passed
   * @example
   * ```js
   * import { HTTPConnection, runBlocking } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * function* coStatus(path) {
   *   yield* connection.coSendRequest('GET', path);
   *   const { status } = yield* connection.coReadResponse();
   *   yield* connection.coDiscard();
   *   return status;
   * }
   * console.log(runBlocking(coStatus('/a')), runBlocking(coStatus('/nowhere'))); // 200 404
   * connection.disconnect();
   * ```
   */
  coSendRequest(method: string, path: string, options?: SendRequestOptions): Coroutine<void> {
    return this.#operations.coSendRequest(method, path, options);
  }

  /**
   * Sends the next bytes of a body, after a request whose body is a {@link BodyFollowing}: as a chunk (RFC 9112 7.1) if its length
   * was not announced. With an announced length the last byte ends the body; otherwise `endBody` must follow. The caller must not
   * change `data` until the call has completed.
   *
   * The coroutine yields a {@link PollNeeded} whenever it must wait. While it waits it also reads, as {@link coSendRequest} does.
   *
   * @param data any number of bytes
   * @throws TypeError - `data` is no bytes, or its memory is detached
   * @throws ExcessBodyData - more bytes than the {@link BodyFollowing} announced; none of `data` was sent
   * @throws StateError - no body is being sent, the response 100 (Continue) has not been read, or another coroutine is sending
   * @throws ConnectionClosed - the connection ended, or the server refused the request early: `readResponse` may still return its
   * response
   * @throws TLSError - the TLS connection failed, or the server refuses this client
   */
  coWrite(data: Uint8Array): Coroutine<void> {
    return this.#operations.coWrite(data);
  }

  /**
   * Ends a chunked body: one that a {@link BodyFollowing} without a length announced. It comes after the last `write`, and before
   * the next request. The coroutine yields a {@link PollNeeded} whenever it must wait.
   *
   * @param trailers fields that follow the body (RFC 9112 7.1.2), e.g. a digest of it
   * @throws StateError - no chunked body is being sent, or another coroutine is sending
   * @throws TypeError - a field cannot be a trailer (RFC 9110 6.5.1), or is invalid
   * @throws ConnectionClosed - the connection ended, or the server refused the request early: `readResponse` may still return its
   * response
   * @throws TLSError - the TLS connection failed, or the server refuses this client
   */
  coEndBody(trailers?: HeadersInit): Coroutine<void> {
    return this.#operations.coEndBody(trailers);
  }

  /**
   * Reads the head of the next response; the calls below read its body, which must come to its end before the next response is
   * read. If only that end is missing (a last chunk, the end of the connection), the call waits for it. The coroutine yields a
   * {@link PollNeeded} whenever it must wait.
   *
   * For a request with `expect100`, a response of status 100 comes first, unless the server refuses; after `continueTimeout`
   * milliseconds it is assumed (RFC 9110 10.1.1). Other informational responses go to `onInformational`. A response may arrive
   * while its request is still being sent.
   *
   * @returns status, fields, and the length of the body if it is known
   * @throws StateError - no response is pending, the body before has unread bytes, or the request's own body is not complete, no
   * coroutine sends it, and no response is there
   * @throws InvalidResponse - the head is not HTTP/1.1 (RFC 9112), or exceeds a limit of `limits`
   * @throws UnsupportedResponse - the server speaks another protocol, e.g. HTTP/2, or switches to one that was not asked for
   * @throws ConnectionClosed - the connection ended first; `lostRequests` has the requests without a whole response
   * @throws TLSError - the TLS connection failed, or the server refuses this client
   * @example
   * ```js
   * import { HTTPConnection, PollLoop } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * function* coStatus(path) {
   *   yield* connection.coSendRequest('GET', path);
   *   const { status } = yield* connection.coReadResponse();
   *   yield* connection.coDiscard();
   *   return status;
   * }
   * const loop = new PollLoop();
   * console.log(loop.runUntilComplete(loop.createTask(coStatus('/a')))); // 200
   * loop.close();
   * connection.disconnect();
   * ```
   */
  coReadResponse(): Coroutine<HTTPResponse> {
    return this.#operations.coReadResponse();
  }

  /**
   * Returns the next bytes of the body, as many as are there, up to `length`. Empty only at the end of the body, and for a `length`
   * of 0. It waits until there is one byte at least. Call `readResponse` before, and again after the end. The coroutine yields a
   * {@link PollNeeded} whenever it must wait.
   *
   * @param length most bytes to return; default 65,536
   * @throws TypeError - `length` is no whole number >= 0
   * @throws StateError - `readResponse` must be called first
   * @throws ConnectionClosed - the body is cut short: the connection ended first; `lostRequests` has the requests without a whole
   * response
   * @throws InvalidResponse - the body is not framed as HTTP/1.1 says (RFC 9112 6, 7)
   * @throws UnsupportedResponse - the body has an unknown transfer coding
   * @throws TLSError - the TLS connection failed, or the server refuses this client
   */
  coRead(length?: number): Coroutine<Buffer> {
    return this.#operations.coRead(length);
  }

  /**
   * Returns the rest of the body in one Buffer, up to `limits.bodyInMemory` bytes; empty behind its end. What an interrupted call
   * has collected is not lost: the next one begins with it. The coroutine yields a {@link PollNeeded} whenever it must wait.
   *
   * @throws StateError - `readResponse` must be called first
   * @throws ConnectionClosed - the body is cut short: the connection ended first; `lostRequests` has the requests without a whole
   * response
   * @throws InvalidResponse - the body is not framed as HTTP/1.1 says (RFC 9112 6, 7)
   * @throws UnsupportedResponse - the body has more than `limits.bodyInMemory` bytes, or an unknown transfer coding
   * @throws TLSError - the TLS connection failed, or the server refuses this client
   * @example
   * ```js
   * import { AioFuture, HTTPConnection } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * function* coLength(path) {
   *   yield* connection.coSendRequest('GET', path);
   *   yield* connection.coReadResponse();
   *   return (yield* connection.coReadAll()).length;
   * }
   * console.log(await new AioFuture(coLength('/large'))); // 1000000
   * connection.disconnect();
   * ```
   */
  coReadAll(): Coroutine<Buffer> {
    return this.#operations.coReadAll();
  }

  /**
   * Reads bytes of the body into memory of the caller, as many as are there: at least one, and no more than fit. A large buffer
   * gets them from the kernel without a copy. The coroutine yields a {@link PollNeeded} whenever it must wait.
   *
   * @param buffer where the bytes go, from its beginning on
   * @returns the number of bytes; 0 at the end of the body, and for an empty `buffer`
   * @throws TypeError - `buffer` is no bytes
   * @throws RangeError - the memory of `buffer` was detached, or has shrunk, during the wait
   * @throws StateError - `readResponse` must be called first
   * @throws ConnectionClosed - the body is cut short: the connection ended first; `lostRequests` has the requests without a whole
   * response
   * @throws InvalidResponse - the body is not framed as HTTP/1.1 says (RFC 9112 6, 7)
   * @throws UnsupportedResponse - the body has an unknown transfer coding
   * @throws TLSError - the TLS connection failed, or the server refuses this client
   * @example
   * ```js
   * import { HTTPConnection, runBlocking } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * function* coInto(buffer) {
   *   let length = 0;
   *   for (let count = yield* connection.coReadInto(buffer); count > 0; count = yield* connection.coReadInto(buffer)) length += count;
   *   return length;
   * }
   * connection.sendRequest('GET', '/large');
   * connection.readResponse();
   * console.log(runBlocking(coInto(Buffer.alloc(65_536)))); // 1000000
   * connection.disconnect();
   * ```
   */
  coReadInto(buffer: Uint8Array): Coroutine<number> {
    return this.#operations.coReadInto(buffer);
  }

  /**
   * Reads the rest of the body and drops it, so that the next response can be read. For a long rest, `disconnect()` may be cheaper.
   * The coroutine yields a {@link PollNeeded} whenever it must wait.
   *
   * @throws StateError - `readResponse` must be called first
   * @throws ConnectionClosed - the body is cut short: the connection ended first; `lostRequests` has the requests without a whole
   * response
   * @throws InvalidResponse - the body is not framed as HTTP/1.1 says (RFC 9112 6, 7)
   * @throws UnsupportedResponse - the body has an unknown transfer coding
   * @throws TLSError - the TLS connection failed, or the server refuses this client
   */
  coDiscard(): Coroutine<void> {
    return this.#operations.coDiscard();
  }

  /**
   * Returns the rest of the body as text, up to `limits.bodyInMemory` bytes. Its byte order mark, which is removed, determines the
   * charset, otherwise the Content-Type; the default is UTF-8. Bytes that are no text become U+FFFD. The coroutine yields a
   * {@link PollNeeded} whenever it must wait.
   *
   * @throws StateError - `readResponse` must be called first
   * @throws ConnectionClosed - the body is cut short: the connection ended first; `lostRequests` has the requests without a whole
   * response
   * @throws InvalidResponse - the body is not framed as HTTP/1.1 says (RFC 9112 6, 7)
   * @throws UnsupportedResponse - the body has more than `limits.bodyInMemory` bytes, an unknown transfer coding, or an unknown
   * charset: nothing has been read then
   * @throws TLSError - the TLS connection failed, or the server refuses this client
   */
  coReadText(): Coroutine<string> {
    return this.#operations.coReadText();
  }

  /**
   * Returns the next bytes of the connection, as many as are there, after HTTP has ended on it: after a 101 to `upgrade` (RFC 9110
   * 7.8), a 2xx to CONNECT (9.3.6), or a response whose body has an unknown coding. Empty at the end of the stream. The coroutine
   * yields a {@link PollNeeded} whenever it must wait.
   *
   * @param length most bytes to return
   * @throws TypeError - `length` is no whole number >= 1
   * @throws StateError - the connection has not left HTTP
   * @throws ConnectionClosed - the connection was lost: its stream did not end in an orderly way
   * @throws TLSError - the TLS connection failed, or the server refuses this client
   */
  coReadRaw(length: number): Coroutine<Buffer> {
    return this.#operations.coReadRaw(length);
  }

  /**
   * Sends bytes as they are, after HTTP has ended on this connection: after a 101 to `upgrade` (RFC 9110 7.8), or a 2xx to CONNECT
   * (9.3.6). The caller must not change `data` until the call has completed. The coroutine yields a {@link PollNeeded} whenever it
   * must wait.
   *
   * @param data any number of bytes
   * @throws TypeError - `data` is no bytes, or its memory is detached
   * @throws StateError - the connection has not left HTTP, or another coroutine is sending
   * @throws ConnectionClosed - the connection ended
   * @throws TLSError - the TLS connection failed, or the server refuses this client
   */
  coWriteRaw(data: Uint8Array): Coroutine<void> {
    return this.#operations.coWriteRaw(data);
  }

  /**
   * Iterates over the rest of the body in parts, each as soon as its bytes are there. Blocks this thread for each part. A loop that
   * is left early loses nothing: `read`, `readAll` or `discard` go on right behind the last part.
   *
   * @param size most bytes of one part; default 65,536
   * @throws TypeError - `size` is no whole number >= 0
   * @throws StateError - `readResponse` must be called first
   * @throws ConnectionClosed - the body is cut short: the connection ended first; `lostRequests` has the requests without a whole
   * response
   * @throws InvalidResponse - the body is not framed as HTTP/1.1 says (RFC 9112 6, 7)
   * @throws UnsupportedResponse - the body has an unknown transfer coding
   * @throws TLSError - the TLS connection failed, or the server refuses this client
   * @throws ConnectionTimedOut - no byte came or went for `timeout` milliseconds; the call may be made again
   * @throws Interrupted - a signal came that the process listens for; the call may be made again
   * @example
   * ```js
   * import { HTTPConnection } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * connection.sendRequest('GET', '/large');
   * connection.readResponse();
   * let length = 0;
   * for (const part of connection.chunks()) length += part.length;
   * console.log(length); // 1000000
   * connection.disconnect();
   * ```
   */
  chunks(size?: number): Generator<Buffer, void, void> {
    return chunksOf(() => this.read(size));
  }

  // --- many requests -------------------------------------------------------------------------------------------------

  /**
   * Sends a request and returns its response with the whole body, up to `limits.bodyInMemory` bytes. Any number of coroutines may
   * call it at the same time: the requests queue, are pipelined as {@link coPipeline} does it, and are sent again under the same
   * conditions. The coroutine yields a {@link PollNeeded} whenever it must wait.
   *
   * @param method a token, as "GET"
   * @param path path and query, percent-encoded, beginning with "/"
   * @param options the header fields and the body; no BodyFollowing, and no `upgrade`
   * @throws TypeError - the request can never be sent: its method, path, a field or an option is invalid, or its body is a
   * BodyFollowing
   * @throws StateError - a response to `sendRequest` is still to be read
   * @throws ExcessBodyData - a body in pieces has more bytes than Content-Length announced
   * @throws MissingBodyData - a body in pieces has fewer bytes than Content-Length announced
   * @throws ConnectionClosed - the connection was lost, and the request may not be sent again; `lostRequests` begins with it
   * @throws InvalidResponse - the server does not keep to HTTP/1.1 (RFC 9112)
   * @throws UnsupportedResponse - the body has more than `limits.bodyInMemory` bytes, or an unknown transfer coding
   * @throws HostnameNotResolvable, DNSUnavailable, SystemError, ProxyError, TLSError - the connection cannot be made: see
   * {@link HTTPConnection.connect}
   * @throws ConnectionTimedOut - the option `connectTimeout` passed
   * @example
   * ```js
   * import { coAll, HTTPConnection, runBlocking } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * const both = runBlocking(coAll([connection.coRequest('GET', '/a'), connection.coRequest('GET', '/b')]));
   * for (const { response, body } of both) console.log(response.path, body.toString());
   * connection.disconnect();
   * // prints:
   * // /a document a
   * // /b document b
   * ```
   */
  coRequest(method: string, path: string, options?: SendRequestOptions): Coroutine<WholeResponse> {
    return this.#operations.coRequest({ method, path, options });
  }

  /**
   * Sends all requests, ahead of the responses, and returns their results in order, or gives each to `each`. The coroutine yields a
   * {@link PollNeeded} whenever it must wait.
   *
   * It begins with one request, and sends ahead once the server has sent an HTTP/1.1 response that leaves the connection open. What
   * cannot be sent ahead (a method that is not idempotent, a large body) is alone on the connection. When the connection is lost,
   * idempotent requests without a response are sent again, the oldest of them alone (RFC 9112 9.3.2), a limited number of times;
   * any other that the server may have processed is a result with an `error`. A server that loses connections, or sends errors,
   * when requests are pipelined gets fewer of them at a time, in the end one.
   *
   * An error that the iterable, `consume` or `each` throws ends the pipeline, and the caller gets it.
   *
   * @param requests paths, or objects with `path`, `method` and the options of `sendRequest`; an asynchronous iterable needs an
   * {@link AioFuture} around the coroutine
   * @param options how far to send ahead, and what to do with bodies and results
   * @returns the results in the order of the requests; none of them if there is `each`
   * @throws TypeError - an option is invalid, or `requests` is no iterable
   * @throws StateError - other requests are under way on the connection
   * @throws ConnectionClosed - `disconnect()` was called meanwhile
   * @throws HostnameNotResolvable, DNSUnavailable, SystemError, ProxyError, TLSError, UnsupportedResponse, InvalidResponse - the
   * connection cannot be made: see {@link HTTPConnection.connect}
   * @throws ConnectionTimedOut - the option `connectTimeout` passed
   * @example
   * ```js
   * import { HTTPConnection, runBlocking } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * const results = runBlocking(connection.coPipeline(['/a', '/b', '/nowhere']));
   * for (const { request, response } of results) console.log(request, response?.status);
   * connection.disconnect();
   * // prints:
   * // /a 200
   * // /b 200
   * // /nowhere 404
   * ```
   */
  *coPipeline<R extends string | PipelineRequest, T = Buffer>(
    requests: Iterable<R> | AsyncIterable<R>,
    options?: CoPipelineOptions<R, T>,
  ): Coroutine<PipelineResult<R, T>[]> {
    const { each, ...own } = ownOptions('coPipeline()', options, [...PIPELINE_OPTIONS, 'each']);
    return yield* coResults(new Pipeline(this.#operations, requests, own), each);
  }

  // --- the same, blocking the thread ---------------------------------------------------------------------------------

  /**
   * Connects, and blocks this thread until the connection is there; does nothing if there is one. It resolves the name, connects
   * (Happy Eyeballs, RFC 8305), and performs the TLS handshake if there is TLS; through the proxy, if there is one. It need not be
   * called: the first request connects.
   *
   * @throws HostnameNotResolvable - the name does not exist
   * @throws DNSUnavailable - the resolver cannot tell whether the name exists
   * @throws SystemError - a system call failed; `code` says how (ECONNREFUSED, ...)
   * @throws ProxyError - the proxy refuses to connect to the server
   * @throws TLSError - the server or the proxy is not trusted, or the handshake failed
   * @throws UnsupportedResponse - the server has chosen HTTP/2 by ALPN
   * @throws InvalidResponse - the server greets in another protocol than HTTP
   * @throws ConnectionClosed - the peer ended the connection meanwhile, or it was lost before: `disconnect()` allows another one
   * @throws ConnectionTimedOut - `connectTimeout` passed, or nothing happened for `timeout` milliseconds
   * @throws Interrupted - a signal came that the process listens for; the call may be made again
   * @example
   * ```js
   * import { HTTPConnection } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * connection.connect();
   * console.log(connection.remoteAddress, connection.connectSteps.map(({ phase }) => phase).join()); // 127.0.0.1 resolve,connect
   * connection.disconnect();
   * ```
   */
  connect(): void {
    this.runBlocking(this.coConnect());
  }

  /**
   * Sends a request, and blocks this thread until the kernel has taken all of it. Connects first if there is no connection. The
   * body goes out with it, unless it is a {@link BodyFollowing}: then `write` and `endBody` follow. `readResponse` comes next, or
   * further requests (pipelining, RFC 9112 9.3.2). While the server does not take the request, responses are received, up to
   * `maxReadAhead` bytes.
   *
   * @param method a token, as "GET"; case matters
   * @param path path and query, percent-encoded, beginning with "/"; "*" for OPTIONS, and "host:port" for CONNECT
   * @param options the header fields, the body, and how to send them
   * @throws TypeError - the request can never be sent: its method, path, a field or an option is invalid
   * @throws StateError - it cannot be sent now: the body of the request before is not complete, or another coroutine is sending; or
   * the server takes no more, and `maxReadAhead` bytes of responses have been received
   * @throws ExcessBodyData - a body in pieces has more bytes than Content-Length announced
   * @throws MissingBodyData - a body in pieces has fewer bytes than Content-Length announced
   * @throws ConnectionClosed - the connection ended, or the server refused the request early: `readResponse` may still return its
   * response
   * @throws HostnameNotResolvable, DNSUnavailable, SystemError, ProxyError, TLSError, UnsupportedResponse, InvalidResponse - the
   * connection cannot be made: see {@link HTTPConnection.connect}
   * @throws ConnectionTimedOut - no byte came or went for `timeout` milliseconds, or `connectTimeout` passed
   * @throws Interrupted - a signal came that the process listens for. After this, or a time-out, a request that
   * `pendingRequests()` lists is under way, and the next call sends its rest: to send it again would be a second one. (A body in
   * pieces cannot go on: `disconnect()` is left)
   * @example
   * ```js
   * import { HTTPConnection } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * connection.sendRequest('POST', '/form', { headers: { 'Content-Type': 'text/plain' }, body: 'ten bytes.' });
   * connection.readResponse();
   * console.log(connection.readText().trim()); // POST text/plain ten bytes.
   * connection.disconnect();
   * ```
   */
  sendRequest(method: string, path: string, options?: SendRequestOptions): void {
    this.runBlocking(this.coSendRequest(method, path, options));
  }

  /**
   * Sends the next bytes of a body, and blocks this thread until the kernel has taken them. It follows a request whose body is a
   * {@link BodyFollowing}; without an announced length each call sends a chunk (RFC 9112 7.1), and `endBody` must follow. While the
   * server does not take the bytes, responses are received, up to `maxReadAhead` bytes.
   *
   * @param data any number of bytes
   * @throws TypeError - `data` is no bytes, or its memory is detached
   * @throws ExcessBodyData - more bytes than the {@link BodyFollowing} announced; none of `data` was sent
   * @throws StateError - no body is being sent, the response 100 (Continue) has not been read, or another coroutine is sending; or
   * the server takes no more, and `maxReadAhead` bytes of responses have been received
   * @throws ConnectionClosed - the connection ended, or the server refused the request early: `readResponse` may still return its
   * response
   * @throws TLSError - the TLS connection failed, or the server refuses this client
   * @throws ConnectionTimedOut - no byte came or went for `timeout` milliseconds; the next call sends the rest of `data`
   * @throws Interrupted - a signal came that the process listens for; the next call sends the rest of `data`
   * @example
   * ```js
   * import { BodyFollowing, HTTPConnection } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * connection.sendRequest('PUT', '/written', { body: new BodyFollowing(10) });
   * connection.write(Buffer.from('ten '));
   * connection.write(Buffer.from('bytes.'));
   * connection.readResponse();
   * console.log(connection.readText()); // 10 bytes taken
   * connection.disconnect();
   * ```
   */
  write(data: Uint8Array): void {
    this.runBlocking(this.coWrite(data));
  }

  /**
   * Ends a chunked body, one that a {@link BodyFollowing} without a length announced, and blocks this thread until the kernel has
   * taken the end. It comes after the last `write`. A body with an announced length ends by itself.
   *
   * @param trailers fields that follow the body (RFC 9112 7.1.2), e.g. a digest of it
   * @throws StateError - no chunked body is being sent, or another coroutine is sending
   * @throws TypeError - a field cannot be a trailer (RFC 9110 6.5.1), or is invalid
   * @throws ConnectionClosed - the connection ended, or the server refused the request early: `readResponse` may still return its
   * response
   * @throws TLSError - the TLS connection failed, or the server refuses this client
   * @throws ConnectionTimedOut - no byte came or went for `timeout` milliseconds; the next call sends what is left
   * @throws Interrupted - a signal came that the process listens for; the next call sends what is left
   * @example
   * ```js
   * import { BodyFollowing, HTTPConnection } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * connection.sendRequest('PUT', '/chunked', { body: new BodyFollowing() });
   * for (const line of ['one\n', 'two\n']) connection.write(Buffer.from(line));
   * connection.endBody({ 'X-Lines': '2' });
   * connection.readResponse();
   * console.log(connection.readText()); // 8 bytes taken
   * connection.disconnect();
   * ```
   */
  endBody(trailers?: HeadersInit): void {
    this.runBlocking(this.coEndBody(trailers));
  }

  /**
   * Reads the head of the next response, and blocks this thread until it is there. Then the body is to be read to its end
   * (`readAll`, `discard`, ...), before the next response. For a request with `expect100`, a response of status 100 comes first,
   * unless the server refuses; after `continueTimeout` milliseconds it is assumed (RFC 9110 10.1.1).
   *
   * @returns status, fields, and the length of the body if it is known
   * @throws StateError - no response is pending, the body before has unread bytes, or the request's own body is not complete, no
   * coroutine sends it, and no response is there
   * @throws InvalidResponse - the head is not HTTP/1.1 (RFC 9112), or exceeds a limit of `limits`
   * @throws UnsupportedResponse - the server speaks another protocol, e.g. HTTP/2, or switches to one that was not asked for
   * @throws ConnectionClosed - the connection ended first; `lostRequests` has the requests without a whole response
   * @throws TLSError - the TLS connection failed, or the server refuses this client
   * @throws ConnectionTimedOut - no byte came or went for `timeout` milliseconds; the call may be made again
   * @throws Interrupted - a signal came that the process listens for; the call may be made again
   * @example
   * ```js
   * import { HTTPConnection } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * connection.sendRequest('GET', '/a');
   * connection.sendRequest('HEAD', '/b');
   * const first = connection.readResponse();
   * console.log(first.path, first.status, first.length); // /a 200 10
   * connection.discard();
   * console.log(connection.readResponse().headers.get('Content-Type')); // text/plain; charset=utf-8
   * connection.disconnect();
   * ```
   */
  readResponse(): HTTPResponse {
    return this.runBlocking(this.coReadResponse());
  }

  /**
   * Returns the next bytes of the body, as many as are there, up to `length`; empty only at its end. Blocks this thread until there
   * is one byte at least. Call `readResponse` before.
   *
   * @param length most bytes to return; default 65,536
   * @throws TypeError - `length` is no whole number >= 0
   * @throws StateError - `readResponse` must be called first
   * @throws ConnectionClosed - the body is cut short: the connection ended first; `lostRequests` has the requests without a whole
   * response
   * @throws InvalidResponse - the body is not framed as HTTP/1.1 says (RFC 9112 6, 7)
   * @throws UnsupportedResponse - the body has an unknown transfer coding
   * @throws TLSError - the TLS connection failed, or the server refuses this client
   * @throws ConnectionTimedOut - no byte came or went for `timeout` milliseconds; the call may be made again
   * @throws Interrupted - a signal came that the process listens for; the call may be made again
   * @example
   * ```js
   * import { HTTPConnection } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * connection.sendRequest('GET', '/digits');
   * connection.readResponse();
   * console.log(connection.read(5).toString()); // 01234
   * connection.discard();
   * console.log(connection.read(5).length); // 0
   * connection.disconnect();
   * ```
   */
  read(length?: number): Buffer {
    return this.runBlocking(this.coRead(length));
  }

  /**
   * Returns the rest of the body in one Buffer, up to `limits.bodyInMemory` bytes; empty behind its end. Blocks this thread until
   * the body has ended. Call `readResponse` before. What an interrupted call has collected is not lost: the next one begins with
   * it.
   *
   * @throws StateError - `readResponse` must be called first
   * @throws ConnectionClosed - the body is cut short: the connection ended first; `lostRequests` has the requests without a whole
   * response
   * @throws InvalidResponse - the body is not framed as HTTP/1.1 says (RFC 9112 6, 7)
   * @throws UnsupportedResponse - the body has more than `limits.bodyInMemory` bytes, or an unknown transfer coding
   * @throws TLSError - the TLS connection failed, or the server refuses this client
   * @throws ConnectionTimedOut - no byte came or went for `timeout` milliseconds; the call may be made again
   * @throws Interrupted - a signal came that the process listens for; the call may be made again
   * @example
   * ```js
   * import { HTTPConnection } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * connection.sendRequest('GET', '/large');
   * connection.readResponse();
   * console.log(connection.readAll().length); // 1000000
   * connection.disconnect();
   * ```
   */
  readAll(): Buffer {
    return this.runBlocking(this.coReadAll());
  }

  /**
   * Reads bytes of the body into memory of the caller, as many as are there and fit. Blocks this thread until there is one byte at
   * least. A large buffer gets them from the kernel without a copy. Call `readResponse` before.
   *
   * @param buffer where the bytes go, from its beginning on
   * @returns the number of bytes; 0 at the end of the body, and for an empty `buffer`
   * @throws TypeError - `buffer` is no bytes
   * @throws RangeError - the memory of `buffer` was detached, or has shrunk, during the wait
   * @throws StateError - `readResponse` must be called first
   * @throws ConnectionClosed - the body is cut short: the connection ended first; `lostRequests` has the requests without a whole
   * response
   * @throws InvalidResponse - the body is not framed as HTTP/1.1 says (RFC 9112 6, 7)
   * @throws UnsupportedResponse - the body has an unknown transfer coding
   * @throws TLSError - the TLS connection failed, or the server refuses this client
   * @throws ConnectionTimedOut - no byte came or went for `timeout` milliseconds; the call may be made again
   * @throws Interrupted - a signal came that the process listens for; the call may be made again
   * @example
   * ```js
   * import { HTTPConnection } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * const buffer = Buffer.alloc(1 << 20);
   * connection.sendRequest('GET', '/large');
   * connection.readResponse();
   * let length = 0;
   * for (let count = connection.readInto(buffer); count > 0; count = connection.readInto(buffer)) length += count;
   * console.log(length); // 1000000
   * connection.disconnect();
   * ```
   */
  readInto(buffer: Uint8Array): number {
    return this.runBlocking(this.coReadInto(buffer));
  }

  /**
   * Reads the rest of the body and drops it, so that the next response can be read. Blocks this thread until the body has ended.
   * For a long rest, `disconnect()` may be cheaper.
   *
   * @throws StateError - `readResponse` must be called first
   * @throws ConnectionClosed - the body is cut short: the connection ended first; `lostRequests` has the requests without a whole
   * response
   * @throws InvalidResponse - the body is not framed as HTTP/1.1 says (RFC 9112 6, 7)
   * @throws UnsupportedResponse - the body has an unknown transfer coding
   * @throws TLSError - the TLS connection failed, or the server refuses this client
   * @throws ConnectionTimedOut - no byte came or went for `timeout` milliseconds; the call may be made again
   * @throws Interrupted - a signal came that the process listens for; the call may be made again
   * @example
   * ```js
   * import { HTTPConnection } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * connection.sendRequest('GET', '/a');
   * console.log(connection.readResponse().status); // 200
   * connection.discard();
   * console.log(connection.responsePending()); // false
   * connection.disconnect();
   * ```
   */
  discard(): void {
    this.runBlocking(this.coDiscard());
  }

  /**
   * Returns the rest of the body as text, up to `limits.bodyInMemory` bytes. Blocks this thread until the body has ended. A byte
   * order mark, which is removed, determines the charset, otherwise the Content-Type; the default is UTF-8. Call `readResponse`
   * before.
   *
   * @throws StateError - `readResponse` must be called first
   * @throws ConnectionClosed - the body is cut short: the connection ended first; `lostRequests` has the requests without a whole
   * response
   * @throws InvalidResponse - the body is not framed as HTTP/1.1 says (RFC 9112 6, 7)
   * @throws UnsupportedResponse - the body has more than `limits.bodyInMemory` bytes, an unknown transfer coding, or an unknown
   * charset: nothing has been read then
   * @throws TLSError - the TLS connection failed, or the server refuses this client
   * @throws ConnectionTimedOut - no byte came or went for `timeout` milliseconds; the call may be made again
   * @throws Interrupted - a signal came that the process listens for; the call may be made again
   * @example
   * ```js
   * import { HTTPConnection } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * connection.sendRequest('GET', '/status');
   * connection.readResponse();
   * console.log(JSON.parse(connection.readText()).version); // 1.0
   * connection.disconnect();
   * ```
   */
  readText(): string {
    return this.runBlocking(this.coReadText());
  }

  /**
   * Returns the next bytes of the connection, as many as are there, after HTTP has ended on it: after a 101 to `upgrade` (RFC 9110
   * 7.8), a 2xx to CONNECT (9.3.6), or a response whose body has an unknown coding. Blocks this thread until there is one byte at
   * least; empty at the end of the stream.
   *
   * @param length most bytes to return
   * @throws TypeError - `length` is no whole number >= 1
   * @throws StateError - the connection has not left HTTP
   * @throws ConnectionClosed - the connection was lost: its stream did not end in an orderly way
   * @throws TLSError - the TLS connection failed, or the server refuses this client
   * @throws ConnectionTimedOut - no byte came or went for `timeout` milliseconds; the call may be made again
   * @throws Interrupted - a signal came that the process listens for; the call may be made again
   * @example
   * ```js
   * import { HTTPConnection } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * connection.sendRequest('GET', '/', { upgrade: 'echo' });
   * console.log(connection.readResponse().status); // 101
   * connection.writeRaw(Buffer.from('hello'));
   * console.log(connection.readRaw(100).toString()); // hello
   * connection.disconnect();
   * ```
   */
  readRaw(length: number): Buffer {
    return this.runBlocking(this.coReadRaw(length));
  }

  /**
   * Sends bytes as they are, after HTTP has ended on this connection: after a 101 to `upgrade` (RFC 9110 7.8), or a 2xx to CONNECT
   * (9.3.6). Blocks this thread until the kernel has taken them.
   *
   * @param data any number of bytes
   * @throws TypeError - `data` is no bytes, or its memory is detached
   * @throws StateError - the connection has not left HTTP, or another coroutine is sending
   * @throws ConnectionClosed - the connection ended
   * @throws TLSError - the TLS connection failed, or the server refuses this client
   * @throws ConnectionTimedOut - no byte came or went for `timeout` milliseconds; the next call sends the rest of `data`
   * @throws Interrupted - a signal came that the process listens for; the next call sends the rest of `data`
   */
  writeRaw(data: Uint8Array): void {
    this.runBlocking(this.coWriteRaw(data));
  }

  /**
   * Sends a request and returns its response with the whole body, up to `limits.bodyInMemory` bytes. Blocks this thread until the
   * body has ended. If the connection is lost, an idempotent request is sent again, a limited number of times (RFC 9110 9.2.2).
   *
   * @param method a token, as "GET"
   * @param path path and query, percent-encoded, beginning with "/"
   * @param options the header fields and the body; no BodyFollowing, and no `upgrade`
   * @throws TypeError - the request can never be sent: its method, path, a field or an option is invalid, or its body is a
   * BodyFollowing
   * @throws StateError - a response to `sendRequest` is still to be read
   * @throws ExcessBodyData - a body in pieces has more bytes than Content-Length announced
   * @throws MissingBodyData - a body in pieces has fewer bytes than Content-Length announced
   * @throws ConnectionClosed - the connection was lost, and the request may not be sent again; `lostRequests` begins with it
   * @throws InvalidResponse - the server does not keep to HTTP/1.1 (RFC 9112)
   * @throws UnsupportedResponse - the body has more than `limits.bodyInMemory` bytes, or an unknown transfer coding
   * @throws HostnameNotResolvable, DNSUnavailable, SystemError, ProxyError, TLSError - the connection cannot be made: see
   * {@link HTTPConnection.connect}
   * @throws ConnectionTimedOut - no byte came or went for `timeout` milliseconds, or `connectTimeout` passed
   * @throws Interrupted - a signal came that the process listens for. After this, or a time-out, the request is still under way if
   * `pendingRequests()` lists it: another one waits for its response first
   * @example
   * ```js
   * import { HTTPConnection } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * const { response, body } = connection.request('PUT', '/stored', { body: 'ten bytes.' });
   * console.log(response.status, body.toString()); // 200 10 bytes taken
   * connection.disconnect();
   * ```
   */
  request(method: string, path: string, options?: SendRequestOptions): WholeResponse {
    return this.runBlocking(this.coRequest(method, path, options));
  }

  /**
   * Sends all requests, ahead of the responses, and gives their results in order. Blocks this thread for each result; between two
   * of them nothing is sent or received. A loop that is left early closes the connection if requests are in flight.
   *
   * It begins with one request, and sends ahead once the server has sent an HTTP/1.1 response that leaves the connection open. What
   * cannot be sent ahead (a method that is not idempotent, a large body) is alone on the connection. When the connection is lost,
   * idempotent requests without a response are sent again, the oldest of them alone (RFC 9112 9.3.2), a limited number of times;
   * any other that the server may have processed is a result with an `error`. A server that loses connections, or sends errors,
   * when requests are pipelined gets fewer of them at a time, in the end one.
   *
   * An error that the iterable or `consume` throws ends the pipeline, and the loop gets it.
   *
   * @param requests paths, or objects with `path`, `method` and the options of `sendRequest`
   * @param options how far to send ahead, and what to do with bodies
   * @throws TypeError - an option is invalid, or `requests` is no iterable
   * @throws StateError - other requests are under way on the connection
   * @throws ConnectionClosed - `disconnect()` was called meanwhile
   * @throws HostnameNotResolvable, DNSUnavailable, SystemError, ProxyError, TLSError, UnsupportedResponse, InvalidResponse - the
   * connection cannot be made: see {@link HTTPConnection.connect}
   * @throws ConnectionTimedOut - no byte came or went for `timeout` milliseconds, or `connectTimeout` passed
   * @throws Interrupted - a signal came that the process listens for. This, or a time-out, ends the pipeline, and the connection if
   * requests are in flight
   * @example
   * ```js
   * import { HTTPConnection } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * for (const { request, body, error } of connection.pipeline(['/a', '/b'])) {
   *   console.log(request, error ?? body?.toString());
   * }
   * connection.disconnect();
   * // prints:
   * // /a document a
   * // /b document b
   * ```
   */
  pipeline<R extends string | PipelineRequest, T = Buffer>(
    requests: Iterable<R>,
    options?: PipelineOptions<R, T>,
  ): Generator<PipelineResult<R, T>, void, void> {
    return iterated(new Pipeline(this.#operations, requests, options), (coroutine) => this.runBlocking(coroutine));
  }

  /**
   * Runs the caller's own coroutine over this connection as the blocking calls do: with its `timeout`, and receiving responses
   * while the server does not take requests. It is not for sending inside coAll and similar combinators, where several coroutines
   * may wait for several connections: the function {@link runBlocking} is. Errors of the coroutine are thrown as they are.
   *
   * @param coroutine a generator that yields what the operations of this connection yield
   * @returns what the coroutine returns
   * @throws ConnectionTimedOut - no byte came or went for `timeout` milliseconds
   * @throws Interrupted - a signal came that the process listens for
   * @example
   * ```js
   * import { HTTPConnection } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * function* coLengths(paths) {
   *   for (const path of paths) yield* connection.coSendRequest('GET', path);
   *   const lengths = [];
   *   for (const _ of paths) {
   *     yield* connection.coReadResponse();
   *     lengths.push((yield* connection.coReadAll()).length);
   *   }
   *   return lengths;
   * }
   * console.log(connection.runBlocking(coLengths(['/a', '/hello'])).join()); // 10,18
   * connection.disconnect();
   * ```
   */
  runBlocking<T>(coroutine: Coroutine<T>): T {
    return runWaiting(coroutine, this.#timeout, (need, timeoutMs) =>
      this.#blocked.poll(this.#operations.session, need, timeoutMs),
    );
  }

  // --- what never waits ----------------------------------------------------------------------------------------------

  /**
   * Whether a response, or a part of a body, remains to be read. False while the body of the only request has not been sent. Does
   * no I/O.
   */
  responsePending(): boolean {
    return (
      this.#operations.session !== undefined &&
      !this.#operations.session.closed &&
      this.#operations.session.protocol.responsePending
    );
  }

  /**
   * Returns the requests without a complete response, oldest first. An interrupted call (abort, cancel, time-out) removes none: the
   * requests in the list are still under way, and the next call continues the connection. Empty after `disconnect()`.
   * @example
   * ```js
   * import { HTTPConnection } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * connection.sendRequest('GET', '/a');
   * connection.sendRequest('GET', '/b');
   * console.log(connection.pendingRequests().map(({ method, path }) => `${method} ${path}`).join()); // GET /a,GET /b
   * connection.disconnect();
   * ```
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
   * Collects requests from now on (up to 64 KiB) instead of sending each at once, as TCP_CORK of tcp(7) does. `uncork()`, or the
   * next read, sends them in one call.
   * @example
   * ```js
   * import { HTTPConnection } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * connection.cork();
   * for (const path of ['/a', '/b']) connection.sendRequest('GET', path);
   * connection.uncork();
   * for (const _ of ['/a', '/b']) console.log(connection.readResponse().status, connection.readText());
   * connection.disconnect();
   * // prints:
   * // 200 document a
   * // 200 document b
   * ```
   */
  cork(): void {
    this.#operations.openSession().corked = true;
  }

  /** Sends the requests that `cork()` has collected. Bytes that the kernel does not take at once are sent by the next call. */
  uncork(): void {
    this.#operations.session?.uncork();
  }

  /**
   * The certificate of the server as node:tls returns it; null without TLS, or without a connection.
   *
   * @param detailed whether to add the certificates of its issuers
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

  /** The port at {@link remoteAddress}: that of the server, or of the proxy if there is one. */
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

  /**
   * Closes the connection at once, if there is one; never waits. Requests without a response are lost, and calls that wait for them
   * throw ConnectionClosed. The next request connects again.
   * @example
   * ```js
   * import { HTTPConnection } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * connection.sendRequest('GET', '/never');
   * connection.disconnect();
   * console.log(connection.pendingRequests().length); // 0
   * console.log(connection.request('GET', '/a').body.toString()); // document a
   * connection.disconnect();
   * ```
   */
  disconnect(): void {
    this.#operations.session?.close();
  }

  /** Closes the connection at once: another name of {@link disconnect}. */
  reset(): void {
    this.disconnect();
  }

  /** Closes the connection at once, as {@link disconnect} does, at the end of a block with `using`. */
  [Symbol.dispose](): void {
    this.disconnect();
  }

  /** Closes the connection at once, as {@link disconnect} does; for `await using`. The promise is fulfilled at once. */
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
