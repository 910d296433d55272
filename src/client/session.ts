/**
 * One connection from its dialling to its end: the transport, the protocol, and the bytes between them. All waiting of the
 * client goes through here; a coroutine keeps to the session that it began with, so that one which is resumed after
 * `disconnect()` finds it closed and never touches its successor.
 *
 * Invariants: the order of the send queue is the order on the wire, whoever sends it; nothing that was received is held by
 * a coroutine, so that one which is dropped or interrupted loses nothing.
 */

import { Buffer } from 'node:buffer';
import { type Coroutine, POLLIN, POLLOUT, PollNeeded } from '../coroutine.ts';
import { type Phase, StateError } from '../errors.ts';
import type { BodyDecoder } from '../http1/body-decoder.ts';
import type { Piece } from '../http1/body-encoder.ts';
import { ClientProtocol, type ClientProtocolOptions, type Request, type Response } from '../http1/protocol.ts';
import { wakeWaiters } from '../io/descriptor.ts';
import { native } from '../io/native.ts';
import { SendQueue } from '../io/send-queue.ts';
import { isConnectionLost, systemError, WOULD_BLOCK } from '../io/system-error.ts';
import type { Transport } from '../io/transport.ts';
import { currentRunner, type Runner, runsBlocked, wakeSoon } from '../schedule/running.ts';
import { BodyReader, type BodySource } from './body-reader.ts';
import { type BodyPieces, coEachPiece } from './body-source.ts';
import type { Destination } from './dial.ts';
import { Dialling } from './dialling.ts';
import { ReceivePace } from './receive-pace.ts';
import { coWait } from './wait.ts';

export interface SessionOptions extends ClientProtocolOptions {
  readonly destination: Destination;
  /** Bytes of responses that a blocked send may take in. */
  readonly maxReadAhead: number;
  /** Milliseconds that connecting may take; 0: no limit. */
  readonly connectTimeout: number;
  /** Milliseconds to wait for 100 (Continue). */
  readonly continueTimeout: number;
}

/** A corked queue is sent when it has grown to this many bytes. */
const CORK_LIMIT = 65_536;
/** From this many wanted bytes on, receiving past the buffer saves more by the copy than it costs in calls. */
const WORTH_DIRECT = 16_384;
/** From this status on an answer says that nothing more of its request is wanted. */
const FIRST_REFUSAL = 300;

const ANSWERED = 'the server answered before the request had been sent in whole: read its answer, the rest is not sent';
const ENDED = 'the server ended the connection before the request was sent';

export class Session implements BodySource {
  readonly protocol: ClientProtocol;
  /** Reads the bodies of the responses. */
  readonly bodies: BodyReader;
  /** Whether requests are collected instead of sent. */
  corked = false;
  readonly #options: SessionOptions;
  readonly #queue = new SendQueue();
  readonly #dialling: Dialling;
  readonly #pace = new ReceivePace();
  #transport: Transport | undefined;
  #closed = false;
  /** Coroutines that are sending the queue; while there are none, those that receive send it too. */
  #senders = 0;
  /** Coroutines that wait for input, and those that waited and were dropped: senders leave reading to them. */
  #readers = 0;
  /** A body is being sent in pieces: what others send would come between them. */
  #piecemeal = false;
  /** Who sends a body in pieces and has none at the moment, if he can be told of anything. */
  #pieceSender: Runner | undefined;
  /** Why what was to be sent was given up, if it was. */
  #abandoned: string | undefined;
  /** The peer's stream has ended, or failed. */
  #ended = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.protocol = new ClientProtocol({ ...options, onInformational: this.#guarded(options.onInformational) });
    this.#dialling = new Dialling(options.destination, options.connectTimeout);
    this.bodies = new BodyReader(this, this.protocol.limits.bodyInMemory);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The connection, once it is there. */
  get transport(): Transport | undefined {
    return this.#transport;
  }

  get buffered(): number {
    return this.protocol.buffer.length;
  }

  // --- connecting and closing ----------------------------------------------------------------------------------------

  /** Waits until the connection is there. Several coroutines may. @throws ConnectionClosed, or why it cannot be made */
  *coConnected(): Coroutine<Transport> {
    if (this.#transport === undefined) {
      try {
        const transport = yield* this.#dialling.coTransport();
        if (this.#closed) transport?.close();
        else this.#transport = transport;
      } finally {
        if (this.#dialling.failure !== undefined) this.close();
      }
    }
    this.#assertOpen(this.#dialling.phase);
    return this.#transport as Transport;
  }

  /** Ends the connection at once. Coroutines that wait for it get ConnectionClosed. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#dialling.end();
    this.#transport?.close();
  }

  /** The user's function may disconnect: what came behind is not handed out any more then. */
  #guarded(onInformational: SessionOptions['onInformational']): SessionOptions['onInformational'] {
    return (
      onInformational &&
      ((response) => {
        onInformational(response);
        this.#assertOpen('receive');
      })
    );
  }

  /** @throws ConnectionClosed, or why there never was a connection */
  #assertOpen(phase: Phase): void {
    if (!this.#closed) return;
    throw (
      this.#dialling.failure?.error ??
      this.protocol.connectionClosed('the connection was closed by disconnect()', phase)
    );
  }

  // --- sending -------------------------------------------------------------------------------------------------------

  *coSendRequest(method: string, path: string, request: Request, body: Uint8Array | undefined): Coroutine<void> {
    this.#assertSoleSender();
    this.#queue.pushText(this.protocol.sendRequest(method, path, request));
    // What is collected is sent after this call, when the body may have been written to.
    if (body !== undefined) this.#push(this.protocol.sendData(this.corked ? Buffer.from(body) : body));
    if (this.corked && this.#queue.length < CORK_LIMIT) return;
    if (!this.#sendNow()) yield* this.#coSendQueue();
  }

  *coWrite(data: Uint8Array): Coroutine<void> {
    this.#assertSoleSender();
    yield* this.#coSendPieces(this.protocol.sendData(data));
  }

  *coEndBody(trailers: Parameters<ClientProtocol['endBody']>[0]): Coroutine<void> {
    this.#assertSoleSender();
    yield* this.#coSendPieces(this.protocol.endBody(trailers));
  }

  /** The body of the request that was sent last, piece by piece, and its end if it is chunked. */
  *coWriteAll(body: BodyPieces, chunked: boolean): Coroutine<void> {
    this.#assertSoleSender();
    this.#piecemeal = true;
    try {
      yield* coEachPiece(body, {
        coSend: (piece) => this.#coWritePiece(piece),
        need: () => this.#answerNeed(),
        heed: () => this.#heedAnswer(),
      });
      this.#assertOpen('send');
      if (chunked) yield* this.#coSendPieces(this.protocol.endBody());
    } finally {
      this.#piecemeal = false;
      this.#pieceSender = undefined;
    }
  }

  *#coWritePiece(piece: Uint8Array): Coroutine<void> {
    this.#pieceSender = undefined;
    this.#assertOpen('send');
    yield* this.#coSendPieces(this.protocol.sendData(piece));
  }

  *coWriteRaw(data: Uint8Array): Coroutine<void> {
    this.#assertSoleSender();
    this.protocol.sendRaw(data);
    this.#queue.pushBytes(data);
    if (!this.#sendNow()) yield* this.#coSendQueue();
  }

  /** What two coroutines send at the same time would have no order that either could know. */
  #assertSoleSender(): void {
    this.#assertOpen('send');
    if (this.#senders > 0 || this.#piecemeal) {
      throw new StateError('another coroutine is still sending on this connection: let it finish, or cancel it');
    }
  }

  /** Sends what has been collected as far as the kernel takes it now; the rest goes out with the next call. */
  uncork(): void {
    this.corked = false;
    if (this.#transport !== undefined && !this.#closed) this.#sendNow();
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
    if (this.#transport === undefined) return false;
    if (this.protocol.allUnsent) this.#assertQuiet();
    while (!this.#queue.empty) {
      const result = this.#sendOnce(this.#transport);
      if (result === WOULD_BLOCK) return false;
      if (result < 0) throw this.#sendFailure(result);
      this.protocol.sent(result);
    }
    return true;
  }

  #sendOnce(transport: Transport): number {
    try {
      return this.#queue.sendTo(transport);
    } catch (error) {
      // A buffer of the user's was detached or has shrunk: its bytes cannot be sent any more, nor what comes after them.
      this.#queue.clear();
      this.protocol.sendFailed(error);
      throw error;
    }
  }

  /** What waits on an idle connection is noticed before a request goes out on it (RFC 9112 9.5). */
  #assertQuiet(): void {
    if (!this.#receive() && this.buffered === 0) return;
    this.#queue.clear();
    this.protocol.assertQuiet();
  }

  #sendFailure(result: number): Error {
    const cause = this.#transport?.failure ?? systemError(result, 'send');
    this.#queue.clear();
    this.protocol.sendFailed(cause);
    if (!isConnectionLost(result)) return cause;
    return this.protocol.connectionClosed('the server closed the connection while a request was sent', 'send', cause);
  }

  *#coSendQueue(): Coroutine<void> {
    let sent = false;
    this.#senders++;
    try {
      const transport = yield* this.coConnected();
      while (!this.#sendNow()) {
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
    if (!this.#queue.empty && !this.#closed && this.#transport !== undefined) wakeWaiters(this.#transport.fd);
  }

  /** Those who wait to send what never will be sent are told. */
  #tellSenders(): void {
    if (this.#abandoned !== undefined || this.protocol.sendState === 'failed') this.#wakeSenders();
  }

  #wakeSenders(): void {
    if (this.#closed) return;
    if (this.#senders > 0 && this.#transport !== undefined) wakeWaiters(this.#transport.fd);
    if (this.#pieceSender !== undefined) wakeSoon(this.#pieceSender);
  }

  // --- listening while sending (RFC 9112 9.5) ------------------------------------------------------------------------

  /** Whether a sender is to look for an answer to what it sends: it is due next, not there yet, and nobody else reads. */
  get #listens(): boolean {
    if (this.#ended || this.#closed || this.#readers > 0) return false;
    return this.protocol.halfSent && this.protocol.earlyStatus() === undefined;
  }

  /** What a sender waits for: room, or an answer. */
  #roomNeed({ fd, sendNeeds, receiveNeeds }: Transport): PollNeeded {
    if (!this.#listens) return sendNeeds;
    const mask = sendNeeds.mask | receiveNeeds.mask;
    return new PollNeeded(fd, mask, { shared: mask });
  }

  /** What a sender waits for beside the next piece of a body; undefined: nothing. */
  #answerNeed(): PollNeeded | undefined {
    this.#pieceSender = currentRunner();
    return this.#listens ? this.#transport?.receiveNeeds.forSeveral() : undefined;
  }

  /**
   * A sender that has waited looks at what came meanwhile. An answer that is no success makes it stop, as does the end of the
   * peer's stream without one; a server that has answered with a success may still take what is sent. @throws ConnectionClosed
   */
  #heedAnswer(): void {
    this.#assertOpen('send');
    if (this.#listens) this.#receive();
    this.#dropRefused();
    if (this.#ended && this.protocol.halfSent && this.protocol.earlyStatus() === undefined) this.#giveUpSending(ENDED);
    if (this.#abandoned === undefined && this.protocol.sendState !== 'failed') return;
    throw this.protocol.connectionClosed(this.#abandoned ?? ENDED, 'send', this.protocol.failure);
  }

  /** What the server has refused before it had all of it is not sent on. */
  #dropRefused(): void {
    const status = this.protocol.earlyStatus();
    if (status !== undefined && status >= FIRST_REFUSAL) this.#giveUpSending(ANSWERED);
  }

  #giveUpSending(why: string): void {
    this.#queue.clear();
    this.#abandoned = why;
    this.protocol.breakOff(why);
  }

  // --- receiving -----------------------------------------------------------------------------------------------------

  /** The next response; undefined if a 100 (Continue) was waited for in vain. */
  *coNextResponse(): Coroutine<Response | undefined> {
    let deadline: number | undefined;
    for (let waited = false; ; waited = true) {
      this.#assertOpen('receive');
      const response = waited ? this.#nextResponse() : this.#responseOrStateError();
      if (response !== undefined) return response;
      // The time to connect is none that the server takes to answer.
      if (this.#transport === undefined) yield* this.coConnected();
      if (this.protocol.awaitingContinue) {
        const now = performance.now();
        deadline ??= now + this.#options.continueTimeout;
        if (now >= deadline) {
          // It may have come while nobody resumed this coroutine.
          if (this.#receive()) continue;
          this.protocol.stopWaitingForContinue();
          return undefined;
        }
      }
      yield* this.coInput(deadline);
    }
  }

  /**
   * The next response, if it is there. While the body of its request is not complete and nobody is sending it, no other one
   * is worth waiting for. @throws StateError
   */
  #responseOrStateError(): Response | undefined {
    for (;;) {
      const response = this.#nextResponse();
      if (response !== undefined || this.#pieceSender !== undefined || this.#senders > 0 || !this.protocol.awaitingBody)
        return response;
      if (this.#transport !== undefined && this.#receive()) continue;
      this.protocol.assertRequestComplete();
      return undefined;
    }
  }

  #nextResponse(): Response | undefined {
    try {
      this.#dropRefused();
      const response = this.protocol.nextResponse();
      if (response !== undefined) this.#dropUnsent();
      return response;
    } finally {
      this.#tellSenders();
    }
  }

  /**
   * After the server's last response nothing more may be sent (RFC 9112 9.6): what waits is dropped, its senders told. Only the
   * request that is being answered goes on until its answer is complete.
   */
  #dropUnsent(): void {
    const { receiveState, pendingRequest } = this.protocol;
    const last = receiveState === 'closed' || (receiveState === 'last-body' && pendingRequest !== undefined);
    if (this.#queue.empty || !last) return;
    this.#queue.clear();
    this.#abandoned ??= ENDED;
  }

  /** Up to `length` bytes as they come, outside HTTP; empty at the orderly end. */
  *coReadRaw(length: number): Coroutine<Buffer> {
    this.protocol.assertCanReceiveRaw();
    const { buffer } = this.protocol;
    while (buffer.length === 0 && !this.#ended) yield* this.coInput();
    this.#assertOpen('receive');
    if (buffer.length === 0) this.protocol.assertOrderlyEnd();
    const target = Buffer.allocUnsafe(Math.min(length, buffer.length));
    buffer.take(target, 0, target.length);
    return target;
  }

  /** One step: from the buffer, or past it. Undefined if input must be waited for. */
  receiveBody(body: BodyDecoder, target: Uint8Array | undefined, offset: number, length: number): number | undefined {
    if (!body.complete) this.#assertOpen('receive');
    const count = this.#readBody(body, target, offset, length);
    if (count !== undefined || target === undefined) return count;
    const direct = Math.min(length, body.direct);
    if (direct < WORTH_DIRECT || this.#transport === undefined || this.#ended) return undefined;
    const received = this.#transport.receive(target, offset, direct);
    if (received <= 0) {
      return this.#noteEnd(received) ? this.#readBody(body, target, offset, length) : undefined;
    }
    this.#pace.received(received);
    this.protocol.receivedBody(body, received);
    if (body.complete) this.#bodyEnded();
    return received;
  }

  #readBody(body: BodyDecoder, target: Uint8Array | undefined, offset: number, length: number): number | undefined {
    try {
      const count = this.protocol.readBody(body, target, offset, length);
      if (body.complete) this.#bodyEnded();
      return count;
    } catch (error) {
      this.#tellSenders();
      throw error;
    }
  }

  #bodyEnded(): void {
    this.#dropUnsent();
    this.#tellSenders();
  }

  /**
   * Receives once, or waits once: bytes, the end, or nothing may have come. Callers look again at what they are after, since
   * another call may have taken it meanwhile.
   */
  *coInput(deadline?: number): Coroutine<void> {
    const transport = this.#transport ?? (yield* this.coConnected());
    const phase = deadline === undefined ? 'receive' : 'continue';
    this.#assertOpen(phase);
    const unsent = this.#senders === 0 && !this.#sendMeanwhile();
    if (this.#receive()) return;
    let need = transport.receiveNeeds;
    if (unsent) need = new PollNeeded(need.fd, need.mask | transport.sendNeeds.mask, { deadline, shared: POLLOUT });
    else if (deadline !== undefined) need = new PollNeeded(need.fd, need.mask, { deadline });
    yield* this.#coAwaitInput(need, phase);
    this.#assertOpen(phase);
  }

  /** The same, for a body of which `certain` bytes are still to come. */
  *coBodyInput(certain: number): Coroutine<void> {
    const transport = this.#transport;
    if (transport === undefined || !this.#mayPause(transport, certain)) {
      yield* this.coInput();
      return;
    }
    const deadline = performance.now() + (transport.pause as number);
    yield* this.#coAwaitInput(new PollNeeded(-1, 0, { deadline }), 'receive');
    this.#assertOpen('receive');
    // So that whoever watches over inactivity sees a wait that something has ended.
    yield* this.#coAwaitInput(transport.receiveNeeds, 'receive');
    this.#assertOpen('receive');
  }

  /** Not in a loop written by hand, which may look at descriptors only; nor while something is to be sent. */
  #mayPause({ pause }: Transport, certain: number): boolean {
    if (pause === undefined || this.#ended || !this.#queue.empty) return false;
    return (runsBlocked() || currentRunner() !== undefined) && this.#pace.allows(pause, certain);
  }

  *#coAwaitInput(need: PollNeeded, phase: Phase): Coroutine<void> {
    let resumed = false;
    this.#readers++;
    try {
      yield* coWait(need, phase);
      resumed = true;
    } finally {
      this.#readers--;
      // From here on they have to listen for themselves.
      if (!resumed) this.#wakeSenders();
    }
  }

  /** Sends what nobody else is sending; a failure is left to those who send, since the answer may be there already. */
  #sendMeanwhile(): boolean {
    try {
      return this.#sendNow();
    } catch (error) {
      if (this.protocol.receiveState === 'failed') throw error;
      return true;
    }
  }

  /** One receive into the buffer. False if nothing is there yet. */
  #receive(): boolean {
    if (this.#ended) return true;
    const { buffer } = this.protocol;
    const room = buffer.makeRoom();
    const count = (this.#transport as Transport).receive(buffer.bytes, buffer.end, room);
    if (count <= 0) return this.#noteEnd(count);
    this.#pace.received(count);
    buffer.filled(count);
    return true;
  }

  /** `result` of a receive call that gave no bytes. False if it would have blocked. */
  #noteEnd(result: number): boolean {
    if (result === WOULD_BLOCK) return false;
    this.#ended = true;
    if (result === 0) this.protocol.receivedEnd();
    else this.protocol.receiveFailed(this.#transport?.failure ?? systemError(result, 'recv'));
    return true;
  }

  // --- blocking ------------------------------------------------------------------------------------------------------

  /**
   * How a blocking call waits. While it cannot send and responses are pending, it takes these in, since the server may be
   * waiting for just that. @throws StateError when that has become too much
   */
  waitBlocking(need: PollNeeded, timeoutMs: number | undefined): boolean {
    const { fd, mask, deadline } = need;
    const sends = fd === this.#transport?.fd && mask === POLLOUT;
    const readsAhead = sends && !this.#ended && this.protocol.responsePending;
    if (!readsAhead) return need.poll(timeoutMs);
    if (!new PollNeeded(fd, POLLIN | POLLOUT, { deadline }).poll(timeoutMs)) return false;
    const events = native.pollOne(fd, POLLIN | POLLOUT, 0);
    if (events & POLLIN && !(events & POLLOUT)) this.#readAhead();
    return true;
  }

  #readAhead(): void {
    const { maxReadAhead } = this.#options;
    if (this.protocol.buffer.length >= maxReadAhead) {
      throw new StateError(
        `the server takes no more until its responses are read, and ${maxReadAhead} bytes of them (maxReadAhead) have been ` +
          'taken in already: read responses between requests, or raise maxReadAhead',
      );
    }
    this.#receive();
  }
}
