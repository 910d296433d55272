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
 * The operations of an HTTPConnection as promises. The last argument of each call is one object with its options: a
 * `signal` to abort the call, a `timeout` in milliseconds for all of it, and those of the operation itself. A number
 * before it may be left out: `read({ signal })`. An unknown option is a TypeError. An aborted call rejects with the
 * signal's own reason. Other requests stay as they are ({@link HTTPConnection.pendingRequests}), received bytes can still
 * be read, and a request whose sending has begun goes out with the next call. Only a connection that was being made for
 * this call alone is given up.
 */
export class ConnectionPromises {
  readonly #connection: HTTPConnection;
  readonly #operations: Operations;

  private constructor(connection: HTTPConnection, operations: Operations) {
    this.#connection = connection;
    this.#operations = operations;
  }

  /** Awaits {@link HTTPConnection.coConnect}. */
  connect(options?: AioFutureOptions): AioFuture<void> {
    return new AioFuture(this.#connection.coConnect(), options);
  }

  /**
   * Awaits {@link HTTPConnection.coSendRequest}. `options` are those of the request and of the call:
   * `{ headers, body, signal }`.
   */
  sendRequest(method: string, path: string, options?: SendRequestOptions & AioFutureOptions): AioFuture<void> {
    return rejecting(() => {
      const { signal, timeout, ...request } = ownOptions('sendRequest()', options, REQUEST_AND_CALL);
      return new AioFuture(this.#connection.coSendRequest(method, path, request), { signal, timeout });
    });
  }

  /**
   * Awaits {@link HTTPConnection.coRequest}: may be called any number of times at once. The requests are pipelined, and resolve in their
   * order. An aborted one leaves the others as they are.
   */
  request(method: string, path: string, options?: SendRequestOptions & AioFutureOptions): AioFuture<WholeResponse> {
    return rejecting(() => {
      const { signal, timeout, ...request } = ownOptions('request()', options, REQUEST_AND_CALL);
      return new AioFuture(this.#connection.coRequest(method, path, request), { signal, timeout });
    });
  }

  /**
   * {@link HTTPConnection.coPipeline}, its results one by one: `for await (const { request, response, body, error } of ...)`. Requests may
   * come from an asynchronous iterable, too. `signal` and `timeout` are for each result. A loop that is left early closes the connection
   * if requests are in flight.
   */
  pipeline<R extends string | PipelineRequest, T = Buffer>(
    requests: Iterable<R> | AsyncIterable<R>,
    options?: PipelineOptions<R, T> & AioFutureOptions,
  ): AsyncGenerator<PipelineResult<R, T>, void, void> {
    const { signal, timeout, ...own } = ownOptions('pipeline()', options, [...PIPELINE_OPTIONS, ...FUTURE_OPTIONS]);
    const pipeline = new Pipeline(this.#operations, requests, own);
    return iteratedAwaiting(pipeline, (coroutine) => new AioFuture(coroutine, { signal, timeout }));
  }

  /** Awaits {@link HTTPConnection.coWrite}. */
  write(data: Uint8Array, options?: AioFutureOptions): AioFuture<void> {
    return new AioFuture(this.#connection.coWrite(data), options);
  }

  /** Awaits {@link HTTPConnection.coEndBody}. */
  endBody(trailers?: HeadersInit, options?: AioFutureOptions): AioFuture<void> {
    return new AioFuture(this.#connection.coEndBody(trailers), options);
  }

  /** Awaits {@link HTTPConnection.coReadResponse}. */
  readResponse(options?: AioFutureOptions): AioFuture<HTTPResponse> {
    return new AioFuture(this.#connection.coReadResponse(), options);
  }

  /** Awaits {@link HTTPConnection.coRead}. */
  read(options?: AioFutureOptions): AioFuture<Buffer>;
  /** Awaits {@link HTTPConnection.coRead}. */
  read(length?: number, options?: AioFutureOptions): AioFuture<Buffer>;
  read(length?: number | AioFutureOptions, options?: AioFutureOptions): AioFuture<Buffer> {
    const [size, future] = numberAndOptions(length, options);
    return new AioFuture(this.#connection.coRead(size), future);
  }

  /** Awaits {@link HTTPConnection.coReadAll}. */
  readAll(options?: AioFutureOptions): AioFuture<Buffer> {
    return new AioFuture(this.#connection.coReadAll(), options);
  }

  /** Awaits {@link HTTPConnection.coReadInto}. */
  readInto(buffer: Uint8Array, options?: AioFutureOptions): AioFuture<number> {
    return new AioFuture(this.#connection.coReadInto(buffer), options);
  }

  /** Awaits {@link HTTPConnection.coDiscard}. */
  discard(options?: AioFutureOptions): AioFuture<void> {
    return new AioFuture(this.#connection.coDiscard(), options);
  }

  /** Awaits {@link HTTPConnection.coReadText}. */
  readText(options?: AioFutureOptions): AioFuture<string> {
    return new AioFuture(this.#connection.coReadText(), options);
  }

  /** Awaits {@link HTTPConnection.coReadRaw}. */
  readRaw(length: number, options?: AioFutureOptions): AioFuture<Buffer> {
    return new AioFuture(this.#connection.coReadRaw(length), options);
  }

  /** Awaits {@link HTTPConnection.coWriteRaw}. */
  writeRaw(data: Uint8Array, options?: AioFutureOptions): AioFuture<void> {
    return new AioFuture(this.#connection.coWriteRaw(data), options);
  }

  /**
   * The rest of the body in parts of up to 65,536 bytes, each as soon as bytes are there. After leaving
   * the loop early, or calling `return()` during a read, reading goes on right behind the last part that was yielded. The
   * options are those of each read.
   */
  chunks(options?: AioFutureOptions): AsyncGenerator<Buffer, void, void>;
  /** The same, in parts of up to `size` bytes. @throws TypeError unless `size` is a whole number >= 0, as a rejection */
  chunks(size?: number, options?: AioFutureOptions): AsyncGenerator<Buffer, void, void>;
  chunks(size?: number | AioFutureOptions, options?: AioFutureOptions): AsyncGenerator<Buffer, void, void> {
    const [length, given] = numberAndOptions(size, options);
    const future = futureOptions(given);
    return asyncChunksOf(() => this.read(length, future));
  }

  /**
   * The rest of the body as a stream, also for `Readable.toWeb`. While the consumer does not read, nothing is read from
   * the socket, except one part that node:stream may request ahead. If the stream is destroyed, that part is lost, and
   * the connection continues right behind it. The options are those of each read.
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
