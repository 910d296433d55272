/**
 * The operations of an HTTPConnection as promises: each method runs the coroutine of the same name in an AioFuture, on
 * the event loop.
 */

import type { Readable } from 'node:stream';
import type { Coroutine } from '../coroutine.ts';
import type { HeadersInit } from '../http1/headers.ts';
import { shownAs } from '../inspection.ts';
import { ownOptions } from '../options.ts';
import { AioFuture, type AioFutureOptions, FUTURE_OPTIONS, futureOptions } from '../schedule/aio-future.ts';
import { iteratedAwaiting } from '../schedule/pull.ts';
import { asyncChunksOf, streamOf } from './body-chunks.ts';
import type { HTTPConnection } from './http-connection.ts';
import type { HTTPResponse } from './http-response.ts';
import type { Operations } from './operations.ts';
import {
  PIPELINE_OPTIONS,
  Pipeline,
  type PipelineOptions,
  type PipelineRequest,
  type PipelineResult,
} from './pipeline.ts';
import type { WholeResponse } from './request-queue.ts';
import { SEND_OPTIONS, type SendRequestOptions } from './send-options.ts';

/** Made by each HTTPConnection as its `promises`. */
export let promisesOf: (connection: HTTPConnection, operations: Operations) => ConnectionPromises;

const REQUEST_AND_CALL = [...SEND_OPTIONS, ...FUTURE_OPTIONS];

/** What `begin` returns; what it throws, as for an option that is refused, as a rejection. */
function rejecting<T>(begin: () => AioFuture<T>): AioFuture<T> {
  try {
    return begin();
  } catch (error) {
    return new AioFuture(
      coOf(() => {
        throw error;
      }),
    );
  }
}

/** Runs what `make` gives; what it throws, the coroutine throws. */
function* coOf<T>(make: () => Coroutine<T>): Coroutine<T> {
  return yield* make();
}

/** The arguments of a call whose number may be left out. */
export function numberAndOptions(
  first: number | AioFutureOptions | undefined,
  options: AioFutureOptions | undefined,
): [number | undefined, AioFutureOptions | undefined] {
  return typeof first === 'object' ? [undefined, first] : [first, options];
}

/**
 * The operations of an {@link HTTPConnection} as promises, each an {@link AioFuture} that runs on the event loop. An HTTPConnection
 * makes it, as its `promises`.
 *
 * The last argument of each call is one object with its options: a `signal` to abort the call, a `timeout` in milliseconds for all
 * of it, and those of the operation itself. A number before it may be left out: `read({ signal })`. An unknown option is a
 * TypeError.
 *
 * An aborted call rejects with the signal's own reason. Other requests stay as they are ({@link HTTPConnection.pendingRequests}),
 * received bytes can still be read, and a request whose sending has begun goes out with the next call, unless its body comes in
 * pieces: that cannot go on. Only a connection that was being made for this call alone is given up.
 *
 * @example
 * ```js
 * import { HTTPConnection } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * const { promises } = connection;
 * await promises.sendRequest('GET', '/hello');
 * const { status } = await promises.readResponse({ timeout: 5000 });
 * console.log(status, (await promises.readText()).trim()); // 200 hello from /hello
 * connection.disconnect();
 * ```
 */
export class ConnectionPromises {
  readonly #connection: HTTPConnection;
  readonly #operations: Operations;

  private constructor(connection: HTTPConnection, operations: Operations) {
    this.#connection = connection;
    this.#operations = operations;
  }

  /**
   * Connects on the event loop, if there is no connection, and resolves when it is there: resolves the name, connects (Happy
   * Eyeballs, RFC 8305), and performs the TLS handshake if there is TLS; through the proxy, if there is one. It need not be called:
   * the first request connects. `options` may have a `signal` and a `timeout`, in milliseconds, for the whole call.
   *
   * @throws HostnameNotResolvable - the name does not exist
   * @throws DNSUnavailable - the resolver cannot tell whether the name exists
   * @throws SystemError - a system call failed; `code` says how (ECONNREFUSED, ...)
   * @throws ProxyError - the proxy refuses to connect to the server
   * @throws TLSError - the server or the proxy is not trusted, or the handshake failed
   * @throws UnsupportedResponse - the server has chosen HTTP/2 by ALPN
   * @throws InvalidResponse - the server greets in another protocol than HTTP
   * @throws ConnectionClosed - the peer ended the connection meanwhile, or it was lost before: `disconnect()` allows another one
   * @throws ConnectionTimedOut - the `timeout` of the call or the `connectTimeout` of the connection passed
   * @throws DOMException - an AbortError after `cancel()`; an aborted call rejects with the reason of its `signal`
   */
  connect(options?: AioFutureOptions): AioFuture<void> {
    return new AioFuture(this.#connection.coConnect(), options);
  }

  /**
   * Sends a request on the event loop, and resolves when the kernel has taken all of it. Connects first if there is no connection.
   * The body may come from a stream, an async iterable or a Blob; if it is a {@link BodyFollowing}, `write` and `endBody` follow.
   * `readResponse` comes next, or further requests (pipelining, RFC 9112 9.3.2). Await one `sendRequest` before the next.
   *
   * @param method a token, as "GET"; case matters
   * @param path path and query, percent-encoded, beginning with "/"; "*" for OPTIONS, and "host:port" for CONNECT
   * @param options those of the request and of the call, as `{ headers, body, signal, timeout }`
   * @throws TypeError - the request can never be sent: its method, path, a field or an option is invalid
   * @throws StateError - it cannot be sent now: the body of the request before is not complete, or another coroutine is sending
   * @throws ExcessBodyData - a body in pieces has more bytes than Content-Length announced
   * @throws MissingBodyData - a body in pieces has fewer bytes than Content-Length announced
   * @throws ConnectionClosed - the connection ended, or the server refused the request early: `readResponse` may still return its
   * response
   * @throws HostnameNotResolvable, DNSUnavailable, SystemError, ProxyError, TLSError, UnsupportedResponse, InvalidResponse - the
   * connection cannot be made: see {@link HTTPConnection.connect}
   * @throws ConnectionTimedOut - the `timeout` of the call or the `connectTimeout` of the connection passed
   * @throws DOMException - an AbortError after `cancel()`; an aborted call rejects with the reason of its `signal`
   * @example
   * ```js
   * import { Readable } from 'node:stream';
   * import { HTTPConnection } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * const body = Readable.from(['ten ', 'bytes.']);
   * await connection.promises.sendRequest('PUT', '/streamed', { body });
   * await connection.promises.readResponse();
   * console.log(await connection.promises.readText()); // 10 bytes taken
   * connection.disconnect();
   * ```
   */
  sendRequest(method: string, path: string, options?: SendRequestOptions & AioFutureOptions): AioFuture<void> {
    return rejecting(() => {
      const { signal, timeout, ...request } = ownOptions('sendRequest()', options, REQUEST_AND_CALL);
      return new AioFuture(this.#connection.coSendRequest(method, path, request), { signal, timeout });
    });
  }

  /**
   * Sends a request on the event loop, and resolves with its response and whole body, up to `limits.bodyInMemory` bytes. May be
   * called any number of times at once: the requests are pipelined, and resolve in their order; idempotent ones are sent again if
   * the connection is lost. An aborted one leaves the others as they are.
   *
   * @param method a token, as "GET"
   * @param path path and query, percent-encoded, beginning with "/"
   * @param options those of the request and of the call, as `{ headers, body, signal, timeout }`
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
   * @throws ConnectionTimedOut - the `timeout` of the call or the `connectTimeout` of the connection passed
   * @throws DOMException - an AbortError after `cancel()`; an aborted call rejects with the reason of its `signal`
   * @example
   * ```js
   * import { HTTPConnection } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * const paths = ['/a', '/b'];
   * const all = await Promise.all(paths.map((path) => connection.promises.request('GET', path)));
   * for (const { response, body } of all) console.log(response.status, body.toString());
   * connection.disconnect();
   * // prints:
   * // 200 document a
   * // 200 document b
   * ```
   */
  request(method: string, path: string, options?: SendRequestOptions & AioFutureOptions): AioFuture<WholeResponse> {
    return rejecting(() => {
      const { signal, timeout, ...request } = ownOptions('request()', options, REQUEST_AND_CALL);
      return new AioFuture(this.#connection.coRequest(method, path, request), { signal, timeout });
    });
  }

  /**
   * Sends all requests, ahead of the responses, and gives their results in order, each as a promise of the event loop. Between two
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
   * @param requests paths, or objects with `path`, `method` and the options of `sendRequest`; they may come from an asynchronous
   * iterable
   * @param options how far to send ahead, and what to do with bodies; `signal` and `timeout` are for each result, and end the
   * pipeline
   * @throws TypeError - an option is invalid, or `requests` is no iterable
   * @throws StateError - other requests are under way on the connection
   * @throws ConnectionClosed - `disconnect()` was called meanwhile
   * @throws HostnameNotResolvable, DNSUnavailable, SystemError, ProxyError, TLSError, UnsupportedResponse, InvalidResponse - the
   * connection cannot be made: see {@link HTTPConnection.connect}
   * @throws ConnectionTimedOut - the `timeout` of the call or the `connectTimeout` of the connection passed
   * @throws DOMException - an AbortError after `cancel()`; an aborted call rejects with the reason of its `signal`
   * @example
   * ```js
   * import { HTTPConnection } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * for await (const { request, body, error } of connection.promises.pipeline(['/a', '/b'])) {
   *   console.log(request, error ?? body?.toString());
   * }
   * connection.disconnect();
   * // prints:
   * // /a document a
   * // /b document b
   * ```
   */
  pipeline<R extends string | PipelineRequest, T = Buffer>(
    requests: Iterable<R> | AsyncIterable<R>,
    options?: PipelineOptions<R, T> & AioFutureOptions,
  ): AsyncGenerator<PipelineResult<R, T>, void, void> {
    const { signal, timeout, ...own } = ownOptions('pipeline()', options, [...PIPELINE_OPTIONS, ...FUTURE_OPTIONS]);
    const pipeline = new Pipeline(this.#operations, requests, own);
    return iteratedAwaiting(pipeline, (coroutine) => new AioFuture(coroutine, { signal, timeout }));
  }

  /**
   * Sends the next bytes of a body on the event loop, and resolves when the kernel has taken them. It follows a request whose body
   * is a {@link BodyFollowing}; without an announced length each call sends a chunk (RFC 9112 7.1), and `endBody` must follow. The
   * caller must not change `data` before that, nor call `write` again. `options` may have a `signal` and a `timeout`, in
   * milliseconds, for the whole call.
   *
   * @param data any number of bytes
   * @throws TypeError - `data` is no bytes, or its memory is detached
   * @throws ExcessBodyData - more bytes than the {@link BodyFollowing} announced; none of `data` was sent
   * @throws StateError - no body is being sent, the response 100 (Continue) has not been read, or another coroutine is sending
   * @throws ConnectionClosed - the connection ended, or the server refused the request early: `readResponse` may still return its
   * response
   * @throws TLSError - the TLS connection failed, or the server refuses this client
   * @throws ConnectionTimedOut - the `timeout` of the call passed
   * @throws DOMException - an AbortError after `cancel()`; an aborted call rejects with the reason of its `signal`
   */
  write(data: Uint8Array, options?: AioFutureOptions): AioFuture<void> {
    return new AioFuture(this.#connection.coWrite(data), options);
  }

  /**
   * Ends a chunked body, one that a {@link BodyFollowing} without a length announced, and resolves when the kernel has taken the
   * end. It comes after the last `write`. A body with an announced length ends by itself. `options` may have a `signal` and a
   * `timeout`, in milliseconds, for the whole call.
   *
   * @param trailers fields that follow the body (RFC 9112 7.1.2), e.g. a digest of it
   * @throws StateError - no chunked body is being sent, or another coroutine is sending
   * @throws TypeError - a field cannot be a trailer (RFC 9110 6.5.1), or is invalid
   * @throws ConnectionClosed - the connection ended, or the server refused the request early: `readResponse` may still return its
   * response
   * @throws TLSError - the TLS connection failed, or the server refuses this client
   * @throws ConnectionTimedOut - the `timeout` of the call passed
   * @throws DOMException - an AbortError after `cancel()`; an aborted call rejects with the reason of its `signal`
   * @example
   * ```js
   * import { BodyFollowing, HTTPConnection } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * const { promises } = connection;
   * await promises.sendRequest('PUT', '/by-promises', { body: new BodyFollowing() });
   * await promises.write(Buffer.from('ten bytes.'));
   * await promises.endBody();
   * await promises.readResponse();
   * console.log(await promises.readText()); // 10 bytes taken
   * connection.disconnect();
   * ```
   */
  endBody(trailers?: HeadersInit, options?: AioFutureOptions): AioFuture<void> {
    return new AioFuture(this.#connection.coEndBody(trailers), options);
  }

  /**
   * Reads the head of the next response on the event loop, and resolves with it. Then the body is to be read to its end (`readAll`,
   * `discard`, ...), before the next response. For a request with `expect100`, a response of status 100 comes first, unless the
   * server refuses; after `continueTimeout` milliseconds it is assumed (RFC 9110 10.1.1). `options` may have a `signal` and a
   * `timeout`, in milliseconds, for the whole call.
   *
   * @returns status, fields, and the length of the body if it is known
   * @throws StateError - no response is pending, the body before has unread bytes, or the request's own body is not complete, no
   * coroutine sends it, and no response is there
   * @throws InvalidResponse - the head is not HTTP/1.1 (RFC 9112), or exceeds a limit of `limits`
   * @throws UnsupportedResponse - the server speaks another protocol, e.g. HTTP/2, or switches to one that was not asked for
   * @throws ConnectionClosed - the connection ended first; `lostRequests` has the requests without a whole response
   * @throws TLSError - the TLS connection failed, or the server refuses this client
   * @throws ConnectionTimedOut - the `timeout` of the call passed
   * @throws DOMException - an AbortError after `cancel()`; an aborted call rejects with the reason of its `signal`
   * @example
   * ```js
   * import { ConnectionTimedOut, HTTPConnection } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * await connection.promises.sendRequest('GET', '/never');
   * try {
   *   await connection.promises.readResponse({ timeout: 20 });
   * } catch (error) {
   *   console.log(error instanceof ConnectionTimedOut); // true
   * }
   * connection.disconnect();
   * ```
   */
  readResponse(options?: AioFutureOptions): AioFuture<HTTPResponse> {
    return new AioFuture(this.#connection.coReadResponse(), options);
  }

  /**
   * Resolves with the next bytes of the body, as many as are there, up to 65,536; empty only at its end. Call `readResponse`
   * before. `options` may have a `signal` and a `timeout`, in milliseconds, for the whole call.
   *
   * @throws TypeError - an option is invalid
   * @throws StateError - `readResponse` must be called first
   * @throws ConnectionClosed - the body is cut short: the connection ended first; `lostRequests` has the requests without a whole
   * response
   * @throws InvalidResponse - the body is not framed as HTTP/1.1 says (RFC 9112 6, 7)
   * @throws UnsupportedResponse - the body has an unknown transfer coding
   * @throws TLSError - the TLS connection failed, or the server refuses this client
   * @throws ConnectionTimedOut - the `timeout` of the call passed
   * @throws DOMException - an AbortError after `cancel()`; an aborted call rejects with the reason of its `signal`
   */
  read(options?: AioFutureOptions): AioFuture<Buffer>;
  /**
   * Resolves with the next bytes of the body, as many as are there, up to `length`; empty only at its end. Call `readResponse`
   * before. `options` may have a `signal` and a `timeout`, in milliseconds, for the whole call.
   *
   * @param length most bytes to return; default 65,536
   * @throws TypeError - `length` is no whole number >= 0
   * @throws StateError - `readResponse` must be called first
   * @throws ConnectionClosed - the body is cut short: the connection ended first; `lostRequests` has the requests without a whole
   * response
   * @throws InvalidResponse - the body is not framed as HTTP/1.1 says (RFC 9112 6, 7)
   * @throws UnsupportedResponse - the body has an unknown transfer coding
   * @throws TLSError - the TLS connection failed, or the server refuses this client
   * @throws ConnectionTimedOut - the `timeout` of the call passed
   * @throws DOMException - an AbortError after `cancel()`; an aborted call rejects with the reason of its `signal`
   * @example
   * ```js
   * import { HTTPConnection } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * await connection.promises.sendRequest('GET', '/digits');
   * await connection.promises.readResponse();
   * console.log((await connection.promises.read(5)).toString()); // 01234
   * console.log((await connection.promises.read(5, { timeout: 1000 })).toString()); // 56789
   * connection.disconnect();
   * ```
   */
  read(length?: number, options?: AioFutureOptions): AioFuture<Buffer>;
  read(length?: number | AioFutureOptions, options?: AioFutureOptions): AioFuture<Buffer> {
    const [size, future] = numberAndOptions(length, options);
    return new AioFuture(this.#connection.coRead(size), future);
  }

  /**
   * Reads the rest of the body on the event loop, and resolves with it in one Buffer, of up to `limits.bodyInMemory` bytes; empty
   * behind its end. Call `readResponse` before. What an aborted call has collected is not lost: the next one begins with it.
   * `options` may have a `signal` and a `timeout`, in milliseconds, for the whole call.
   *
   * @throws StateError - `readResponse` must be called first
   * @throws ConnectionClosed - the body is cut short: the connection ended first; `lostRequests` has the requests without a whole
   * response
   * @throws InvalidResponse - the body is not framed as HTTP/1.1 says (RFC 9112 6, 7)
   * @throws UnsupportedResponse - the body has more than `limits.bodyInMemory` bytes, or an unknown transfer coding
   * @throws TLSError - the TLS connection failed, or the server refuses this client
   * @throws ConnectionTimedOut - the `timeout` of the call passed
   * @throws DOMException - an AbortError after `cancel()`; an aborted call rejects with the reason of its `signal`
   * @example
   * ```js
   * import { HTTPConnection } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * await connection.promises.sendRequest('GET', '/large');
   * await connection.promises.readResponse();
   * console.log((await connection.promises.readAll({ timeout: 5000 })).length); // 1000000
   * connection.disconnect();
   * ```
   */
  readAll(options?: AioFutureOptions): AioFuture<Buffer> {
    return new AioFuture(this.#connection.coReadAll(), options);
  }

  /**
   * Reads bytes of the body into memory of the caller, as many as are there and fit, at least one; a large buffer gets them from
   * the kernel without a copy. Call `readResponse` before, and do not use `buffer` until the promise is settled. `options` may have
   * a `signal` and a `timeout`, in milliseconds, for the whole call.
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
   * @throws ConnectionTimedOut - the `timeout` of the call passed
   * @throws DOMException - an AbortError after `cancel()`; an aborted call rejects with the reason of its `signal`
   * @example
   * ```js
   * import { HTTPConnection } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * const buffer = Buffer.alloc(4);
   * await connection.promises.sendRequest('GET', '/digits');
   * await connection.promises.readResponse();
   * console.log(await connection.promises.readInto(buffer), buffer.toString()); // 4 0123
   * connection.disconnect();
   * ```
   */
  readInto(buffer: Uint8Array, options?: AioFutureOptions): AioFuture<number> {
    return new AioFuture(this.#connection.coReadInto(buffer), options);
  }

  /**
   * Reads the rest of the body on the event loop and drops it, so that the next response can be read. For a long rest,
   * `disconnect()` may be cheaper. `options` may have a `signal` and a `timeout`, in milliseconds, for the whole call.
   *
   * @throws StateError - `readResponse` must be called first
   * @throws ConnectionClosed - the body is cut short: the connection ended first; `lostRequests` has the requests without a whole
   * response
   * @throws InvalidResponse - the body is not framed as HTTP/1.1 says (RFC 9112 6, 7)
   * @throws UnsupportedResponse - the body has an unknown transfer coding
   * @throws TLSError - the TLS connection failed, or the server refuses this client
   * @throws ConnectionTimedOut - the `timeout` of the call passed
   * @throws DOMException - an AbortError after `cancel()`; an aborted call rejects with the reason of its `signal`
   */
  discard(options?: AioFutureOptions): AioFuture<void> {
    return new AioFuture(this.#connection.coDiscard(), options);
  }

  /**
   * Reads the rest of the body on the event loop, and resolves with it as text, of up to `limits.bodyInMemory` bytes. A byte order
   * mark, which is removed, determines the charset, otherwise the Content-Type; the default is UTF-8. Call `readResponse` before.
   * `options` may have a `signal` and a `timeout`, in milliseconds, for the whole call.
   *
   * @throws StateError - `readResponse` must be called first
   * @throws ConnectionClosed - the body is cut short: the connection ended first; `lostRequests` has the requests without a whole
   * response
   * @throws InvalidResponse - the body is not framed as HTTP/1.1 says (RFC 9112 6, 7)
   * @throws UnsupportedResponse - the body has more than `limits.bodyInMemory` bytes, an unknown transfer coding, or an unknown
   * charset: nothing has been read then
   * @throws TLSError - the TLS connection failed, or the server refuses this client
   * @throws ConnectionTimedOut - the `timeout` of the call passed
   * @throws DOMException - an AbortError after `cancel()`; an aborted call rejects with the reason of its `signal`
   */
  readText(options?: AioFutureOptions): AioFuture<string> {
    return new AioFuture(this.#connection.coReadText(), options);
  }

  /**
   * Resolves with the next bytes of the connection, as many as are there, after HTTP has ended on it: after a 101 to `upgrade` (RFC
   * 9110 7.8), a 2xx to CONNECT (9.3.6), or a response whose body has an unknown coding. Empty at the end of the stream. `options`
   * may have a `signal` and a `timeout`, in milliseconds, for the whole call.
   *
   * @param length most bytes to return
   * @throws TypeError - `length` is no whole number >= 1
   * @throws StateError - the connection has not left HTTP
   * @throws ConnectionClosed - the connection was lost: its stream did not end in an orderly way
   * @throws TLSError - the TLS connection failed, or the server refuses this client
   * @throws ConnectionTimedOut - the `timeout` of the call passed
   * @throws DOMException - an AbortError after `cancel()`; an aborted call rejects with the reason of its `signal`
   */
  readRaw(length: number, options?: AioFutureOptions): AioFuture<Buffer> {
    return new AioFuture(this.#connection.coReadRaw(length), options);
  }

  /**
   * Sends bytes as they are, after HTTP has ended on this connection: after a 101 to `upgrade` (RFC 9110 7.8), or a 2xx to CONNECT
   * (9.3.6). Resolves when the kernel has taken them; the caller must not change `data` before. `options` may have a `signal` and a
   * `timeout`, in milliseconds, for the whole call.
   *
   * @param data any number of bytes
   * @throws TypeError - `data` is no bytes, or its memory is detached
   * @throws StateError - the connection has not left HTTP, or another coroutine is sending
   * @throws ConnectionClosed - the connection ended
   * @throws TLSError - the TLS connection failed, or the server refuses this client
   * @throws ConnectionTimedOut - the `timeout` of the call passed
   * @throws DOMException - an AbortError after `cancel()`; an aborted call rejects with the reason of its `signal`
   */
  writeRaw(data: Uint8Array, options?: AioFutureOptions): AioFuture<void> {
    return new AioFuture(this.#connection.coWriteRaw(data), options);
  }

  /**
   * Iterates over the rest of the body in parts of up to 65,536 bytes, each as soon as its bytes are there. After leaving the loop
   * early, or calling `return()` during a read, reading goes on right behind the last part that was yielded. The `options` are
   * those of each read.
   *
   * @throws TypeError - an option is invalid
   * @throws StateError - `readResponse` must be called first
   * @throws ConnectionClosed - the body is cut short: the connection ended first; `lostRequests` has the requests without a whole
   * response
   * @throws InvalidResponse - the body is not framed as HTTP/1.1 says (RFC 9112 6, 7)
   * @throws UnsupportedResponse - the body has an unknown transfer coding
   * @throws TLSError - the TLS connection failed, or the server refuses this client
   * @throws ConnectionTimedOut - the `timeout` of the call passed
   * @throws DOMException - an AbortError after `cancel()`; an aborted call rejects with the reason of its `signal`
   */
  chunks(options?: AioFutureOptions): AsyncGenerator<Buffer, void, void>;
  /**
   * Iterates over the rest of the body in parts of up to `size` bytes, each as soon as its bytes are there. The `options` are those
   * of each read.
   *
   * @param size most bytes of one part; default 65,536
   * @throws TypeError - `size` is no whole number >= 0
   * @throws StateError - `readResponse` must be called first
   * @throws ConnectionClosed - the body is cut short: the connection ended first; `lostRequests` has the requests without a whole
   * response
   * @throws InvalidResponse - the body is not framed as HTTP/1.1 says (RFC 9112 6, 7)
   * @throws UnsupportedResponse - the body has an unknown transfer coding
   * @throws TLSError - the TLS connection failed, or the server refuses this client
   * @throws ConnectionTimedOut - the `timeout` of the call passed
   * @throws DOMException - an AbortError after `cancel()`; an aborted call rejects with the reason of its `signal`
   * @example
   * ```js
   * import { HTTPConnection } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * await connection.promises.sendRequest('GET', '/large');
   * await connection.promises.readResponse();
   * let length = 0;
   * for await (const part of connection.promises.chunks()) length += part.length;
   * console.log(length); // 1000000
   * connection.disconnect();
   * ```
   */
  chunks(size?: number, options?: AioFutureOptions): AsyncGenerator<Buffer, void, void>;
  chunks(size?: number | AioFutureOptions, options?: AioFutureOptions): AsyncGenerator<Buffer, void, void> {
    const [length, given] = numberAndOptions(size, options);
    const future = futureOptions(given);
    return asyncChunksOf(() => this.read(length, future));
  }

  /**
   * Makes a stream of the rest of the body, also for `Readable.toWeb`. While the consumer does not read, nothing is read from the
   * socket, except one part that node:stream may request ahead. If the stream is destroyed, that part is lost, and the connection
   * continues right behind it. The `options` are those of each read, whose errors destroy the stream.
   * @example
   * ```js
   * import { text } from 'node:stream/consumers';
   * import { HTTPConnection } from 'dugong';
   *
   * const connection = new HTTPConnection('http://localhost:8080');
   * await connection.promises.sendRequest('GET', '/a');
   * await connection.promises.readResponse();
   * console.log(await text(connection.promises.readable())); // document a
   * connection.disconnect();
   * ```
   */
  readable(options?: AioFutureOptions): Readable {
    const future = futureOptions(options);
    return streamOf(() => this.read(future));
  }

  static {
    promisesOf = (connection, operations) => new ConnectionPromises(connection, operations);
    shownAs(ConnectionPromises, (promises) => ({ connection: promises.#connection }));
  }
}
