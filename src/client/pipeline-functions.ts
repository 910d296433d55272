/**
 * The pipelines of a connection as functions.
 */

import type { Coroutine } from '../coroutine.ts';
import type { HTTPConnection } from './http-connection.ts';
import type { CoPipelineOptions, PipelineOptions, PipelineRequest, PipelineResult } from './pipeline.ts';

/** The same as `connection.coPipeline(requests, options)`. */
export function coPipeline<R extends string | PipelineRequest, T = Buffer>(
  connection: HTTPConnection,
  requests: Iterable<R> | AsyncIterable<R>,
  options?: CoPipelineOptions<R, T>,
): Coroutine<PipelineResult<R, T>[]> {
  return connection.coPipeline(requests, options);
}

/** The same as `connection.pipeline(requests, options)`. */
export function pipeline<R extends string | PipelineRequest, T = Buffer>(
  connection: HTTPConnection,
  requests: Iterable<R>,
  options?: PipelineOptions<R, T>,
): Generator<PipelineResult<R, T>, void, void> {
  return connection.pipeline(requests, options);
}
