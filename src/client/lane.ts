/**
 * The requests in flight on one connection: sends them ahead as far as `Pipelining` allows, reads the responses in order, and gives back
 * what a lost connection has left without a response, to be sent again (RFC 9112 9.3.1, 9.3.2). One coroutine at a time asks for the next
 * response. Where requests come from, and what becomes of responses, is the caller's.
 *
 * A request is sent ahead only if its sending never waits: it has no body, or a small one. Any other request is alone on the connection,
 * and is sent while its response is read. So no sizes make both sides wait for each other.
 */

import type { Coroutine } from '../coroutine.ts';
import {
  ConnectionClosed,
  DugongError,
  InvalidResponse,
  StateError,
  TLSError,
  UnsupportedResponse,
} from '../errors.ts';
import { Queue } from '../queue.ts';
import { coAll } from '../schedule/combinators.ts';
import type { Answered, Asking, AskingSource, Consume, GivenBack, Unanswered } from './asking.ts';
import type { HTTPResponse } from './http-response.ts';
import type { Operations } from './operations.ts';
import { coWithPatience, isInterruption, Stalled } from './patience.ts';
import type { Pipelining } from './pipelining.ts';
import type { Session } from './session.ts';

/** How a lane treats its requests. */
export interface LaneRules {
  /** Times that a request may be lost with a connection. */
  readonly losses: number;
  /** Milliseconds that pipelined requests wait for a response before the oldest is sent again, alone; 0: no limit. */
  readonly stall: number;
  /**
   * Milliseconds that a request waits for the head of its response, once it is the oldest; 0: no limit. Bytes of it that leave meanwhile
   * start the time anew.
   */
  readonly patience: number;
  /** Whether responses are returned in the order of the requests, also if one is asked for again. */
  readonly inOrder: boolean;
}

/** Most unsent bytes of requests: a corked connection collects as many without waiting. */
const BYTES_AHEAD = 49_152;
/** The part of the depth that is sent at once, so that not each request costs a system call. */
const REFILL = 4;
/** While a body that is longer is received, nothing more is sent ahead. */
const LONG = 1 << 20;
/** A rest of a body up to this size is read and dropped; for a longer one a new connection is cheaper. */
const WORTH_DISCARDING = 262_144;
/** The same in milliseconds. */
const WORTH_WAITING = 500;
/** Where such a rest goes. */
const DROPPED = Buffer.allocUnsafeSlow(16_384);

export class Lane<A extends Asking> {
  readonly #operations: Operations;
  readonly #pipelining: Pipelining;
  readonly #source: AskingSource<A>;
  readonly #rules: LaneRules;
  /** Without a response, oldest first. */
  readonly #flight = new Queue<A>();
  /** Taken, and not sent yet. */
  #held: A | undefined;
  /** What sends the request that is alone in flight. */
  #sending: Coroutine<void> | undefined;
  /** The session of the requests in flight. */
  #session: Session | undefined;
  #sent = 0;
  #answered = 0;
  /** Whether a response on this connection allows to send ahead. */
  #opened = false;
  /** Whether this connection is to carry no further request. */
  #spent = false;
  /** The response whose body is on the connection. */
  #unread: HTTPResponse | undefined;

  /** @throws StateError if requests of another call are under way on the connection */
  constructor(operations: Operations, source: AskingSource<A>, use: { pipelining: Pipelining; rules: LaneRules }) {
    const { session } = operations;
    if (session !== undefined && !session.closed && session.protocol.underWay) {
      throw new StateError('other requests are under way on this connection: read their responses first');
    }
    this.#operations = operations;
    this.#source = source;
    this.#pipelining = use.pipelining;
    this.#rules = use.rules;
  }

  /** Requests in flight. */
  get inFlight(): number {
    return this.#flight.length;
  }

  /** Whether nothing on the connection is this lane's. */
  get idle(): boolean {
    return this.#flight.length === 0 && (this.#unread === undefined || !this.#connected || this.#atEnd);
  }

  /** Whether bytes have come that answer no request, while none is in flight. Looks at the socket. */
  *coHasRest(): Coroutine<boolean> {
    yield* this.#coSkip();
    const { session } = this.#operations;
    session?.reusable();
    return session !== undefined && session.protocol.input.length > 0;
  }

  /**
   * The next response, or the failure of the next request; undefined when no request follows. An interruption loses no response but the
   * one whose body was being read.
   * @throws the errors of connecting; what `consume` throws; ConnectionClosed after `disconnect()`
   */
  *coNext<T>(consume: Consume<A, T>): Coroutine<Answered<A, T> | Unanswered<A> | undefined> {
    for (;;) {
      yield* this.#coSkip();
      const oldest = yield* this.#coOldest();
      if (oldest === undefined) return undefined;
      if (oldest.refusal !== undefined) {
        this.#flight.shift();
        return { asking: oldest, error: oldest.refusal };
      }
      const ended = yield* this.#coExchange(oldest, consume);
      if (ended === undefined) continue;
      yield* this.#coSkip();
      return ended;
    }
  }

  /** Sends what may be sent ahead. Never waits. */
  fill(): void {
    if (!this.#connected || !this.#isWorthFilling) return;
    const session = this.#session as Session;
    try {
      while (this.#hasRoom) {
        this.#held ??= this.#source.take();
        if (this.#held === undefined || (this.#held.alone && this.#flight.length > 0)) return;
        session.corked = !this.#held.alone;
        if (!this.#send(this.#held)) return;
        this.#held = undefined;
      }
    } finally {
      if (session.corked) this.#uncork(session);
    }
  }

  /** The same, for a request that has come while the next response is waited for. */
  fillBehind(): void {
    if (this.#flight.length > 0) this.fill();
  }

  /** Gives up what is in flight: nothing else can use the connection otherwise. Returns the requests. */
  close(): readonly A[] {
    const askings = [...this.#flight, ...(this.#held === undefined ? [] : [this.#held])];
    this.#held = undefined;
    if (this.#flight.length > 0 || this.#unread !== undefined) this.#startOver();
    return askings;
  }

  /** Forgets a request that has not been sent. */
  withdraw(asking: A): void {
    if (this.#held === asking) this.#held = undefined;
  }

  /** Drops the connection. The requests in flight are given back. */
  restart(why: GivenBack): void {
    const askings = [...this.#flight];
    // Of the oldest more is known.
    if (why !== 'ended') for (const asking of askings.slice(1)) asking.mayHaveBeenProcessed = true;
    this.#startOver();
    this.#giveBack(askings, why);
  }

  /** Gives back the requests behind the oldest, whose response takes long. The connection ends with that response. */
  releaseBehind(): void {
    const [oldest, ...behind] = this.#flight;
    if (oldest === undefined || behind.length === 0) return;
    this.#spent = true;
    for (const asking of behind) asking.mayHaveBeenProcessed = true;
    while (this.#flight.length > 0) this.#flight.shift();
    this.#flight.push(oldest);
    this.#giveBack(behind, 'dropped');
  }

  /** The request that is held comes behind these. */
  #giveBack(askings: readonly A[], why: GivenBack): void {
    const held = this.#held;
    this.#held = undefined;
    this.#source.giveBack(held === undefined ? askings : [...askings, held], why);
  }

  // --- sending -------------------------------------------------------------------------------------------------------

  /** The oldest request in flight, after sending what may be sent; undefined when no request follows. */
  *#coOldest(): Coroutine<A | undefined> {
    for (;;) {
      this.fill();
      const oldest = this.#flight.at(0);
      if (oldest !== undefined) return oldest;
      this.#held ??= this.#source.take();
      if (this.#held === undefined) {
        if (!(yield* this.#source.coMore())) return undefined;
      } else if (this.#session !== undefined && this.#sent === 0) {
        const asking = this.#held;
        this.#held = undefined;
        this.#refusedAtOnce(asking);
      } else {
        yield* this.#coConnect(this.#held);
      }
    }
  }

  /**
   * A connection ended as soon as it was made, before `asking` left: that counts as a loss. A failure of TLS is final, as in the middle
   * of a connection.
   */
  #refusedAtOnce(asking: A): void {
    const { protocol } = this.#session as Session;
    const why = 'the server closed each connection as soon as it was made';
    const error = protocol.connectionClosed(why, 'idle', protocol.failure);
    this.#startOver();
    if (error instanceof TLSError) {
      asking.refusal = error;
    } else {
      // How the server ended a connection that had a request says more.
      asking.lostWith ??= error;
      if (++asking.losses <= this.#rules.losses) {
        this.#giveBack([asking], 'lost');
        return;
      }
      asking.refusal = asking.lostWith;
    }
    this.#flight.push(asking);
  }

  *#coConnect(asking: A): Coroutine<void> {
    if (!this.#usable) this.#startOver();
    const { session } = this.#operations;
    const fresh = session === undefined || session.closed || session.wire.transport === undefined;
    if (fresh) this.#source.connecting?.(asking);
    yield* this.#operations.coConnect();
    if (fresh) this.#source.connected?.(asking);
    this.#session = this.#operations.session;
  }

  get #connected(): boolean {
    const session = this.#session;
    return session !== undefined && !session.closed && session.wire.transport !== undefined;
  }

  /** Whether another request may be sent on this connection. */
  get #usable(): boolean {
    const { session } = this.#operations;
    if (session === undefined || session.closed || session.protocol.ended || this.#spent) return false;
    return session.protocol.sendState === 'idle' && this.#sent < this.#pipelining.perConnection;
  }

  /** How many requests may be in flight on this connection now. */
  get #depth(): number {
    return this.#opened ? this.#pipelining.depth : 1;
  }

  /** Whether so many requests may be sent that a system call is worth while. */
  get #isWorthFilling(): boolean {
    const depth = this.#depth;
    return depth - this.#flight.length >= depth / REFILL;
  }

  get #hasRoom(): boolean {
    const { length } = this.#flight;
    if (!this.#usable || this.#flight.at(length - 1)?.alone) return false;
    const { output } = (this.#session as Session).protocol;
    return length < this.#depth && output.length < BYTES_AHEAD;
  }

  /** False if the connection takes no more requests. */
  #send(asking: A): boolean {
    const { protocol } = this.#session as Session;
    const { latestRequest } = protocol;
    asking.pipelined = this.#flight.length > 0;
    try {
      if (asking.refusal === undefined) this.#begin(asking);
    } catch (error) {
      if (protocol.latestRequest === latestRequest) {
        if (error instanceof ConnectionClosed) return false;
        asking.refusal = error;
      } else if (!(error instanceof DugongError)) {
        throw error;
      }
      // Else the reader finds what has come before, and then the same.
    }
    // A refused one waits for its turn only.
    asking.alone &&= asking.refusal === undefined;
    this.#sent++;
    this.#flight.push(asking);
    return true;
  }

  /** One that is alone is sent while its response is waited for. Of any other, the reader sends what the kernel does not take now. */
  #begin(asking: A): void {
    const { method, path, options } = asking.parts();
    const sending = this.#operations.coSendRequest(method, path, options);
    if (asking.alone) this.#sending = sending;
    else if (!sending.next().done) sending.return();
  }

  #uncork(session: Session): void {
    try {
      session.uncork();
    } catch (error) {
      // The reader finds what has come before, and then the same.
      if (!(error instanceof DugongError)) throw error;
    }
  }

  // --- receiving -----------------------------------------------------------------------------------------------------

  /** Drops the rest of a body that nothing reads any more. */
  *#coSkip(): Coroutine<void> {
    const response = this.#unread;
    if (response === undefined) return;
    if (!this.#connected) {
      this.restart('dropped');
    } else if (!this.#atEnd) {
      const { length } = response;
      if (length !== null && length > WORTH_DISCARDING) return this.#dropRest();
      try {
        if (!(yield* coWithPatience(this.#coDiscard(), WORTH_WAITING))) return this.#dropRest();
      } catch (error) {
        if (error instanceof Stalled) return this.#dropRest();
        if (!this.#isLost || isInterruption(error)) throw error;
        return this.restart('lost');
      }
    }
    this.#unread = undefined;
  }

  /** Drops the connection with the rest of a body. */
  #dropRest(): void {
    if (this.#flight.length > 0) this.restart('dropped');
    else this.#startOver();
  }

  get #atEnd(): boolean {
    return this.#session?.protocol.body === undefined;
  }

  /** False if the rest of the body is long. */
  *#coDiscard(): Coroutine<boolean> {
    let room = WORTH_DISCARDING;
    while (room > 0) {
      const count = yield* this.#operations.coReadInto(DROPPED);
      if (count === 0) return true;
      room -= count;
    }
    return false;
  }

  /** Undefined if the request is to be sent again. */
  *#coExchange<T>(oldest: A, consume: Consume<A, T>): Coroutine<Answered<A, T> | Unanswered<A> | undefined> {
    try {
      if (this.#sending === undefined) return yield* this.#coAnswer(oldest, consume);
      return yield* this.#coUploadAndAnswer(this.#sending, this.#coAnswer(oldest, consume));
    } catch (error) {
      return this.#failed(oldest, error);
    } finally {
      this.#sending = undefined;
    }
  }

  /** A server may answer before it has received the whole request. Once the response is whole, it does not matter how the sending ends. */
  *#coUploadAndAnswer<V>(sending: Coroutine<void>, answer: Coroutine<V>): Coroutine<V> {
    let answered: { readonly value: V } | undefined;
    function* coAnswer(): Coroutine<void> {
      answered = { value: yield* answer };
    }
    try {
      yield* coAll([coWithPatience(this.#coUpload(sending), this.#rules.patience, () => this.#bytesSent), coAnswer()]);
    } catch (error) {
      if (answered === undefined || !(error instanceof UploadFailed || error instanceof Stalled)) throw error;
      this.restart('dropped');
    }
    return (answered as unknown as { readonly value: V }).value;
  }

  /** A connection that is lost is left to the reader, since the response may have come before. @throws UploadFailed */
  *#coUpload(sending: Coroutine<void>): Coroutine<void> {
    const { protocol } = this.#session as Session;
    const { latestRequest } = protocol;
    try {
      yield* sending;
    } catch (error) {
      const begun = protocol.latestRequest !== latestRequest;
      if (!begun || !(error instanceof ConnectionClosed)) throw new UploadFailed(error, begun);
    }
  }

  get #bytesSent(): number {
    return this.#session?.protocol.bytesSent ?? 0;
  }

  *#coAnswer<T>(oldest: A, consume: Consume<A, T>): Coroutine<Answered<A, T> | undefined> {
    const response = yield* this.#coResponse(oldest);
    this.#unread = response;
    oldest.mayHaveBeenProcessed = true;
    const { protocol } = this.#session as Session;
    oldest.pipelined = this.#isPipelined(oldest);
    const persistent = response.httpVersion === '1.1' && protocol.sendState !== 'closed';
    this.#pipelining.answered({ persistent, number: ++this.#answered });
    this.#opened ||= persistent;
    const { doubted } = oldest;
    oldest.doubted = undefined;
    if (doubted !== undefined) this.#pipelining.confirmed(doubted, response.status);
    else if (oldest.pipelined && oldest.repeatable && this.#pipelining.doubts(response)) {
      this.#doubt(oldest, response);
      return undefined;
    }
    if (response.length !== null && response.length <= LONG) this.fill();
    const value = yield* consume(response, oldest);
    this.#flight.shift();
    return { asking: oldest, response, value };
  }

  /** Asks for the response again, alone: its error may come of pipelining. */
  #doubt(oldest: A, { status }: HTTPResponse): void {
    oldest.doubted = status;
    oldest.alone = true;
    if (this.#rules.inOrder) {
      this.restart('dropped');
      return;
    }
    this.#flight.shift();
    this.#source.giveBack([oldest], 'doubted');
  }

  #coResponse(oldest: A): Coroutine<HTTPResponse> {
    const { stall, patience } = this.#rules;
    const limit = this.#isPipelined(oldest) && stall > 0 && (stall < patience || patience === 0) ? stall : patience;
    const progress = this.#sending === undefined ? undefined : () => this.#bytesSent;
    return coWithPatience(this.#operations.coReadResponse(), limit, progress);
  }

  /** The oldest request has failed. Undefined if it is to be sent again. @throws an error that is not the connection's */
  #failed(oldest: A, error: unknown): Unanswered<A> | undefined {
    if (error instanceof UploadFailed) return this.#unsent(oldest, error);
    if (error instanceof AskAlone) {
      oldest.alone = true;
      this.restart('dropped');
      return undefined;
    }
    if (!this.#connected || !(error instanceof DugongError) || isInterruption(error)) return this.#thrown(error);
    const refused =
      error instanceof InvalidResponse || error instanceof UnsupportedResponse || error instanceof TLSError;
    // On a new connection it is the response, and not what came before it.
    const certain = refused && this.#answered === 0 && !this.#isPipelined(oldest);
    if (certain || (!(error instanceof Stalled) && !this.#isLost)) {
      // An interrupted sender leaves a request without its end, to which there is no response.
      const unfinished = error instanceof StateError && this.#unread === undefined;
      if (!refused && !unfinished) return this.#thrown(error);
      oldest.mayHaveBeenProcessed = true;
      return this.#giveUp(oldest, error);
    }
    const { mayHaveBeenProcessed = true } =
      (error.lostRequests ?? this.#session?.protocol.pendingRequests ?? []).at(0) ?? {};
    oldest.mayHaveBeenProcessed ||= mayHaveBeenProcessed;
    const safe = oldest.repeatable || (oldest.renewable && !mayHaveBeenProcessed);
    if (safe && this.#answered === 0 && !mayHaveBeenProcessed && error instanceof ConnectionClosed) {
      this.#flight.shift();
      this.#refusedAtOnce(oldest);
      return undefined;
    }
    const why = this.#charge(oldest, { error, mayHaveBeenProcessed }) ? 'lost' : 'ended';
    if (!safe || oldest.losses > this.#rules.losses) return this.#giveUp(oldest, error);
    this.restart(why);
    return undefined;
  }

  #unsent(oldest: A, { reason, begun }: UploadFailed): Unanswered<A> | undefined {
    if (begun) {
      oldest.mayHaveBeenProcessed = true;
      return this.#giveUp(oldest, reason);
    }
    this.#flight.shift();
    if (!(reason instanceof ConnectionClosed)) return { asking: oldest, error: reason };
    // The connection takes no more requests.
    this.#sent--;
    this.#held = oldest;
    return undefined;
  }

  /** An error of `consume`, or an interruption. */
  #thrown(error: unknown): never {
    if (this.#unread !== undefined) this.#flight.shift();
    throw error;
  }

  #giveUp(oldest: A, error: unknown): Unanswered<A> {
    this.#flight.shift();
    // Of the next one no more is known than of those behind it.
    const next = this.#flight.at(0);
    if (next !== undefined) next.mayHaveBeenProcessed = true;
    this.restart('lost');
    return { asking: oldest, error };
  }

  /** Counts the loss (true), unless the server has announced it, or had closed the connection before the request was sent. */
  #charge(oldest: A, { error, mayHaveBeenProcessed }: { error: DugongError; mayHaveBeenProcessed: boolean }): boolean {
    const announced = this.#unread === undefined && this.#session?.protocol.sendState === 'closed';
    if (this.#answered > 0 && (announced || !mayHaveBeenProcessed)) return false;
    const pipelined = this.#isPipelined(oldest);
    if (pipelined && (error instanceof Stalled || error instanceof InvalidResponse)) this.#pipelining.suspect();
    else if (pipelined || this.#answered > 0) this.#pipelining.broke(this.#answered);
    oldest.losses++;
    oldest.lostWith = error;
    oldest.alone = true;
    return true;
  }

  /** Whether the oldest request had, or has, others with it on the connection. */
  #isPipelined(oldest: A): boolean {
    return oldest.pipelined || this.#flight.length > 1;
  }

  /** Whether no response, or nothing more of the present one, can come. */
  get #isLost(): boolean {
    const state = this.#session?.protocol.receiveState ?? 'failed';
    return state === 'failed' || (state === 'closed' && this.#unread === undefined);
  }

  #startOver(): void {
    this.#operations.session?.close();
    this.#session = undefined;
    this.#sent = 0;
    this.#answered = 0;
    this.#opened = false;
    this.#spent = false;
    this.#unread = undefined;
    while (this.#flight.length > 0) this.#flight.shift();
  }
}

/** Thrown by a `Consume`: the response is not to be received behind others. It is asked for again, alone, without counting as lost. */
export class AskAlone extends Error {}

/** A request, or the source of its body, has failed. */
class UploadFailed extends Error {
  readonly reason: unknown;
  /** Whether a part of it may have been sent. */
  readonly begun: boolean;

  // Parameters: the two properties.
  constructor(reason: unknown, begun: boolean) {
    super('the request could not be sent', { cause: reason });
    this.reason = reason;
    this.begun = begun;
  }
}
