/** Runs a bulk transfer as its plan says, in one of the ways of waiting, and notes all results and what became of each sink. */

import { createHash } from 'node:crypto';
import {
  AioFuture,
  type Coroutine,
  coSleep,
  coWithTimeout,
  type HTTPResponse,
  PollLoop,
  runBlocking,
  Transfer,
  type TransferCounts,
  type TransferDigest,
  type TransferJob,
  type TransferResult,
  type TransferSink,
} from '../client.ts';
import { ownLoop } from '../connection/ways.ts';
import type { Scene } from '../loop.ts';
import { Random } from '../random.ts';
import { type BulkPlan, documentOf, etagOf, hostName, type JobPlan, targetOf, uploadOf } from './plan.ts';

/** An error that a sink throws on purpose. */
export class SinkError extends Error {}
/** The program leaves the results early. */
export class Leaving extends Error {}
/** The iterable of the jobs fails on purpose. */
export class SourceError extends Error {}

/** Bytes of a part of an upload. */
const PIECE = 1000;

/** What has become of a body. */
export class NotedSink implements TransferSink {
  readonly #job: JobPlan;
  readonly #program: BulkProgram;
  #open = false;
  #parts: Buffer[] = [];
  commits = 0;
  /** What was committed. */
  committed: Buffer | undefined;

  constructor(job: JobPlan, program: BulkProgram) {
    this.#job = job;
    this.#program = program;
  }

  begin(_response: HTTPResponse, job: TransferJob): Coroutine<void> | void {
    if (this.#open) this.#problem('begins twice');
    if (this.commits > 0) this.#problem('begins after its commit');
    if (job.tag !== this.#job.id) this.#problem('begins with another job');
    this.#open = true;
    this.#parts = [];
    return this.#step('begin');
  }

  write(bytes: Uint8Array): Coroutine<void> | void {
    if (!this.#open) this.#problem('is written to before it begins');
    this.#parts.push(Buffer.from(bytes));
    return this.#step('write');
  }

  commit(): Coroutine<void> | void {
    if (!this.#open) this.#problem('is committed before it begins');
    const { sinkPause, sinkFails } = this.#job;
    if (sinkPause > 0 || sinkFails === 'commit') return this.#coCommit();
    this.#committed();
  }

  abandon(): void {
    this.#open = false;
    this.#parts = [];
  }

  *#coCommit(): Coroutine<void> {
    yield* this.#coStep('commit');
    this.#committed();
  }

  #committed(): void {
    this.commits++;
    this.committed = Buffer.concat(this.#parts);
    this.#open = false;
  }

  #step(step: JobPlan['sinkFails']): Coroutine<void> | void {
    const { sinkPause, sinkFails } = this.#job;
    if (sinkPause > 0) return this.#coStep(step);
    if (sinkFails === step) throw new SinkError(step);
  }

  *#coStep(step: JobPlan['sinkFails']): Coroutine<void> {
    const { sinkPause, sinkFails } = this.#job;
    if (sinkPause > 0) yield* coSleep(sinkPause);
    if (sinkFails === step) throw new SinkError(step);
  }

  #problem(what: string): void {
    this.#program.problems.push(`the sink of job ${this.#job.id} ${what}`);
  }
}

export class BulkProgram {
  readonly problems: string[] = [];
  readonly results: TransferResult[] = [];
  readonly given: TransferJob[] = [];
  readonly sinks: (NotedSink | undefined)[] = [];
  /** Most jobs that were taken and had no result yet. */
  mostTaken = 0;
  /** What ended the run, if it did not end in order. */
  thrown: { readonly error: unknown } | undefined;
  /** Whether the program has left the results. */
  left = false;
  readonly reason: Error = new Error('aborted on purpose');
  readonly transfer: Transfer;
  /** Whether the iterable was told that it is left, or has ended. */
  released = false;
  readonly #plan: BulkPlan;
  readonly #scene: Scene;
  readonly #abort = new AbortController();

  constructor(seed: number, plan: BulkPlan, scene: Scene) {
    this.#plan = plan;
    this.#scene = scene;
    const { connectTimeout, maxSize, ...options } = plan.options;
    const random = new Random(seed).fork('backoff');
    this.transfer = new Transfer({
      ...options,
      proxy: false,
      maxSize: maxSize === 0 ? undefined : maxSize,
      connection: { connectTimeout },
      signal: this.#abort.signal,
      random: () => random.fraction(),
    });
  }

  async run(): Promise<void> {
    const { end } = this.#plan;
    if (end.how === 'later') this.#scene.later(end.at, () => this.#abort.abort(this.reason));
    try {
      await this.#run();
    } catch (error) {
      this.thrown = { error };
    }
  }

  get counts(): TransferCounts {
    return this.transfer.counts;
  }

  async #run(): Promise<void> {
    const { way, end } = this.#plan;
    const jobs = this.#source();
    if (way === 'run') {
      for (const result of this.transfer.run(jobs as Iterable<TransferJob>)) {
        if (this.#leaves(result)) break;
        const pause = this.#pause();
        if (pause > 0) this.#scene.world.spend(pause);
      }
      return;
    }
    if (way === 'promises') {
      for await (const result of this.transfer.promises.run(jobs)) {
        if (this.#leaves(result)) break;
        const pause = this.#pause();
        if (pause > 0) await new Promise<void>((resolve) => this.#scene.later(pause, resolve));
      }
      return;
    }
    const coroutine = this.#coRun(jobs);
    const timeout = end.how === 'interrupt' ? end.at : undefined;
    if (way === 'own') ownLoop([coroutine]);
    if (way === 'blocking') runBlocking(coroutine, { timeout });
    if (way === 'future') await new AioFuture(coroutine, { timeout });
    if (way === 'loop') {
      using loop = new PollLoop();
      const limited = timeout === undefined ? coroutine : coWithTimeout(coroutine, timeout);
      loop.runUntilComplete(loop.createTask(limited));
    }
  }

  *#coRun(jobs: Iterable<TransferJob> | AsyncIterable<TransferJob>): Coroutine<void> {
    const counts = yield* this.transfer.coRun(jobs, (result) => this.#coEach(result));
    if (counts.done + counts.missing + counts.failed + counts.aborted !== this.results.length)
      this.problems.push('the counts that are returned are not those of the results');
  }

  *#coEach(result: TransferResult): Coroutine<void> {
    if (this.#leaves(result)) throw new Leaving();
    const pause = this.#pause();
    if (pause === 0) return;
    // An interruption of the consumer is its own error.
    this.left = true;
    yield* coSleep(pause);
    this.left = false;
  }

  #leaves(result: TransferResult): boolean {
    const { how, at } = this.#plan.end;
    this.results.push(result);
    this.#look();
    if (this.results.length < at) return false;
    if (how === 'abort') this.#abort.abort(this.reason);
    this.left = how === 'leave';
    return this.left;
  }

  #pause(): number {
    const { every, pause } = this.#plan.consumer;
    return every > 0 && this.results.length % every === 0 ? pause : 0;
  }

  /** Looks at the counts now and then. */
  #look(): void {
    if (this.results.length % 16 !== 0) return;
    const { connections, totalConnections, depth } = this.#plan.options;
    const { waiting, inFlight, connections: lines } = this.counts;
    const most = Math.max(...lines.map((line) => line.inFlight), 0);
    const perHost = new Map<string, number>();
    for (const { origin } of lines) perHost.set(origin, (perHost.get(origin) ?? 0) + 1);
    if (waiting < 0 || inFlight < 0) this.problems.push(`counts below zero: ${waiting} waiting, ${inFlight} in flight`);
    if (lines.length > totalConnections || Math.max(...perHost.values(), 0) > connections)
      this.problems.push(`there are ${lines.length} connections`);
    if (most > depth) this.problems.push(`${most} requests are in flight on one connection`);
  }

  // --- jobs ----------------------------------------------------------------------------------------------------------

  #source(): Iterable<TransferJob> | AsyncIterable<TransferJob> {
    const { source, jobs, end } = this.#plan;
    if (source === 'async') return this.#asyncJobs();
    if (source === 'generator' || end.how === 'source') return this.#jobs();
    this.released = true;
    return jobs.map((job) => this.#job(job));
  }

  *#jobs(): Generator<TransferJob, void, void> {
    const { jobs, end } = this.#plan;
    try {
      for (const [index, job] of jobs.entries()) {
        if (end.how === 'source' && index >= end.at) throw new SourceError('on purpose');
        const given = this.#job(job);
        this.mostTaken = Math.max(this.mostTaken, this.given.length - this.results.length);
        yield given;
      }
      if (end.how === 'source') throw new SourceError('on purpose');
    } finally {
      this.released = true;
    }
  }

  async *#asyncJobs(): AsyncGenerator<TransferJob, void, void> {
    for (const job of this.#jobs()) {
      const pause = this.given.length % 97 === 0 ? 40 : 0;
      if (pause > 0) await new Promise<void>((resolve) => this.#scene.later(pause, resolve));
      yield job;
    }
  }

  #job(job: JobPlan): TransferJob {
    const { id, host, method, knows, redirects, lies } = job;
    const sink = job.sink === 'sink' ? new NotedSink(job, this) : undefined;
    const target = targetOf(id, redirects.length);
    const size = job.status === 204 ? 0 : job.size;
    // A HEAD has no body, and its result no size.
    const bodied = method !== 'HEAD';
    const knowsSize = bodied && (knows.size || lies === 'size');
    const knowsDigest = bodied && (knows.digest || lies === 'digest');
    const knowsTag = knows.etag || lies === 'etag';
    const given: TransferJob = {
      url: job.invalid ? 'no url' : `http://${hostName(host)}${targetOf(id, 0)}`,
      method,
      body: bodyOf(job),
      sink: sink ?? (job.sink === 'sink' ? 'memory' : job.sink),
      size: knowsSize ? size + (lies === 'size' ? 1 : 0) : undefined,
      digest: knowsDigest ? digestOf(lies === 'digest' ? Buffer.from('lie') : documentOf(size, target)) : undefined,
      etag: knowsTag ? (lies === 'etag' ? '"lie"' : etagOf(target)) : undefined,
      tag: id,
    };
    this.given.push(given);
    this.sinks.push(sink);
    return given;
  }
}

function bodyOf(job: JobPlan): TransferJob['body'] {
  const { upload } = job;
  if (upload === null) return undefined;
  const body = uploadOf(job);
  if (upload.form === 'bytes') return body;
  if (upload.form === 'text') return body.toString('latin1');
  if (upload.form === 'function') return () => body;
  return () => pieces(body);
}

export function* pieces(body: Buffer): Generator<Buffer> {
  for (let start = 0; start < body.length; start += PIECE) yield body.subarray(start, start + PIECE);
}

function digestOf(document: Buffer): TransferDigest {
  return { algorithm: 'sha-1', value: createHash('sha1').update(document).digest() };
}
