/**
 * What comes in on one connection, for whoever asks: responses and bodies. Whoever waits for them sends what nobody else is
 * sending. How bodies are collected is the affair of BodyReader; it knows nothing of who runs.
 */

import { Buffer } from 'node:buffer';
import { now } from '../clock.ts';
import { type Coroutine, POLLOUT, waitFor } from '../coroutine.ts';
import { StateError } from '../errors.ts';
import type { BodyDecoder } from '../http1/body-decoder.ts';
import type { ClientProtocol, Response } from '../http1/protocol.ts';
import { shownPath } from '../inspection.ts';
import { SlotTaken } from '../schedule/slots.ts';
import type { BodySource } from './body-reader.ts';
import type { Link } from './link.ts';
import type { Sending } from './sending.ts';
import { either, inPhase } from './wait.ts';

/** From this many wanted bytes on, receiving past the buffer saves more by the copy than it costs in calls. */
const WORTH_DIRECT = 16_384;

export class Receiving implements BodySource {
  readonly #link: Link;
  readonly #protocol: ClientProtocol;
  readonly #sending: Sending;
  /** Milliseconds to wait for 100 (Continue). */
  readonly #continueTimeout: number;
  /** What a call that reads a body is about: the response that was read last, until its reader knows its end. */
  #latest: 'none' | 'continue' | 'final' = 'none';

  constructor(link: Link, sending: Sending, continueTimeout: number) {
    this.#link = link;
    this.#protocol = link.protocol;
    this.#sending = sending;
    this.#continueTimeout = continueTimeout;
  }

  get closed(): boolean {
    return this.#link.closed;
  }

  get buffered(): number {
    return this.#protocol.buffer.length;
  }

  /** The next response; undefined if a 100 (Continue) was waited for in vain. */
  *coNextResponse(): Coroutine<Response | undefined> {
    let deadline: number | undefined;
    for (let waited = false; ; waited = true) {
      this.#link.assertOpen('receive');
      const response = waited ? this.#nextResponse() : this.#responseOrStateError();
      if (response !== undefined) {
        this.#latest = response.head.status === 100 ? 'continue' : 'final';
        return response;
      }
      // The time to connect is none that the server takes to answer.
      if (this.#link.transport === undefined) yield* this.#link.coConnected();
      if (this.#protocol.awaitingContinue) {
        const time = now();
        deadline ??= time + this.#continueTimeout;
        if (time >= deadline) {
          // It may have come while nobody resumed this coroutine.
          if (this.#link.receive()) continue;
          this.#protocol.stopWaitingForContinue();
          this.#latest = 'continue';
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
      if (response !== undefined || this.#sending.awaitsPiece || this.#sending.active || !this.#protocol.awaitingBody)
        return response;
      if (this.#link.transport !== undefined && this.#link.receive()) continue;
      this.#protocol.assertRequestComplete();
      return undefined;
    }
  }

  #nextResponse(): Response | undefined {
    try {
      this.#sending.dropRefused();
      const response = this.#protocol.nextResponse();
      if (response === undefined) return undefined;
      this.#sending.dropUnsent();
      this.#sending.listenAgain();
      return response;
    } finally {
      this.#sending.tell();
    }
  }

  /**
   * A call that finds no body to read gives nothing: as long as nothing is asked of the server, behind the end of a body even if
   * other responses are to come (they come by `readResponse` only), and while the body that a 100 (Continue) allows is sent.
   * @throws StateError if it is about a response that has not been asked for, ConnectionClosed if that cannot come any more
   */
  assertNothingToRead(call: string): void {
    const { pendingRequest, receiveState, awaitingBody } = this.#protocol;
    this.endSeen();
    if (pendingRequest === undefined) return;
    this.#link.assertOpen('receive');
    if (this.#latest === 'final' || (this.#latest === 'continue' && awaitingBody)) return;
    if (receiveState === 'failed') throw this.#protocol.connectionUnusable('receive');
    const { method, path } = pendingRequest;
    throw new StateError(`${call} before the response to ${method} ${shownPath(path)}: call readResponse() first`);
  }

  /** The reader knows that there is no more: with the next request, the next response has to be asked for. */
  endSeen(): void {
    if (this.#protocol.pendingRequest === undefined) this.#latest = 'none';
  }

  /** Up to `length` bytes as they come, outside HTTP; empty at the orderly end. */
  *coReadRaw(length: number): Coroutine<Buffer> {
    this.#protocol.assertCanReceiveRaw();
    const { buffer } = this.#protocol;
    while (buffer.length === 0 && !this.#link.ended) yield* this.coInput();
    this.#link.assertOpen('receive');
    if (buffer.length === 0) this.#protocol.assertOrderlyEnd();
    const target = Buffer.allocUnsafe(Math.min(length, buffer.length));
    buffer.take(target, 0, target.length);
    return target;
  }

  /** Whether there is more of `body` for certain than its end. */
  hasMore(body: BodyDecoder): boolean {
    return body.more(this.#protocol.buffer);
  }

  /** One step: from the buffer, or past it. Undefined if input must be waited for. */
  receiveBody(body: BodyDecoder, target: Uint8Array | undefined, offset: number, length: number): number | undefined {
    if (!body.complete) this.#link.assertOpen('receive');
    const count = this.#readBody(body, target, offset, length);
    if (count === 0 && length > 0) this.endSeen();
    if (count !== undefined || target === undefined) return count;
    const direct = Math.min(length, body.direct);
    if (direct < WORTH_DIRECT || this.#link.transport === undefined || this.#link.ended) return undefined;
    const received = this.#link.transport.receive(target, offset, direct);
    if (received <= 0) {
      return this.#link.noteEnd(received) ? this.#readBody(body, target, offset, length) : undefined;
    }
    this.#link.pace.received(received);
    this.#protocol.receivedBody(body, received);
    if (body.complete) this.#bodyEnded();
    return received;
  }

  #readBody(body: BodyDecoder, target: Uint8Array | undefined, offset: number, length: number): number | undefined {
    try {
      const count = this.#protocol.readBody(body, target, offset, length);
      if (body.complete) this.#bodyEnded();
      return count;
    } catch (error) {
      this.#sending.tell();
      throw error;
    }
  }

  #bodyEnded(): void {
    this.#sending.dropUnsent();
    this.#sending.tell();
    this.#sending.listenAgain();
  }

  /**
   * Receives once, or waits once: bytes, the end, or nothing may have come. Callers look again at what they are after, since
   * another call may have taken it meanwhile.
   */
  *coInput(deadline?: number): Coroutine<void> {
    const transport = this.#link.transport ?? (yield* this.#link.coConnected());
    const phase = deadline === undefined ? 'receive' : 'continue';
    this.#link.assertOpen(phase);
    const unsent = !this.#sending.active && !this.#sending.meanwhile();
    if (this.#link.receive()) return;
    let need = transport.receiveNeeds;
    if (unsent && !transport.sendAwaitsInput) need = either(need, transport.sendNeeds, POLLOUT);
    if (deadline !== undefined) need = need.before(deadline);
    let resumed = false;
    this.#link.readers++;
    // Not in a coroutine of its own: while the wait lasts, each level is memory, and each resumption goes through it.
    try {
      yield* waitFor(need);
      resumed = true;
    } catch (error) {
      throw error instanceof SlotTaken ? this.#secondReader(error) : inPhase(error, phase);
    } finally {
      this.#link.readers--;
      // From here on they have to listen for themselves.
      if (!resumed) this.#sending.wake();
    }
    this.#link.assertOpen(phase);
  }

  #secondReader(cause: SlotTaken): StateError {
    return new StateError(
      `another coroutine is already waiting for reading from the connection to ${this.#link.peer}: read one response after the ` +
        'other, or use several connections',
      { cause },
    );
  }
}
