/** Judges the results of a bulk transfer by what the hosts have seen and sent. */

import {
  ConnectionTimedOut,
  DugongError,
  InvalidResponse,
  isTempNetworkError,
  StateError,
  type TransferResult,
  UnsupportedResponse,
  WrongDocument,
} from '../client.ts';
import { type BulkPlan, confuses, documentOf, type HostPlan, hostOf, type JobPlan, targetOf } from './plan.ts';
import { type BulkProgram, Leaving, SinkError, SourceError } from './program.ts';
import type { Book, Page } from './servers.ts';

/** Most jobs that may be taken without a result: those that the engine allows itself, and those that end in one turn. */
const MOST_TAKEN = 4200;
/** Requests for a document beyond the attempts: those that were given up because of others. */
const MOST_CAREFUL = 20;
/** A server that answers with one of these has not processed the request. */
const NOT_PROCESSED: ReadonlySet<number> = new Set([408, 425, 429, 503]);
const MAY_PASS: ReadonlySet<number> = new Set([...NOT_PROCESSED, 500, 502, 504]);

export class Judge {
  readonly problems: string[] = [];
  readonly #plan: BulkPlan;
  readonly #book: Book;
  readonly #program: BulkProgram;

  constructor(plan: BulkPlan, book: Book, program: BulkProgram) {
    this.#plan = plan;
    this.#book = book;
    this.#program = program;
  }

  judge(): void {
    const { results } = this.#program;
    const seen = new Set<number>();
    for (const result of results) {
      if (seen.has(result.index)) this.#problem(result, 'has two results');
      seen.add(result.index);
      this.#result(result);
    }
    this.#ending(seen);
    this.#counts();
    for (const job of this.#plan.jobs) this.#requests(job);
    for (const [index, sink] of this.#program.sinks.entries()) {
      if (sink?.committed !== undefined) this.#body(this.#plan.jobs[index] as JobPlan, sink.committed);
      if ((sink?.commits ?? 0) > 1) this.problems.push(`job ${index} is committed ${sink?.commits} times`);
    }
  }

  #problem({ index, outcome }: TransferResult, what: string): void {
    const id = this.#plan.jobs[index]?.id;
    this.problems.push(`a job ${what}: ${outcome}, job ${id}`);
  }

  // --- the run -------------------------------------------------------------------------------------------------------

  #ending(seen: ReadonlySet<number>): void {
    const { results, given, thrown, left, mostTaken, released } = this.#program;
    const { end, jobs, source } = this.#plan;
    const lost = source === 'async' && end.how !== 'no' ? 1 : 0;
    if (!left && given.length - results.length > lost && source !== 'array')
      this.problems.push(`${given.length} jobs were taken, ${results.length} have a result`);
    for (const index of seen) if (index >= given.length) this.problems.push(`there is no job ${index}`);
    if (end.how === 'no' && results.length !== jobs.length)
      this.problems.push(`${jobs.length} jobs were given, ${results.length} have a result`);
    if (mostTaken > MOST_TAKEN) this.problems.push(`${mostTaken} jobs were in memory`);
    if (!released) this.problems.push('the iterable of the jobs was not left');
    if (thrown !== undefined && !this.#endsWith(thrown.error))
      this.problems.push(`the run has ended with ${shown(thrown.error)}`);
    if (end.how === 'source' && thrown === undefined) this.problems.push('the error of the iterable is lost');
  }

  #endsWith(error: unknown): boolean {
    const { how } = this.#plan.end;
    if (how === 'source') return error instanceof SourceError;
    if (how === 'leave') return error instanceof Leaving;
    if (how === 'interrupt') return error instanceof ConnectionTimedOut;
    return how !== 'no' && error === this.#program.reason;
  }

  #counts(): void {
    const { counts, results, left } = this.#program;
    if (counts.connections.length > 0) this.problems.push(`${counts.connections.length} connections are counted still`);
    if (left) return;
    for (const outcome of ['done', 'missing', 'failed', 'aborted'] as const) {
      const count = results.filter((result) => result.outcome === outcome).length;
      if (counts[outcome] !== count) this.problems.push(`${counts[outcome]} are counted as ${outcome}, not ${count}`);
    }
    const bytes = results.reduce((sum, result) => sum + (result.outcome === 'done' ? result.bytes : 0), 0);
    if (counts.bytes !== bytes) this.problems.push(`${counts.bytes} bytes are counted, not ${bytes}`);
    if (counts.waiting !== 0) this.problems.push(`${counts.waiting} jobs are counted as waiting still`);
  }

  // --- requests ------------------------------------------------------------------------------------------------------

  #requests(job: JobPlan): void {
    for (let hop = 0; hop <= job.redirects.length; hop++) {
      const page = this.#book.page(targetOf(job.id, hop)) as Page;
      const { asked, target } = page;
      if (asked.length > 1 && this.#isQuiet(job, hop))
        this.problems.push(`${target} was asked for ${asked.length} times without a reason`);
      if (asked.length > MOST_CAREFUL + this.#plan.options.attempts)
        this.problems.push(`${target} was asked for ${asked.length} times`);
      if (this.#plan.hosts.some(confuses)) continue;
      const posts = asked.filter(({ request }) => request.method === 'POST');
      const again = posts.findIndex(({ status }) => status === undefined || !NOT_PROCESSED.has(status));
      if (again >= 0 && again < posts.length - 1)
        this.problems.push(`POST ${target} was sent again although it may have been processed`);
    }
  }

  /** Whether there is no reason at all to ask a host twice. */
  #isQuiet(job: JobPlan, hop: number): boolean {
    const { hosts, jobs, options, consumer, machine, end } = this.#plan;
    const index = hostOf(job, hop);
    const { most, overload, disorder, version, lookup, bandwidth } = hosts[index] as HostPlan;
    if (
      disorder !== 'no' ||
      most > 0 ||
      overload.every > 0 ||
      version !== '1.1' ||
      lookup !== 'one' ||
      bandwidth < 1000
    )
      return false;
    if (this.#book.broken[index] !== 0 || consumer.pause > 0 || end.how !== 'no' || machine.noBuffers > 0) return false;
    if (options.stallTimeout > 0 && options.stallTimeout < 3000) return false;
    if (options.bytesPerSecond > 0 || options.timeout > 0 || options.maxSize > 0) return false;
    return jobs.every((each) => {
      if (each.host !== index && !each.redirects.some(({ host }) => host === index)) return true;
      const quiet = each.fault === 'no' && each.lies === 'no' && each.sinkFails === 'no' && each.sinkPause === 0;
      return (
        quiet &&
        each.delay === 0 &&
        each.pause === 0 &&
        each.size < 100_000 &&
        each.status < 300 &&
        each.framing !== 'close'
      );
    });
  }

  // --- results -------------------------------------------------------------------------------------------------------

  #result(result: TransferResult): void {
    const { index, outcome } = result;
    const job = this.#plan.jobs[index];
    if (job === undefined || result.job !== this.#program.given[index]) {
      this.#problem(result, 'is not the one that was given');
      return;
    }
    const sink = this.#program.sinks[index];
    if (sink !== undefined && sink.commits !== (outcome === 'done' ? 1 : 0))
      this.#problem(result, `was committed ${sink.commits} times`);
    if (outcome === 'done') this.#done(result, job);
    else if (outcome === 'missing') this.#missing(result, job);
    else if (outcome === 'failed') this.#failed(result, job);
    else if (this.#plan.end.how === 'no') this.#problem(result, 'was aborted');
    if (outcome !== 'done' && result.body !== undefined) this.#problem(result, 'has a body');
  }

  /** Whether nothing but what the job knows can tell that a response is not its own. */
  #mayBeConfused(job: JobPlan): boolean {
    return [job.host, ...job.redirects.map(({ host }) => host)].some((host) =>
      confuses(this.#plan.hosts[host] as HostPlan),
    );
  }

  /** The last response is to the request of this job after so many redirects. */
  #isOwn({ response, redirects }: TransferResult, job: JobPlan, after = redirects.length): boolean {
    return response?.headers.get('X-Document') === targetOf(job.id, after);
  }

  #done(result: TransferResult, job: JobPlan): void {
    const { response, body, bytes, redirects } = result;
    const { given } = this.#program;
    const { etag, digest } = given[result.index] ?? {};
    const confused = this.#mayBeConfused(job);
    const bare = job.method === 'HEAD' && job.lies !== 'etag';
    if (job.lies !== 'no' && !bare && !(confused && job.lies === 'size')) this.#problem(result, 'should have failed');
    if (response === undefined || response.status < 200 || response.status > 299)
      this.#problem(result, 'has no such status');
    if (confused && etag === undefined && digest === undefined) return;
    // A redirect whose response comes twice is followed twice: what it leads to is known by its digest.
    if (!this.#isOwn(result, job, job.redirects.length) && !this.#looksAlike(result, job))
      this.#problem(result, `has got ${response?.headers.get('X-Document')}`);
    else if (redirects.length !== job.redirects.length && !confused) this.#problem(result, 'was redirected elsewhere');
    if (body !== undefined) this.#body(job, body, bytes);
    if ((body !== undefined) !== (job.sink === 'memory')) this.#problem(result, 'has its body in the wrong place');
  }

  /** Whether what the job knows fits another document as well: equal ones have equal digests. */
  #looksAlike({ index, response, bytes }: TransferResult, job: JobPlan): boolean {
    const { etag, digest, size } = this.#program.given[index] ?? {};
    if (etag !== undefined || (digest === undefined && size === undefined) || job.method === 'HEAD') return false;
    const other = response?.headers.get('X-Document') ?? '';
    return digest === undefined
      ? bytes === size
      : documentOf(bytes, other).equals(documentOf(job.size, targetOf(job.id, job.redirects.length)));
  }

  /** Whether the end of a connection may have ended this document too early. */
  #mayBeShort(job: JobPlan): boolean {
    const { version } = this.#plan.hosts[hostOf(job, job.redirects.length)] as HostPlan;
    return (
      !job.knows.size &&
      !job.knows.digest &&
      (job.framing === 'close' || (job.framing === 'chunked' && version !== '1.1'))
    );
  }

  #body(job: JobPlan, body: Buffer, bytes: number = body.length): void {
    const document =
      job.method === 'HEAD' || job.status === 204
        ? Buffer.alloc(0)
        : documentOf(job.size, targetOf(job.id, job.redirects.length));
    const whole = body.equals(document);
    const short = this.#mayBeShort(job) && body.equals(document.subarray(0, body.length));
    if (bytes !== body.length) this.problems.push(`job ${job.id} has ${body.length} bytes, not ${bytes}`);
    if (whole || short) return;
    const { disorder } = this.#plan.hosts[hostOf(job, job.redirects.length)] as HostPlan;
    if (job.knows.size && !job.knows.digest && body.length === job.size && disorder !== 'no') return;
    if (this.#mayBeConfused(job) && !job.knows.digest && !job.knows.etag) return;
    this.problems.push(`a job has got other bytes: job ${job.id}, ${body.toString('latin1', 0, 30)}`);
  }

  #missing(result: TransferResult, job: JobPlan): void {
    const { response, redirects, retryAt } = result;
    const { options } = this.#plan;
    const status = response?.status ?? 0;
    if (status >= 200 && status < 300) this.#problem(result, 'has an accepted status');
    if (this.#mayBeConfused(job)) return;
    const { disorder } = this.#plan.hosts[hostOf(job, redirects.length)] as HostPlan;
    // That there are too many is for all requests in flight.
    if (disorder !== 'no' && (status === 429 || status === 503)) return;
    if (!this.#isOwn(result, job)) {
      this.#problem(result, `has got ${status} of ${response?.headers.get('X-Document')}`);
      return;
    }
    const page = this.#book.page(targetOf(job.id, redirects.length)) as Page;
    const sent = page.asked.filter((each) => each.status === status).length;
    if (sent === 0) this.#problem(result, `has a status that was not sent, ${status}`);
    const method = page.asked.at(-1)?.request.method ?? job.method;
    if (!MAY_PASS.has(status) || (method === 'POST' && !NOT_PROCESSED.has(status))) return;
    // A request that was lost may not have been seen.
    const asked = page.asked.length + this.#broken(hostOf(job, redirects.length));
    const tried = retryAt !== undefined || options.retryMaxTime > 0 || asked >= options.attempts;
    if (!tried) this.#problem(result, `has given up after ${page.asked.length} requests and ${status}`);
  }

  #failed(result: TransferResult, job: JobPlan): void {
    if (!this.#explains(result, job)) this.#problem(result, `has failed without a reason, ${shown(result.error)}`);
    const { mayHaveBeenProcessed, redirects } = result;
    const page = this.#book.page(targetOf(job.id, redirects.length));
    const processed =
      page?.asked.some(({ status, request }) => request.complete && !NOT_PROCESSED.has(status ?? 0)) ?? false;
    if (processed && !mayHaveBeenProcessed && !this.#mayBeConfused(job) && !job.invalid)
      this.#problem(result, 'was processed, and is said not to have been');
  }

  #explains({ error, redirects }: TransferResult, job: JobPlan): boolean {
    const { options, hosts, machine } = this.#plan;
    const index = hostOf(job, redirects.length);
    const host = hosts[index];
    const confused = this.#mayBeConfused(job);
    if (job.invalid) return error instanceof TypeError;
    if (error instanceof SinkError) return job.sinkFails !== 'no' && job.sink === 'sink';
    if (error instanceof WrongDocument) return job.lies !== 'no' || confused || this.#endsByClose(job, host);
    if (error instanceof UnsupportedResponse)
      return redirects.length >= options.redirects || job.upload?.form === 'pieces' || job.upload?.form === 'function';
    if (error instanceof DugongError && error.code === 'DUGONG_BODY_TOO_LARGE')
      return options.maxSize > 0 && (job.size > options.maxSize || confused);
    if (host === undefined) return confused;
    if (error instanceof StateError) return job.upload?.form === 'pieces' && host.version !== '1.1';
    if (error instanceof InvalidResponse) return this.#broken(index) > 0;
    if (!(error instanceof DugongError) && !isTempNetworkError(error)) return false;
    if (host.lookup !== 'one' || machine.noDescriptor > 0 || machine.noBuffers > 0) return true;
    const needed = job.method === 'POST' || job.method === 'PUT' || job.method === 'DELETE' ? 1 : options.attempts;
    if (this.#broken(index) >= needed) return true;
    return error instanceof ConnectionTimedOut && this.#isSlow(index);
  }

  #broken(index: number): number {
    return this.#book.broken[index] as number;
  }

  #endsByClose({ framing }: JobPlan, host: HostPlan | undefined): boolean {
    return framing === 'close' || (framing === 'chunked' && host?.version !== '1.1');
  }

  /** Whether something takes longer than the time limits, and nothing is broken. */
  #isSlow(index: number): boolean {
    const { options, consumer, jobs, hosts } = this.#plan;
    const { bandwidth } = hosts[index] as HostPlan;
    if (options.timeout > 0 || consumer.pause > 0 || options.bytesPerSecond > 0 || bandwidth < 1000) return true;
    return jobs.some(({ delay, pause, sinkPause }) => delay > 0 || pause > 0 || sinkPause > 0);
  }
}

export function shown(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.name} ${(error as { code?: string }).code ?? ''} ${error.message}`.slice(0, 200);
}
