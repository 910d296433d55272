/**
 * What the two halves of a connection share: where each stands in its table (transitions.ts), the open exchanges, and how the
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
  /** The latest response was of HTTP/1.0. */
  peerIsHTTP10 = false;
  /** How the peer's stream has ended, if it has. */
  end: 'orderly' | 'failed' | undefined;
  /** What made the connection unusable, if something did. */
  failure: unknown;
  /** The exchange whose request will not be sent to its end, if there is one. */
  brokenOff: { readonly exchange: Exchange | undefined; readonly why: string } | undefined;
  /** What ended the sending of the present body in its middle, if something did. */
  bodyFailure: { readonly cause: unknown } | undefined;
  #send: SendState = 'idle';
  #receive: ReceiveState = 'idle';
  /** How much had been received when the bytes were taken that are reported as sent next: they may have left at once. */
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

  /** Whether the body of the request that is to be answered next has not been brought to its end. */
  get awaitingBody(): boolean {
    return this.#send === 'body' && this.exchanges.pending === 1;
  }

  /** Whether the request that is to be answered next waits for an answer before it goes on. */
  get awaitingAnswer(): boolean {
    return this.#send.startsWith('await-') && this.exchanges.pending === 1;
  }

  /** Whether the request that is to be answered next has left in part, and will go on by itself. */
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
   * Nothing may be sent after "close" has been received (RFC 9112 9.6), but for the rest of the very request whose response
   * is being received: a server may send the one while it takes the other.
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
    // It explains from here on what an error of the system, known before, does not.
    if (this.#receive !== 'failed') this.failure = cause;
    this.advanceSend('fail');
    this.advanceReceive('fail');
  }

  /** Whether what the server has said so far shows that it speaks HTTP. @throws InvalidResponse if it speaks another protocol */
  assertHTTP(): boolean {
    // Once something of it has been understood, it does speak HTTP.
    return this.input.received > this.input.length || assertBeginsAsHTTP(this.input);
  }

  /**
   * With nothing outstanding, what is there answers no request, and an end means that none will be answered. The first bytes of a
   * greeting that may become HTTP's say nothing yet: the reader of the next response sees what they are.
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
   * what it sent is broken, and neither passes by trying again.
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
    // The error of the system, if there was one, is its cause: whoever reads on gets this one again.
    this.fail(error);
    return error;
  }

  /** What is begun on a connection that has ended. */
  unusable(phase: Phase): ConnectionClosed | TLSError {
    const announced = this.brokenOff?.why ?? 'the connection was announced to end';
    const why = this.failure === undefined ? announced : 'the connection cannot be used any more';
    return this.connectionClosed(why, phase, this.failure);
  }

  /** What is begun while more of the body of `exchange` is to be sent. */
  bodyUnfinished(exchange: Exchange, context: string): StateError {
    const why = `${context}the body of ${nameOf(exchange)} has not been sent to its end`;
    if (this.bodyFailure === undefined) return new StateError(why);
    return new StateError(
      `${why}: what ended it is the cause of this error; disconnect(), and send the request anew`,
      this.bodyFailure,
    );
  }

  /** What is to be sent at the wrong time. */
  refusedSend(what: string): DugongError {
    // In the states that name it, there is one.
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
