/**
 * One connection, from dialling to closing: the one loop that carries bytes between a ClientProtocol and a Transport. Each operation
 * tries a call of the protocol. If that gives nothing, a turn of the loop sends what no sender is sending, receives once, lets the other
 * coroutines of the connection know, and suspends. Bytes to be sent and received bytes are the protocol's, never a coroutine's: an
 * interrupted coroutine loses none of them, and the next coroutine goes on with them.
 *
 * A coroutine keeps to the session that it began with: after disconnect() it never touches the next session. The session does not know
 * what runs a coroutine; a blocked thread waits in its own way (blocked-wait.ts).
 */

import { Buffer } from 'node:buffer';
import { now } from '../clock.ts';
import { type Coroutine, type PollNeeded, SharedNeed, waitFor } from '../coroutine.ts';
import { StateError } from '../errors.ts';
import type { BodyDecoder } from '../http1/body-decoder.ts';
import type { HeadersInit } from '../http1/headers.ts';
import { ClientProtocol, type ClientProtocolOptions, type Request, type Response } from '../http1/protocol.ts';
import type { Transport } from '../io/transport.ts';
import { UNTIL_NOTIFIED, WaitList } from '../schedule/wait-list.ts';
import { SlotTaken } from '../schedule/wait-table.ts';
import { BodyReader, type ResponseInput } from './body-reader.ts';
import { MessageTrace } from './message-trace.ts';
import { type BodyPieces, coEachPiece } from './request-pieces.ts';
import type { Outgoing } from './send-options.ts';
import { type Dial, SharedDial } from './shared-dial.ts';
import { either, inPhase } from './wait.ts';
import { Wire } from './wire.ts';
import { WireTrace } from './wire-trace.ts';

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
/** Most bytes that a sender receives while TLS must receive before it can send. */
const MOST_TAKEN_IN = 1 << 20;
/** From this size on, a body is received straight into the caller's buffer: the saved copy is worth more than the extra calls. */
const WORTH_DIRECT = 16_384;
/** The bits of a sender's situation: it listens; bytes wait; they will not be sent. */
const LISTENS = 1;
const WAITS = 2;
const OVER = 4;

export class Session implements ResponseInput {
  readonly protocol: ClientProtocol;
  readonly wire: Wire;
  /** Reads the bodies of the responses. */
  readonly bodies: BodyReader;
  /** Undefined unless the environment asks for a trace. */
  readonly trace: MessageTrace | undefined;
  /** Whether requests are collected instead of sent. */
  corked = false;
  readonly #peer: string;
  readonly #continueTimeout: number;
  /** A call that sends has begun and not ended. */
  #sending = false;
  /** Senders that wait for the connection, for room, or for the next piece of a body. */
  readonly #senders = new WaitList();
  /** The situation that the suspended sender relies on. When it changes, the sender must look again. */
  #reliedOn = 0;

  constructor(options: SessionOptions) {
    const { host, absolute, headers, limits, receiveBufferSize, dial, connectTimeout } = options;
    const trace = WireTrace.begin(options.peer);
    const onInformational = this.#guarded(options.onInformational, trace !== undefined);
    this.protocol = new ClientProtocol({ host, absolute, headers, limits, receiveBufferSize, onInformational });
    this.trace = trace && new MessageTrace(trace, this.protocol, 1);
    const traced: Dial = trace === undefined ? dial : (steps) => dial({ ...steps, trace });
    this.wire = new Wire(this.protocol, new SharedDial(traced, connectTimeout), this.trace);
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

  /** Whether a request can be sent at once, on a connection that the server has not closed. Looks at the socket. */
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

  /** The caller's function may disconnect. Nothing that was received behind that response is returned then. */
  // Parameters: whether there will be a trace, which needs the protocol.
  #guarded(given: SessionOptions['onInformational'], traced: boolean): SessionOptions['onInformational'] {
    if (given === undefined && !traced) return undefined;
    return (response) => {
      this.trace?.response(response);
      given?.(response);
      this.wire.assertOpen('receive');
    };
  }

  // --- sending -------------------------------------------------------------------------------------------------------

  /** A request, with its body if that is given as a whole. */
  *coSendRequest(method: string, path: string, { request, body }: Omit<Outgoing, 'pieces'>): Coroutine<void> {
    this.#beginSending();
    try {
      const { protocol } = this;
      const { end } = protocol.output;
      protocol.sendRequest(method, path, request);
      this.trace?.request(end, request);
      // Collected bytes are sent after this call, when the caller may have changed the body.
      if (body !== undefined) protocol.sendData(this.corked ? Buffer.from(body) : body);
      if (this.corked && protocol.output.length < CORK_LIMIT) return;
      if (!this.wire.flush()) yield* this.#coFlush();
    } finally {
      this.#sending = false;
    }
  }

  /** Sends what `encode` puts into the output: a part of a body, its end, or bytes that are no HTTP. */
  *coSend(encode: (session: Session) => void): Coroutine<void> {
    this.#beginSending();
    try {
      encode(this);
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
        need: () => this.wire.readers.reliedOnBy(this.#answerNeed() ?? UNTIL_NOTIFIED),
        heed: () => this.#heedAnswer(),
      });
      this.wire.assertOpen('send');
      if (framing?.kind === 'chunked') this.endBody();
      else protocol.bodySourceEnded();
      if (!this.wire.flush()) yield* this.#coFlush();
    } catch (error) {
      protocol.bodyFailed(error);
      throw error;
    } finally {
      this.#sending = false;
    }
  }

  /** Puts the end of a chunked body into the output. */
  endBody(trailers?: HeadersInit): void {
    const { end } = this.protocol.output;
    this.protocol.endBody(trailers);
    this.trace?.bodyEnd(end);
  }

  /** Sends the collected bytes, as far as the kernel takes them now. The next call sends the rest. */
  uncork(): void {
    this.corked = false;
    if (this.wire.transport === undefined || this.closed) return;
    try {
      // A reader that waits meanwhile sends the rest.
      if (!this.wire.flush()) this.wire.readers.notify();
    } finally {
      this.#tellSenders();
    }
  }

  *#coSendPiece(piece: Uint8Array): Coroutine<void> {
    this.wire.assertOpen('send');
    this.protocol.sendData(piece);
    // An empty piece counts as a call, too.
    this.wire.moved(0);
    if (!this.wire.flush()) yield* this.#coFlush();
    else if (this.wire.mustSuspend) yield* this.#coWaitSending();
  }

  /** Two senders at the same time are refused: the order of their requests, and so of the responses, would be by chance. */
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

  /** Sends until nothing waits. An interrupted sender leaves the rest to the next coroutine that runs. */
  *#coFlush(): Coroutine<void> {
    let sent = false;
    try {
      if (this.wire.transport === undefined) yield* this.#coConnectedSender();
      // A reader may have sent meanwhile, and found that nothing can be sent any more.
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
    const need = this.wire.readers.reliedOnBy(this.#roomNeed(this.wire.transport as Transport));
    const entry = this.#senders.enter(need);
    this.wire.suspends();
    try {
      yield* waitFor(need);
    } catch (error) {
      throw inPhase(error, 'send');
    } finally {
      this.#senders.leave(entry);
    }
  }

  /**
   * Whether the sender receives, because no reader waits. It looks for a response to its request, if that response is due next and
   * has not come (RFC 9112 9.5); or receives what TLS needs before it can send.
   */
  get #listens(): boolean {
    const { protocol } = this;
    if (protocol.ended || this.closed || this.wire.readers.reliable) return false;
    if (this.wire.transport?.sendAwaitsInput) return protocol.input.length < MOST_TAKEN_IN;
    return protocol.halfSent && protocol.earlyStatus() === undefined;
  }

  /** What a sender waits for: room, and input if it listens. */
  #roomNeed({ sendNeeds, receiveNeeds, sendAwaitsInput }: Transport): PollNeeded {
    if (!this.#settles()) return SharedNeed.of(sendNeeds);
    return SharedNeed.of(sendAwaitsInput ? receiveNeeds : either(sendNeeds, receiveNeeds));
  }

  /** What a sender waits for beside the next piece of a body; undefined: nothing. */
  #answerNeed(): PollNeeded | undefined {
    const { transport } = this.wire;
    return this.#settles() && transport !== undefined ? SharedNeed.of(transport.receiveNeeds) : undefined;
  }

  /** Notes the situation of a sender that is about to be suspended. Returns whether it listens. */
  #settles(): boolean {
    const listens = this.#listens;
    this.#reliedOn = this.#situation;
    return listens;
  }

  /**
   * A resumed sender looks at what has come. A response that is no success, or the end of the stream, ends the sending. After a success
   * the server may still take the rest. @throws ConnectionClosed
   */
  #heedAnswer(): void {
    this.wire.assertOpen('send');
    this.wire.readers.look();
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
      // The server does not speak HTTP. The sender finds that when it looks.
    }
    return (listens ? LISTENS : 0) | (output.length > 0 ? WAITS : 0) | (sendingOver ? OVER : 0);
  }

  /** Lets the suspended sender look again, if its situation has changed. */
  #tellSenders(): void {
    if (this.#senders.waiting && this.#situation !== this.#reliedOn) this.#senders.notify();
  }

  // --- receiving -----------------------------------------------------------------------------------------------------

  /** The next response; undefined if a 100 (Continue) was waited for in vain. */
  *coNextResponse(): Coroutine<Response | undefined> {
    let deadline: number | undefined;
    let response = this.#responseOrStateError();
    while (response === undefined) {
      // Connecting does not count towards the time for 100 (Continue).
      if (this.wire.transport === undefined || !this.protocol.awaitingContinue) {
        yield* this.coInput();
      } else {
        deadline ??= now() + this.#continueTimeout;
        if (now() < deadline) {
          yield* this.coInput(deadline);
        } else if (!this.wire.receive()) {
          // Nor has it come while this coroutine was not resumed.
          this.protocol.stopWaitingForContinue();
          return undefined;
        }
      }
      response = this.#nextResponse();
    }
    return response;
  }

  /**
   * The next response, if it is there. If its request is not complete and no coroutine is sending it, waiting would never end.
   * @throws StateError
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
      const response = this.protocol.nextResponse();
      if (response !== undefined) this.trace?.response(response);
      return response;
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
    this.trace?.raw(target);
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
    if (target === undefined && this.trace?.showsBodies) {
      const room = Math.min(length, Math.max(1, this.buffered));
      return this.#readBody(body, Buffer.allocUnsafe(room), 0, room);
    }
    const count = this.#readBody(body, target, offset, length);
    if (count !== undefined || target === undefined) return count;
    const direct = Math.min(length, body.direct);
    if (direct < WORTH_DIRECT || this.wire.transport === undefined || this.wire.mustSuspend || this.protocol.ended)
      return undefined;
    const received = this.wire.receiveBody(body, target.subarray(offset, offset + direct));
    if (received === 0) return this.#readBody(body, target, offset, length);
    if (received !== undefined) this.trace?.body(body, received, target.subarray(offset, offset + received));
    this.#tellSenders();
    return received;
  }

  // Parameters: no object for each read.
  #readBody(body: BodyDecoder, target: Uint8Array | undefined, offset: number, length: number): number | undefined {
    try {
      const count = this.protocol.readBody(body, target, offset, length);
      if (count !== undefined) this.trace?.body(body, count, target?.subarray(offset, offset + count));
      return count;
    } finally {
      this.#tellSenders();
    }
  }

  // --- the turn of the loop ------------------------------------------------------------------------------------------

  /**
   * A reader's turn: sends what no sender is sending, receives once, or suspends once. Bytes, the end, or nothing may have come: callers
   * look again for what they want.
   */
  *coInput(deadline?: number): Coroutine<void> {
    if (this.wire.transport === undefined) {
      yield* this.wire.coConnected();
      return;
    }
    const phase = deadline === undefined ? 'receive' : 'continue';
    this.wire.assertOpen(phase);
    this.#senders.look();
    const { bytesReceived } = this.protocol;
    // A sender that waits sends for itself: its caller may rely on being ahead of its reader.
    const rest = this.#senders.reliable ? this.protocol.output.length > 0 : !this.#flushForOthers();
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
    // Not in a coroutine of its own: each level costs memory while the wait lasts, and time at each resumption.
    try {
      yield* waitFor(need);
      resumed = true;
    } catch (error) {
      throw error instanceof SlotTaken ? this.#secondReader(error) : inPhase(error, phase);
    } finally {
      this.wire.readers.leave(entry);
      // The sender has to listen from here on.
      if (!resumed) this.#tellSenders();
    }
    this.wire.assertOpen(phase);
  }

  /** What a reader waits for while a rest waits: input, and room if no sender waits for that. */
  #restNeed({ receiveNeeds, sendNeeds, sendAwaitsInput }: Transport): PollNeeded {
    if (sendAwaitsInput) return receiveNeeds;
    return this.#senders.reliable ? this.#senders.reliedOnBy(receiveNeeds) : either(receiveNeeds, sendNeeds);
  }

  /** Sends what no sender is sending. A failure is left to senders: the response may have come already. */
  #flushForOthers(): boolean {
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
