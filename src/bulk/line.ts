/**
 * One connection of a bulk transfer: takes attempts of its host, receives the bodies, and says what has become of each attempt.
 *
 * A pipelined response may belong to another request, and neither its framing nor a digest of its own shows that. So the body of a job
 * that does not say what it must be is committed only when nothing is in flight any more: then each request has had its response. A
 * redirect, and a status that is not accepted, are not acted upon before either. From time to time the connection therefore sends nothing
 * until that is so. If a response is missing, left over or wrong, all these requests are sent again, alone.
 */

import type { HTTPConnection } from '../client/http-connection.ts';
import { operationsOf } from '../client/http-connection.ts';
import type { HTTPResponse } from '../client/http-response.ts';
import {
  type Answered,
  type AskingSource,
  coWithPatience,
  type GivenBack,
  Lane,
  type Unanswered,
} from '../client/lane.ts';
import { now } from '../clock.ts';
import { type Coroutine, PollNeeded } from '../coroutine.ts';
import { ConnectionTimedOut, DugongError, Interrupted } from '../errors.ts';
import { isRedirect } from '../fetch/redirect.ts';
import { Queue } from '../queue.ts';
import type { Attempt, Work } from './attempt.ts';
import type { Decisions } from './decisions.ts';
import type { Host } from './host.ts';
import { isOverload } from './retry.ts';
import type { Run } from './run.ts';
import { BodyCheck, WrongDocument } from './verification.ts';

/** What has become of a response. */
export type Verdict =
  | { readonly kind: 'whole'; readonly body: Buffer | undefined }
  | { readonly kind: 'redirect' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'wrong'; readonly error: unknown }
  | { readonly kind: 'failed'; readonly error: unknown };

/** A response that is perhaps another request's. */
interface Provisional {
  readonly attempt: Attempt;
  readonly response: HTTPResponse;
  readonly verdict: Verdict;
}

const BUFFER = 131_072;
/** Responses that wait until they are certain, as a multiple of the depth. */
const MOST_PROVISIONAL = 4;
/** Bytes of a body that becomes part of a result. */
const MOST_IN_MEMORY = 1 << 26;
/** Responses after which a connection makes room for one to another host, if there are too many. */
const TURN = 64;
/** Milliseconds that a connection waits for work. */
const IDLE = 2000;
/** Milliseconds after which a body is so slow that the requests behind it go elsewhere. */
const SLOW = 1000;

export class Line implements AskingSource<Attempt> {
  readonly #run: Run;
  readonly #decisions: Decisions;
  readonly #host: Host;
  readonly #connection: HTTPConnection;
  readonly #lane: Lane<Attempt>;
  readonly #buffer: Buffer;
  readonly #provisional = new Queue<Provisional>();
  #answered = 0;
  /** How often responses were missing at the end of a connection, and how often when the latest response had come. */
  #losses = 0;
  #lossesBefore = 0;
  #connecting = false;
  /** The attempt whose body is being received. */
  #current: Attempt | undefined;
  #bytes = 0;

  constructor(run: Run, host: Host, decisions: Decisions) {
    const { losses, stall, headersTimeout } = run.settings;
    const rules = { losses, stall, patience: headersTimeout, inOrder: false };
    this.#run = run;
    this.#decisions = decisions;
    this.#host = host;
    this.#connection = host.endpoint.connect();
    this.#lane = new Lane(operationsOf(this.#connection), this, { pipelining: host.pipelining, rules });
    this.#buffer = Buffer.allocUnsafe(Math.min(BUFFER, run.settings.rate.portion));
  }

  /** What a progress display shows. */
  get state(): { origin: string; inFlight: number; url: string | undefined; bytes: number; length: number | null } {
    const { origin } = this.#host;
    const url = this.#current?.request.url.href;
    const length = this.#current?.work.response?.length ?? null;
    return { origin, inFlight: this.#lane.inFlight, url, bytes: this.#bytes, length };
  }

  /** Sends what has come, while a response is waited for. */
  fill(): void {
    this.#lane.fillBehind();
  }

  /** Until the host has nothing more to do. @throws an interruption */
  *coRun(): Coroutine<void> {
    try {
      for (;;) {
        const ended = yield* this.#coNext();
        if (ended === 'unconnected') continue;
        if (ended !== undefined) yield* this.#coSettle(ended);
        if (this.#lane.inFlight === 0) yield* this.#coTrust();
        if (ended === undefined) return;
      }
    } finally {
      const provisional = this.#takeProvisional().map(({ attempt }) => attempt);
      for (const { trace, work } of [...provisional, ...this.#lane.close()]) {
        trace?.givenUp();
        work.sink?.abandon();
      }
      this.#connection.disconnect();
    }
  }

  *#coNext(): Coroutine<Answered<Attempt, Verdict> | Unanswered<Attempt> | 'unconnected' | undefined> {
    try {
      return yield* this.#lane.coNext((response, attempt) => this.#coConsume(response, attempt));
    } catch (error) {
      const connecting = this.#connecting && error instanceof DugongError && !(error instanceof Interrupted);
      if (!connecting || this.#run.ending) throw error;
      this.#connecting = false;
      const attempts = this.#lane.close();
      for (const attempt of attempts) attempt.trace?.failed(error);
      this.#returned(attempts);
      this.#decisions.unconnected(this.#host, error);
      return 'unconnected';
    }
  }

  // --- the lane's source ---------------------------------------------------------------------------------------------

  take(): Attempt | undefined {
    if (this.#lane.inFlight >= this.#host.share || this.#mustLeave || this.#mustDrain) return undefined;
    const attempt = this.#host.take();
    if (attempt === undefined) return undefined;
    const { work } = attempt;
    work.attempts++;
    work.begunAt ??= now();
    attempt.trace = work.trace?.request(attempt.request);
    attempt.onSending = () => attempt.trace?.sending({ connection: this.#connection, reused: this.#answered > 0 });
    return attempt;
  }

  *coMore(): Coroutine<boolean> {
    const host = this.#host;
    const idleUntil = now() + IDLE;
    for (;;) {
      if (this.#mustLeave) return false;
      if (host.isReady) return true;
      const { readyAt } = host;
      if (readyAt === undefined && (this.#run.noMore || this.#run.crowded || now() >= idleUntil)) return false;
      yield* host.idle.coWait(new PollNeeded(-1, 0, { deadline: readyAt ?? idleUntil }));
    }
  }

  get #mustDrain(): boolean {
    return this.#lane.inFlight > 0 && this.#provisional.length >= MOST_PROVISIONAL * this.#run.settings.depth;
  }

  get #mustLeave(): boolean {
    return this.#answered > TURN && this.#run.crowded;
  }

  giveBack(attempts: readonly Attempt[], why: GivenBack): void {
    this.#returned(attempts);
    if (why !== 'lost') return;
    this.#losses++;
    this.#distrust();
  }

  connecting(attempt: Attempt): void {
    this.#connecting = true;
    attempt.trace?.connecting(this.#connection);
  }

  connected(attempt: Attempt): void {
    this.#connecting = false;
    this.#host.failures = 0;
    attempt.trace?.connected(this.#connection);
  }

  /** Attempts go back to the host. One that was lost counts; the others do not. */
  #returned(attempts: readonly Attempt[]): void {
    const host = this.#host;
    host.ended(attempts.length);
    const again: Attempt[] = [];
    for (const attempt of attempts) {
      attempt.trace?.givenUp();
      const lost = attempt.losses > attempt.lossesSeen;
      attempt.lossesSeen = attempt.losses;
      if (!lost) attempt.work.attempts--;
      if (lost && attempt.losses > 1) host.addLater(attempt, now() + this.#decisions.backoff(attempt.losses - 1));
      else again.push(attempt);
    }
    host.addFirst(again);
    this.#run.openLines(host);
  }

  // --- responses -----------------------------------------------------------------------------------------------------

  *#coConsume(response: HTTPResponse, attempt: Attempt): Coroutine<Verdict> {
    const { work, request, trace } = attempt;
    const { settings } = this.#run;
    this.#lossesBefore = this.#losses;
    trace?.sent();
    trace?.answered(response);
    settings.afterResponse?.(response, { url: request.url, job: work.job });
    work.response = response;
    work.dueAt = now();
    work.remoteAddress = this.#connection.remoteAddress;
    if (isRedirect(response, 'follow') && settings.redirects > 0) return { kind: 'redirect' };
    if (!accepted(attempt, response.status)) return { kind: 'refused' };
    this.#current = attempt;
    try {
      return yield* this.#coBody(response, attempt);
    } finally {
      this.#current = undefined;
      this.#bytes = 0;
    }
  }

  *#coBody(response: HTTPResponse, attempt: Attempt): Coroutine<Verdict> {
    const { work } = attempt;
    const check = new BodyCheck(work.job, response);
    let whole = false;
    try {
      check.begin();
      if (work.sink !== undefined) yield* this.#coSink(() => work.sink?.begin(response, work.job));
      const body = yield* this.#coReceive(check, attempt);
      work.verification = check.end();
      work.bytes = check.bytes;
      whole = true;
      return { kind: 'whole', body };
    } catch (error) {
      if (error instanceof WrongDocument) return { kind: 'wrong', error };
      if (error instanceof SinkFailed) return { kind: 'failed', error: error.reason };
      throw error;
    } finally {
      if (!whole) this.#decisions.unreceive(work, check.bytes);
    }
  }

  /** Receives the body; returns it if it goes nowhere else. */
  *#coReceive(check: BodyCheck, { work }: Attempt): Coroutine<Buffer | undefined> {
    const { settings } = this.#run;
    const { rate } = settings;
    const operations = operationsOf(this.#connection);
    const kept: Buffer[] = [];
    const { toMemory } = work;
    const maxSize = settings.maxSize ?? (toMemory ? MOST_IN_MEMORY : Number.POSITIVE_INFINITY);
    const slowAt = now() + SLOW;
    for (;;) {
      const count = yield* coWithPatience(operations.coReadInto(this.#buffer), settings.bodyTimeout);
      if (settings.timeout > 0 && now() - work.dueAt > settings.timeout) {
        throw new SinkFailed(new ConnectionTimedOut(settings.timeout, 'receive'));
      }
      if (count === 0) return toMemory ? Buffer.concat(kept) : undefined;
      const bytes = this.#buffer.subarray(0, count);
      check.update(bytes);
      this.#bytes = check.bytes;
      this.#decisions.received(count);
      if (check.bytes > maxSize) throw new SinkFailed(tooLarge(maxSize));
      if (toMemory) kept.push(Buffer.from(bytes));
      else if (work.sink !== undefined) yield* this.#coSink(() => work.sink?.write(bytes));
      yield* rate.coTake(count);
      if (now() > slowAt && this.#mayRelease(work)) this.#lane.releaseBehind();
    }
  }

  /** Whether nothing depends on the responses behind the one that is being received. */
  #mayRelease(work: Work): boolean {
    return this.#lane.inFlight > 1 && this.#provisional.length === 0 && isKnown(work);
  }

  /** Calls a function of a sink. @throws SinkFailed, or an interruption */
  *#coSink(call: () => Coroutine<void> | void): Coroutine<void> {
    try {
      const coroutine = call();
      if (coroutine !== undefined) yield* coroutine;
    } catch (error) {
      throw this.#run.ending ? error : new SinkFailed(error);
    }
  }

  *#coSettle(ended: Answered<Attempt, Verdict> | Unanswered<Attempt>): Coroutine<void> {
    const { asking: attempt } = ended;
    this.#host.ended(1);
    if (!('response' in ended)) {
      attempt.trace?.failed(ended.error);
      this.#decisions.failed(attempt, ended.error, ended.mayHaveBeenProcessed);
      return;
    }
    const { response, value: verdict } = ended;
    attempt.trace?.completed(response);
    attempt.work.duration = now() - attempt.work.dueAt;
    this.#answered++;
    if (verdict.kind === 'whole') this.#host.overloads = 0;
    const settled = { attempt, response, verdict };
    if (verdict.kind === 'wrong') {
      this.#wrong(attempt, verdict.error);
    } else if (this.#isCertain(settled)) {
      yield* this.#coConclude(settled);
    } else {
      this.#provisional.push(settled);
      if (this.#losses > this.#lossesBefore) this.#distrust();
    }
  }

  /** Whether the response is to this request. All requests may be told that there are too many. */
  #isCertain({ attempt, response, verdict }: Provisional): boolean {
    if (!this.#isPipelined(attempt)) return true;
    return verdict.kind === 'whole' ? isKnown(attempt.work) : verdict.kind === 'refused' && isOverload(response.status);
  }

  *#coConclude({ attempt, response, verdict }: Provisional): Coroutine<void> {
    if (verdict.kind === 'whole') yield* this.#coCommit(attempt, verdict.body);
    else if (verdict.kind === 'redirect') this.#decisions.redirected(attempt, response);
    else if (verdict.kind === 'refused') this.#decisions.refused(attempt, response);
    else this.#decisions.failed(attempt, verdict.error, true);
  }

  /** If the response may be another request's, so may be others on this connection. */
  #wrong(attempt: Attempt, error: unknown): void {
    const pipelined = this.#isPipelined(attempt);
    this.#decisions.wrong(attempt, error, pipelined);
    if (!pipelined) return;
    this.#host.pipelining.suspect();
    this.#lane.restart('lost');
  }

  #isPipelined(attempt: Attempt): boolean {
    return attempt.behind || this.#lane.inFlight > 0;
  }

  /** Nothing is in flight: each request has had its response, unless bytes are left over. */
  *#coTrust(): Coroutine<void> {
    if (this.#provisional.length > 0 && this.#lane.hasRest) {
      this.#host.pipelining.suspect();
      this.#lane.restart('lost');
    }
    for (const settled of this.#takeProvisional()) yield* this.#coConclude(settled);
  }

  *#coCommit(attempt: Attempt, body: Buffer | undefined): Coroutine<void> {
    const { work } = attempt;
    try {
      yield* this.#coSink(() => work.sink?.commit());
      this.#decisions.done(attempt, body);
    } catch (error) {
      if (!(error instanceof SinkFailed)) throw error;
      this.#decisions.unreceive(work, work.bytes);
      this.#decisions.failed(attempt, error.reason, true);
    }
  }

  /** What is not certain is asked for again, alone. */
  #distrust(): void {
    const again = this.#takeProvisional().map(({ attempt }) => attempt);
    for (const attempt of again) {
      attempt.alone = true;
      attempt.work.attempts--;
      this.#decisions.unreceive(attempt.work, attempt.work.bytes);
    }
    this.#host.addFirst(again);
  }

  #takeProvisional(): readonly Provisional[] {
    const all = [...this.#provisional];
    while (this.#provisional.length > 0) this.#provisional.shift();
    return all;
  }
}

/** A sink has failed, or the body is not for it. */
class SinkFailed extends Error {
  readonly reason: unknown;

  constructor(reason: unknown) {
    super('the body could not be stored', { cause: reason });
    this.reason = reason;
  }
}

class BodyTooLarge extends DugongError {}

function tooLarge(most: number): DugongError {
  return new BodyTooLarge('DUGONG_BODY_TOO_LARGE', `the body has more than ${most} bytes`);
}

/** Whether the job says what its body must be. */
function isKnown({ job: { digest, etag, size } }: Work): boolean {
  return digest !== undefined || etag !== undefined || size !== undefined;
}

function accepted({ work: { job } }: Attempt, status: number): boolean {
  return job.accepts === undefined ? status >= 200 && status < 300 : job.accepts(status);
}
