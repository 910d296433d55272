/**
 * What happens after each attempt: a result, or another attempt, when, and where. It counts what has come.
 */

import type { HTTPResponse } from '../client/http-response.ts';
import { now, wallTime } from '../clock.ts';
import { ProxyError, UnsupportedResponse } from '../errors.ts';
import { isTempNetworkError } from '../temp-network-error.ts';
import { type Attempt, type Ending, nextRequest, type Work } from './attempt.ts';
import type { Host } from './host.ts';
import { backoff, canPass, isOverload, retryAfter } from './retry.ts';
import type { Run } from './run.ts';
import type { CheckedSettings } from './transfer-options.ts';

/** The part of Retry-After by which the next attempt is later at most, so that not all come at the same time. */
const JITTER = 0.25;
const LEAST_JITTER = 250;

export class Decisions {
  readonly #settings: CheckedSettings;
  readonly #run: Run;
  readonly #counts = { done: 0, missing: 0, failed: 0, aborted: 0, bytes: 0 };

  constructor(settings: CheckedSettings, run: Run) {
    this.#settings = settings;
    this.#run = run;
  }

  /** Results by outcome, and bytes of bodies that were received and are not given up. */
  get counts(): Readonly<Record<'done' | 'missing' | 'failed' | 'aborted' | 'bytes', number>> {
    return this.#counts;
  }

  received(bytes: number): void {
    this.#counts.bytes += bytes;
  }

  /** What was received of a body is not the document. */
  unreceive(work: Work, bytes: number): void {
    this.#counts.bytes -= bytes;
    work.bytes = 0;
    work.verification = 'none';
    try {
      work.sink?.abandon();
    } catch {
      // It would hide why the body is given up.
    }
  }

  /** Milliseconds before an attempt that follows `failures` failures. */
  backoff(failures: number): number {
    return backoff(failures, this.#settings.random);
  }

  // --- results -------------------------------------------------------------------------------------------------------

  done(attempt: Attempt, body: Buffer | undefined): void {
    this.#finish(attempt.work, attempt.url, { outcome: 'done', body });
  }

  failed({ work, url, mayHaveBeenProcessed }: Attempt, error: unknown): void {
    this.#finish(work, url, { outcome: 'failed', error, mayHaveBeenProcessed });
  }

  /** The job itself is wrong. */
  refusedJob(work: Work, error: unknown): void {
    this.#finish(work, urlOf(work), { outcome: 'failed', error });
  }

  aborted(work: Work, failure: { readonly reason: unknown } | undefined): void {
    this.#finish(work, urlOf(work), { outcome: 'aborted', error: failure?.reason });
  }

  #finish(work: Work, url: string, ending: Ending): void {
    this.#counts[ending.outcome]++;
    this.#run.finish(work, work.result(url, ending));
  }

  // --- another attempt -----------------------------------------------------------------------------------------------

  redirected(attempt: Attempt, response: HTTPResponse): void {
    const { work, url } = attempt;
    const { redirects } = this.#settings;
    try {
      if (work.redirects.length >= redirects)
        throw new UnsupportedResponse(`there were more than ${redirects} redirects`);
      const next = nextRequest(attempt, response);
      work.redirects.push({ status: response.status, url });
      this.#run.enqueue(work, next, 'first');
    } catch (error) {
      this.failed(attempt, error);
    }
  }

  /** The server has answered with a status that is not accepted. */
  refused(attempt: Attempt, response: HTTPResponse): void {
    const { work, host, url } = attempt;
    const { status } = response;
    const asked = retryAfter(response, wallTime());
    const late = asked > this.#settings.longestRetryAfter;
    const wait = this.#waitAfter(asked, work.attempts);
    if (!canPass(attempt.request.method, status) || late || !this.#mayTryAgain(work, wait)) {
      if (late) work.retryAt = wallTime() + asked;
      this.#finish(work, url, { outcome: 'missing' });
      return;
    }
    if (!isOverload(status)) {
      host.addLater(attempt, now() + wait);
      return;
    }
    host.overloaded(this.#waitAfter(asked, 1));
    // The first after the pause: if that is refused, too, it may be all that the server refuses, and must not hold up others.
    host.addLater(attempt, work.attempts === 1 ? host.pausedUntil : now() + wait);
  }

  #waitAfter(asked: number, failures: number): number {
    if (asked === 0) return this.backoff(failures);
    return asked + this.#settings.random() * Math.max(LEAST_JITTER, JITTER * asked);
  }

  #mayTryAgain(work: Work, wait: number): boolean {
    return work.attempts - work.redirects.length < this.#settings.attempts && this.isInTime(work, wait);
  }

  /** Whether a job may be tried again after `wait` milliseconds. */
  isInTime({ begunAt = now() }: Work, wait: number): boolean {
    const { retryMaxTime } = this.#settings;
    return retryMaxTime === 0 || now() + wait - begunAt <= retryMaxTime;
  }

  /** The response is not the document that was asked for; perhaps it is that of another pipelined request. */
  wrong(attempt: Attempt, error: unknown): void {
    const { work, host, pipelined } = attempt;
    attempt.alone = true;
    const wait = this.backoff(work.attempts);
    if (pipelined) {
      work.attempts--;
      host.addFirst([attempt]);
    } else if (attempt.repeatable && this.#mayTryAgain(work, wait)) host.addLater(attempt, now() + wait);
    else this.failed(attempt, error);
  }

  /** No connection to the host could be made. After some times, and at once if that cannot pass, all its jobs fail. */
  unconnected(host: Host, error: unknown): void {
    const pausing = host.pausedUntil > now();
    if (!pausing) host.failures++;
    const mayPass =
      isTempNetworkError(error) || (error instanceof ProxyError && canPass('GET', error.answer?.status ?? 0));
    if (mayPass && host.failures < this.#settings.attempts) {
      if (!pausing) host.pause(this.backoff(host.failures));
      return;
    }
    this.unreachable(host, error);
  }

  /** The host cannot be reached in this run. */
  unreachable(host: Host, error: unknown): void {
    host.dead = { reason: error };
    for (const attempt of host.drain()) this.failed(attempt, error);
  }
}

/** The URL of a job that may be invalid. */
function urlOf({ given }: Work): string {
  try {
    return String(given.url);
  } catch {
    return '';
  }
}
