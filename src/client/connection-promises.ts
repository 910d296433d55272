/**
 * The operations of an HTTPConnection as promises: each method runs the coroutine of the same name in an AioFuture, on
 * the event loop.
 */

import type { Readable } from 'node:stream';
import type { HeadersInit } from '../http1/headers.ts';
import { shownAs } from '../inspection.ts';
import { AioFuture, type AioFutureOptions, futureOptions } from '../schedule/aio-future.ts';
import { asyncChunksOf, streamOf } from './body-chunks.ts';
import type { HTTPConnection } from './http-connection.ts';
import type { HTTPResponse } from './http-response.ts';
import type { SendRequestOptions } from './send-options.ts';

/**
 * The operations of an HTTPConnection as promises. The last parameter of each call are the options of AioFuture: a
 * `signal` to abort the call, a `timeout` for all of it. An aborted call rejects with the signal's own reason. Other
 * requests stay as they are ({@link HTTPConnection.pendingRequests}), received bytes can still be read, and a request
 * whose sending has begun goes out with the next call. Only a connection that was being made for this call alone is
 * given up.
 */
export class ConnectionPromises {
  readonly #connection: HTTPConnection;

  /** Made by each HTTPConnection as its `promises`. */
  constructor(connection: HTTPConnection) {
    this.#connection = connection;
  }

  /** Awaits {@link HTTPConnection.coConnect}. */
  connect(future?: AioFutureOptions): AioFuture<void> {
    return new AioFuture(this.#connection.coConnect(), future);
  }

  /** Awaits {@link HTTPConnection.coSendRequest}. */
  sendRequest(method: string, path: string, options?: SendRequestOptions, future?: AioFutureOptions): AioFuture<void> {
    return new AioFuture(this.#connection.coSendRequest(method, path, options), future);
  }

  /** Awaits {@link HTTPConnection.coWrite}. */
  write(data: Uint8Array, future?: AioFutureOptions): AioFuture<void> {
    return new AioFuture(this.#connection.coWrite(data), future);
  }

  /** Awaits {@link HTTPConnection.coEndBody}. */
  endBody(trailers?: HeadersInit, future?: AioFutureOptions): AioFuture<void> {
    return new AioFuture(this.#connection.coEndBody(trailers), future);
  }

  /** Awaits {@link HTTPConnection.coReadResponse}. */
  readResponse(future?: AioFutureOptions): AioFuture<HTTPResponse> {
    return new AioFuture(this.#connection.coReadResponse(), future);
  }

  /** Awaits {@link HTTPConnection.coRead}. */
  read(length?: number, future?: AioFutureOptions): AioFuture<Buffer> {
    return new AioFuture(this.#connection.coRead(length), future);
  }

  /** Awaits {@link HTTPConnection.coReadAll}. */
  readAll(future?: AioFutureOptions): AioFuture<Buffer> {
    return new AioFuture(this.#connection.coReadAll(), future);
  }

  /** Awaits {@link HTTPConnection.coReadInto}. */
  readInto(buffer: Uint8Array, future?: AioFutureOptions): AioFuture<number> {
    return new AioFuture(this.#connection.coReadInto(buffer), future);
  }

  /** Awaits {@link HTTPConnection.coDiscard}. */
  discard(future?: AioFutureOptions): AioFuture<void> {
    return new AioFuture(this.#connection.coDiscard(), future);
  }

  /** Awaits {@link HTTPConnection.coReadText}. */
  readText(future?: AioFutureOptions): AioFuture<string> {
    return new AioFuture(this.#connection.coReadText(), future);
  }

  /** Awaits {@link HTTPConnection.coReadRaw}. */
  readRaw(length: number, future?: AioFutureOptions): AioFuture<Buffer> {
    return new AioFuture(this.#connection.coReadRaw(length), future);
  }

  /** Awaits {@link HTTPConnection.coWriteRaw}. */
  writeRaw(data: Uint8Array, future?: AioFutureOptions): AioFuture<void> {
    return new AioFuture(this.#connection.coWriteRaw(data), future);
  }

  /**
   * The rest of the body in parts of up to `size` bytes, each as soon as bytes are there. After leaving the loop early,
   * or calling `return()` during a read, reading goes on right behind the last part that was yielded.
   */
  chunks(size?: number, future?: AioFutureOptions): AsyncGenerator<Buffer, void, void> {
    const options = futureOptions(future);
    return asyncChunksOf(() => this.read(size, options));
  }

  /**
   * The rest of the body as a stream, also for `Readable.toWeb`. While the consumer does not read, nothing is read from
   * the socket, except one part that node:stream may request ahead. If the stream is destroyed, that part is lost, and
   * the connection continues right behind it.
   */
  readable(future?: AioFutureOptions): Readable {
    const options = futureOptions(future);
    return streamOf(() => this.read(undefined, options));
  }

  static {
    shownAs(ConnectionPromises, (promises) => ({ connection: promises.#connection }));
  }
}
