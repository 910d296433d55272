/**
 * One connection of a lane: the requests in flight on it, and what it has shown so far. Sends requests ahead as far as `Pipelining` allows.
 *
 * A request is sent ahead only if its sending never waits: it has no body, or a small one. Any other request is alone on the connection,
 * and is sent while its response is read. So no sizes make both sides wait for each other.
 */

import type { Coroutine } from '../coroutine.ts';
import { ConnectionClosed, DugongError } from '../errors.ts';
import { Queue } from '../queue.ts';
import type { Asking } from './asking.ts';
import type { HTTPResponse } from './http-response.ts';
import type { Operations } from './operations.ts';
import type { Pipelining } from './pipelining.ts';
import type { Session } from './session.ts';

/** Most unsent bytes of requests: a corked connection collects as many without waiting. */
const BYTES_AHEAD = 49_152;
/** The part of the depth that is sent at once, so that not each request costs a system call. */
const REFILL = 4;
/** Where the rest of a body goes that is dropped. */
const DROPPED = Buffer.allocUnsafeSlow(16_384);

export class LaneConnection<A extends Asking> {
  readonly #operations: Operations;
  readonly #pipelining: Pipelining;
  /** Requests without a response, oldest first. */
  readonly flight: Queue<A> = new Queue();
  /** Undefined until the lane has connected. */
  session: Session | undefined;
  /** What sends the request that is alone in flight. */
  sending: Coroutine<void> | undefined;
  /** The response whose body is on the connection. */
  unread: HTTPResponse | undefined;
  /** Whether it is to carry no further request. */
  #spent = false;
  #sent = 0;
  #answered = 0;
  /** Whether a response allows to send ahead. */
  #opened = false;

  constructor(operations: Operations, pipelining: Pipelining) {
    this.#operations = operations;
    this.#pipelining = pipelining;
  }

  get connected(): boolean {
    const { session } = this;
    return session !== undefined && !session.closed && session.wire.transport !== undefined;
  }

  /** Whether a request has been sent. */
  get used(): boolean {
    return this.#sent > 0;
  }

  /** Responses so far. */
  get answered(): number {
    return this.#answered;
  }

  /** Bytes of requests that have left. */
  get bytesSent(): number {
    return this.session?.protocol.bytesSent ?? 0;
  }

  // --- sending -------------------------------------------------------------------------------------------------------

  /** Whether another request may be sent. */
  get usable(): boolean {
    const { session } = this.#operations;
    if (session === undefined || session.closed || session.protocol.ended || this.#spent) return false;
    return session.protocol.sendState === 'idle' && this.#sent < this.#pipelining.perConnection;
  }

  /** How many requests may be in flight now. */
  get #depth(): number {
    return this.#opened ? this.#pipelining.depth : 1;
  }

  /** Whether so many requests may be sent that a system call is worth while. */
  get isWorthFilling(): boolean {
    const depth = this.#depth;
    return depth - this.flight.length >= depth / REFILL;
  }

  get hasRoom(): boolean {
    const { length } = this.flight;
    if (!this.usable || this.flight.at(length - 1)?.alone) return false;
    const { output } = (this.session as Session).protocol;
    return length < this.#depth && output.length < BYTES_AHEAD;
  }

  /** False if the connection takes no more requests. */
  send(asking: A): boolean {
    const session = this.session as Session;
    const { protocol } = session;
    const { latestRequest } = protocol;
    session.corked = !asking.alone;
    asking.pipelined = this.flight.length > 0;
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
    this.flight.push(asking);
    return true;
  }

  /** One that is alone is sent while its response is waited for. Of any other, the reader sends what the kernel does not take now. */
  #begin(asking: A): void {
    const { method, path, options } = asking.parts();
    const sending = this.#operations.coSendRequest(method, path, options);
    if (asking.alone) this.sending = sending;
    else if (!sending.next().done) sending.return();
  }

  /** Sends what `send()` has collected. */
  uncork(): void {
    if (!this.session?.corked) return;
    try {
      this.session.uncork();
    } catch (error) {
      // The reader finds what has come before, and then the same.
      if (!(error instanceof DugongError)) throw error;
    }
  }

  /** A connection that is lost is left to the reader, since the response may have come before. @throws UploadFailed */
  *coUpload(sending: Coroutine<void>): Coroutine<void> {
    const { protocol } = this.session as Session;
    const { latestRequest } = protocol;
    try {
      yield* sending;
    } catch (error) {
      const begun = protocol.latestRequest !== latestRequest;
      if (!begun || !(error instanceof ConnectionClosed)) throw new UploadFailed(error, begun);
    }
  }

  /** The request that is alone in flight has not been begun after all. */
  takeBack(): void {
    this.#sent--;
    this.flight.shift();
  }

  /** Takes the requests behind the oldest out of the flight. The connection is to end with the response to that one. */
  takeBehind(): A[] {
    const [oldest, ...behind] = this.flight;
    if (oldest === undefined || behind.length === 0) return [];
    this.#spent = true;
    while (this.flight.length > 0) this.flight.shift();
    this.flight.push(oldest);
    return behind;
  }

  // --- receiving -----------------------------------------------------------------------------------------------------

  /** The head of the response to the oldest request has come. */
  begins(response: HTTPResponse): void {
    const oldest = this.flight.at(0) as A;
    this.unread = response;
    oldest.mayHaveBeenProcessed = true;
    oldest.pipelined = this.isPipelined(oldest);
    const persistent = response.httpVersion === '1.1' && (this.session as Session).protocol.sendState !== 'closed';
    this.#pipelining.answered({ persistent, number: ++this.#answered });
    this.#opened ||= persistent;
  }

  /** Whether the oldest request had, or has, others with it on the connection. */
  isPipelined(oldest: A): boolean {
    return oldest.pipelined || this.flight.length > 1;
  }

  /** Whether the body of the latest response has been received. */
  get atEnd(): boolean {
    return this.session?.protocol.body === undefined;
  }

  /** Drops the rest of the body. False if more than `most` bytes have come, and it goes on. */
  *coDiscard(most: number): Coroutine<boolean> {
    let room = most;
    while (room > 0) {
      const count = yield* this.#operations.coReadInto(DROPPED);
      if (count === 0) return true;
      room -= count;
    }
    return false;
  }

  /** Whether no response, or nothing more of the present one, can come. */
  get isLost(): boolean {
    const state = this.session?.protocol.receiveState ?? 'failed';
    return state === 'failed' || (state === 'closed' && this.unread === undefined);
  }

  /** Whether the server has announced, before a response, that it takes no more requests. */
  get isAnnounced(): boolean {
    return this.unread === undefined && this.session?.protocol.sendState === 'closed';
  }
}

/** A request, or the source of its body, has failed. */
export class UploadFailed extends Error {
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
