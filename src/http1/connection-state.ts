/**
 * What the two halves of a connection share: the state of each (transitions.ts), the open exchanges, and how the
 * connection has ended, if it has. A pair of state and event that is not in the table is refused. It neither encodes nor
 * decodes anything.
 */

import { ConnectionClosed, type DugongError, type Phase, StateError, TLSError } from '../errors.ts';
import { type Exchange, Exchanges, nameOf, type PendingRequest } from './exchanges.ts';
import type { ReceiveBuffer } from './receive-buffer.ts';
import { assertBeginsAsHTTP } from './response-head.ts';
import { SendBuffer } from './send-buffer.ts';
import {
  RECEIVE_TRANSITIONS,
  type ReceiveEvent,
  type ReceiveState,
  SEND_TRANSITIONS,
  type SendEvent,
  type SendState,
} from './transitions.ts';

const ANSWERS_NOTHING = 'the server sent bytes that answer no request';

export class ConnectionState {
  /** Bytes that were received. */
  readonly input: ReceiveBuffer;
  /** Bytes to be sent. */
  readonly output: SendBuffer = new SendBuffer(
    () => {
      this.#receivedWhenTaken = this.input.received;
    },
    (before) => this.exchanges.sent(before, this.#receivedWhenTaken),
  );
  readonly exchanges: Exchanges = new Exchanges(this.output);
  /** Bytes that were received past the input buffer. */
  bytesPastBuffer = 0;
  /** Whether the latest response was HTTP/1.0. */
  peerIsHTTP10 = false;
  /** How the peer's stream has ended, if it has. */
  end: 'orderly' | 'failed' | undefined;
  /** What made the connection unusable, if something did. */
  failure: unknown;
  /** The exchange whose request will not be sent to its end, if there is one. */
  brokenOff: { readonly exchange: Exchange | undefined; readonly why: string } | undefined;
  /** What ended the present request body early, if something did. */
  bodyFailure: { readonly cause: unknown } | undefined;
  #send: SendState = 'idle';
  #receive: ReceiveState = 'idle';
  /** Bytes received at the first take since the last report: the taken bytes may have left at once. */
  #receivedWhenTaken = 0;

  constructor(input: ReceiveBuffer) {
    this.input = input;
  }

  get send(): SendState {
    return this.#send;
  }

  get receive(): ReceiveState {
    return this.#receive;
  }

  get bytesReceived(): number {
    return this.input.received + this.bytesPastBuffer;
  }

  /** Whether the next response answers a request whose body is not complete yet. */
  get awaitingBody(): boolean {
    return this.#send === 'body' && this.exchanges.pending === 1;
  }

  /** Whether the request that the next response answers waits for that response (100 or 101). */
  get awaitingAnswer(): boolean {
    return this.#send.startsWith('await-') && this.exchanges.pending === 1;
  }

  /** Whether the request that the next response answers has left in part, and does not wait for a response. */
  get halfSent(): boolean {
    const { exchanges } = this;
    if (!exchanges.oldestHasBegun || this.#receive !== 'idle' || this.awaitingAnswer) return false;
    return this.awaitingBody || !exchanges.oldestHasLeft;
  }

  get pendingRequests(): PendingRequest[] {
    const unfinished = this.#send === 'body' || this.#send === 'await-continue';
    return this.exchanges.stages(unfinished ? 'unfinished' : 'finished');
  }

  advanceSend(event: SendEvent): void {
    const next = (SEND_TRANSITIONS[this.#send] as Partial<Record<SendEvent, SendState>>)[event];
    if (next === undefined) throw this.refusedSend(event);
    this.#send = next;
    if (next === 'failed') this.output.cut();
  }

  advanceReceive(event: ReceiveEvent): void {
    const next = (RECEIVE_TRANSITIONS[this.#receive] as Partial<Record<ReceiveEvent, ReceiveState>>)[event];
    if (next === undefined) throw new StateError(`${event} while receiving is ${this.#receive}`);
    this.#receive = next;
  }

  /**
   * After a response with "close", no request may be sent (RFC 9112 9.6), except the rest of the request whose response is being
   * received: a server may answer while it receives.
   */
  endAfterLast(): void {
    const alsoSending = this.#send === 'body' && this.exchanges.pending === 0;
    const ended = this.#receive === 'closed' || (this.#receive === 'last-body' && !alsoSending);
    if (!ended) return;
    this.advanceSend('close');
    const { oldestPendingAt } = this.exchanges;
    if (this.#receive === 'closed') this.output.cut();
    else if (oldestPendingAt !== undefined) this.output.cut(oldestPendingAt);
  }

  /** Nothing that the server sends can be trusted any more. */
  fail(cause: unknown): void {
    // It says more than a system error that came before.
    if (this.#receive !== 'failed') this.failure = cause;
    this.advanceSend('fail');
    this.advanceReceive('fail');
  }

  /** Whether the received bytes show that the server speaks HTTP. @throws InvalidResponse if it speaks another protocol */
  assertHTTP(): boolean {
    // Consumed bytes were HTTP.
    return this.input.received > this.input.length || assertBeginsAsHTTP(this.input);
  }

  /**
   * While no request is open, received bytes answer no request, and the end of the stream means that no request will be answered.
   * Bytes too few to tell HTTP from another protocol are left to the reader of the next response.
   * @throws ConnectionClosed, InvalidResponse; in both cases nothing can be sent any more
   */
  assertQuiet(): void {
    const noise = this.input.length > 0;
    if (!noise && this.end === undefined) return;
    try {
      if (!this.assertHTTP() && this.end === undefined) return;
    } catch (error) {
      // The bytes stay, so that a reader finds the same.
      this.advanceSend('fail');
      this.failure ??= error;
      throw error;
    }
    const error = this.connectionClosed(
      noise ? ANSWERS_NOTHING : 'the server closed the idle connection',
      'idle',
      this.failure,
    );
    this.fail(error);
    throw error;
  }

  /** A response that begins behind `position` received bytes must not have been there before its request (RFC 9112 9.2). */
  assertAsked(position: number): void {
    if (!this.exchanges.canBeAnsweredAt(position)) throw this.cutShort(ANSWERS_NOTHING);
  }

  // --- the errors ----------------------------------------------------------------------------------------------------

  /**
   * A ConnectionClosed that says what is lost now. A failure of TLS is its own error: the peer has refused us (RFC 8446 6.2), or
   * what it sent is broken. A retry helps in neither case.
   */
  connectionClosed(why: string, phase: Phase, cause?: unknown): ConnectionClosed | TLSError {
    if (cause instanceof TLSError) return cause;
    const lostRequests = this.exchanges.lost();
    const { length } = lostRequests;
    const lost = length === 0 ? '' : `; ${length} request${length === 1 ? '' : 's'} not answered in full`;
    const { bytesReceived } = this;
    const { sentBytes: bytesSent } = this.output;
    return new ConnectionClosed(`${why}${lost}`, { phase, lostRequests, bytesSent, bytesReceived, cause });
  }

  /** The stream has ended, or has to be given up, in the middle of something: the connection has failed. */
  cutShort(why: string): ConnectionClosed | TLSError {
    const error = this.connectionClosed(why, 'receive', this.failure);
    // A system error is the cause of this error, and later reads get this error again.
    this.fail(error);
    return error;
  }

  /** The error for a call on a connection that has ended. */
  unusable(phase: Phase): ConnectionClosed | TLSError {
    const announced = this.brokenOff?.why ?? 'the connection was announced to end';
    const why = this.failure === undefined ? announced : 'the connection cannot be used any more';
    return this.connectionClosed(why, phase, this.failure);
  }

  /** The error for a call that must wait until the body of `exchange` is complete. */
  bodyUnfinished(exchange: Exchange, context: string): StateError {
    const why = `${context}the body of ${nameOf(exchange)} has not been sent to its end`;
    if (this.bodyFailure === undefined) return new StateError(why);
    return new StateError(
      `${why}: what ended it is the cause of this error; disconnect(), and send the request anew`,
      this.bodyFailure,
    );
  }

  /** The error for sending `what` in the present state. */
  refusedSend(what: string): DugongError {
    // Defined in the states that name it.
    const last = this.exchanges.latest as Exchange;
    switch (this.#send) {
      case 'closed':
      case 'failed':
        return this.unusable('send');
      case 'raw':
        return new StateError(`${what} cannot be sent: the connection has left HTTP`);
      case 'await-continue':
        return new StateError(
          `${what} cannot be sent: ${nameOf(last)} waits for 100 (Continue), read it with readResponse()`,
        );
      case 'await-switch':
        return new StateError(`${what} cannot be sent: ${nameOf(last)} may end HTTP here, read its response first`);
      case 'body':
        return this.bodyUnfinished(last, `${what} cannot be sent: `);
      case 'idle':
        return new StateError(`${what} cannot be sent: no request with a body is under way`);
    }
  }
}
