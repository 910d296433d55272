/**
 * One connection from its dialling to its end: the transport, the protocol, and the bytes between them. All waiting of the
 * client goes through here; a coroutine keeps to the session that it began with, so that one which is resumed after
 * `disconnect()` finds it closed and never touches its successor.
 *
 * Invariants: the order of the send queue is the order on the wire, whoever sends it; nothing that was received is held by
 * a coroutine, so that one which is dropped or interrupted loses nothing.
 */

import { Buffer } from 'node:buffer';
import { type Coroutine, POLLIN, POLLOUT, PollNeeded, waitFor } from '../coroutine.ts';
import { ConnectionTimedOut, type Phase, StateError } from '../errors.ts';
import type { BodyDecoder } from '../http1/body-decoder.ts';
import type { Piece } from '../http1/body-encoder.ts';
import { ClientProtocol, type ClientProtocolOptions, type Request, type Response } from '../http1/protocol.ts';
import { native } from '../io/native.ts';
import { SendQueue } from '../io/send-queue.ts';
import { isConnectionLost, systemError, WOULD_BLOCK } from '../io/system-error.ts';
import type { Transport } from '../io/transport.ts';
import { BodyAssembly } from './body-assembly.ts';
import { coDial, type Destination } from './dial.ts';

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

export class Session {
  readonly protocol: ClientProtocol;
  /** Whether requests are collected instead of sent. */
  corked = false;
  readonly #options: SessionOptions;
  readonly #queue = new SendQueue();
  readonly #dialling: Coroutine<Transport>;
  #phase: Phase = 'connect';
  /** When the dialling began. */
  #dialled: number | undefined;
  /** Coroutines that wait for the dialling; when the last one is interrupted, it ends. */
  #diallers = 0;
  #transport: Transport | undefined;
  #closed = false;
  /** Why the connection could not be made. */
  #dialError: unknown;
  /** Coroutines that are sending the queue; while there are none, those that receive send it too. */
  #senders = 0;
  /** Bytes that waited to be sent were dropped, because the peer had sent its last response. */
  #abandoned = false;
  /** The peer's stream has ended, or failed. */
  #ended = false;
  #assembly: BodyAssembly | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.protocol = new ClientProtocol(options);
    this.#dialling = coDial(options.destination, (phase) => {
      this.#phase = phase;
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  // --- connecting and closing ----------------------------------------------------------------------------------------

  /** Waits until the connection is there. Several coroutines may: each drives the one dialling on. */
  *coConnected(): Coroutine<void> {
    for (;;) {
      this.#assertOpen(this.#phase);
      if (this.#transport !== undefined) return;
      const need = this.#dial();
      if (need !== undefined) yield* this.#coDialProgress(need);
    }
  }

  /** Steps the dialling. Returns what it waits for, or undefined when it is done. */
  #dial(): PollNeeded | undefined {
    try {
      const step = this.#dialling.next();
      if (!step.done) return step.value;
      this.#transport = step.value;
      return undefined;
    } catch (error) {
      this.#dialError = error;
      this.close();
      throw error;
    }
  }

  *#coDialProgress(need: PollNeeded): Coroutine<void> {
    const { connectTimeout } = this.#options;
    const { fd, mask } = need;
    this.#dialled ??= performance.now();
    const limit = connectTimeout === 0 ? undefined : this.#dialled + connectTimeout;
    if (limit !== undefined && performance.now() >= limit) throw this.#dialTimedOut(connectTimeout);
    const deadline = earlier(need.deadline, limit);
    let resumed = false;
    this.#diallers++;
    try {
      yield* this.#coWait(new PollNeeded(fd, mask, { deadline, shared: mask }), this.#phase);
      resumed = true;
    } finally {
      this.#diallers--;
      // Another coroutine may have brought it to its end meanwhile.
      if (!resumed && this.#diallers === 0 && this.#transport === undefined) this.close();
    }
  }

  #dialTimedOut(connectTimeout: number): ConnectionTimedOut {
    const error = new ConnectionTimedOut(connectTimeout, this.#phase);
    this.#dialError = error;
    this.close();
    return error;
  }

  /** Ends the connection at once. Coroutines that wait for it get ConnectionClosed. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#dialling.return(undefined as never);
    this.#transport?.close();
  }

  /** @throws ConnectionClosed, or why there never was a connection */
  #assertOpen(phase: Phase): void {
    if (!this.#closed) return;
    throw this.#dialError ?? this.protocol.connectionClosed('the connection was closed by disconnect()', phase);
  }

  *#coWait(need: PollNeeded, phase: Phase): Coroutine<void> {
    try {
      yield* waitFor(need);
    } catch (error) {
      const unnamed = error instanceof ConnectionTimedOut && error.phase === undefined;
      throw unnamed ? new ConnectionTimedOut(error.timeout, phase) : error;
    }
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
    this.#push(this.protocol.sendData(data));
    if (!this.#sendNow()) yield* this.#coSendQueue();
  }

  *coEndBody(trailers: Parameters<ClientProtocol['endBody']>[0]): Coroutine<void> {
    this.#assertSoleSender();
    this.#push(this.protocol.endBody(trailers));
    if (!this.#sendNow()) yield* this.#coSendQueue();
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
    if (this.#senders > 0) {
      throw new StateError('another coroutine is still sending on this connection: let it finish, or cancel it');
    }
  }

  /** Sends what has been collected as far as the kernel takes it now; the rest goes out with the next call. */
  uncork(): void {
    this.corked = false;
    if (this.#transport !== undefined && !this.#closed) this.#sendNow();
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
      const result = this.#queue.sendTo(this.#transport);
      if (result === WOULD_BLOCK) return false;
      if (result < 0) throw this.#sendFailure(result);
      this.protocol.bytesSent += result;
    }
    return true;
  }

  /** What waits on an idle connection is noticed before a request goes out on it (RFC 9112 9.5). */
  #assertQuiet(): void {
    if (!this.#receive()) return;
    this.#queue.clear();
    this.protocol.assertQuiet();
  }

  #sendFailure(result: number): Error {
    const cause = systemError(result, 'send');
    this.#queue.clear();
    this.protocol.sendFailed(cause);
    if (!isConnectionLost(result)) return cause;
    return this.protocol.connectionClosed('the server closed the connection while a request was sent', 'send', cause);
  }

  *#coSendQueue(): Coroutine<void> {
    let sent = false;
    this.#senders++;
    try {
      yield* this.coConnected();
      while (!this.#sendNow()) {
        yield* this.#coWait((this.#transport as Transport).sendNeeds, 'send');
        this.#assertOpen('send');
        // The queue is emptied when the peer ends the conversation: what was in it has not been sent.
        if (this.protocol.sendState === 'failed' || this.#abandoned) throw this.#notSent();
      }
      sent = true;
    } finally {
      this.#senders--;
      if (!sent) this.#queue.own();
    }
  }

  #notSent(): Error {
    return this.protocol.connectionClosed('the server ended the connection before the request was sent', 'send');
  }

  // --- receiving -----------------------------------------------------------------------------------------------------

  /** The next response; undefined if a 100 (Continue) was waited for in vain. */
  *coNextResponse(): Coroutine<Response | undefined> {
    let deadline: number | undefined;
    for (;;) {
      this.#assertOpen('receive');
      const response = this.protocol.nextResponse();
      if (response !== undefined) {
        this.#dropUnsent();
        return response;
      }
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
      yield* this.#coInput(deadline);
    }
  }

  /** After the server's last response nothing more may be sent (RFC 9112 9.6): what waits is dropped, its senders told. */
  #dropUnsent(): void {
    const { receiveState } = this.protocol;
    if (this.#queue.empty || (receiveState !== 'closed' && receiveState !== 'last-body')) return;
    this.#queue.clear();
    this.#abandoned = true;
  }

  /** Up to `length` bytes of `body` into `target[offset, ...)`, dropped without a target; 0 is the end. */
  *coReadBody(body: BodyDecoder, target: Uint8Array | undefined, offset: number, length: number): Coroutine<number> {
    for (;;) {
      const count = this.#readBody(body, target, offset, length);
      if (count !== undefined) return count;
      yield* this.#coInput();
    }
  }

  /** Up to `length` bytes of `body`, as many as there are once there are any; empty is the end. */
  *coReadSome(body: BodyDecoder, length: number): Coroutine<Buffer> {
    for (;;) {
      // No more is allocated than is there already; the one byte lets an empty buffer be told from an empty read.
      const size = Math.min(length, Math.max(this.protocol.buffer.length, this.#assembly?.length ?? 0, 1));
      const target = Buffer.allocUnsafe(size);
      const count = this.#readBody(body, target, 0, size);
      if (count !== undefined) return count === size ? target : target.subarray(0, count);
      yield* this.#coInput();
    }
  }

  /** The rest of `body`. */
  *coReadAll(body: BodyDecoder): Coroutine<Buffer> {
    this.#assembly ??= new BodyAssembly(body, this.protocol.limits.bodyInMemory);
    const assembly = this.#assembly;
    for (;;) {
      if (this.#assembly !== assembly) throw new StateError('another call has read this body meanwhile');
      // Before `bytes` is looked at, since it may replace them.
      const room = body.complete ? 0 : assembly.makeRoom();
      const count = room === 0 ? 0 : this.#receiveBody(body, assembly.bytes, assembly.end, room);
      if (count === undefined) {
        yield* this.#coInput();
      } else if (count > 0) {
        assembly.end += count;
      } else {
        this.#assembly = undefined;
        return assembly.whole();
      }
    }
  }

  /** Up to `length` bytes as they come, outside HTTP; empty at the orderly end. */
  *coReadRaw(length: number): Coroutine<Buffer> {
    this.protocol.assertCanReceiveRaw();
    const { buffer } = this.protocol;
    while (buffer.length === 0 && !this.#ended) yield* this.#coInput();
    this.#assertOpen('receive');
    if (buffer.length === 0) this.protocol.assertOrderlyEnd();
    const target = Buffer.allocUnsafe(Math.min(length, buffer.length));
    buffer.take(target, 0, target.length);
    return target;
  }

  /** What was collected by an interrupted readAll comes first. */
  #readBody(body: BodyDecoder, target: Uint8Array | undefined, offset: number, length: number): number | undefined {
    const assembly = this.#assembly;
    if (assembly === undefined || this.#closed) return this.#receiveBody(body, target, offset, length);
    const count = target === undefined ? assembly.length : assembly.take(target, offset, length);
    if (target === undefined || assembly.length === 0) this.#assembly = undefined;
    return count > 0 || length === 0 ? count : this.#receiveBody(body, target, offset, length);
  }

  /** One step: from the buffer, or past it. Undefined if input must be waited for. */
  #receiveBody(body: BodyDecoder, target: Uint8Array | undefined, offset: number, length: number): number | undefined {
    if (!body.complete) this.#assertOpen('receive');
    const count = this.protocol.readBody(body, target, offset, length);
    if (count !== undefined || target === undefined) return count;
    const direct = Math.min(length, body.direct);
    if (direct < WORTH_DIRECT || this.#transport === undefined || this.#ended) return undefined;
    const received = this.#transport.receive(target, offset, direct);
    if (received <= 0) {
      return this.#noteEnd(received) ? this.protocol.readBody(body, target, offset, length) : undefined;
    }
    this.protocol.bytesReceived += received;
    this.protocol.receivedBody(body, received);
    return received;
  }

  /**
   * Receives once, or waits once: bytes, the end, or nothing may have come. Callers look again at what they are after, since
   * another call may have taken it meanwhile.
   */
  *#coInput(deadline?: number): Coroutine<void> {
    if (this.#transport === undefined) yield* this.coConnected();
    const transport = this.#transport as Transport;
    const phase = deadline === undefined ? 'receive' : 'continue';
    this.#assertOpen(phase);
    const unsent = this.#senders === 0 && !this.#sendMeanwhile();
    if (this.#receive()) return;
    let need = transport.receiveNeeds;
    if (unsent) need = new PollNeeded(transport.fd, POLLIN | POLLOUT, { deadline, shared: POLLOUT });
    else if (deadline !== undefined) need = new PollNeeded(need.fd, need.mask, { deadline });
    yield* this.#coWait(need, phase);
    this.#assertOpen(phase);
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
    buffer.filled(count);
    this.protocol.bytesReceived += count;
    return true;
  }

  /** `result` of a receive call that gave no bytes. False if it would have blocked. */
  #noteEnd(result: number): boolean {
    if (result === WOULD_BLOCK) return false;
    this.#ended = true;
    if (result === 0) this.protocol.receivedEnd();
    else this.protocol.receiveFailed(systemError(result, 'recv'));
    return true;
  }

  // --- blocking ------------------------------------------------------------------------------------------------------

  /**
   * How a blocking call waits. While it cannot send and responses are pending, it takes these in, since the server may be
   * waiting for just that. @throws StateError when that has become too much
   */
  waitBlocking(need: PollNeeded, timeoutMs: number | undefined): boolean {
    const transport = this.#transport;
    const readsAhead = need === transport?.sendNeeds && !this.#ended && this.protocol.responsePending;
    if (!readsAhead) return need.poll(timeoutMs);
    const events = native.pollOne(transport.fd, POLLIN | POLLOUT, timeoutMs ?? -1);
    if (events & POLLIN && !(events & POLLOUT)) this.#readAhead();
    return events !== 0;
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

function earlier(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}
