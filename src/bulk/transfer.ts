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

/**
 * Runs of a {@link Transfer} on the event loop, as asynchronous iterables: its `promises`.
 *
 * @example
 * ```js
 * import { Transfer } from 'dugong';
 *
 * const jobs = [{ url: 'http://localhost:8080/a' }];
 * for await (const { outcome, body } of new Transfer().promises.run(jobs)) {
 *   console.log(outcome, String(body)); // done document a
 * }
 * ```
 */
export interface TransferPromises {
  /**
   * Runs the jobs on the event loop, and gives each result as it comes, in the order in which the jobs end. Between two results
   * nothing is sent or received. A loop that is left early gives up what is under way.
   *
   * @param jobs any number of them, which may come from an asynchronous iterable; only some thousands are in memory
   * @throws TypeError - `jobs` is no iterable
   * @throws the reason of the `signal`, or the error of the iterable: after the results of all jobs that were taken
   */
  run(jobs: Iterable<TransferJob> | AsyncIterable<TransferJob>): AsyncGenerator<TransferResult, void, void>;
}

const NOTHING: TransferCounts = {
  ...{ done: 0, missing: 0, failed: 0, aborted: 0, waiting: 0, inFlight: 0, bytes: 0 },
  connections: [],
};

/**
 * Fetches, checks or sends many documents: over several pipelined connections to each server (RFC 9112 9.3.2), with redirects,
 * further attempts, and a check of each body. However many jobs there are, only some thousands are in memory.
 *
 * Each job has one result, in the order in which they end; `index` is its place among all. A failure ends its job only.
 *
 * @example
 * ```js
 * import { Transfer } from 'dugong';
 *
 * const jobs = ['/a', '/b', '/nowhere'].map((path) => ({ url: `http://localhost:8080${path}` }));
 * const transfer = new Transfer({ connections: 2, attempts: 3 });
 * const results = [...transfer.run(jobs)].sort((one, other) => one.index - other.index);
 * for (const { url, outcome, bytes } of results) console.log(new URL(url).pathname, outcome, bytes);
 * // prints:
 * // /a done 10
 * // /b done 10
 * // /nowhere missing 0
 * ```
 */
export class Transfer {
  readonly #settings: CheckedSettings;
  #run: Run | undefined;
  /** The same runs as asynchronous iterables, which run on the event loop. */
  readonly promises: TransferPromises;

  /**
   * Checks the options; does no I/O. The first run connects.
   *
   * @param options how to treat servers, and all time limits
   * @throws TypeError - an option is invalid
   * @throws TLSError - OpenSSL does not accept a TLS option
   */
  constructor(options?: TransferOptions) {
    this.#settings = transferSettings(options);
    this.promises = { run: (jobs) => iteratedAwaiting(this.#begin(jobs), (coroutine) => new AioFuture(coroutine)) };
  }

  /** What the latest run has done so far, for a progress display; all zero before the first one. */
  get counts(): TransferCounts {
    return this.#run?.counts ?? NOTHING;
  }

  /**
   * Runs the jobs; `each`, which may be a generator function, gets each result as it comes, in the order in which the jobs end. The
   * coroutine yields a {@link PollNeeded} whenever it must wait.
   *
   * @param jobs any number of them; an asynchronous iterable needs an {@link AioFuture} around the coroutine
   * @param each gets the results; what it throws ends the run
   * @returns the counts of the whole run
   * @throws TypeError - `jobs` is no iterable
   * @throws the reason of the `signal`, or the error of the iterable: after the results of all jobs that were taken
   * @example
   * ```js
   * import { runBlocking, Transfer } from 'dugong';
   *
   * const jobs = [{ url: 'http://localhost:8080/a' }, { url: 'http://localhost:8080/nowhere' }];
   * const { done, missing } = runBlocking(new Transfer().coRun(jobs, () => {}));
   * console.log(done, missing); // 1 1
   * ```
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
   * Runs the jobs, and gives each result as it comes, in the order in which the jobs end. Blocks this thread for each result;
   * between two of them nothing is sent or received. A loop that is left early gives up what is under way.
   *
   * @param jobs any number of them; only some thousands are in memory
   * @throws TypeError - `jobs` is no iterable
   * @throws the reason of the `signal`, or the error of the iterable: after the results of all jobs that were taken
   * @throws Interrupted - a signal came that the process listens for: after the results of all jobs that were taken
   * @example
   * ```js
   * import { Transfer } from 'dugong';
   *
   * const jobs = [{ url: 'http://localhost:8080/a', tag: 'first' }];
   * for (const { job, outcome, body } of new Transfer().run(jobs)) {
   *   console.log(job.tag, outcome, String(body)); // first done document a
   * }
   * ```
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
