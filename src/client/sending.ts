/**
 * What goes out on one connection: requests and bodies, in the order in which they were asked for, by whoever runs. It also
 * listens while it waits, since the server may refuse a request before it has all of it (RFC 9112 9.5). It knows neither who
 * runs, nor what is made of an answer.
 */

import { Buffer } from 'node:buffer';
import type { Coroutine, PollNeeded } from '../coroutine.ts';
import { StateError } from '../errors.ts';
import type { Piece } from '../http1/body-encoder.ts';
import type { ClientProtocol, Request } from '../http1/protocol.ts';
import { wakeWaiters } from '../io/descriptor.ts';
import { SendQueue } from '../io/send-queue.ts';
import { isConnectionLost, WOULD_BLOCK } from '../io/system-error.ts';
import type { Transport } from '../io/transport.ts';
import { currentRunner, type Runner, wakeSoon } from '../schedule/running.ts';
import { type BodyPieces, coEachPiece } from './body-source.ts';
import type { Link } from './link.ts';
import { coWait, either } from './wait.ts';

/** A corked queue is sent when it has grown to this many bytes. */
const CORK_LIMIT = 65_536;
/** So much of what comes is taken in by a sender that cannot send before the server has said something else. */
const MOST_TAKEN_IN = 1 << 20;
/** From this status on an answer says that nothing more of its request is wanted. */
const FIRST_REFUSAL = 300;

const ANSWERED = 'the server answered before the request had been sent in whole: read its answer, the rest is not sent';
const ENDED = 'the server ended the connection before the request was sent';

export class Sending {
  /** Whether requests are collected instead of sent. */
  corked = false;
  readonly #link: Link;
  readonly #protocol: ClientProtocol;
  readonly #queue = new SendQueue();
  /** Coroutines that are sending the queue; while there are none, those that receive send it too. */
  #senders = 0;
  /** A body is being sent in pieces: what others send would come between them. */
  #piecemeal = false;
  /** Who sends a body in pieces and has none at the moment, if he can be told of anything. */
  #pieceSender: Runner | undefined;
  /** Somebody waits to send and does not listen, since others read. */
  #deaf = false;
  /** Why what was to be sent was given up, if it was. */
  #abandoned: string | undefined;

  constructor(link: Link) {
    this.#link = link;
    this.#protocol = link.protocol;
  }

  /** Whether somebody waits to send. */
  get active(): boolean {
    return this.#senders > 0;
  }

  /** Whether somebody sends a body in pieces, and waits for the next one. */
  get awaitsPiece(): boolean {
    return this.#pieceSender !== undefined;
  }

  get empty(): boolean {
    return this.#queue.empty;
  }

  *coSendRequest(method: string, path: string, request: Request, body: Uint8Array | undefined): Coroutine<void> {
    this.#assertSoleSender();
    this.#queue.pushText(this.#protocol.sendRequest(method, path, request));
    // What is collected is sent after this call, when the body may have been written to.
    if (body !== undefined) this.#push(this.#protocol.sendData(this.corked ? Buffer.from(body) : body));
    if (this.corked && this.#queue.length < CORK_LIMIT) return;
    if (!this.#sendNow()) yield* this.#coSendQueue();
  }

  *coWrite(data: Uint8Array): Coroutine<void> {
    this.#assertSoleSender();
    yield* this.#coSendPieces(this.#protocol.sendData(data));
  }

  *coEndBody(trailers: Parameters<ClientProtocol['endBody']>[0]): Coroutine<void> {
    this.#assertSoleSender();
    yield* this.#coSendPieces(this.#protocol.endBody(trailers));
  }

  /**
   * The body of the request that was sent last, piece by piece, and its end if it is chunked. @throws ExcessBodyData or
   * MissingBodyData if the pieces are not what was announced
   */
  *coWriteAll(body: BodyPieces, chunked: boolean): Coroutine<void> {
    this.#assertSoleSender();
    this.#piecemeal = true;
    try {
      yield* coEachPiece(body, {
        coSend: (piece) => this.#coWritePiece(piece),
        need: () => this.#answerNeed(),
        heed: () => this.#heedAnswer(),
      });
      this.#link.assertOpen('send');
      if (chunked) yield* this.#coSendPieces(this.#protocol.endBody());
      else this.#protocol.bodySourceEnded();
    } catch (error) {
      this.#protocol.bodyFailed(error);
      throw error;
    } finally {
      this.#piecemeal = false;
      this.#pieceSender = undefined;
    }
  }

  *#coWritePiece(piece: Uint8Array): Coroutine<void> {
    this.#pieceSender = undefined;
    this.#link.assertOpen('send');
    yield* this.#coSendPieces(this.#protocol.sendData(piece));
  }

  *coWriteRaw(data: Uint8Array): Coroutine<void> {
    this.#assertSoleSender();
    this.#protocol.sendRaw(data);
    this.#queue.pushBytes(data);
    if (!this.#sendNow()) yield* this.#coSendQueue();
  }

  /** What two coroutines send at the same time would have no order that either could know. */
  #assertSoleSender(): void {
    this.#link.assertOpen('send');
    if (this.#senders > 0 || this.#piecemeal) {
      throw new StateError(
        `another coroutine is still sending on the connection to ${this.#link.peer}: send one request after the other (their ` +
          'responses may be read meanwhile), or use several connections',
      );
    }
  }

  /** Sends what has been collected as far as the kernel takes it now; the rest goes out with the next call. */
  uncork(): void {
    this.corked = false;
    if (this.#link.transport !== undefined && !this.#link.closed) this.#sendNow();
  }

  *#coSendPieces(pieces: readonly Piece[]): Coroutine<void> {
    this.#push(pieces);
    if (!this.#sendNow()) yield* this.#coSendQueue();
  }

  #push(pieces: readonly Piece[]): void {
    for (const piece of pieces) {
      if (typeof piece === 'string') this.#queue.pushText(piece);
      else this.#queue.pushBytes(piece);
    }
  }

  /** Sends until the queue is empty (true) or the kernel takes no more (false). @throws ConnectionClosed */
  #sendNow(): boolean {
    if (this.#link.transport === undefined) return false;
    if (this.#protocol.allUnsent) this.assertQuiet();
    while (!this.#queue.empty) {
      const result = this.#sendOnce(this.#link.transport);
      if (result === WOULD_BLOCK) return false;
      if (result < 0) throw this.#sendFailure(result);
      this.#protocol.sent(result);
    }
    return true;
  }

  #sendOnce(transport: Transport): number {
    try {
      return this.#queue.sendTo(transport);
    } catch (error) {
      // A buffer of the user's was detached or has shrunk: its bytes cannot be sent any more, nor what comes after them.
      this.#queue.clear();
      this.#protocol.sendFailed(error);
      throw error;
    }
  }

  /**
   * What waits on an idle connection is noticed before a request goes out on it (RFC 9112 9.5).
   * @throws ConnectionClosed, or InvalidResponse as {@link assertHTTP}
   */
  assertQuiet(): void {
    if (!this.#link.receive() && this.#protocol.buffer.length === 0) return;
    try {
      this.#protocol.assertQuiet();
    } catch (error) {
      this.#queue.clear();
      throw error;
    }
  }

  /** @throws InvalidResponse if the server has greeted as none of HTTP does */
  assertHTTP(): void {
    if (this.#protocol.bytesReceived === 0) this.#link.receive();
    this.#protocol.assertHTTP();
  }

  #sendFailure(result: number): Error {
    const cause = this.#link.noteSendFailure(result);
    this.#queue.clear();
    this.#protocol.sendFailed(cause);
    if (!isConnectionLost(result)) return cause;
    this.assertHTTP();
    return this.#protocol.connectionClosed('the server closed the connection while a request was sent', 'send', cause);
  }

  *#coSendQueue(): Coroutine<void> {
    let sent = false;
    this.#senders++;
    try {
      const transport = yield* this.#link.coConnected();
      // A blocked reader may have tried to send the queue meanwhile.
      if (this.#protocol.sendState === 'failed') this.#heedAnswer();
      while (!this.#sendNow()) {
        if (transport.sendAwaitsInput) this.#heedAnswer();
        yield* coWait(this.#roomNeed(transport), 'send');
        this.#heedAnswer();
      }
      sent = true;
    } finally {
      this.#senders--;
      if (!sent) this.#leaveQueue();
    }
  }

  /** The sender was interrupted: who receives sends the rest, with bytes that are nobody else's. */
  #leaveQueue(): void {
    this.#queue.own();
    if (!this.#queue.empty && !this.#link.closed && this.#link.transport !== undefined)
      wakeWaiters(this.#link.transport.fd);
  }

  // --- listening while sending (RFC 9112 9.5) ------------------------------------------------------------------------

  /**
   * Whether a sender is to take in what comes, since no other coroutine does: an answer to what it sends that is due next and not
   * there yet, or what it cannot send without.
   */
  get #listens(): boolean {
    if (this.#link.ended || this.#link.closed || this.#link.readers > 0) return false;
    if (this.#link.transport?.sendAwaitsInput) return this.#protocol.buffer.length < MOST_TAKEN_IN;
    return this.#protocol.halfSent && this.#protocol.earlyStatus() === undefined;
  }

  /** What a sender waits for: room, or an answer. */
  #roomNeed({ sendNeeds, receiveNeeds, sendAwaitsInput }: Transport): PollNeeded {
    this.#deaf = !this.#listens;
    if (this.#deaf) return sendNeeds;
    if (sendAwaitsInput) return receiveNeeds.forSeveral();
    return either(sendNeeds, receiveNeeds, sendNeeds.mask | receiveNeeds.mask);
  }

  /** What a sender waits for beside the next piece of a body; undefined: nothing. */
  #answerNeed(): PollNeeded | undefined {
    this.#pieceSender = currentRunner();
    this.#deaf = !this.#listens;
    return this.#deaf ? undefined : this.#link.transport?.receiveNeeds.forSeveral();
  }

  /**
   * A sender that has waited looks at what came meanwhile. An answer that is no success makes it stop, as does the end of the
   * peer's stream without one; a server that has answered with a success may still take what is sent. @throws ConnectionClosed
   */
  #heedAnswer(): void {
    this.#link.assertOpen('send');
    while (this.#listens && this.#link.receive());
    this.dropRefused();
    if (this.#link.ended && this.#protocol.halfSent && this.#protocol.earlyStatus() === undefined)
      this.#giveUpSending(ENDED);
    const { sendState, failure } = this.#protocol;
    if (this.#abandoned === undefined && sendState !== 'failed') return;
    // What is no error of the connection's is that of the bytes, which are gone.
    if (this.#abandoned === undefined && failure instanceof RangeError) throw failure;
    throw this.#protocol.connectionClosed(this.#abandoned ?? ENDED, 'send', failure);
  }

  #giveUpSending(why: string): void {
    this.#queue.clear();
    this.#abandoned = why;
    this.#protocol.breakOff(why);
  }

  // --- for those who receive -----------------------------------------------------------------------------------------

  /** Sends what nobody else is sending; a failure is left to those who send, since the answer may be there already. */
  meanwhile(): boolean {
    try {
      return this.#sendNow();
    } catch (error) {
      if (this.#protocol.receiveState === 'failed') throw error;
      return true;
    }
  }

  /**
   * After the server's last response nothing more may be sent (RFC 9112 9.6): what waits is dropped, its senders told. Only the
   * request that is being answered goes on until its answer is complete.
   */
  dropUnsent(): void {
    const { receiveState, pendingRequest } = this.#protocol;
    const last = receiveState === 'closed' || (receiveState === 'last-body' && pendingRequest !== undefined);
    if (this.#queue.empty || !last) return;
    this.#queue.clear();
    this.#abandoned ??= ENDED;
  }

  /** What the server has refused before it had all of it is not sent on. */
  dropRefused(): void {
    const status = this.#protocol.earlyStatus();
    if (status !== undefined && status >= FIRST_REFUSAL) this.#giveUpSending(ANSWERED);
  }

  /** Those who wait to send what never will be sent are told. */
  tell(): void {
    if (this.#abandoned !== undefined || this.#protocol.sendState === 'failed') this.wake();
  }

  /** What was read is complete, and perhaps nobody goes on to read: those who wait to send listen again. */
  listenAgain(): void {
    if (!this.#deaf || !this.#listens) return;
    this.#deaf = false;
    this.wake();
  }

  /** Those who wait to send look again. */
  wake(): void {
    if (this.#link.closed) return;
    if (this.#senders > 0 && this.#link.transport !== undefined) wakeWaiters(this.#link.transport.fd);
    if (this.#pieceSender !== undefined) wakeSoon(this.#pieceSender);
  }
}
