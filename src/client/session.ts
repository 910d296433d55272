/**
 * One connection, from dialling to closing: the one loop that carries bytes between a ClientProtocol and a Transport. Each operation
 * tries a call of the protocol; if that gives nothing, a turn of the loop sends what waits, receives what there is, lets the other
 * coroutines of the connection know, and suspends. What waits to be sent is the protocol's, and what was received: a coroutine that is
 * dropped takes none of it away, and the next one to run goes on with it.
 *
 * A coroutine keeps to the session that it began with: one that is resumed after disconnect() never touches its successor. The session
 * does not know what runs a coroutine; blocked threads have a way of their own to wait (blocked-wait.ts).
 */

import { Buffer } from 'node:buffer';
import { now } from '../clock.ts';
import { type Coroutine, type PollNeeded, SharedNeed, waitFor } from '../coroutine.ts';
import { StateError } from '../errors.ts';
import type { BodyDecoder } from '../http1/body-decoder.ts';
import { ClientProtocol, type ClientProtocolOptions, type Request, type Response } from '../http1/protocol.ts';
import type { Transport } from '../io/transport.ts';
import { UNTIL_NOTIFIED, WaitList } from '../schedule/wait-list.ts';
import { SlotTaken } from '../schedule/wait-table.ts';
import { BodyReader, type ResponseInput } from './body-reader.ts';
import { type BodyPieces, coEachPiece } from './request-pieces.ts';
import type { Outgoing } from './send-options.ts';
import { type Dial, SharedDial } from './shared-dial.ts';
import { either, inPhase } from './wait.ts';
import { Wire } from './wire.ts';

export interface SessionOptions extends ClientProtocolOptions {
  /** Makes the connection. */
  readonly dial: Dial;
  /** What messages call the peer. */
  readonly peer: string;
  /** Milliseconds that connecting may take; 0: no limit. */
  readonly connectTimeout: number;
  /** Milliseconds to wait for 100 (Continue). */
  readonly continueTimeout: number;
}

/** A corked output is sent when it has grown to this many bytes. */
const CORK_LIMIT = 65_536;
/** So many bytes are taken in by a sender that cannot send before the server has said something else. */
const MOST_TAKEN_IN = 1 << 20;
/** From this many wanted bytes on, receiving past the input buffer saves more by the copy than it costs in calls. */
const WORTH_DIRECT = 16_384;
/** What a suspended sender relies on, as bits: that it listens, that bytes wait, that not all of them will be sent. */
const LISTENS = 1;
const WAITS = 2;
const OVER = 4;

export class Session implements ResponseInput {
  readonly protocol: ClientProtocol;
  readonly wire: Wire;
  /** Reads the bodies of the responses. */
  readonly bodies: BodyReader;
  /** Whether requests are collected instead of sent. */
  corked = false;
  readonly #peer: string;
  readonly #continueTimeout: number;
  /** A call that sends has begun and not ended. */
  #sending = false;
  /** Coroutines that are suspended until they can send, or have the next piece of what they send. */
  readonly #senders = new WaitList();
  /** What the suspended sender relies on: when that changes, it must look again. */
  #reliedOn = 0;

  constructor(options: SessionOptions) {
    const { host, absolute, headers, limits, receiveBufferSize } = options;
    const onInformational = this.#guarded(options.onInformational);
    this.protocol = new ClientProtocol({ host, absolute, headers, limits, receiveBufferSize, onInformational });
    this.wire = new Wire(this.protocol, new SharedDial(options.dial, options.connectTimeout));
    this.#peer = options.peer;
    this.#continueTimeout = options.continueTimeout;
    this.bodies = new BodyReader(this, this.protocol.limits.bodyInMemory);
  }

  // --- the connection ------------------------------------------------------------------------------------------------

  get closed(): boolean {
    return this.wire.closed;
  }

  /** As {@link Wire.close}. Senders that wait for the next piece of a body are resumed, too. */
  close(): void {
    this.wire.close();
    this.#senders.notify();
  }

  /** Whether a request can go out at once, and be answered. Looks at the socket. */
  reusable(): boolean {
    if (this.closed || this.wire.transport === undefined || this.protocol.underWay) return false;
    try {
      this.protocol.assertUsable();
      this.wire.assertQuiet();
      return true;
    } catch {
      return false;
    }
  }

  /** The user's function may disconnect: what came behind is not handed out any more then. */
  #guarded(onInformational: SessionOptions['onInformational']): SessionOptions['onInformational'] {
    return (
      onInformational &&
      ((response) => {
        onInformational(response);
        this.wire.assertOpen('receive');
      })
    );
  }

  // --- sending -------------------------------------------------------------------------------------------------------

  /** A request, with its body if that is given as a whole. */
  *coSendRequest(method: string, path: string, { request, body }: Omit<Outgoing, 'pieces'>): Coroutine<void> {
    this.#beginSending();
    try {
      const { protocol } = this;
      protocol.sendRequest(method, path, request);
      // What is collected is sent after this call, when the body may have been written to.
      if (body !== undefined) protocol.sendData(this.corked ? Buffer.from(body) : body);
      if (this.corked && protocol.output.length < CORK_LIMIT) return;
      if (!this.wire.flush()) yield* this.#coFlush();
    } finally {
      this.#sending = false;
    }
  }

  /** What `encode` puts into the output: a part of a body, its end, or bytes that are no HTTP. */
  *coSend(encode: (protocol: ClientProtocol) => void): Coroutine<void> {
    this.#beginSending();
    try {
      encode(this.protocol);
      if (!this.wire.flush()) yield* this.#coFlush();
    } finally {
      this.#sending = false;
    }
  }

  /**
   * The body of the request that was sent last, piece by piece, and its end if it is chunked. @throws ExcessBodyData or
   * MissingBodyData if the pieces are not what was announced
   */
  *coWriteAll(body: BodyPieces, { framing }: Request): Coroutine<void> {
    this.#beginSending();
    const { protocol } = this;
    try {
      yield* coEachPiece(body, {
        coSend: (piece) => this.#coSendPiece(piece),
        waits: this.#senders,
        need: () => this.#answerNeed(),
        heed: () => this.#heedAnswer(),
      });
      this.wire.assertOpen('send');
      if (framing?.kind === 'chunked') protocol.endBody();
      else protocol.bodySourceEnded();
      if (!this.wire.flush()) yield* this.#coFlush();
    } catch (error) {
      protocol.bodyFailed(error);
      throw error;
    } finally {
      this.#sending = false;
    }
  }

  /** Sends what has been collected as far as the kernel takes it now; the rest goes out with the next call. */
  uncork(): void {
    this.corked = false;
    if (this.wire.transport === undefined || this.closed) return;
    try {
      this.wire.flush();
    } finally {
      this.#tellSenders();
    }
  }

  *#coSendPiece(piece: Uint8Array): Coroutine<void> {
    this.wire.assertOpen('send');
    this.protocol.sendData(piece);
    // A piece without bytes takes its part of the share, too.
    this.wire.moved(0);
    if (!this.wire.flush()) yield* this.#coFlush();
    else if (this.wire.mustSuspend) yield* this.#coWaitSending();
  }

  /** What two coroutines send at the same time would have no order that either could know. */
  #beginSending(): void {
    this.wire.assertOpen('send');
    if (this.#sending) {
      throw new StateError(
        `another coroutine is still sending on the connection to ${this.#peer}: send one request after the other (their ` +
          'responses may be read meanwhile), or use several connections',
      );
    }
    this.#sending = true;
  }

  /** Sends until nothing waits. A sender that was interrupted leaves the rest to the next coroutine that runs. */
  *#coFlush(): Coroutine<void> {
    let sent = false;
    try {
      if (this.wire.transport === undefined) yield* this.#coConnectedSender();
      // A reader may have tried to send meanwhile.
      if (this.protocol.sendingOver) this.#heedAnswer();
      while (!this.wire.flush()) {
        if (this.wire.transport?.sendAwaitsInput) this.#heedAnswer();
        yield* this.#coWaitSending();
        this.#heedAnswer();
      }
      sent = true;
    } finally {
      if (!sent) {
        this.protocol.output.own();
        if (this.protocol.output.length > 0) this.wire.readers.notify();
      }
    }
  }

  *#coConnectedSender(): Coroutine<void> {
    const entry = this.#senders.enter(UNTIL_NOTIFIED);
    try {
      yield* this.wire.coConnected();
    } finally {
      this.#senders.leave(entry);
    }
  }

  *#coWaitSending(): Coroutine<void> {
    const { readers } = this.wire;
    const need = readers.reliedOnBy(this.#roomNeed(this.wire.transport as Transport));
    const entry = this.#senders.enter(need);
    this.wire.suspends();
    try {
      yield* waitFor(need);
    } catch (error) {
      throw inPhase(error, 'send');
    } finally {
      this.#senders.leave(entry);
    }
    readers.look();
  }

  /**
   * Whether a sender takes in what comes, since no other coroutine does: the answer to what it sends, if that is due next and not
   * there yet (RFC 9112 9.5); or what it cannot send without.
   */
  get #listens(): boolean {
    const { protocol } = this;
    if (protocol.ended || this.closed || this.wire.readers.waiting) return false;
    if (this.wire.transport?.sendAwaitsInput) return protocol.input.length < MOST_TAKEN_IN;
    return protocol.halfSent && protocol.earlyStatus() === undefined;
  }

  /** What a sender waits for: room, or an answer. */
  #roomNeed({ sendNeeds, receiveNeeds, sendAwaitsInput }: Transport): PollNeeded {
    if (!this.#settles()) return SharedNeed.of(sendNeeds);
    return SharedNeed.of(sendAwaitsInput ? receiveNeeds : either(sendNeeds, receiveNeeds));
  }

  /** What a sender waits for beside the next piece of a body; undefined: nothing. */
  #answerNeed(): PollNeeded | undefined {
    const { transport } = this.wire;
    return this.#settles() && transport !== undefined ? SharedNeed.of(transport.receiveNeeds) : undefined;
  }

  /** A sender is about to be suspended. Returns whether it listens. */
  #settles(): boolean {
    const listens = this.#listens;
    this.#reliedOn = this.#situation;
    return listens;
  }

  /**
   * A sender that has waited looks at what came meanwhile. An answer that is no success makes it stop, as does the end of the
   * peer's stream without one; a server that has answered with a success may still take what is sent. @throws ConnectionClosed
   */
  #heedAnswer(): void {
    this.wire.assertOpen('send');
    while (this.#listens && this.wire.receive());
    this.protocol.heedEarlyAnswer();
    if (this.protocol.sendingOver) throw this.protocol.sendingError;
  }

  get #situation(): number {
    const { output, sendingOver } = this.protocol;
    let listens = false;
    try {
      listens = this.#listens;
    } catch {
      // What is no HTTP is found by the sender itself: all is over.
    }
    return (listens ? LISTENS : 0) | (output.length > 0 ? WAITS : 0) | (sendingOver ? OVER : 0);
  }

  /** Lets a suspended sender look again, if what it relies on has changed. */
  #tellSenders(): void {
    if (this.#senders.waiting && this.#situation !== this.#reliedOn) this.#senders.notify();
  }

  // --- receiving -----------------------------------------------------------------------------------------------------

  /** The next response; undefined if a 100 (Continue) was waited for in vain. */
  *coNextResponse(): Coroutine<Response | undefined> {
    let deadline: number | undefined;
    let response = this.#responseOrStateError();
    while (response === undefined) {
      // The time to connect is none that the server takes to answer.
      if (this.wire.transport === undefined || !this.protocol.awaitingContinue) {
        yield* this.coInput();
      } else {
        deadline ??= now() + this.#continueTimeout;
        if (now() < deadline) {
          yield* this.coInput(deadline);
        } else if (!this.wire.receive()) {
          // It did not even come while nothing resumed this coroutine.
          this.protocol.stopWaitingForContinue();
          return undefined;
        }
      }
      response = this.#nextResponse();
    }
    return response;
  }

  /**
   * The next response, if it is there. While the body of its request is not complete and no coroutine sends it, no other one
   * is worth waiting for. @throws StateError
   */
  #responseOrStateError(): Response | undefined {
    for (;;) {
      const response = this.#nextResponse();
      if (response !== undefined || this.#senders.waiting || !this.protocol.awaitingBody) return response;
      if (this.wire.transport !== undefined && this.wire.receive()) continue;
      this.protocol.assertRequestComplete();
      return undefined;
    }
  }

  #nextResponse(): Response | undefined {
    this.wire.assertOpen('receive');
    try {
      this.protocol.heedEarlyAnswer();
      return this.protocol.nextResponse();
    } finally {
      this.#tellSenders();
    }
  }

  /** Up to `length` bytes as they come, outside HTTP; empty at the orderly end. */
  *coReadRaw(length: number): Coroutine<Buffer> {
    const { protocol } = this;
    const { input } = protocol;
    protocol.assertCanReceiveRaw();
    while (input.length === 0 && !protocol.ended) yield* this.coInput();
    this.wire.assertOpen('receive');
    if (input.length === 0) protocol.assertOrderlyEnd();
    const target = Buffer.allocUnsafe(Math.min(length, input.length));
    input.take(target, 0, target.length);
    return target;
  }

  get buffered(): number {
    return this.protocol.input.length;
  }

  hasMore(body: BodyDecoder): boolean {
    return body.more(this.protocol.input);
  }

  // Parameters: no object for each read.
  receiveBody(body: BodyDecoder, target: Uint8Array | undefined, offset: number, length: number): number | undefined {
    if (!body.complete) this.wire.assertOpen('receive');
    const count = this.#readBody(body, target, offset, length);
    if (count !== undefined || target === undefined) return count;
    const direct = Math.min(length, body.direct);
    if (direct < WORTH_DIRECT || this.wire.transport === undefined || this.wire.mustSuspend || this.protocol.ended)
      return undefined;
    const received = this.wire.receiveBody(body, target.subarray(offset, offset + direct));
    if (received === 0) return this.#readBody(body, target, offset, length);
    this.#tellSenders();
    return received;
  }

  // Parameters: no object for each read.
  #readBody(body: BodyDecoder, target: Uint8Array | undefined, offset: number, length: number): number | undefined {
    try {
      return this.protocol.readBody(body, target, offset, length);
    } finally {
      this.#tellSenders();
    }
  }

  // --- the turn of the loop ------------------------------------------------------------------------------------------

  /**
   * A reader's turn: sends what no sender is sending, receives once, or suspends once. Bytes, the end, or nothing may have come:
   * callers look again at what they are after.
   */
  *coInput(deadline?: number): Coroutine<void> {
    if (this.wire.transport === undefined) {
      yield* this.wire.coConnected();
      return;
    }
    const phase = deadline === undefined ? 'receive' : 'continue';
    this.wire.assertOpen(phase);
    const { bytesReceived } = this.protocol;
    // A sender that waits sends for itself: its caller may rely on being ahead of its reader.
    const rest = this.#senders.waiting ? this.protocol.output.length > 0 : !this.flushForOthers();
    // Before a request goes out on an idle connection, what lies there is received.
    if (this.protocol.bytesReceived > bytesReceived || (!this.wire.mustSuspend && this.wire.receive())) return;
    const { transport } = this.wire;
    let need = rest ? this.#restNeed(transport) : transport.receiveNeeds;
    if (deadline !== undefined) need = need.before(deadline);
    // Ready at once: TLS may hold bytes of which the descriptor says nothing.
    if (this.wire.mustSuspend) need = need.before(0);
    const entry = this.wire.readers.enter(need);
    let resumed = false;
    this.wire.suspends();
    // Not in a coroutine of its own: while the wait lasts, each level is memory, and each resumption goes through it.
    try {
      yield* waitFor(need);
      resumed = true;
    } catch (error) {
      throw error instanceof SlotTaken ? this.#secondReader(error) : inPhase(error, phase);
    } finally {
      this.wire.readers.leave(entry);
      // From here on a sender has to listen for itself.
      if (!resumed) this.#tellSenders();
    }
    this.#senders.look();
    this.wire.assertOpen(phase);
  }

  /** What a reader waits for while a rest waits: input, and room if no sender waits for that. */
  #restNeed({ receiveNeeds, sendNeeds, sendAwaitsInput }: Transport): PollNeeded {
    if (sendAwaitsInput) return receiveNeeds;
    return this.#senders.waiting ? this.#senders.reliedOnBy(receiveNeeds) : either(receiveNeeds, sendNeeds);
  }

  /** Sends what no sender is sending; a failure is left to senders, since the answer may be there already. */
  flushForOthers(): boolean {
    try {
      return this.wire.flush();
    } catch (error) {
      if (this.protocol.receiveState === 'failed') throw error;
      return true;
    } finally {
      this.#tellSenders();
    }
  }

  #secondReader(cause: SlotTaken): StateError {
    return new StateError(
      `another coroutine is already waiting for reading from the connection to ${this.#peer}: read one response after the ` +
        'other, or use several connections',
      { cause },
    );
  }
}
