/**
 * The options of a bulk transfer, and of each job: their checks and defaults.
 */

import { wholeNumber } from '../client/connection-options.ts';
import type { HTTPResponse } from '../client/http-response.ts';
import { type CheckedRouting, checkedRouting, type FetchRouting, NAMES_OF_REACH } from '../fetch/endpoint.ts';
import { MOST_REDIRECTS } from '../fetch/redirect.ts';
import { NAMES_OF_LIMITS, type TimeLimits, timeLimits } from '../fetch/time-limits.ts';
import type { HTTPHeaders } from '../http1/headers.ts';
import { shownValue } from '../io/shown-value.ts';
import { ownOptions } from '../options.ts';
import { RateLimit } from './rate-limit.ts';
import type { TransferJob } from './transfer-job.ts';
import { checkedDigest } from './verification.ts';

/**
 * A request of a job, as the functions `beforeRequest` and `afterResponse` of a {@link Transfer} get it.
 *
 * @example
 * ```js
 * import { Transfer } from 'dugong';
 *
 * const transfer = new Transfer({
 *   beforeRequest: ({ headers }) => headers.set('Cookie', 'session=1'),
 * });
 * const [result] = transfer.run([{ url: 'http://localhost:8080/account' }]);
 * console.log(String(result?.body).trim()); // cookies: session=1
 * ```
 */
export interface TransferRequest {
  /** The URL that the request goes to: that of the job, or of a redirect. */
  readonly url: URL;
  /** The method of the request, which a redirect may have changed. */
  readonly method: string;
  /** Its header fields. What `beforeRequest` adds is sent, too. */
  readonly headers: HTTPHeaders;
  /** The job that the request is for, as it was given. */
  readonly job: TransferJob;
}

/**
 * How a {@link Transfer} treats servers. Times are milliseconds, sizes bytes. 0 means no limit for `retryMaxTime`,
 * `timeout`, `stallTimeout`, `bytesPerSecond`, `headersTimeout` and `bodyTimeout` alone.
 *
 * @example
 * ```js
 * import { Transfer } from 'dugong';
 *
 * const transfer = new Transfer({ connections: 4, depth: 16, attempts: 3, timeout: 60_000, maxSize: 1 << 20 });
 * const [result] = transfer.run([{ url: 'http://localhost:8080/a' }]);
 * console.log(result?.outcome); // done
 * ```
 */
export interface TransferOptions extends FetchRouting, Partial<TimeLimits> {
  /** Connections to one server by one route. Default 2: depth takes the place of connections. */
  readonly connections?: number | undefined;
  /** Connections to all servers. Default 64. */
  readonly totalConnections?: number | undefined;
  /** Most requests in flight on one connection. Default 32; 1: no pipelining. */
  readonly depth?: number | undefined;
  /** Requests for one job, redirects not counted. Default 5. */
  readonly attempts?: number | undefined;
  /** Time after the first attempt of a job after which no further one begins. Default 0. */
  readonly retryMaxTime?: number | undefined;
  /** A Retry-After beyond this ends the job, with `retryAt`. Default 120,000. */
  readonly longestRetryAfter?: number | undefined;
  /** Redirects of one job. Default 20; 0: a redirect is the response. */
  readonly redirects?: number | undefined;
  /** Time for one body, from its head on. Default 0. */
  readonly timeout?: number | undefined;
  /** Time that pipelined requests wait for a response; then the oldest is sent again alone. Default 15,000. */
  readonly stallTimeout?: number | undefined;
  /** Most bytes of one body. Default: no limit, and 64 MiB for bodies in memory. */
  readonly maxSize?: number | undefined;
  /** Bytes per second of all bodies together. Default 0. */
  readonly bytesPerSecond?: number | undefined;
  /** Ends the run: jobs without a result are "aborted", and the signal's reason is thrown after their results. */
  readonly signal?: AbortSignal | undefined;
  /** Called before each request, also of redirects and further attempts: may add fields, as of cookies. */
  readonly beforeRequest?: ((request: TransferRequest) => void) | undefined;
  /** Called with each response, also of redirects, but not with an error status that is asked for again at once, alone. */
  readonly afterResponse?: ((response: HTTPResponse, request: TransferRequest) => void) | undefined;
  /** Chooses the times between attempts: numbers from 0 to below 1. Default Math.random. */
  readonly random?: (() => number) | undefined;
}

/**
 * What a transfer has done so far, for a progress display: {@link Transfer.counts}, also between two results.
 *
 * @example
 * ```js
 * import { Transfer } from 'dugong';
 *
 * const transfer = new Transfer();
 * for (const _ of transfer.run([{ url: 'http://localhost:8080/a' }])) console.log(transfer.counts.waiting);
 * const { done, failed, bytes } = transfer.counts;
 * console.log(done, failed, bytes);
 * // prints:
 * // 0
 * // 1 0 10
 * ```
 */
export interface TransferCounts {
  /** Jobs whose document is where it should be. */
  readonly done: number;
  /** Jobs whose server has answered with a status that is not accepted. */
  readonly missing: number;
  /** Jobs that ended with an error. */
  readonly failed: number;
  /** Jobs without a result when the run ended. */
  readonly aborted: number;
  /** Jobs that have been taken and are not in flight. */
  readonly waiting: number;
  /** Requests that are in flight: sent, and without a whole response. */
  readonly inFlight: number;
  /** Bytes of bodies, without those that were received in vain. */
  readonly bytes: number;
  /** What each connection does: the URL whose body it receives, the bytes of it, and its length if that is known. */
  readonly connections: readonly {
    readonly origin: string;
    readonly inFlight: number;
    readonly url: string | undefined;
    readonly bytes: number;
    readonly length: number | null;
  }[];
}

/** Checked options. */
export interface CheckedSettings extends TimeLimits {
  readonly routing: CheckedRouting;
  readonly connections: number;
  readonly totalConnections: number;
  readonly depth: number;
  readonly attempts: number;
  readonly losses: number;
  readonly stall: number;
  readonly retryMaxTime: number;
  readonly longestRetryAfter: number;
  readonly redirects: number;
  readonly timeout: number;
  readonly maxSize: number | undefined;
  /** Shared by all runs. */
  readonly rate: RateLimit;
  readonly signal: AbortSignal | undefined;
  readonly beforeRequest: TransferOptions['beforeRequest'];
  readonly afterResponse: TransferOptions['afterResponse'];
  readonly random: () => number;
}

/** Default and least value of each number. */
const NUMBERS = {
  connections: [2, 1],
  totalConnections: [64, 1],
  depth: [32, 1],
  attempts: [5, 1],
  retryMaxTime: [0, 0],
  longestRetryAfter: [120_000, 0],
  redirects: [MOST_REDIRECTS, 0],
  timeout: [0, 0],
  stallTimeout: [15_000, 0],
  bytesPerSecond: [0, 0],
} as const;

const NAMES = [
  ...NAMES_OF_REACH,
  ...NAMES_OF_LIMITS,
  ...(Object.keys(NUMBERS) as (keyof typeof NUMBERS)[]),
  ...(['maxSize', 'signal', 'beforeRequest', 'afterResponse', 'random'] as const),
];
const NAMES_OF_JOB = [
  ...(['url', 'method', 'headers', 'body', 'sink', 'size', 'digest', 'etag', 'accepts', 'tag'] as const),
];

/** @throws TypeError, TLSError */
export function transferSettings(given: TransferOptions | undefined): CheckedSettings {
  const options = ownOptions('Transfer', given, NAMES);
  const number = (name: keyof typeof NUMBERS): number =>
    wholeNumber(name, options[name] ?? NUMBERS[name][0], NUMBERS[name][1]);
  const { maxSize, signal, beforeRequest, afterResponse, random = Math.random } = options;
  const attempts = number('attempts');
  checkedFunction('beforeRequest', beforeRequest);
  checkedFunction('afterResponse', afterResponse);
  checkedFunction('random', random);
  return {
    ...timeLimits(options),
    routing: checkedRouting(options),
    connections: number('connections'),
    totalConnections: number('totalConnections'),
    depth: number('depth'),
    attempts,
    losses: attempts - 1,
    stall: number('stallTimeout'),
    retryMaxTime: number('retryMaxTime'),
    longestRetryAfter: number('longestRetryAfter'),
    redirects: number('redirects'),
    timeout: number('timeout'),
    maxSize: maxSize === undefined ? undefined : wholeNumber('maxSize', maxSize, 0),
    rate: new RateLimit(number('bytesPerSecond')),
    ...{ signal, beforeRequest, afterResponse, random },
  };
}

/** The job, read once. @throws TypeError */
export function checkedJob(given: TransferJob): TransferJob {
  if (typeof given !== 'object' || given === null) {
    throw new TypeError(`a job is an object as { url: "http://localhost/" }, got ${shownValue(given)}`);
  }
  const job = ownOptions('a job', given, NAMES_OF_JOB);
  const { size, digest, sink = 'memory', accepts, etag } = job;
  if (size !== undefined) wholeNumber('size', size, 0);
  checkedDigest(digest);
  if (sink !== 'memory' && sink !== 'discard' && (typeof sink !== 'object' || sink === null)) {
    throw new TypeError(`sink must be an object, "memory" or "discard", got ${shownValue(sink)}`);
  }
  checkedFunction('accepts', accepts);
  if (etag !== undefined && typeof etag !== 'string') {
    throw new TypeError(`etag must be a string, got ${shownValue(etag)}`);
  }
  return job;
}

/** @throws TypeError */
function checkedFunction(name: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return;
  throw new TypeError(`${name} must be a function, got ${shownValue(value)}`);
}
