/**
 * Transfer: many documents from any number of servers. Each way of waiting gets the results one by one, as they come.
 */

import type { Coroutine } from '../coroutine.ts';
import { shownAs } from '../inspection.ts';
import { AioFuture } from '../schedule/aio-future.ts';
import { coEach, iterated, iteratedAwaiting } from '../schedule/pull.ts';
import { runBlocking } from '../schedule/run-blocking.ts';
import { Run } from './run.ts';
import type { TransferJob, TransferResult } from './transfer-job.ts';
import {
  type CheckedSettings,
  type TransferCounts,
  type TransferOptions,
  transferSettings,
} from './transfer-options.ts';

/** Runs of a {@link Transfer} as asynchronous iterables. */
export interface TransferPromises {
  /**
   * Runs the jobs, which may come from an asynchronous iterable; gives the results as they come. A loop that is left early gives up what
   * is under way. @throws as {@link Transfer.coRun}
   */
  run(jobs: Iterable<TransferJob> | AsyncIterable<TransferJob>): AsyncGenerator<TransferResult, void, void>;
}

const NOTHING: TransferCounts = {
  ...{ done: 0, missing: 0, failed: 0, aborted: 0, waiting: 0, inFlight: 0, bytes: 0 },
  connections: [],
};

/**
 * Fetches, checks or sends many documents: over several pipelined connections to each server, with redirects, further attempts, and a
 * check of each body. However many jobs there are, only some thousands are in memory.
 *
 * Each job has one result, in the order in which they end. A failure ends its job only.
 */
export class Transfer {
  readonly #settings: CheckedSettings;
  #run: Run | undefined;
  /** The same with promises. */
  readonly promises: TransferPromises;

  /** Checks the options; does no I/O. @throws TypeError on an invalid option, TLSError on TLS options that OpenSSL does not accept */
  constructor(options?: TransferOptions) {
    this.#settings = transferSettings(options);
    this.promises = { run: (jobs) => iteratedAwaiting(this.#begin(jobs), (coroutine) => new AioFuture(coroutine)) };
  }

  /** What the latest run has done so far. */
  get counts(): TransferCounts {
    return this.#run?.counts ?? NOTHING;
  }

  /**
   * Runs the jobs; `each`, which may be a generator function, gets each result as it comes. Returns the counts.
   * @throws the reason of the signal, an error of the iterable, and an interruption: each after the results of all jobs that were taken
   */
  *coRun(
    jobs: Iterable<TransferJob> | AsyncIterable<TransferJob>,
    each: (result: TransferResult) => Coroutine<void> | void,
  ): Coroutine<TransferCounts> {
    const run = this.#begin(jobs);
    yield* coEach(run, each);
    return run.counts;
  }

  /**
   * Runs the jobs, and blocks the thread for each result. Between the results nothing is sent or received. A loop that is left early gives
   * up what is under way. @throws as {@link coRun}; Interrupted
   */
  run(jobs: Iterable<TransferJob>): Generator<TransferResult, void, void> {
    return iterated(this.#begin(jobs), (coroutine) => runBlocking(coroutine));
  }

  #begin(jobs: Iterable<TransferJob> | AsyncIterable<TransferJob>): Run {
    this.#run = new Run(this.#settings, jobs);
    return this.#run;
  }

  static {
    shownAs(Transfer, ({ counts }) => counts);
  }
}
