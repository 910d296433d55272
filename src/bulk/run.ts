/**
 * One run of a bulk transfer: takes the jobs, opens connections for their hosts, and collects the results. It does something only while a
 * result is asked for, in any way of waiting. What happens after an attempt is decided in `Decisions`.
 */

import { type EitherIterator, iteratorOf, leave } from '../client/iterator-of.ts';
import type { Coroutine } from '../coroutine.ts';
import { endpointOf } from '../fetch/endpoint.ts';
import type { FetchRequest } from '../fetch/fetch-request.ts';
import { CallTrace } from '../fetch/trace.ts';
import { Queue } from '../queue.ts';
import { onAbort } from '../schedule/abort-signal.ts';
import { coAwait } from '../schedule/co-await.ts';
import type { Pull } from '../schedule/pull.ts';
import { TaskSet } from '../schedule/task-set.ts';
import { WaitList } from '../schedule/wait-list.ts';
import { Attempt, firstRequest, Work } from './attempt.ts';
import { Decisions } from './decisions.ts';
import { Host } from './host.ts';
import { Line } from './line.ts';
import type { TransferJob, TransferResult } from './transfer-job.ts';
import { type CheckedSettings, checkedJob, type TransferCounts } from './transfer-options.ts';

/** Most jobs that have been taken and whose results have not. */
const MOST_TAKEN = 1024;
/** Most hosts that are remembered although they have nothing to do. */
const MOST_REMEMBERED = 4096;

export class Run implements Pull<TransferResult> {
  readonly settings: CheckedSettings;
  readonly #jobs: EitherIterator<TransferJob>;
  readonly #asynchronous: boolean;
  readonly #set = new TaskSet();
  readonly #hosts = new Map<string, Host>();
  /** The host of the latest request. */
  #latestHost: Host | undefined;
  readonly #lines = new Map<Line, Host>();
  /** Jobs that were taken and have no result. */
  readonly #unfinished = new Set<Work>();
  readonly #results = new Queue<TransferResult>();
  /** The intake waits here for room. */
  readonly #room = new WaitList();
  readonly #decisions: Decisions;
  readonly #ignoreSignal: () => void;
  #noMore = false;
  /** Whether the source of the jobs has ended, or was left. */
  #jobsOver = false;
  #taken = 0;
  #failure: { readonly reason: unknown } | undefined;

  /** @throws TypeError for what is not iterable */
  constructor(settings: CheckedSettings, jobs: Iterable<TransferJob> | AsyncIterable<TransferJob>) {
    const { signal } = settings;
    this.settings = settings;
    [this.#jobs, this.#asynchronous] = iteratorOf(jobs, () => 'the jobs must be an iterable of objects with a url');
    this.#decisions = new Decisions(settings, this);
    this.#set.add(this.#coIntake(), (outcome) => {
      if (outcome.status === 'rejected') this.#failure ??= outcome;
      this.#endIntake();
    });
    this.#ignoreSignal = signal === undefined ? () => {} : onAbort(signal, () => this.abort(signal.reason));
    if (signal?.aborted) this.abort(signal.reason);
  }

  // --- results -------------------------------------------------------------------------------------------------------

  /** The next result; undefined at the end. @throws what has ended the run, after the results of all jobs that were taken */
  *coNext(): Coroutine<TransferResult | undefined> {
    for (;;) {
      const result = this.#results.shift();
      if (result !== undefined) {
        this.#room.notify();
        return result;
      }
      this.#set.run();
      if (this.#results.length > 0) continue;
      if (this.#set.size === 0) {
        if (this.#unfinished.size > 0)
          for (const work of [...this.#unfinished]) this.#decisions.aborted(work, this.#failure);
        else return this.#end();
        continue;
      }
      try {
        yield* this.#set.coWait();
      } catch (error) {
        this.abort(error);
      }
    }
  }

  #end(): undefined {
    this.close();
    if (this.#failure !== undefined) throw this.#failure.reason;
  }

  /** Ends the run with this error. Jobs that have no result are "aborted". */
  abort(reason: unknown): void {
    if (this.ending) return;
    this.#failure = { reason };
    this.#noMore = true;
    this.#set.interruptAll(reason);
  }

  /** Gives up everything that is under way. */
  close(): void {
    this.#ignoreSignal();
    this.#set.close();
    this.#leaveJobs();
    this.#noMore = true;
  }

  get counts(): TransferCounts {
    const connections = [...this.#lines.keys()].map((line) => line.state);
    const inFlight = connections.reduce((sum, line) => sum + line.inFlight, 0);
    return { ...this.#decisions.counts, inFlight, waiting: this.#unfinished.size - inFlight, connections };
  }

  /** A job has its result. */
  finish(work: Work, result: TransferResult): void {
    this.#unfinished.delete(work);
    this.#results.push(result);
  }

  // --- jobs ----------------------------------------------------------------------------------------------------------

  get ending(): boolean {
    return this.#set.ending;
  }

  /** Whether no further job comes. */
  get noMore(): boolean {
    return this.#noMore;
  }

  *#coIntake(): Coroutine<void> {
    try {
      for (;;) {
        while (this.#unfinished.size + this.#results.length >= MOST_TAKEN) yield* this.#room.coWait();
        const step = this.#asynchronous ? yield* this.#coNextJob() : this.#nextJob();
        if (step.done) return;
        this.#admit(step.value);
      }
    } finally {
      this.#leaveJobs();
    }
  }

  *#coNextJob(): Coroutine<IteratorResult<TransferJob>> {
    const step = yield* coAwait(this.#jobs.next());
    this.#jobsOver = step.done === true;
    return step;
  }

  #nextJob(): IteratorResult<TransferJob> {
    // An iterator that throws has ended.
    this.#jobsOver = true;
    const step = this.#jobs.next() as IteratorResult<TransferJob>;
    this.#jobsOver = step.done === true;
    return step;
  }

  /** Lets the source of the jobs clean up. */
  #leaveJobs(): void {
    if (this.#jobsOver) return;
    this.#jobsOver = true;
    leave(this.#jobs);
  }

  #endIntake(): void {
    this.#noMore = true;
    for (const host of this.#hosts.values()) host.idle.notify();
  }

  #admit(given: TransferJob): void {
    const index = this.#taken++;
    const work = new Work(given, index, CallTrace.begin());
    this.#unfinished.add(work);
    try {
      work.check(checkedJob(given));
      this.enqueue(work, firstRequest(work.job), 'last');
    } catch (error) {
      this.#decisions.refusedJob(work, error);
    }
  }

  /** Puts the request of a job where its host's connections find it. @throws TypeError, TLSError if its server cannot be reached at all */
  enqueue(work: Work, request: FetchRequest, place: 'first' | 'last'): void {
    const host = this.#hostOf(request.url);
    const attempt = new Attempt(work, request, { host, before: this.settings.beforeRequest });
    if (host.dead !== undefined) {
      this.#decisions.failed(attempt, host.dead.reason);
      return;
    }
    if (place === 'first') host.addFirst([attempt]);
    else host.add(attempt);
    this.openLines(host);
    if (this.#asynchronous) for (const [line, its] of this.#lines) if (its === host) line.fill();
  }

  #hostOf(url: URL): Host {
    const { origin } = url;
    // Jobs of one server often follow each other.
    const latest = this.#latestHost;
    if (latest?.origin === origin && this.#hosts.get(latest.endpoint.key) === latest) return latest;
    const endpoint = endpointOf(url, this.settings.routing);
    const host = this.#hosts.get(endpoint.key) ?? new Host(endpoint, origin, this.settings.depth);
    this.#hosts.set(endpoint.key, host);
    this.#latestHost = host;
    return host;
  }

  // --- connections ---------------------------------------------------------------------------------------------------

  /** Whether a host could send, and may not because there are too many connections. */
  get crowded(): boolean {
    return this.#isFull && this.#starving()?.isReady === true;
  }

  get #isFull(): boolean {
    return this.#lines.size >= this.settings.totalConnections;
  }

  /** Opens the connections that a host may have, and has work for. */
  openLines(host: Host): void {
    const { connections } = this.settings;
    while (host.lines < Math.min(connections, host.worthWhile) && !this.#isFull && !this.ending) {
      const line = this.#lineTo(host);
      if (line === undefined) return;
      host.lines++;
      this.#lines.set(line, host);
      this.#set.add(line.coRun(), (outcome) => {
        this.#lines.delete(line);
        this.#closed(host);
        if (outcome.status === 'rejected') this.abort(outcome.reason);
      });
    }
    if (host.lines > 0 || host.waiting === 0) return;
    // Connections that have nothing to do make room.
    for (const other of this.#lines.values()) if (!other.isReady) other.idle.notify();
  }

  /** Undefined if there can be none: then its jobs have failed. */
  #lineTo(host: Host): Line | undefined {
    try {
      return new Line(this, host, this.#decisions);
    } catch (error) {
      this.#decisions.unreachable(host, error);
      return undefined;
    }
  }

  #closed(host: Host): void {
    const { key } = host.endpoint;
    host.lines--;
    // The next turn is that of others.
    this.#hosts.delete(key);
    const remembered = host.dead !== undefined || host.pipelining.faults > 0;
    if (host.load > 0 || host.lines > 0 || remembered) this.#hosts.set(key, host);
    if (this.#hosts.size > MOST_REMEMBERED) this.#forget();
    for (let next = this.#starving(); next !== undefined && !this.#isFull && !this.ending; next = this.#starving()) {
      this.openLines(next);
    }
  }

  /** A host that waits for a connection; rather one that can send now. */
  #starving(): Host | undefined {
    let later: Host | undefined;
    for (const host of this.#hosts.values()) {
      if (host.lines > 0 || host.waiting === 0) continue;
      if (host.isReady) return host;
      later ??= host;
    }
    return later;
  }

  #forget(): void {
    for (const [key, host] of this.#hosts) {
      if (host.load > 0 || host.lines > 0) continue;
      this.#hosts.delete(key);
      return;
    }
  }
}
