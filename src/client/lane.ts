/**
 * The requests in flight on one connection: sends them ahead as far as `Pipelining` allows, reads the responses in order, and gives back
 * what a lost connection has left without a response, to be sent again (RFC 9112 9.3.1, 9.3.2). One coroutine at a time asks for the next
 * response. Where requests come from, and what becomes of responses, is the caller's.
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
import { coAll } from '../schedule/combinators.ts';
import type { Answered, Asking, AskingSource, Consume, GivenBack, Unanswered } from './asking.ts';
import type { HTTPResponse } from './http-response.ts';
import { LaneConnection, UploadFailed } from './lane-connection.ts';
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

/** While a body that is longer is received, nothing more is sent ahead. */
const LONG = 1 << 20;
/** A rest of a body up to this size is read and dropped; for a longer one a new connection is cheaper. */
const WORTH_DISCARDING = 262_144;
/** The same in milliseconds. */
const WORTH_WAITING = 500;

export class Lane<A extends Asking> {
  readonly #operations: Operations;
  readonly #pipelining: Pipelining;
  readonly #source: AskingSource<A>;
  readonly #rules: LaneRules;
  /** Taken, and not sent yet. */
  #held: A | undefined;
  #connection: LaneConnection<A>;

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
    this.#connection = new LaneConnection(operations, use.pipelining);
  }

  /** Requests in flight. */
  get inFlight(): number {
    return this.#connection.flight.length;
  }

  /** Whether nothing on the connection is this lane's. */
  get idle(): boolean {
    const { flight, unread, connected, atEnd } = this.#connection;
    return flight.length === 0 && (unread === undefined || !connected || atEnd);
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
        this.#connection.flight.shift();
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
    const connection = this.#connection;
    if (!connection.connected || !connection.isWorthFilling) return;
    try {
      while (connection.hasRoom) {
        this.#held ??= this.#source.take();
        if (this.#held === undefined || (this.#held.alone && connection.flight.length > 0)) return;
        if (!connection.send(this.#held)) return;
        this.#held = undefined;
      }
    } finally {
      connection.uncork();
    }
  }

  /** The same, for a request that has come while the next response is waited for. */
  fillBehind(): void {
    if (this.#connection.flight.length > 0) this.fill();
  }

  /** Gives up what is in flight: nothing else can use the connection otherwise. Returns the requests. */
  close(): readonly A[] {
    const { flight, unread } = this.#connection;
    const askings = [...flight, ...(this.#held === undefined ? [] : [this.#held])];
    this.#held = undefined;
    if (flight.length > 0 || unread !== undefined) this.#startOver();
    return askings;
  }

  /** Forgets a request that has not been sent. */
  withdraw(asking: A): void {
    if (this.#held === asking) this.#held = undefined;
  }

  /** Drops the connection. The requests in flight are given back. */
  restart(why: GivenBack): void {
    const askings = [...this.#connection.flight];
    // Of the oldest more is known.
    if (why !== 'ended') for (const asking of askings.slice(1)) asking.mayHaveBeenProcessed = true;
    this.#startOver();
    this.#giveBack(askings, why);
  }

  /** Gives back the requests behind the oldest, whose response takes long. The connection ends with that response. */
  releaseBehind(): void {
    const behind = this.#connection.takeBehind();
    for (const asking of behind) asking.mayHaveBeenProcessed = true;
    if (behind.length > 0) this.#giveBack(behind, 'dropped');
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
      const oldest = this.#connection.flight.at(0);
      if (oldest !== undefined) return oldest;
      this.#held ??= this.#source.take();
      if (this.#held === undefined) {
        if (!(yield* this.#source.coMore())) return undefined;
      } else if (this.#connection.session !== undefined && !this.#connection.used) {
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
    const { protocol } = this.#connection.session as Session;
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
    this.#connection.flight.push(asking);
  }

  *#coConnect(asking: A): Coroutine<void> {
    if (!this.#connection.usable) this.#startOver();
    const { session } = this.#operations;
    const fresh = session === undefined || session.closed || session.wire.transport === undefined;
    if (fresh) this.#source.connecting?.(asking);
    yield* this.#operations.coConnect();
    if (fresh) this.#source.connected?.(asking);
    this.#connection.session = this.#operations.session;
  }

  // --- receiving -----------------------------------------------------------------------------------------------------

  /** Drops the rest of a body that nothing reads any more. */
  *#coSkip(): Coroutine<void> {
    const response = this.#connection.unread;
    if (response === undefined) return;
    if (!this.#connection.connected) {
      this.restart('dropped');
    } else if (!this.#connection.atEnd) {
      const { length } = response;
      if (length !== null && length > WORTH_DISCARDING) return this.#dropRest();
      try {
        if (!(yield* coWithPatience(this.#connection.coDiscard(WORTH_DISCARDING), WORTH_WAITING)))
          return this.#dropRest();
      } catch (error) {
        if (error instanceof Stalled) return this.#dropRest();
        if (!this.#connection.isLost || isInterruption(error)) throw error;
        return this.restart('lost');
      }
    }
    this.#connection.unread = undefined;
  }

  /** Drops the connection with the rest of a body. */
  #dropRest(): void {
    if (this.#connection.flight.length > 0) this.restart('dropped');
    else this.#startOver();
  }

  /** Undefined if the request is to be sent again. */
  *#coExchange<T>(oldest: A, consume: Consume<A, T>): Coroutine<Answered<A, T> | Unanswered<A> | undefined> {
    const { sending } = this.#connection;
    try {
      const answer = this.#coAnswer(oldest, consume);
      return yield* sending === undefined ? answer : this.#coUploadAndAnswer(sending, answer);
    } catch (error) {
      return this.#failed(oldest, error);
    } finally {
      this.#connection.sending = undefined;
    }
  }

  /** A server may answer before it has received the whole request. Once the response is whole, it does not matter how the sending ends. */
  *#coUploadAndAnswer<V>(sending: Coroutine<void>, answer: Coroutine<V>): Coroutine<V> {
    let answered: { readonly value: V } | undefined;
    function* coAnswer(): Coroutine<void> {
      answered = { value: yield* answer };
    }
    const connection = this.#connection;
    const upload = coWithPatience(connection.coUpload(sending), this.#rules.patience, () => connection.bytesSent);
    try {
      yield* coAll([upload, coAnswer()]);
    } catch (error) {
      if (answered === undefined || !(error instanceof UploadFailed || error instanceof Stalled)) throw error;
      this.restart('dropped');
    }
    return (answered as unknown as { readonly value: V }).value;
  }

  *#coAnswer<T>(oldest: A, consume: Consume<A, T>): Coroutine<Answered<A, T> | undefined> {
    const response = yield* this.#coResponse(oldest);
    this.#connection.begins(response);
    const { doubted } = oldest;
    oldest.doubted = undefined;
    if (doubted !== undefined) this.#pipelining.confirmed(doubted, response.status);
    else if (oldest.pipelined && oldest.repeatable && this.#pipelining.doubts(response)) {
      this.#doubt(oldest, response);
      return undefined;
    }
    if (response.length !== null && response.length <= LONG) this.fill();
    const value = yield* consume(response, oldest);
    this.#connection.flight.shift();
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
    this.#connection.flight.shift();
    this.#source.giveBack([oldest], 'doubted');
  }

  #coResponse(oldest: A): Coroutine<HTTPResponse> {
    const { stall, patience } = this.#rules;
    const connection = this.#connection;
    const limit =
      connection.isPipelined(oldest) && stall > 0 && (stall < patience || patience === 0) ? stall : patience;
    const progress = connection.sending === undefined ? undefined : () => connection.bytesSent;
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
    const connection = this.#connection;
    if (!connection.connected || !(error instanceof DugongError) || isInterruption(error)) return this.#thrown(error);
    const refused =
      error instanceof InvalidResponse || error instanceof UnsupportedResponse || error instanceof TLSError;
    // On a new connection it is the response, and not what came before it.
    const certain = refused && connection.answered === 0 && !connection.isPipelined(oldest);
    if (!certain && (error instanceof Stalled || connection.isLost)) return this.#lost(oldest, error);
    // An interrupted sender leaves a request without its end, to which there is no response.
    const unfinished = error instanceof StateError && connection.unread === undefined;
    if (!refused && !unfinished) return this.#thrown(error);
    oldest.mayHaveBeenProcessed = true;
    return this.#giveUp(oldest, error);
  }

  /** The oldest request is lost with its connection. Undefined if it is to be sent again. */
  #lost(oldest: A, error: DugongError): Unanswered<A> | undefined {
    const lost = error.lostRequests ?? this.#connection.session?.protocol.pendingRequests ?? [];
    const { mayHaveBeenProcessed = true } = lost.at(0) ?? {};
    oldest.mayHaveBeenProcessed ||= mayHaveBeenProcessed;
    const safe = oldest.repeatable || (oldest.renewable && !mayHaveBeenProcessed);
    if (safe && this.#connection.answered === 0 && !mayHaveBeenProcessed && error instanceof ConnectionClosed) {
      this.#connection.flight.shift();
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
    this.#connection.takeBack();
    if (!(reason instanceof ConnectionClosed)) return { asking: oldest, error: reason };
    // The connection takes no more requests.
    this.#held = oldest;
    return undefined;
  }

  /** An error of `consume`, or an interruption. */
  #thrown(error: unknown): never {
    if (this.#connection.unread !== undefined) this.#connection.flight.shift();
    throw error;
  }

  #giveUp(oldest: A, error: unknown): Unanswered<A> {
    this.#connection.flight.shift();
    // Of the next one no more is known than of those behind it.
    const next = this.#connection.flight.at(0);
    if (next !== undefined) next.mayHaveBeenProcessed = true;
    this.restart('lost');
    return { asking: oldest, error };
  }

  /** Counts the loss (true), unless the server has announced it, or had closed the connection before the request was sent. */
  #charge(oldest: A, { error, mayHaveBeenProcessed }: { error: DugongError; mayHaveBeenProcessed: boolean }): boolean {
    const { answered, isAnnounced } = this.#connection;
    if (answered > 0 && (isAnnounced || !mayHaveBeenProcessed)) return false;
    const pipelined = this.#connection.isPipelined(oldest);
    if (pipelined && (error instanceof Stalled || error instanceof InvalidResponse)) this.#pipelining.suspect();
    else if (pipelined || answered > 0) this.#pipelining.broke(answered);
    oldest.losses++;
    oldest.lostWith = error;
    oldest.alone = true;
    return true;
  }

  #startOver(): void {
    this.#operations.session?.close();
    this.#connection = new LaneConnection(this.#operations, this.#pipelining);
  }
}

/** Thrown by a `Consume`: the response is not to be received behind others. It is asked for again, alone, without counting as lost. */
export class AskAlone extends Error {}
