/** Judges what has become of the requests of one connection by what its host has seen and sent. */

import { shown } from '../bulk/oracle.ts';
import { documentOf, type HostPlan, targetOf } from '../bulk/plan.ts';
import { Leaving, SourceError } from '../bulk/program.ts';
import type { Book, Page } from '../bulk/servers.ts';
import {
  ConnectionClosed,
  ConnectionTimedOut,
  DugongError,
  type HTTPResponse,
  isTempNetworkError,
  StateError,
} from '../client.ts';
import { PART, type PipelinePlan, QUIET_PIPELINE, type RequestPlan } from './plan.ts';
import { BodyError, type PipelineProgram } from './program.ts';

/** Requests beyond the losses: those that were given up because of others. */
const MOST_CAREFUL = 20;

/** Ends of connecting, and of a connection, that take long, or are not seen. */
const SILENT: ReadonlySet<string> = new Set(['hole', 'timeout', 'unreachable-late', 'stall']);

export class Judge {
  readonly problems: string[] = [];
  readonly #plan: PipelinePlan;
  readonly #book: Book;
  readonly #program: PipelineProgram;
  readonly #host: HostPlan;

  constructor(plan: PipelinePlan, book: Book, program: PipelineProgram) {
    this.#plan = plan;
    this.#book = book;
    this.#program = program;
    this.#host = plan.hosts[0] as HostPlan;
  }

  judge(): void {
    this.#results();
    this.#ending();
    this.#calls();
    for (const job of this.#plan.jobs) this.#requests(job);
  }

  #problem(job: RequestPlan, what: string): void {
    this.problems.push(`a request ${what}: ${job.method} ${targetOf(job.id, 0)}`);
  }

  // --- pipeline() ----------------------------------------------------------------------------------------------------

  #results(): void {
    const { jobs, options } = this.#plan;
    const { results, given } = this.#program;
    for (const [place, result] of results.entries()) {
      const job = jobs[place] as RequestPlan;
      if (result.index !== place || result.request !== given[place])
        this.#problem(job, `has the result of ${result.index}`);
      else if (result.error === undefined) this.#answer(job, { ...result, consume: options.consume });
      else {
        this.#failure(job, result.error);
        if (!result.mayHaveBeenProcessed && this.#page(job).asked.length > 0)
          this.#problem(job, 'was seen, and is said not to have been processed');
      }
      if (result.losses > options.losses + 1) this.#problem(job, `was lost ${result.losses} times`);
    }
  }

  #ending(): void {
    const { results, given, thrown, left, released } = this.#program;
    const { piped, end } = this.#plan;
    if (!released) this.problems.push('the iterable of the requests was not left');
    if (thrown === undefined && !left && results.length !== piped)
      this.problems.push(`${piped} requests were given, ${results.length} have a result`);
    if (thrown === undefined) {
      if (end.how === 'source' && end.at < piped) this.problems.push('the error of the iterable is lost');
    } else if (thrown.error instanceof SourceError) {
      if (end.how !== 'source') this.problems.push('the iterable has failed');
      if (given.length !== results.length) this.problems.push('the pipeline has ended before its results');
    } else if (!this.#endsWith(thrown.error)) this.problems.push(`the pipeline has ended with ${shown(thrown.error)}`);
  }

  #endsWith(error: unknown): boolean {
    const { end } = this.#plan;
    if (error instanceof Leaving) return end.how === 'leave';
    if (end.how === 'interrupt' && (error === this.#program.reason || error instanceof ConnectionTimedOut)) return true;
    return this.#explains(error);
  }

  // --- request() -----------------------------------------------------------------------------------------------------

  #calls(): void {
    const { jobs, piped } = this.#plan;
    const { begun, called } = this.#program;
    if (called.length !== jobs.length - piped)
      this.problems.push(`${jobs.length - piped} requests were made, ${called.length} have ended`);
    let latest = -1;
    for (const { job, whole, error } of called) {
      if (whole === undefined) {
        this.#called(job, error);
        continue;
      }
      this.#answer(job, { ...whole, consume: 'all' });
      const place = begun.indexOf(job);
      if (place < latest) this.#problem(job, 'has its answer behind a later one');
      latest = place;
    }
  }

  #called(job: RequestPlan, error: unknown): void {
    const { way, end } = this.#plan;
    const late = job.patience > 0 || (way === 'run' && end.how === 'interrupt');
    if (late && (error === this.#program.reason || error instanceof ConnectionTimedOut)) return;
    this.#failure(job, error);
    if (!(error instanceof ConnectionClosed) || isRepeatable(job)) return;
    const [own] = error.lostRequests;
    if (own?.mayHaveBeenProcessed === false && this.#page(job).asked.length > 0)
      this.#problem(job, 'was seen, and is said not to have been processed');
  }

  // --- both ----------------------------------------------------------------------------------------------------------

  #page({ id }: RequestPlan): Page {
    return this.#book.page(targetOf(id, 0)) as Page;
  }

  /** Whether the host may have left out a request, or repeated a response, so that nothing tells whose a response is. */
  get #confuses(): boolean {
    const { disorder } = this.#host;
    return disorder !== 'no' && disorder !== 'fails-behind' && disorder !== 'closes';
  }

  #answer(
    job: RequestPlan,
    { response, body, consume }: { response: HTTPResponse; body: Buffer; consume: PipelinePlan['options']['consume'] },
  ): void {
    if (this.#confuses) return;
    const own = response.headers.get('X-Document');
    if (own !== targetOf(job.id, 0)) {
      this.#problem(job, `has got ${own}`);
      return;
    }
    const { status } = response;
    if (!this.#page(job).asked.some((each) => each.status === status))
      this.#problem(job, `has got ${status}, which was not sent`);
    if (!this.#isBody(job, status, { body, consume }))
      this.#problem(job, `has got ${body.length} other bytes with ${status}`);
  }

  #isBody(
    job: RequestPlan,
    status: number,
    { body, consume }: { body: Buffer; consume: PipelinePlan['options']['consume'] },
  ): boolean {
    if (consume === 'none' || job.method === 'HEAD' || status === 204) return body.length === 0;
    const own = status === job.status;
    const whole = own ? documentOf(job.size, targetOf(job.id, 0)) : Buffer.from('sorry');
    if (body.equals(whole) || (!own && body.length === 0)) return true;
    if (!body.equals(whole.subarray(0, body.length))) return false;
    const endsByClose = job.framing === 'close' || (job.framing === 'chunked' && this.#host.version !== '1.1');
    return endsByClose || (consume === 'part' && body.length > 0 && body.length <= PART);
  }

  #failure(job: RequestPlan, error: unknown): void {
    if (!this.#explainsOf(job, error)) this.#problem(job, `has failed without a reason, ${shown(error)}`);
  }

  #explainsOf(job: RequestPlan, error: unknown): boolean {
    // A request that cannot be sent waits for its turn, too.
    if (error instanceof TypeError) return job.invalid;
    if (error instanceof BodyError) return job.bodyFails;
    if (error instanceof StateError) return sendsPieces(job) && this.#host.version !== '1.1';
    if (error instanceof ConnectionClosed && isRepeatable(job) && !this.#isShaky && !this.#disconnects)
      return this.#broken > this.#losses(job);
    return this.#explains(error);
  }

  /** `request()` has no option. */
  #losses(job: RequestPlan): number {
    const { jobs, piped, options } = this.#plan;
    return (jobs.indexOf(job) < piped ? options : QUIET_PIPELINE).losses;
  }

  get #disconnects(): boolean {
    const { how } = this.#plan.end;
    return how === 'disconnect' || how === 'later';
  }

  /** Whether connections can fail otherwise than by what the host does. */
  get #isShaky(): boolean {
    const { noDescriptor, noBuffers } = this.#plan.machine;
    return this.#host.lookup !== 'one' || noDescriptor > 0 || noBuffers > 0;
  }

  /** Whether something in this world makes connections fail so. */
  #explains(error: unknown): boolean {
    if (this.#disconnects && error instanceof ConnectionClosed) return true;
    if (!(error instanceof DugongError) && !isTempNetworkError(error)) return false;
    if (error instanceof ConnectionTimedOut) return this.#isSlow || this.#mayHang;
    return this.#broken > 0 || this.#isShaky;
  }

  /** Whether a response may take longer than those behind it wait. */
  get #isSlow(): boolean {
    const { jobs, consumer } = this.#plan;
    const { bandwidth, buffer, latency } = this.#host;
    // A buffer is full once in each round trip.
    if (Math.min(bandwidth, buffer / latency) < 1000) return true;
    return consumer.pause > 0 || jobs.some(({ delay, pause }) => delay > 0 || pause > 0);
  }

  /** Whether the host, or the network, may leave a response out without a sign. */
  get #mayHang(): boolean {
    const { connections, later } = this.#host;
    const paths = [...connections, { connect: later, cut: null }];
    return (
      this.#confuses ||
      this.#plan.jobs.some(({ fault }) => fault === 'silent') ||
      paths.some(({ connect, cut }) => SILENT.has(connect) || (cut !== null && SILENT.has(cut.how)))
    );
  }

  get #broken(): number {
    return this.#book.broken[0] as number;
  }

  #requests(job: RequestPlan): void {
    const { asked } = this.#page(job);
    if (asked.length > this.#losses(job) + 1 + MOST_CAREFUL) this.#problem(job, `was sent ${asked.length} times`);
    if (asked.length > 1 && !isRepeatable(job))
      this.#problem(job, `was sent ${asked.length} times, which it must not be`);
  }
}

function sendsPieces({ upload }: RequestPlan): boolean {
  return upload?.form === 'pieces' || upload?.form === 'function';
}

function isRepeatable(job: RequestPlan): boolean {
  return job.method !== 'POST' && !sendsPieces(job);
}
