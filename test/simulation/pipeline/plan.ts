/** Plans of worlds of one connection with many requests: `pipeline()` takes some, `request()` the rest. Plain data. */

import { type JobPlan, QUIET_JOB, type Surroundings, type Way } from '../bulk/plan.ts';

/** A request; the host answers it as a job. */
export interface RequestPlan extends JobPlan {
  /** Its body throws in the middle. */
  readonly bodyFails: boolean;
  /** For `request()`: begins after so many milliseconds, and is given up so many later; 0: never. */
  readonly begins: number;
  readonly patience: number;
}

export interface PipelineOptionsPlan {
  readonly depth: number;
  readonly losses: number;
  readonly stallTimeout: number;
  /** `all`: by default. `part`, `none`: so much of each body is read, the rest is dropped. */
  readonly consume: 'all' | 'part' | 'none';
}

export interface PipelineEnd {
  /**
   * `leave`: the pipeline is left after `at` results. `interrupt`: after `at` milliseconds (a blocking iteration: for each result).
   * `disconnect`: disconnect() after `at` results, those of `request()` included. `later`: the same, after `at` milliseconds.
   * `source`: the iterable throws after `at` requests.
   */
  readonly how: 'no' | 'leave' | 'interrupt' | 'disconnect' | 'later' | 'source';
  readonly at: number;
}

export interface PipelinePlan extends Surroundings {
  readonly way: Way;
  readonly source: 'array' | 'generator' | 'async';
  /** So many requests are the pipeline's. */
  readonly piped: number;
  readonly consumer: { readonly every: number; readonly pause: number };
  readonly end: PipelineEnd;
  readonly options: PipelineOptionsPlan;
  readonly jobs: readonly RequestPlan[];
}

export const QUIET_REQUEST: Omit<RequestPlan, 'id' | 'host'> = {
  ...QUIET_JOB,
  bodyFails: false,
  begins: 0,
  patience: 0,
};

export const QUIET_PIPELINE: PipelineOptionsPlan = { depth: 32, losses: 3, stallTimeout: 30_000, consume: 'all' };

/** Bytes that `consume` reads with `part`. */
export const PART = 50;
/** Milliseconds after which the program gives up: a request that is alone has no limit of its own. */
export const LONGEST = 1_000_000;
