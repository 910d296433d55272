/**
 * One connection of a bulk transfer: takes attempts of its host, and says what has become of each.
 *
 * The body of a job that does not say what it must be is committed only when nothing is in flight any more: then each request has had its
 * response. Nor does a redirect, or a status that is not accepted, count before. From time to time the connection therefore sends nothing until that is so. If a response is missing, left over or wrong, all
 * these bodies are asked for again, alone; they are just asked for again if the connection ends before that is known.
 */

import type { Answered, AskingSource, GivenBack, Unanswered } from '../client/asking.ts';
import type { HTTPConnection } from '../client/http-connection.ts';
import { operationsOf } from '../client/http-connection.ts';
import type { HTTPResponse } from '../client/http-response.ts';
import { AskAlone, Lane } from '../client/lane.ts';
import { coWithWatch } from '../client/patience.ts';
import { now } from '../clock.ts';
import { type Coroutine, PollNeeded } from '../coroutine.ts';
import { DugongError, Interrupted } from '../errors.ts';
import type { Attempt } from './attempt.ts';
import type { Decisions } from './decisions.ts';
import type { Host } from './host.ts';
import { Provisional, type Settled } from './provisional.ts';
import { MOST_IN_MEMORY, Receiver, type Verdict } from './receiver.ts';
import { isOverload } from './retry.ts';
import type { Run } from './run.ts';

/** Responses after which a connection makes room for one to another host, if there are too many. */
const TURN = 64;
/** The same in milliseconds. */
const LONG_TURN = 2000;
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
  readonly #receiver: Receiver;
  readonly #provisional: Provisional;
  readonly #begunAt: number = now();
  #answered = 0;
  #connecting = false;
  /** Whether a long body holds this connection. */
  #held = false;

  constructor(run: Run, host: Host, decisions: Decisions) {
    const { losses, stall, headersTimeout } = run.settings;
    const rules = { losses, stall, patience: headersTimeout, inOrder: false };
    this.#run = run;
    this.#decisions = decisions;
    this.#host = host;
    this.#connection = host.endpoint.connect();
    this.#lane = new Lane(operationsOf(this.#connection), this, { pipelining: host.pipelining, rules });
    this.#receiver = new Receiver(run, decisions, this.#connection);
    this.#provisional = new Provisional(run.settings.depth);
  }

  /** What a progress display shows. */
  get state(): { origin: string; inFlight: number; url: string | undefined; bytes: number; length: number | null } {
    return { origin: this.#host.origin, inFlight: this.#lane.inFlight, ...this.#receiver.state };
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
      for (const { attempt } of this.#provisional.takeAll())
        this.#decisions.unreceive(attempt.work, attempt.work.bytes);
      for (const { trace } of this.#lane.close()) trace?.givenUp();
      this.#connection.disconnect();
      this.#holds(false);
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
      this.#returned(attempts, 'unsent');
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
      if (this.#run.crowded || (readyAt === undefined && (this.#run.noMore || now() >= idleUntil))) return false;
      // Another host may be able to send meanwhile.
      const deadline = Math.min(readyAt ?? idleUntil, now() + IDLE);
      yield* host.idle.coWait(new PollNeeded(-1, 0, { deadline }));
    }
  }

  get #mustDrain(): boolean {
    return this.#lane.inFlight > 0 && this.#provisional.isFull;
  }

  get #mustLeave(): boolean {
    if (this.#run.ending) return true;
    return (this.#answered > TURN || now() - this.#begunAt > LONG_TURN) && this.#run.crowded;
  }

  giveBack(attempts: readonly Attempt[], why: GivenBack): void {
    if (why === 'lost') this.#holds(false);
    this.#returned(attempts, why === 'lost' ? 'lost' : 'unsent');
    if (why !== 'doubted') this.#askAgain(why);
  }

  connecting(attempt: Attempt): void {
    this.#connecting = true;
    this.#askAgain('dropped');
    attempt.trace?.connecting(this.#connection);
  }

  connected(attempt: Attempt): void {
    this.#connecting = false;
    attempt.trace?.connected(this.#connection);
  }

  /** Attempts go back to the host. One that was lost counts; the others do not. */
  #returned(attempts: readonly Attempt[], why: 'lost' | 'unsent'): void {
    const host = this.#host;
    host.ended(attempts.length);
    const again: Attempt[] = [];
    for (const attempt of attempts) {
      attempt.trace?.givenUp();
      const lost = why === 'lost' && attempt.losses > attempt.lossesSeen;
      attempt.lossesSeen = attempt.losses;
      if (!lost) attempt.work.attempts--;
      const wait = lost && attempt.losses > 1 ? this.#decisions.backoff(attempt.losses - 1) : 0;
      if (lost && !this.#decisions.isInTime(attempt.work, wait)) this.#decisions.failed(attempt, attempt.lostWith);
      else if (wait > 0) host.addLater(attempt, now() + wait);
      else again.push(attempt);
    }
    host.addFirst(again);
    this.#run.openLines(host);
  }

  // --- responses -----------------------------------------------------------------------------------------------------

  #coConsume(response: HTTPResponse, attempt: Attempt): Coroutine<Verdict> {
    const receiving = this.#receiver.coReceive(response, attempt, (bytes) => {
      if (attempt.work.toMemory && this.#provisional.bytes + bytes > MOST_IN_MEMORY) this.#letOthersGo(attempt);
    });
    return coWithWatch(receiving, SLOW, () => {
      this.#letOthersGo(attempt);
      this.#holds(true);
      return SLOW;
    });
  }

  /** A long body holds this connection, or no longer does. */
  // Parameters: whether it does.
  #holds(held: boolean): void {
    if (held === this.#held) return;
    this.#held = held;
    this.#host.held += held ? 1 : -1;
    this.#run.openLines(this.#host);
  }

  /**
   * Gives back the requests behind this one, whose body takes long. Their responses are not counted then, so that bodies that rely on the
   * count are asked for again. @throws AskAlone if this one does
   */
  #letOthersGo(attempt: Attempt): void {
    if (this.#lane.inFlight < 2) return;
    if (attempt.pipelined && !isKnown(attempt)) throw new AskAlone('the body takes long');
    this.#askAgain('dropped');
    this.#lane.releaseBehind();
  }

  *#coSettle(ended: Answered<Attempt, Verdict> | Unanswered<Attempt>): Coroutine<void> {
    const { asking: attempt } = ended;
    this.#host.ended(1);
    this.#holds(false);
    if (!('response' in ended)) {
      attempt.trace?.failed(ended.error);
      this.#decisions.failed(attempt, ended.error);
      return;
    }
    const { response, value: verdict } = ended;
    attempt.trace?.completed(response, verdict.kind === 'whole' ? attempt.work.bytes : (response.length ?? 0));
    attempt.work.duration = now() - attempt.work.dueAt;
    this.#answered++;
    this.#host.failures = 0;
    if (verdict.kind === 'whole') this.#host.served();
    const settled = { attempt, response, verdict };
    if (verdict.kind === 'wrong') this.#wrong(attempt, verdict.error);
    else if (isCertain(settled)) yield* this.#coConclude(settled);
    else this.#provisional.add(settled);
  }

  /** If the response may be another request's, so may be others on this connection. */
  #wrong(attempt: Attempt, error: unknown): void {
    this.#decisions.wrong(attempt, error);
    if (!attempt.pipelined) return;
    this.#host.pipelining.suspect();
    this.#lane.restart('lost');
  }

  /** Nothing is in flight: each request has had its response, unless bytes are left over. */
  *#coTrust(): Coroutine<void> {
    if (this.#provisional.any && (yield* this.#lane.coHasRest())) {
      this.#host.pipelining.suspect();
      this.#lane.restart('lost');
    }
    for (let settled = this.#provisional.take(); settled !== undefined; settled = this.#provisional.take()) {
      yield* this.#coConclude(settled);
    }
  }

  *#coConclude({ attempt, response, verdict }: Settled): Coroutine<void> {
    if (verdict.kind === 'whole') yield* this.#coCommit(attempt, verdict.body);
    else if (verdict.kind === 'redirect') this.#decisions.redirected(attempt, response);
    else if (verdict.kind === 'refused') this.#decisions.refused(attempt, response);
    else this.#decisions.failed(attempt, verdict.error);
  }

  *#coCommit(attempt: Attempt, body: Buffer | undefined): Coroutine<void> {
    const failed = yield* this.#receiver.coCommit(attempt);
    if (failed === undefined) this.#decisions.done(attempt, body);
    else this.#decisions.failed(attempt, failed.reason);
  }

  /** Asks again for what is not certain: after a loss alone, and so the second time. */
  #askAgain(why: GivenBack): void {
    const again = this.#provisional.takeAll();
    for (const { attempt, verdict } of again) {
      // A body that nothing reads may be what makes the connection end.
      attempt.alone ||= why === 'lost' || attempt.askedAgain || verdict.kind !== 'whole';
      attempt.askedAgain = why !== 'dropped';
      attempt.work.attempts--;
      this.#decisions.unreceive(attempt.work, attempt.work.bytes);
    }
    this.#host.addFirst(again.map(({ attempt }) => attempt));
  }
}

/** Whether the response is to this request. That there are too many is for all of them. */
function isCertain({ attempt, response, verdict }: Settled): boolean {
  if (!attempt.pipelined) return true;
  return verdict.kind === 'whole' ? isKnown(attempt) : verdict.kind === 'refused' && isOverload(response.status);
}

/** Whether the body shows by itself that it is the one that was asked for. */
function isKnown({ work: { job } }: Attempt): boolean {
  return job.digest !== undefined || job.etag !== undefined || job.size !== undefined;
}
