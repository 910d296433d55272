/**
 * The pipelines of a connection as functions.
 */

import type { Coroutine } from '../coroutine.ts';
import type { HTTPConnection } from './http-connection.ts';
import type { CoPipelineOptions, PipelineOptions, PipelineRequest, PipelineResult } from './pipeline.ts';

/**
 * Sends many requests over one connection, ahead of the responses (RFC 9112 9.3.2), and returns their results in order, or gives
 * each to `each`: the same as `connection.coPipeline(requests, options)`. The coroutine yields a {@link PollNeeded} whenever it
 * must wait.
 *
 * @param connection carries the requests; none may be under way on it
 * @param requests paths, or objects with `path`, `method` and the options of `sendRequest`
 * @param options how far to send ahead, and what to do with bodies and results
 * @returns the results; none of them if there is `each`
 * @throws TypeError - an option is invalid, or `requests` is no iterable
 * @throws StateError - other requests are under way on the connection
 * @throws ConnectionClosed - `disconnect()` was called meanwhile
 * @throws HostnameNotResolvable, DNSUnavailable, SystemError, ProxyError, TLSError, UnsupportedResponse, InvalidResponse - the
 * connection cannot be made: see {@link HTTPConnection.connect}
 * @throws ConnectionTimedOut - the option `connectTimeout` passed
 * @example
 * ```js
 * import { AioFuture, coPipeline, HTTPConnection } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * const results = await new AioFuture(coPipeline(connection, ['/a', '/b']));
 * console.log(results.map(({ body }) => String(body)).join()); // document a,document b
 * connection.disconnect();
 * ```
 */
export function coPipeline<R extends string | PipelineRequest, T = Buffer>(
  connection: HTTPConnection,
  requests: Iterable<R> | AsyncIterable<R>,
  options?: CoPipelineOptions<R, T>,
): Coroutine<PipelineResult<R, T>[]> {
  return connection.coPipeline(requests, options);
}

/**
 * Sends many requests over one connection, ahead of the responses (RFC 9112 9.3.2), and gives their results in order: the same as
 * `connection.pipeline(requests, options)`. Blocks this thread for each result; between two of them nothing is sent or received.
 *
 * @param connection carries the requests; none may be under way on it
 * @param requests paths, or objects with `path`, `method` and the options of `sendRequest`
 * @param options how far to send ahead, and what to do with bodies
 * @throws TypeError - an option is invalid, or `requests` is no iterable
 * @throws StateError - other requests are under way on the connection
 * @throws ConnectionClosed - `disconnect()` was called meanwhile
 * @throws HostnameNotResolvable, DNSUnavailable, SystemError, ProxyError, TLSError, UnsupportedResponse, InvalidResponse - the
 * connection cannot be made: see {@link HTTPConnection.connect}
 * @throws ConnectionTimedOut - no byte came or went for `timeout` milliseconds, or `connectTimeout` passed
 * @throws Interrupted - a signal came that the process listens for
 * @example
 * ```js
 * import { HTTPConnection, pipeline } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * for (const { request, body } of pipeline(connection, ['/a', '/b'])) console.log(request, String(body));
 * connection.disconnect();
 * // prints:
 * // /a document a
 * // /b document b
 * ```
 */
export function pipeline<R extends string | PipelineRequest, T = Buffer>(
  connection: HTTPConnection,
  requests: Iterable<R>,
  options?: PipelineOptions<R, T>,
): Generator<PipelineResult<R, T>, void, void> {
  return connection.pipeline(requests, options);
}
