/**
 * Receives the responses of one connection: checks a body while it comes, hands it to its sink, and says what has come. It does not decide
 * what follows from that.
 */

import { type HTTPConnection, operationsOf } from '../client/http-connection.ts';
import type { HTTPResponse } from '../client/http-response.ts';
import { coWithPatience } from '../client/patience.ts';
import { now } from '../clock.ts';
import type { Coroutine } from '../coroutine.ts';
import { ConnectionTimedOut, DugongError } from '../errors.ts';
import { isRedirect } from '../fetch/redirect.ts';
import type { Attempt, Work } from './attempt.ts';
import type { Decisions } from './decisions.ts';
import type { Run } from './run.ts';
import { BodyCheck, WrongDocument } from './verification.ts';

/** What has become of a response. */
export type Verdict =
  | { readonly kind: 'whole'; readonly body: Buffer | undefined }
  | { readonly kind: 'redirect' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'wrong'; readonly error: unknown }
  | { readonly kind: 'failed'; readonly error: unknown };

const PARTIAL = 206;
const BUFFER = 131_072;
/** Bytes of a body that becomes part of a result. */
export const MOST_IN_MEMORY: number = 1 << 26;

export class Receiver {
  readonly #run: Run;
  readonly #decisions: Decisions;
  readonly #connection: HTTPConnection;
  readonly #buffer: Buffer;
  /** The attempt whose body is being received. */
  #current: Attempt | undefined;
  #bytes = 0;

  constructor(run: Run, decisions: Decisions, connection: HTTPConnection) {
    this.#run = run;
    this.#decisions = decisions;
    this.#connection = connection;
    this.#buffer = Buffer.allocUnsafe(Math.min(BUFFER, run.settings.rate.portion));
  }

  /** The body that is being received: its URL, the bytes so far, and its length if that is known. */
  get state(): { url: string | undefined; bytes: number; length: number | null } {
    const url = this.#current?.request.url.href;
    return { url, bytes: this.#bytes, length: this.#current?.work.response?.length ?? null };
  }

  /** `received` is called with the bytes so far, after each part of the body; it may throw. */
  *coReceive(response: HTTPResponse, attempt: Attempt, received: (bytes: number) => void): Coroutine<Verdict> {
    const { work, request, trace } = attempt;
    const { settings } = this.#run;
    trace?.sent();
    trace?.answered(response);
    work.response = response;
    work.dueAt = now();
    work.remoteAddress = this.#connection.remoteAddress;
    this.#current = attempt;
    try {
      const { url, method, headers } = request;
      calling(() => settings.afterResponse?.(response, { url, method, headers, job: work.given }));
      if (isRedirect(response, 'follow') && settings.redirects > 0) return { kind: 'redirect' };
      if (response.status === PARTIAL && !attempt.asksForPart)
        throw new WrongDocument('the server sent a part of the document (206) that was not asked for');
      if (!calling(() => accepted(work, response.status))) return { kind: 'refused' };
      return { kind: 'whole', body: yield* this.#coBody(response, work, received) };
    } catch (error) {
      if (error instanceof WrongDocument) return { kind: 'wrong', error };
      if (error instanceof CallFailed) return { kind: 'failed', error: error.reason };
      throw error;
    } finally {
      this.#current = undefined;
      this.#bytes = 0;
    }
  }

  /** Gives a whole body to its owner. Returns the error of the sink, if it fails. */
  *coCommit({ work }: Attempt): Coroutine<CallFailed | undefined> {
    let committed = false;
    try {
      if (work.sink !== undefined) yield* this.#coSink(() => work.sink?.commit());
      committed = true;
      return undefined;
    } catch (error) {
      if (error instanceof CallFailed) return error;
      throw error;
    } finally {
      if (!committed) this.#decisions.unreceive(work, work.bytes);
    }
  }

  /** Returns the body if it goes nowhere else. */
  *#coBody(response: HTTPResponse, work: Work, received: (bytes: number) => void): Coroutine<Buffer | undefined> {
    const check = new BodyCheck(work.job, response);
    let whole = false;
    try {
      check.begin();
      if (work.sink !== undefined) yield* this.#coSink(() => work.sink?.begin(response, work.job));
      const body = yield* this.#coParts(check, work, received);
      work.verification = check.end();
      work.bytes = check.bytes;
      whole = true;
      return body;
    } finally {
      if (!whole) this.#decisions.unreceive(work, check.bytes);
    }
  }

  *#coParts(check: BodyCheck, work: Work, received: (bytes: number) => void): Coroutine<Buffer | undefined> {
    const { maxSize, rate } = this.#run.settings;
    const { toMemory } = work;
    const most = maxSize ?? (toMemory ? MOST_IN_MEMORY : Number.POSITIVE_INFINITY);
    const kept: Buffer[] = [];
    for (;;) {
      const count = yield* this.#coRead(work);
      if (count === 0) return toMemory ? Buffer.concat(kept) : undefined;
      const bytes = this.#buffer.subarray(0, count);
      this.#decisions.received(count);
      check.update(bytes);
      this.#bytes = check.bytes;
      if (check.bytes > most) throw new CallFailed(tooLarge(most));
      if (toMemory) kept.push(Buffer.from(bytes));
      else if (work.sink !== undefined) yield* this.#coSink(() => work.sink?.write(bytes));
      yield* rate.coTake(count);
      received(check.bytes);
    }
  }

  /** Reads into the buffer. @throws CallFailed when the time of the body is over */
  *#coRead({ dueAt }: Work): Coroutine<number> {
    const { bodyTimeout, timeout } = this.#run.settings;
    const isLate = (): boolean => timeout > 0 && now() >= dueAt + timeout;
    const left = Math.max(1, dueAt + timeout - now());
    const limit = timeout > 0 && (bodyTimeout === 0 || left < bodyTimeout) ? left : bodyTimeout;
    try {
      const count = yield* coWithPatience(operationsOf(this.#connection).coReadInto(this.#buffer), limit);
      if (count === 0 || !isLate()) return count;
    } catch (error) {
      if (!(error instanceof ConnectionTimedOut && isLate()) || this.#run.ending) throw error;
    }
    throw new CallFailed(new ConnectionTimedOut(timeout, 'receive'));
  }

  /** Calls a function of a sink. @throws CallFailed, or an interruption */
  *#coSink(call: () => Coroutine<void> | void): Coroutine<void> {
    try {
      const coroutine = call();
      if (coroutine !== undefined) yield* coroutine;
    } catch (error) {
      throw this.#run.ending ? error : new CallFailed(error);
    }
  }
}

/** A function of the caller has failed, or the body is not for it: that ends the job, not the run. */
export class CallFailed extends Error {
  readonly reason: unknown;

  constructor(reason: unknown) {
    super('the body could not be stored', { cause: reason });
    this.reason = reason;
  }
}

/** @throws CallFailed */
function calling<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw new CallFailed(error);
  }
}

class BodyTooLarge extends DugongError {}

function tooLarge(most: number): DugongError {
  return new BodyTooLarge('DUGONG_BODY_TOO_LARGE', `the body has more than ${most} bytes`);
}

function accepted({ job }: Work, status: number): boolean {
  return job.accepts === undefined ? status >= 200 && status < 300 : job.accepts(status);
}
