/**
 * The options of a bulk transfer, and of each job: their checks and defaults.
 */

import { wholeNumber } from '../client/connection-options.ts';
import type { HTTPResponse } from '../client/http-response.ts';
import { type CheckedRouting, checkedRouting, type FetchRouting, NAMES_OF_REACH } from '../fetch/endpoint.ts';
import { MOST_REDIRECTS } from '../fetch/redirect.ts';
import { NAMES_OF_LIMITS, type TimeLimits, timeLimits } from '../fetch/time-limits.ts';
import { shownValue } from '../io/shown-value.ts';
import { ownOptions } from '../options.ts';
import type { BeforeRequest } from './attempt.ts';
import { RateLimit } from './rate-limit.ts';
import type { TransferJob } from './transfer-job.ts';
import { checkedDigest } from './verification.ts';

/** How a bulk transfer treats servers. Times are milliseconds; 0: no limit, where that is possible. */
export interface TransferOptions extends FetchRouting, Partial<TimeLimits> {
  /** Connections to one server by one route. Default 2: depth takes the place of connections. */
  readonly connections?: number | undefined;
  /** Connections to all servers. Default 64. */
  readonly totalConnections?: number | undefined;
  /** Most requests in flight on one connection. Default 32; 1: no pipelining. */
  readonly depth?: number | undefined;
  /** Requests for one job, redirects not counted. Default 5. */
  readonly attempts?: number | undefined;
  /** Time for all attempts of one job. Default 0. */
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
  readonly beforeRequest?: BeforeRequest | undefined;
  /** Called with each response, also of redirects. */
  readonly afterResponse?:
    | ((response: HTTPResponse, request: { readonly url: URL; readonly job: TransferJob }) => void)
    | undefined;
  /** Chooses the times between attempts: numbers from 0 to below 1. Default Math.random. */
  readonly random?: (() => number) | undefined;
}

/** What a transfer has done so far, for a progress display. */
export interface TransferCounts {
  /** Jobs by outcome. */
  readonly done: number;
  readonly missing: number;
  readonly failed: number;
  readonly aborted: number;
  /** Jobs that have been taken and are not in flight. */
  readonly waiting: number;
  /** Requests in flight. */
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
  readonly beforeRequest: BeforeRequest | undefined;
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
