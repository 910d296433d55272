/** What is done with one connection of a plan, as a coroutine: it never throws but for faults of its own. */

import {
  BodyFollowing,
  ConnectionClosed,
  ConnectionTimedOut,
  type Coroutine,
  coAll,
  coSleep,
  coWithTimeout,
  DugongError,
  HTTPConnection,
  type HTTPConnectionOptions,
  type HTTPResponse,
  type SendRequestOptions,
} from '../client.ts';
import type { World } from '../world.ts';
import { type Account, type Attempt, expectedBody, expectedStatus } from './account.ts';
import type { RequestPlan } from './plan.ts';

/** Milliseconds for one attempt at all requests that are left: longer than any stall of the network. */
export const PATIENCE = 20_000;
const MOST_ATTEMPTS = 8;
/** How often a call is tried again after a time limit of the program's own. */
const MOST_TRIES = 8;

/** The program gives up, for a reason that is none of the connection's. */
class GivenUp extends Error {
  override readonly name: string = 'GivenUp';
}

export class LinkProgram {
  readonly #account: Account;
  readonly #world: World;
  /** Each attempt has a time limit. */
  readonly #limited: boolean;
  readonly #connection: HTTPConnection;
  #interrupted = false;

  constructor(account: Account, world: World, limited: boolean, options: HTTPConnectionOptions) {
    this.#account = account;
    this.#world = world;
    this.#limited = limited;
    this.#connection = new HTTPConnection(`h${account.link.index}.test`, options);
  }

  get connection(): HTTPConnection {
    return this.#connection;
  }

  /** When whatever runs the program is to throw into it. */
  get abortsAt(): number | undefined {
    const { interruption } = this.#account.link;
    return interruption?.how === 'abort' ? interruption.at : undefined;
  }

  /** Everything; what fails is tried again on another connection, a few times. */
  *coRun(): Coroutine<void> {
    const account = this.#account;
    using connection = this.#connection;
    for (let attempt = 0; attempt < MOST_ATTEMPTS && account.open.length > 0; attempt++) {
      const shape = attempt === 0 ? account.link.shape : 'serial';
      try {
        const coroutine = this.#coInterrupted(this.#coShape(shape));
        yield* this.#limited ? coWithTimeout(coroutine, PATIENCE) : coroutine;
      } catch (error) {
        this.#note('attempt', error);
        account.fates.push(this.#fateOf(error));
      }
      connection.disconnect();
      account.disconnected();
    }
    account.results.push(`open: ${account.open.map(({ id }) => id).join()}`);
  }

  // --- interruptions ---------------------------------------------------------------------------------------------------

  #coInterrupted(coroutine: Coroutine<void>): Coroutine<void> {
    const { interruption } = this.#account.link;
    if (interruption === undefined || this.#interrupted || interruption.how === 'limit') return coroutine;
    // That is for whatever runs the program.
    if (interruption.how === 'abort') return coroutine;
    this.#interrupted = true;
    return interruption.how === 'cancel'
      ? this.#coCancelled(coroutine, interruption.at)
      : this.#coDisconnected(coroutine, interruption.at);
  }

  /** Ended at its n-th suspension; the program goes on then with what it had come to. */
  *#coCancelled(coroutine: Coroutine<void>, at: number): Coroutine<void> {
    let step = coroutine.next();
    for (let count = 0; count < at && !step.done; count++) {
      try {
        yield step.value;
      } catch (error) {
        step = coroutine.throw(error);
        continue;
      }
      step = coroutine.next();
    }
    if (step.done) return;
    coroutine.return();
    if (this.#account.present.some(({ sending, request }) => sending && request.upload !== undefined)) {
      throw new GivenUp('in the middle of an upload');
    }
    this.#account.results.push('cancelled');
    yield* this.#coGoOn();
  }

  /** The connection is closed from elsewhere while the coroutine runs. */
  *#coDisconnected(coroutine: Coroutine<void>, at: number): Coroutine<void> {
    const connection = this.#connection;
    yield* coAll([
      coroutine,
      (function* () {
        yield* coSleep(2 ** at / 16);
        connection.disconnect();
      })(),
    ]);
  }

  /** Reads what was asked for, and then asks for the rest. */
  *#coGoOn(): Coroutine<void> {
    const requests = this.#connection.pendingRequests();
    const pending = new Set(requests.map(({ path }) => path));
    this.#account.pending(requests);
    for (const attempt of this.#account.unanswered) {
      if (pending.has(attempt.target)) yield* this.#coReadAnswer(attempt);
      else if (attempt.headRead) yield* this.#coReadBody(attempt);
      // A connection that was only being made is given up, and all that was to go over it.
      else this.#account.refused(attempt);
    }
    yield* this.#coShape('serial');
  }

  // --- the order of things ---------------------------------------------------------------------------------------------

  *#coShape(shape: 'serial' | 'ahead' | 'together'): Coroutine<void> {
    const requests = this.#account.open;
    if (shape === 'serial') {
      for (const request of requests) yield* this.#coReadAnswer(yield* this.#coSend(request));
    } else if (shape === 'ahead') {
      const attempts: Attempt[] = [];
      for (const request of requests) attempts.push(yield* this.#coSend(withoutExpectation(request)));
      for (const attempt of attempts) yield* this.#coReadAnswer(attempt);
    } else {
      yield* this.#coCall('connect', () => this.#connection.coConnect());
      yield* coAll([this.#coSendAll(requests), this.#coReadAllOf(requests.length)]);
    }
  }

  *#coSendAll(requests: readonly RequestPlan[]): Coroutine<void> {
    for (const request of requests) yield* this.#coSend(withoutExpectation(request));
  }

  *#coReadAllOf(count: number): Coroutine<void> {
    for (let read = 0; read < count; read++) {
      // The sender may not have come to it.
      while (this.#account.unanswered[0] === undefined) yield* coSleep(1);
      yield* this.#coReadAnswer(this.#account.unanswered[0]);
    }
  }

  // --- requests --------------------------------------------------------------------------------------------------------

  *#coSend(request: RequestPlan): Coroutine<Attempt> {
    const { upload } = request;
    const planned = this.#account.link.requests.find(({ id }) => id === request.id) ?? request;
    const attempt = this.#account.begin(planned, { expects: upload?.expect ?? false });
    const options = optionsOf(attempt, upload);
    if (upload?.form !== 'following' && upload?.form !== 'chunked') attempt.given = attempt.upload.length;
    yield* this.#coCall('sendRequest', () => this.#connection.coSendRequest(request.method, attempt.target, options));
    if (upload?.form === 'following' || upload?.form === 'chunked') yield* this.#coUpload(attempt, upload);
    attempt.sending = false;
    return attempt;
  }

  *#coUpload(attempt: Attempt, { expect, part, form }: NonNullable<RequestPlan['upload']>): Coroutine<void> {
    if (expect) {
      const response = yield* this.#coCall('readResponse', () => this.#connection.coReadResponse());
      if (response.status !== 100) {
        this.#accept(attempt, response);
        return;
      }
    }
    const { upload } = attempt;
    for (let start = 0; start < upload.length; start += part) {
      const piece = upload.subarray(start, start + part);
      attempt.given = start + piece.length;
      yield* this.#coCall('write', () => this.#connection.coWrite(piece));
    }
    if (form === 'chunked')
      yield* this.#coCall('endBody', () => this.#connection.coEndBody({ trailers: { 'X-End': attempt.target } }));
  }

  // --- answers ---------------------------------------------------------------------------------------------------------

  *#coReadAnswer(attempt: Attempt): Coroutine<void> {
    while (!attempt.headRead) {
      const response = yield* this.#coCall('readResponse', () => this.#connection.coReadResponse());
      if (response.status === 100) continue;
      this.#accept(attempt, response);
    }
    if (!attempt.answered) yield* this.#coReadBody(attempt);
  }

  #accept(attempt: Attempt, { status, method, path }: HTTPResponse): void {
    const { request, target } = attempt;
    attempt.headRead = true;
    if (method !== request.method || path !== target || status !== expectedStatus(attempt)) {
      this.#account.problems.push(`the answer to ${request.method} ${target} is ${status} of ${method} ${path}`);
    }
  }

  *#coReadBody(attempt: Attempt): Coroutine<void> {
    const { read, part } = attempt.request;
    const expected = expectedBody(attempt);
    if (read === 'discard') yield* this.#coCall('discard', () => this.#connection.coDiscard());
    else {
      const body = read === 'all' ? yield* this.#coWhole() : yield* this.#coParts(read, part, attempt);
      if (!body.equals(expected)) {
        this.#account.fates.push(`${body.length} bytes`);
        this.#judgeOther(attempt, body, expected);
      }
    }
    attempt.answered = true;
    this.#account.results.push(`${attempt.target} answered`);
    this.#account.fates.push(`${attempt.target} answered`);
  }

  *#coWhole(): Coroutine<Buffer> {
    return yield* this.#coCall('readAll', () => this.#connection.coReadAll());
  }

  *#coParts(read: 'parts' | 'into', part: number, attempt: Attempt): Coroutine<Buffer> {
    const parts = (this.#partsOf.get(attempt) ?? this.#partsOf.set(attempt, []).get(attempt)) as Buffer[];
    for (;;) {
      const buffer = Buffer.alloc(part);
      const bytes =
        read === 'parts'
          ? yield* this.#coCall('read', () => this.#connection.coRead(part))
          : buffer.subarray(0, yield* this.#coCall('readInto', () => this.#connection.coReadInto(buffer)));
      if (bytes.length === 0) return Buffer.concat(parts);
      parts.push(bytes);
    }
  }

  /** What was read of bodies whose reading was interrupted. */
  readonly #partsOf = new Map<Attempt, Buffer[]>();

  /** The end of a stream is the end of such a body, if nothing but the network says so (RFC 9112 8). */
  #judgeOther({ target, request }: Attempt, body: Buffer, expected: Buffer): void {
    const { tls, cut } = this.#account.link;
    const cutInSilence = request.answer.framing === 'close' && !tls && cut?.how === 'fin';
    if (cutInSilence && expected.subarray(0, body.length).equals(body)) return;
    this.#account.problems.push(
      `the body of ${target} has ${body.length} bytes, which are not the ${expected.length} sent`,
    );
  }

  /** An answer that has begun ends where its bytes end. Before that, the time at which the caller looks decides about the phase. */
  #fateOf(error: unknown): string {
    if (!(error instanceof DugongError)) return String(error);
    const [oldest] = this.#account.unanswered;
    if (!oldest?.headRead) return error.code;
    const bytes = this.#partsOf.get(oldest)?.reduce((sum, { length }) => sum + length, 0) ?? 0;
    const phase = 'phase' in error ? ` (${String(error.phase)})` : '';
    return `${oldest.target} after ${bytes} bytes: ${error.code}${phase}`;
  }

  // --- calls -----------------------------------------------------------------------------------------------------------

  /** A call, with the time limit of the plan if it has one: tried again then. */
  *#coCall<T>(name: string, call: () => Coroutine<T>): Coroutine<T> {
    const { interruption } = this.#account.link;
    const limited = interruption?.how === 'limit' && name !== 'sendRequest' && name !== 'write' && name !== 'endBody';
    for (let tries = 0; ; tries++) {
      const begin = this.#world.now;
      try {
        return limited && tries < MOST_TRIES ? yield* coWithTimeout(call(), interruption.at) : yield* call();
      } catch (error) {
        this.#note(name, error);
        if (!(error instanceof ConnectionTimedOut && limited && tries < MOST_TRIES)) throw error;
        const late = this.#world.now - begin - interruption.at;
        // Another limit may have passed first.
        if (error.timeout === interruption.at && late < 0) {
          this.#account.problems.push(`${name}: timed out ${-late} ms before its limit`);
        }
        if (name === 'connect') throw error;
      }
    }
  }

  /** What an error may be, and what it claims. */
  #note(call: string, error: unknown): void {
    const { problems, results } = this.#account;
    if (error instanceof GivenUp || isCancellation(error)) return;
    if (!(error instanceof DugongError)) {
      problems.push(`${call}: ${error instanceof Error ? error.stack : String(error)}`);
      return;
    }
    const phase = 'phase' in error ? ` (${String(error.phase)})` : '';
    if (call === 'attempt') return;
    results.push(`${call}: ${error.code}${phase}`);
    if (error instanceof ConnectionClosed) this.#account.lost(error.lostRequests, `${call}: ${error.message}`);
  }
}

/** Where others read, the sender cannot wait for a 100. */
function withoutExpectation(request: RequestPlan): RequestPlan {
  return request.upload?.expect ? { ...request, upload: { ...request.upload, expect: false } } : request;
}

/** What ended a sibling ends a coroutine by this. */
function isCancellation(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

function optionsOf({ upload }: Attempt, plan: RequestPlan['upload']): SendRequestOptions {
  if (plan === undefined) return {};
  const { form, part, expect = false } = plan;
  if (form === 'whole') return { body: upload };
  if (form === 'following') return { body: new BodyFollowing(upload.length), expect100: expect };
  if (form === 'chunked') return { body: new BodyFollowing() };
  if (form === 'awaited') return { body: slowly(upload, part) };
  return {
    body: (function* () {
      for (let start = 0; start < upload.length; start += part) yield upload.subarray(start, start + part);
    })(),
  };
}

async function* slowly(upload: Buffer, part: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < upload.length; start += part) {
    await Promise.resolve();
    yield upload.subarray(start, start + part);
  }
}
