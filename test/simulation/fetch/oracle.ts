/**
 * Compares what callers got with what the servers saw and sent: no response of another request, no part for the whole, no
 * request that was sent more often than allowed, no error without a cause in the world.
 */

import { ConnectionClosed, DugongError, StateError } from '../client.ts';
import { mayFail } from './causes.ts';
import type { Book, Made, Seen } from './origin.ts';
import { baseOf, type Hop, hopsOf, hostOf, isRepeatable, type OriginPlan, targetOf, uploadOf } from './plan.ts';
import type { Called, Result, Setting } from './results.ts';

/** Methods that may be sent once more if the fate of the first attempt is unknown. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']);
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Milliseconds by which a blocked thread may be late. */
const SLACK = 200;
/** A circle ends after this many redirects. */
const MOST_REDIRECTS = 20;

export class Judge {
  readonly problems: string[] = [];
  readonly #setting: Setting;
  readonly #book: Book;

  constructor(setting: Setting, book: Book) {
    this.#setting = setting;
    this.#book = book;
  }

  judge(results: readonly Result[]): void {
    this.problems.push(...this.#book.problems);
    for (const result of results) this.#judgeOne(result);
    const ids = new Set(results.map(({ call }) => call.id));
    for (const { call, target } of this.#book.seen) if (!ids.has(call)) this.#problem(`${target} was sent for no call`);
    this.#judgeNumberOfFailures(results);
  }

  #problem(what: string): void {
    this.problems.push(what);
  }

  #judgeOne(result: Result): void {
    const { call } = result;
    const hops = hopsOf(call);
    const name = `${call.method} ${targetOf(call.id, 0)}`;
    const say = (what: string): void => this.#problem(`${name}: ${what}`);
    const seen = this.#book.seen.filter((each) => each.call === call.id);
    this.#judgeSent(result, { hops, seen, say });
    if (result.state === 'pending') say('nothing ever came of it');
    else if (result.state === 'fulfilled') this.#judgeAnswer(result, { hops, seen, say });
    else this.#judgeError(result, { error: result.error, hops, seen, say });
  }

  // --- what was sent ----------------------------------------------------------------------------------------------------

  #judgeSent({ call, abortedAt, began }: Result, { hops, seen, say }: Case): void {
    if (abortedAt <= began && seen.length > 0) say('it was aborted before, and sent');
    const whole = uploadOf(call);
    const circle = isCircle(hops);
    const times = new Map<string, number>();
    for (const one of seen) {
      const hop = hops[one.hop];
      if (hop === undefined) {
        say(`it was sent on to hop ${one.hop}`);
        continue;
      }
      times.set(one.target, (times.get(one.target) ?? 0) + 1);
      // A circle may lead back as another method.
      if (one.method !== hop.method && !circle) say(`hop ${one.hop} was sent as ${one.method}`);
      if (one.origin !== hop.origin) say(`hop ${one.hop} went to origin ${one.origin}`);
      if (one.headers.has('authorization') !== hop.trusted && !circle)
        say(`credentials at hop ${one.hop}: ${!hop.trusted}`);
      if (!circle)
        this.#judgeUpload(one, {
          expected: hop.hasBody ? whole : Buffer.alloc(0),
          fails: hop.hasBody && call.upload?.fails === true,
          say,
        });
    }
    for (const [target, count] of times) {
      const hop = hops[seen.find((each) => each.target === target)?.hop ?? 0] as Hop;
      const again = IDEMPOTENT.has(hop.method) && (!hop.hasBody || isRepeatable(call.upload));
      const most = (again ? 2 : 1) * (circle ? 2 * (MOST_REDIRECTS + 1) : 1);
      if (count > most) say(`${target} was received ${count} times`);
    }
  }

  #judgeUpload(one: Seen, { expected, fails, say }: { expected: Buffer; fails: boolean; say: Say }): void {
    const { body, complete, hop } = one;
    if (!body.equals(expected.subarray(0, body.length))) say(`another body was received at hop ${hop}`);
    else if (complete && fails) say(`the body of a source that fails was received as a whole at hop ${hop}`);
    else if (complete && body.length !== expected.length)
      say(`${body.length} of ${expected.length} bytes were received as the whole`);
  }

  // --- what was answered ------------------------------------------------------------------------------------------------

  #judgeAnswer(result: Result, { hops, seen, say }: Case): void {
    const { call, head } = result;
    const made = this.#book.made[head?.serial ?? -1];
    if (head === undefined || made === undefined) {
      say(`an answer that none has made: ${head?.serial}`);
      return;
    }
    const last = hops.length - 1;
    if (made.seen.call !== call.id) {
      say(`it got the answer to ${made.seen.target}`);
      return;
    }
    if (made.seen.hop !== last) {
      say(`it got the answer of hop ${made.seen.hop}, not of ${last}`);
      return;
    }
    const hop = hops[last] as Hop;
    const { status } = hop.answer;
    if (head.status !== status) say(`its status is ${head.status}, not ${status}`);
    const url = `${baseOf(this.#setting.origins[hop.origin] as OriginPlan, hop.origin)}${targetOf(call.id, last)}`;
    if (head.url !== url) say(`its URL is ${head.url}, not ${url}`);
    if (head.redirected !== last > 0) say(`redirected: ${head.redirected}`);
    if (call.mode !== 'manual' && REDIRECTS.has(status) && (call.mode === 'error' || hop.answer.redirect !== null))
      say('a redirect was given as an answer');
    if (call.upload?.fails && made.seen.complete && hop.hasBody) say('an answer to a body that was never whole');
    this.#judgeBody(result, made, say);
    const { maxBodySize = Number.POSITIVE_INFINITY } = this.#setting.blocking(call) ?? {};
    if (result.bytes.length > maxBodySize) say(`${result.bytes.length} bytes were read of ${maxBodySize}`);
    this.#judgeAbort(result, 'ended', say);
    if (result.body === 'failed') this.#judgeError(result, { error: result.bodyError, hops, seen, say });
  }

  #judgeBody({ body, bytes, other }: Result, made: Made, say: Say): void {
    if (body === 'pending') {
      say('its body came to no end');
      return;
    }
    if (!bytes.equals(made.body.subarray(0, bytes.length))) {
      say(`it has another body than answer ${made.serial}`);
      return;
    }
    if (other !== undefined && !other.equals(bytes)) say('its clone has another body');
    if (body === 'none' && made.body.length > 0) say(`it has no body, of ${made.body.length} bytes`);
    if (body !== 'whole') return;
    if (made.plan.malformed !== 'no' && made.body.length > 0 && made.plan.framing === 'chunked')
      say('its body had no right end, and is whole');
    if (bytes.length < made.body.length && !this.#mayLookWhole(made)) {
      say(`${bytes.length} of ${made.body.length} bytes were given as the whole`);
    }
  }

  /** A body that only the end of the connection ends, and an orderly end made by a cut: no client can tell. */
  #mayLookWhole({ plan, seen }: Made): boolean {
    const met = this.#book.connections[seen.connection];
    const origin = this.#setting.origins[seen.origin];
    if (plan.framing !== 'close' || origin?.secure !== 'no' || met === undefined) return false;
    return origin.connections[met.index]?.cut?.how === 'fin';
  }

  // --- errors -----------------------------------------------------------------------------------------------------------

  #judgeAbort(result: Result, until: 'settled' | 'ended', say: Say): void {
    const { abortedAt, body, call, state } = result;
    if (abortedAt >= result[until]) return;
    // Arrived bytes are not taken back from a stream that is read, and what was cancelled is over.
    if (until === 'ended' && (body !== 'failed' || state !== 'fulfilled')) return;
    // A stream keeps a failure that has come before the abort, until a slow reader sees it.
    if (until === 'ended' && call.pause > 0) return;
    const error = until === 'settled' ? result.error : result.bodyError;
    if (error !== result.reason) say(`it was aborted, and failed of ${error}`);
    if (this.#setting.blocks || (until === 'ended' && !this.#setting.readsAtOnce(call))) return;
    const late = result[until] - abortedAt;
    if (late > 1 + this.#setting.machine.busy + this.#setting.machine.lateness) say(`its abort took ${late} ms`);
  }

  #judgeError(result: Result, { error, hops, seen, say }: Case & { error: unknown }): void {
    const { call, reason, sourceError, abortedAt } = result;
    if (result.state === 'rejected') this.#judgeAbort(result, 'settled', say);
    if (error === reason) {
      if (abortedAt > result.ended) say('it failed of an abort that was still to come');
      return;
    }
    const cause = this.causeOf(result, error);
    if (call.upload?.fails && (error === sourceError || cause === sourceError)) return;
    if (cause instanceof StateError && this.#isChunkedToOldServer(call, hops)) return;
    if (!(cause instanceof DugongError) || cause instanceof StateError) {
      say(`it failed of ${error instanceof Error ? error.stack : String(error)}, cause ${String(cause)}`);
      return;
    }
    const { headersTimeout, bodyTimeout, connectTimeout } = this.#setting.limitsOf(call);
    const blocking = this.#setting.blocking(call);
    if (blocking?.timeout && result.settled - result.began > blocking.timeout + SLACK)
      say('its time was over long before');
    const silent = Math.min(headersTimeout, bodyTimeout, connectTimeout) > 5000 && !blocking?.timeout;
    const why = mayFail(cause, { ...this.#setting, book: this.#book, call, hops, silent, blocking });
    if (why !== undefined) say(`${why}: ${cause.message}`);
    this.#judgeLost(cause, call.id, { hops, seen, say });
  }

  /** A server that is known to be HTTP/1.0 gets no chunks. */
  #isChunkedToOldServer({ upload }: Called, hops: readonly Hop[]): boolean {
    const inPieces = upload !== null && (upload.form === 'iterable' || !isRepeatable(upload));
    return inPieces && hops.some(({ origin, hasBody }) => hasBody && this.#setting.origins[origin]?.version !== '1.1');
  }

  /** A caller gets a TypeError around the error; a blocked caller gets the error itself. */
  causeOf({ call, state }: Result, error: unknown): unknown {
    if (!(error instanceof TypeError) || this.#setting.blocking(call) !== undefined) return error;
    return error.message === (state === 'fulfilled' ? 'terminated' : 'fetch failed') ? error.cause : error;
  }

  /** Each request that arrived may have been processed, and no request of which no byte has left. */
  #judgeLost({ lostRequests }: DugongError, id: number, { hops, seen, say }: Case): void {
    if (lostRequests === undefined) {
      say('its error names no requests');
      return;
    }
    for (const target of new Set(seen.map((each) => each.target))) {
      const arrived = seen.filter((each) => each.target === target).length;
      const told = lostRequests.filter((each) => each.path === target && each.mayHaveBeenProcessed).length;
      if (told < arrived) say(`${target} arrived ${arrived} times, and may have been processed ${told} times`);
    }
    if (isCircle(hops)) return;
    for (const [index, hop] of hops.entries()) {
      const told = lostRequests.filter(({ path }) => path === targetOf(id, index));
      if (told.length > 2) say(`hop ${index} was lost ${told.length} times`);
      const processed = told.filter((each) => each.mayHaveBeenProcessed);
      const { method = '', path = '' } = processed[0] ?? {};
      const departed = this.#book.departures.count(method, hostOf(hop.origin), path);
      if (processed.length > departed) {
        say(`hop ${index} may have been processed ${processed.length} times, and has begun to leave ${departed} times`);
      }
    }
  }

  // --- how many ---------------------------------------------------------------------------------------------------------

  /**
   * A connection that breaks fails one call at most; and one that is used for the second time, or later, fails no call that may be
   * repeated, as long as no response has begun.
   */
  #judgeNumberOfFailures(results: readonly Result[]): void {
    const { origins, machine } = this.#setting;
    if (machine.noDescriptor > 0 || machine.noBuffers > 0) return;
    const cut = this.#book.connections.filter(({ origin, index }) =>
      breaks(origins[origin]?.connections[index]?.cut?.how),
    );
    const failed = results.filter((result) => this.#isBroken(result));
    const early = failed.filter((result) => result.state === 'rejected' && !this.#mayHaveHadHead(result));
    const fresh = cut.filter(({ requests }) => requests <= 1);
    if (failed.length > cut.length) this.#problem(`${failed.length} calls failed of ${cut.length} broken connections`);
    if (early.length > fresh.length)
      this.#problem(`${early.length} calls that may be repeated failed of ${fresh.length} broken connections`);
  }

  /** A blocked caller does not see a head whose body does not arrive. */
  #mayHaveHadHead({ call }: Result): boolean {
    if (this.#setting.blocking(call) === undefined) return false;
    const last = this.#book.seen.findLast((seen) => seen.call === call.id);
    return this.#book.made.some(({ seen }) => seen === last);
  }

  /** Whether a call that may be repeated has failed because of a connection that ended, and not because of its own response. */
  #isBroken(result: Result): boolean {
    const { call, error, bodyError } = result;
    const cause = this.causeOf(result, result.state === 'rejected' ? error : bodyError);
    if (!(cause instanceof ConnectionClosed)) return false;
    const hops = hopsOf(call);
    if (!hops.every(({ method, hasBody }) => IDEMPOTENT.has(method) && (!hasBody || isRepeatable(call.upload))))
      return false;
    return hops.every(({ answer, origin }) => {
      const { secure, version } = this.#setting.origins[origin] as OriginPlan;
      const calm = this.#book.made.every((each) => each.seen.origin !== origin || each.plan.stray === 0);
      const own =
        answer.close === 'reset' ||
        answer.close === 'instead' ||
        (answer.early && call.upload !== null) ||
        secure === 'truncates';
      return calm && !own && version === '1.1';
    });
  }
}

interface Case {
  readonly hops: readonly Hop[];
  readonly seen: readonly Seen[];
  readonly say: Say;
}

type Say = (what: string) => void;

function isCircle(hops: readonly Hop[]): boolean {
  const redirect = hops.at(-1)?.answer.redirect;
  return redirect !== undefined && redirect !== null && redirect.answer === null;
}

export function breaks(how: string | undefined): boolean {
  return how === 'fin' || how === 'rst' || how === 'timeout';
}
