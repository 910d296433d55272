/** Plans of worlds of bulk transfers: the hosts, the jobs, the options, and how a program runs them. Plain data. */

import type { Cut } from '../network/direction.ts';
import type { Path } from '../network/network.ts';

/** What a host does wrong with requests that come before it has answered. */
export type Disorder =
  | 'no'
  /** The second request that has arrived is read, and forgotten. */
  | 'loses-second'
  /** What has arrived behind a request is thrown away, perhaps half of a request. */
  | 'drops-rest'
  /** Two requests that have arrived together are answered in the other order. */
  | 'swaps'
  /** A response is now and then sent twice. */
  | 'twice'
  /** A request that has arrived together with others is answered with 500. */
  | 'fails-behind'
  /** The connection ends behind a response if more requests have arrived. */
  | 'closes';

export interface HostPlan {
  readonly lookup: 'one' | 'second' | 'none' | 'later';
  readonly latency: number;
  readonly bandwidth: number;
  readonly segment: readonly [least: number, most: number];
  readonly buffer: number;
  readonly version: '1.1' | '1.0' | '1.0-keeps';
  /** Requests of one connection, 0: any number; whether the last response announces the end; how it ends. */
  readonly most: number;
  readonly announces: boolean;
  readonly resets: boolean;
  readonly disorder: Disorder;
  /** The first connections, by their index. */
  readonly connections: readonly ConnectionPlan[];
  /** All later ones. */
  readonly later: Path['connect'];
  /** Each so many requests, 0: none, so many in a row are answered with `status`, so often in all. */
  readonly overload: {
    readonly every: number;
    readonly burst: number;
    readonly status: 429 | 503;
    readonly retryAfter: number;
    readonly left: number;
  };
  /** Responses have a Repr-Digest. */
  readonly digests: boolean;
}

export interface ConnectionPlan {
  readonly connect: Path['connect'];
  readonly cut: Cut | null;
}

/** What is wrong with a response; the first `times` responses to a job have it. */
export type ResponseFault =
  | 'no'
  | 'short'
  | 'silent'
  | 'instead'
  | 'malformed'
  | 'stray'
  /** 413, to a request with a body before that has arrived; the connection ends behind it. */
  | 'early'
  | 'status-408'
  | 'status-500'
  | 'status-502'
  | 'status-503';

export interface JobPlan {
  readonly id: number;
  readonly host: number;
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly size: number;
  readonly status: number;
  readonly framing: 'length' | 'chunked' | 'close';
  readonly delay: number;
  /** Bytes at a time, 0: all, and milliseconds after each. */
  readonly piece: number;
  readonly pause: number;
  readonly fault: ResponseFault;
  readonly times: number;
  /** Seconds of a Retry-After with a faulty status; -1: none. */
  readonly retryAfter: number;
  /** Hosts that follow each other, with the status that leads there. */
  readonly redirects: readonly { readonly status: number; readonly host: number }[];
  readonly upload: { readonly size: number; readonly form: 'bytes' | 'text' | 'function' | 'pieces' } | null;
  readonly knows: { readonly size: boolean; readonly digest: boolean; readonly etag: boolean };
  /** What the job says wrongly. */
  readonly lies: 'no' | 'size' | 'digest' | 'etag';
  readonly sink: 'memory' | 'discard' | 'sink';
  readonly sinkPause: number;
  readonly sinkFails: 'no' | 'begin' | 'write' | 'commit';
  /** The URL is none. */
  readonly invalid: boolean;
}

export interface OptionsPlan {
  readonly connections: number;
  readonly totalConnections: number;
  readonly depth: number;
  readonly attempts: number;
  readonly redirects: number;
  readonly stallTimeout: number;
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
  readonly connectTimeout: number;
  readonly timeout: number;
  readonly maxSize: number;
  readonly bytesPerSecond: number;
  readonly retryMaxTime: number;
  readonly longestRetryAfter: number;
}

export const WAYS = ['run', 'promises', 'loop', 'own', 'blocking', 'future'] as const;
export type Way = (typeof WAYS)[number];

export interface EndPlan {
  /**
   * `abort`: by the signal, after `at` results. `later`: the same, after `at` milliseconds. `leave`: the results are left after `at`.
   * `interrupt`: a time limit of `at` milliseconds. `source`: the iterable throws after `at` jobs.
   */
  readonly how: 'no' | 'abort' | 'later' | 'leave' | 'interrupt' | 'source';
  readonly at: number;
}

/** What there is besides the program: the hosts answer by the plans of the jobs. */
export interface Surroundings {
  readonly machine: { readonly noBuffers: number; readonly noDescriptor: number; readonly lateness: number };
  readonly hosts: readonly HostPlan[];
  readonly jobs: readonly JobPlan[];
}

export interface BulkPlan extends Surroundings {
  readonly way: Way;
  readonly source: 'array' | 'generator' | 'async';
  /** Each so many results, 0: never, the consumer takes so many milliseconds. */
  readonly consumer: { readonly every: number; readonly pause: number };
  readonly end: EndPlan;
  readonly options: OptionsPlan;
}

export const QUIET_MACHINE: Surroundings['machine'] = { noBuffers: 0, noDescriptor: 0, lateness: 0 };

export const SOUND: ConnectionPlan = { connect: 'accept', cut: null };

export const QUIET_HOST: HostPlan = {
  lookup: 'one',
  latency: 1,
  bandwidth: 10_000,
  segment: [1460, 16384],
  buffer: 65536,
  version: '1.1',
  most: 0,
  announces: true,
  resets: false,
  disorder: 'no',
  connections: [],
  later: 'accept',
  overload: { every: 0, burst: 0, status: 503, retryAfter: 0, left: 0 },
  digests: false,
};

export const QUIET_OPTIONS: OptionsPlan = {
  connections: 2,
  totalConnections: 64,
  depth: 32,
  attempts: 5,
  redirects: 20,
  stallTimeout: 15_000,
  headersTimeout: 300_000,
  bodyTimeout: 300_000,
  connectTimeout: 10_000,
  timeout: 0,
  maxSize: 0,
  bytesPerSecond: 0,
  retryMaxTime: 0,
  longestRetryAfter: 120_000,
};

export const QUIET_JOB: Omit<JobPlan, 'id' | 'host'> = {
  method: 'GET',
  size: 100,
  status: 200,
  framing: 'length',
  delay: 0,
  piece: 0,
  pause: 0,
  fault: 'no',
  times: 0,
  retryAfter: -1,
  redirects: [],
  upload: null,
  knows: { size: false, digest: false, etag: false },
  lies: 'no',
  sink: 'memory',
  sinkPause: 0,
  sinkFails: 'no',
  invalid: false,
};

export function hostName(index: number): string {
  return `h${index}.test`;
}

export function targetOf(id: number, hop: number): string {
  return `/j${id}/${hop}`;
}

/** The host of a hop. */
export function hostOf({ host, redirects }: JobPlan, hop: number): number {
  return hop === 0 ? host : (redirects[hop - 1]?.host ?? -1);
}

/** The document under a target: recognizable by any dozen of its bytes. */
export function documentOf(size: number, target: string): Buffer {
  return Buffer.alloc(size, `${target};`);
}

export function etagOf(target: string): string {
  return `"${target}"`;
}

export function uploadOf({ id, upload }: JobPlan): Buffer {
  return Buffer.alloc(upload?.size ?? 0, `up ${id};`);
}

/** Whether a host may give a document under another's name, so that nothing but what the job knows can tell. */
export function confuses({ disorder }: HostPlan): boolean {
  return disorder === 'swaps' || disorder === 'twice';
}
