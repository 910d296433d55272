/**
 * Many requests over one connection: takes them from any iterable, sends them ahead, and gives the responses in the order of the
 * requests. It knows how to send and to receive as little as its caller has to: a `Lane` does both.
 */

import type { Coroutine } from '../coroutine.ts';
import { asError } from '../errors.ts';
import { shownValue } from '../io/shown-value.ts';
import { ownOptions } from '../options.ts';
import { coEach, type Pull } from '../schedule/pull.ts';
import { wholeNumber } from './connection-options.ts';
import type { HTTPResponse } from './http-response.ts';
import { Lane } from './lane.ts';
import type { Operations } from './operations.ts';
import { type Numbered, PipelineSource } from './pipeline-source.ts';
import { Pipelining } from './pipelining.ts';
import type { SendRequestOptions } from './send-options.ts';

/**
 * A request of a pipeline: the arguments of `sendRequest` in one object. A plain path stands for a GET.
 *
 * @example
 * ```js
 * import { HTTPConnection } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * const requests = ['/a', { method: 'PUT', path: '/piped', body: 'ten bytes.' }];
 * for (const { index, body } of connection.pipeline(requests)) console.log(index, String(body));
 * connection.disconnect();
 * // prints:
 * // 0 document a
 * // 1 10 bytes taken
 * ```
 */
export interface PipelineRequest extends SendRequestOptions {
  /** The method, a token; the default is GET. */
  readonly method?: string | undefined;
  /** Path and query, percent-encoded, beginning with "/". */
  readonly path: string;
}

/**
 * How a pipeline sends, and what it does with bodies.
 *
 * @example
 * ```js
 * import { HTTPConnection } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * const options = { depth: 16, losses: 2, stallTimeout: 5000 };
 * const results = [...connection.pipeline(['/a', '/b'], options)];
 * console.log(results.length); // 2
 * connection.disconnect();
 * ```
 */
export interface PipelineOptions<R, T> {
  /** Most requests without a response. It is 1 until the server has shown that it can do more. Default 32; 1: no pipelining. */
  readonly depth?: number | undefined;
  /** How often a request may be lost with its connection before it counts as failed. Default 3. */
  readonly losses?: number | undefined;
  /**
   * Milliseconds that pipelined requests wait for a response. Then the connection is given up, which counts as a loss of the oldest
   * request, and that is sent again alone, which has no limit. Default 30,000; 0: no limit.
   */
  readonly stallTimeout?: number | undefined;
  /**
   * Reads the body from the connection, as `function* (response) { ... yield* connection.coRead() ... }`; what it returns is the `body`
   * of the result. What it does not read is dropped. It is called again if the connection is lost and the request sent again. Default:
   * the whole body as a Buffer.
   */
  readonly consume?: Consuming<R, T> | undefined;
}

/**
 * Reads the body of a response from the connection; what it returns is the `body` of the result. It gets the response and the
 * request, and may be called again if the connection is lost. What it does not read is dropped.
 *
 * @example
 * ```js
 * import { HTTPConnection } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * const consume = function* () {
 *   return (yield* connection.coReadText()).toUpperCase();
 * };
 * for (const { body } of connection.pipeline(['/a', '/b'], { consume })) console.log(body);
 * connection.disconnect();
 * // prints:
 * // DOCUMENT A
 * // DOCUMENT B
 * ```
 */
export type Consuming<R, T> = (response: HTTPResponse, request: R) => Coroutine<T>;

/**
 * A result of a pipeline whose request has a response, of any status. Its `error` is undefined.
 *
 * @example
 * ```js
 * import { HTTPConnection } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * for (const result of connection.pipeline(['/a', '/nowhere'])) {
 *   if (result.error === undefined) console.log(result.request, result.response.status, result.body.length);
 * }
 * connection.disconnect();
 * // prints:
 * // /a 200 10
 * // /nowhere 404 12
 * ```
 */
export interface PipelineResponse<R, T> {
  /** Place of the request among all, from 0. */
  readonly index: number;
  /** The request, as it was given. */
  readonly request: R;
  /** The head of the response. */
  readonly response: HTTPResponse;
  /** The body, or what `consume` has returned. */
  readonly body: T;
  /** How often the request was lost with its connection before. */
  readonly losses: number;
  /** Undefined, which tells it from a {@link PipelineFailure}. */
  readonly error?: undefined;
}

/**
 * A result of a pipeline whose request has no response: it can never be sent, or was lost with its connection and may not be sent
 * again.
 *
 * @example
 * ```js
 * import { HTTPConnection } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * for (const result of connection.pipeline([{ method: 'POST', path: '/lost' }])) {
 *   if (result.error) console.log(result.error.name, result.mayHaveBeenProcessed); // ConnectionClosed true
 * }
 * connection.disconnect();
 * ```
 */
export interface PipelineFailure<R> {
  /** Place of the request among all, from 0. */
  readonly index: number;
  /** The request, as it was given. */
  readonly request: R;
  /** Undefined, since there is no response. */
  readonly response?: undefined;
  /** Undefined, since there is no body. */
  readonly body?: undefined;
  /** How often the request was lost with its connection. */
  readonly losses: number;
  /** Why there is no response. */
  readonly error: Error;
  /** False only if it is certain that the server has not processed the request. */
  readonly mayHaveBeenProcessed: boolean;
}

/**
 * What has become of a request of a pipeline: one with an `error` has no response. Results come in the order of the requests.
 *
 * @example
 * ```js
 * import { HTTPConnection } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * for (const { request, response, error } of connection.pipeline(['/a', '/nowhere'])) {
 *   console.log(request, error ? error.message : response?.status);
 * }
 * connection.disconnect();
 * // prints:
 * // /a 200
 * // /nowhere 404
 * ```
 */
export type PipelineResult<R = string | PipelineRequest, T = Buffer> = PipelineResponse<R, T> | PipelineFailure<R>;

/**
 * How a coroutine runs a pipeline: the options of {@link PipelineOptions}, and a function for each result.
 *
 * @example
 * ```js
 * import { coPipeline, HTTPConnection, runBlocking } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * runBlocking(
 *   coPipeline(connection, ['/a', '/b'], {
 *     each({ request, response }) {
 *       console.log(request, response?.status);
 *     },
 *   }),
 * );
 * connection.disconnect();
 * // prints:
 * // /a 200
 * // /b 200
 * ```
 */
export interface CoPipelineOptions<R, T> extends PipelineOptions<R, T> {
  /** Gets each result as it comes, in order; may be a generator function. Without it, all results are returned at the end. */
  readonly each?: ((result: PipelineResult<R, T>) => Coroutine<void> | void) | undefined;
}

export const PIPELINE_OPTIONS = ['depth', 'losses', 'stallTimeout', 'consume'] as const;
/** The defaults. */
export const PIPELINE_RULES = { depth: 32, losses: 3, stall: 30_000, patience: 0, inOrder: true } as const;

export class Pipeline<R extends string | PipelineRequest, T> implements Pull<PipelineResult<R, T>> {
  readonly #lane: Lane<Numbered<R>>;
  readonly #source: PipelineSource<R>;
  readonly #consume: Consuming<R, T>;

  /** @throws TypeError on an invalid option, or what is no iterable; StateError if requests are under way on the connection */
  constructor(
    operations: Operations,
    requests: Iterable<R> | AsyncIterable<R>,
    given: PipelineOptions<R, T> | undefined,
  ) {
    const options = ownOptions('pipeline()', given, PIPELINE_OPTIONS);
    const { depth, losses, stall, ...others } = PIPELINE_RULES;
    const { consume } = options;
    const rules = {
      losses: wholeNumber('losses', options.losses ?? losses, 0),
      stall: wholeNumber('stallTimeout', options.stallTimeout ?? stall, 0),
      ...others,
    };
    if (consume !== undefined && typeof consume !== 'function') {
      throw new TypeError(`consume must be a generator function, got ${shownValue(consume)}`);
    }
    const pipelining = new Pipelining(wholeNumber('depth', options.depth ?? depth, 1));
    this.#source = new PipelineSource(requests, () => this.#lane.fillBehind());
    this.#lane = new Lane(operations, this.#source, { pipelining, rules });
    // Without `consume`, T is Buffer.
    this.#consume = consume ?? ((() => operations.coReadAll()) as unknown as Consuming<R, T>);
  }

  /**
   * The result of the next request; undefined at the end. @throws the errors of connecting, of the iterable, and of `consume`; then the
   * pipeline is over
   */
  *coNext(): Coroutine<PipelineResult<R, T> | undefined> {
    const ended = yield* this.#lane.coNext((response, { given }) => this.#consume(response, given));
    if (ended === undefined) return undefined;
    const { index, given: request, losses, mayHaveBeenProcessed } = ended.asking;
    if ('response' in ended) return { index, request, response: ended.response, body: ended.value, losses };
    return { index, request, losses, error: asError(ended.error), mayHaveBeenProcessed };
  }

  /** Takes no more requests. What is in flight is given up, with the connection. */
  close(): void {
    this.#lane.close();
    this.#source.end();
  }
}

/** Runs a pipeline to its end; returns the results, unless `each` takes them. */
export function* coResults<R extends string | PipelineRequest, T>(
  pipeline: Pipeline<R, T>,
  each: CoPipelineOptions<R, T>['each'],
): Coroutine<PipelineResult<R, T>[]> {
  const results: PipelineResult<R, T>[] = [];
  yield* coEach(pipeline, each ?? ((result) => void results.push(result)));
  return results;
}
