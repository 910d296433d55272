/** Runs the requests of a plan over one connection, in one of the ways of waiting, and notes what becomes of each. */

import { hostName, targetOf, uploadOf } from '../bulk/plan.ts';
import { Leaving, pieces, SourceError } from '../bulk/program.ts';
import {
  AioFuture,
  ConnectionTimedOut,
  type Coroutine,
  coAll,
  coRace,
  coSleep,
  coWithTimeout,
  HTTPConnection,
  type PipelineRequest,
  type PipelineResult,
  PollLoop,
  runBlocking,
  type WholeResponse,
} from '../client.ts';
import { ownLoop } from '../connection/ways.ts';
import type { Scene } from '../loop.ts';
import { LONGEST, PART, type PipelinePlan, type RequestPlan } from './plan.ts';

/** The source of a body fails on purpose. */
export class BodyError extends Error {}

type Given = string | PipelineRequest;
type Results = Iterable<Given> | AsyncIterable<Given>;

/** A request that `request()` has sent. */
export interface Called {
  readonly job: RequestPlan;
  readonly whole?: WholeResponse;
  readonly error?: unknown;
}

export class PipelineProgram {
  readonly problems: string[] = [];
  /** Of the pipeline. */
  readonly given: Given[] = [];
  readonly results: PipelineResult<Given, Buffer>[] = [];
  /** What ended the pipeline, if it did not end in order. */
  thrown: { readonly error: unknown } | undefined;
  /** Whether the program has left the results. */
  left = false;
  /** Whether the iterable was told that it is left, or has ended. */
  released = false;
  /** By `request()`: in the order of their beginning, and of their end. */
  readonly begun: RequestPlan[] = [];
  readonly called: Called[] = [];
  readonly reason: Error = new Error('aborted on purpose');
  readonly connection: HTTPConnection;
  readonly #plan: PipelinePlan;
  readonly #scene: Scene;
  readonly #awaits: boolean;

  constructor(plan: PipelinePlan, scene: Scene) {
    const { way, end } = plan;
    this.#plan = plan;
    this.#scene = scene;
    this.#awaits = way === 'promises' || way === 'future';
    const timeout = end.how === 'interrupt' ? end.at : LONGEST;
    this.connection = new HTTPConnection(hostName(0), { timeout: way === 'run' ? timeout : 0 });
  }

  async run(): Promise<void> {
    const { end, jobs, piped } = this.#plan;
    if (end.how === 'later') this.#scene.later(end.at, () => this.connection.disconnect());
    try {
      if (piped > 0) await this.#pipe();
      else this.released = true;
    } catch (error) {
      this.thrown = { error };
    }
    await this.#callAll(jobs.slice(piped));
    this.connection.disconnect();
  }

  // --- pipeline() ----------------------------------------------------------------------------------------------------

  async #pipe(): Promise<void> {
    const { way, end, options } = this.#plan;
    const requests = this.#source();
    const { consume, ...rules } = options;
    const own = consume === 'all' ? rules : { ...rules, consume: () => this.#coPart() };
    if (way === 'run') {
      for (const result of this.connection.pipeline(requests as Iterable<Given>, own)) {
        if (this.#leaves(result)) break;
        this.#scene.world.spend(this.#pause());
      }
      return;
    }
    const interrupted = end.how === 'interrupt';
    const abort = new AbortController();
    if (this.#awaits && interrupted) this.#scene.later(end.at, () => abort.abort(this.reason));
    const limits = { signal: abort.signal, timeout: LONGEST };
    if (way === 'promises') {
      for await (const result of this.connection.promises.pipeline(requests, { ...own, ...limits })) {
        if (this.#leaves(result)) break;
        const pause = this.#pause();
        if (pause > 0) await new Promise<void>((resolve) => this.#scene.later(pause, resolve));
      }
      return;
    }
    const coroutine = this.#coPipe(requests, own);
    if (way === 'future') await new AioFuture(coroutine, limits);
    else this.#runAll([coWithTimeout(coroutine, interrupted ? end.at : LONGEST)]);
  }

  *#coPipe(requests: Results, own: object): Coroutine<void> {
    const results = yield* this.connection.coPipeline<Given>(requests, {
      ...own,
      each: (result) => this.#coEach(result),
    });
    if (results.length > 0) this.problems.push('results are returned that were given before');
  }

  *#coEach(result: PipelineResult<Given, Buffer>): Coroutine<void> {
    if (this.#leaves(result)) throw new Leaving();
    const pause = this.#pause();
    if (pause > 0) yield* coSleep(pause);
  }

  *#coPart(): Coroutine<Buffer> {
    if (this.#plan.options.consume === 'none') return Buffer.alloc(0);
    return yield* this.connection.coRead(PART);
  }

  #leaves(result: PipelineResult<Given, Buffer>): boolean {
    const { how, at } = this.#plan.end;
    this.results.push(result);
    this.#counted();
    this.left = how === 'leave' && this.results.length >= at;
    return this.left;
  }

  #pause(): number {
    const { every, pause } = this.#plan.consumer;
    return every > 0 && this.results.length % every === 0 ? pause : 0;
  }

  #counted(): void {
    const { how, at } = this.#plan.end;
    if (how === 'disconnect' && this.results.length + this.called.length === at) this.connection.disconnect();
  }

  #source(): Results {
    const { source, jobs, piped, end } = this.#plan;
    if (source === 'async') return this.#asyncRequests();
    if (source === 'generator' || end.how === 'source') return this.#requests();
    this.released = true;
    return jobs.slice(0, piped).map((job) => this.#given(job));
  }

  *#requests(): Generator<Given, void, void> {
    const { jobs, piped, end } = this.#plan;
    try {
      for (const [index, job] of jobs.slice(0, piped).entries()) {
        if (end.how === 'source' && index >= end.at) throw new SourceError('on purpose');
        yield this.#given(job);
      }
    } finally {
      this.released = true;
    }
  }

  async *#asyncRequests(): AsyncGenerator<Given, void, void> {
    for (const request of this.#requests()) {
      const pause = this.given.length % 7 === 0 ? 40 : 0;
      if (pause > 0) await new Promise<void>((resolve) => this.#scene.later(pause, resolve));
      yield request;
    }
  }

  #given(job: RequestPlan): Given {
    const { method, upload, id } = job;
    const short = method === 'GET' && upload === null && id % 2 === 0;
    const given = short ? pathOf(job) : { method, path: pathOf(job), body: this.#body(job) };
    this.given.push(given);
    return given;
  }

  // --- request() -----------------------------------------------------------------------------------------------------

  async #callAll(jobs: readonly RequestPlan[]): Promise<void> {
    const { way } = this.#plan;
    if (way === 'run') {
      for (const job of jobs) {
        this.begun.push(job);
        try {
          this.#ended({ job, whole: this.connection.request(job.method, pathOf(job), { body: this.#body(job) }) });
        } catch (error) {
          this.#ended({ job, error });
        }
      }
    } else if (way === 'promises') await Promise.all(jobs.map((job) => this.#call(job)));
    else if (way === 'future') await Promise.all(jobs.map((job) => new AioFuture(this.#coCall(job))));
    else this.#runAll(jobs.map((job) => this.#coCall(job)));
  }

  async #call(job: RequestPlan): Promise<void> {
    const { begins, patience, method } = job;
    if (begins > 0) await new Promise<void>((resolve) => this.#scene.later(begins, resolve));
    this.begun.push(job);
    const abort = new AbortController();
    if (patience > 0) this.#scene.later(patience, () => abort.abort(this.reason));
    const options = { body: this.#body(job), signal: abort.signal, timeout: LONGEST };
    try {
      this.#ended({ job, whole: await this.connection.promises.request(method, pathOf(job), options) });
    } catch (error) {
      this.#ended({ job, error });
    }
  }

  *#coCall(job: RequestPlan): Coroutine<void> {
    const { begins, patience, method } = job;
    if (begins > 0) yield* coSleep(begins);
    this.begun.push(job);
    const request = this.connection.coRequest(method, pathOf(job), { body: this.#body(job) });
    try {
      // One in two is dropped where it waits: nothing is thrown into it.
      const whole =
        patience > 0 && job.id % 2 === 1
          ? yield* coRace([request, coLate(patience)])
          : yield* coWithTimeout(request, patience > 0 ? patience : LONGEST);
      this.#ended({ job, whole });
    } catch (error) {
      this.#ended({ job, error });
    }
  }

  #ended(called: Called): void {
    this.called.push(called);
    this.#counted();
  }

  #runAll(coroutines: Coroutine<void>[]): void {
    const { way } = this.#plan;
    if (way === 'own') ownLoop(coroutines);
    if (way === 'blocking') runBlocking(coAll(coroutines));
    if (way === 'loop') {
      using loop = new PollLoop();
      loop.runUntilComplete(loop.createTask(coAll(coroutines)));
    }
  }

  #body(job: RequestPlan): PipelineRequest['body'] {
    const { upload, bodyFails } = job;
    if (upload === null) return undefined;
    const body = uploadOf(job);
    if (upload.form === 'bytes') return body;
    if (upload.form === 'text') return body.toString('latin1');
    if (bodyFails) return failing(body);
    return upload.form === 'function' && this.#awaits ? awaited(body) : pieces(body);
  }
}

function pathOf({ invalid, id }: RequestPlan): string {
  return invalid ? 'no path' : targetOf(id, 0);
}

function* coLate(ms: number): Coroutine<never> {
  yield* coSleep(ms);
  throw new ConnectionTimedOut(ms);
}

function* failing(body: Buffer): Generator<Buffer> {
  yield* pieces(body.subarray(0, body.length >> 1));
  throw new BodyError('on purpose');
}

async function* awaited(body: Buffer): AsyncGenerator<Buffer> {
  for (const piece of pieces(body)) yield piece;
}
