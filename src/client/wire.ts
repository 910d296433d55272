/**
 * Carries the bytes of one connection between a ClientProtocol and a Transport: one receive, or sending as far as it goes now. It waits
 * for nothing but the connection itself, and lets readers look again when something has come.
 *
 * It also counts, for fairness. A coroutine that has moved its share without a suspension has to suspend, although it could go on:
 * timers, signals and other coroutines have their turn then.
 */

import { now } from '../clock.ts';
import type { Coroutine } from '../coroutine.ts';
import { type DugongError, type Phase, StateError } from '../errors.ts';
import type { BodyDecoder } from '../http1/body-decoder.ts';
import type { ClientProtocol } from '../http1/protocol.ts';
import { CONNECTION_RESET, isConnectionLost, systemError, WOULD_BLOCK } from '../io/system-error.ts';
import type { Transport } from '../io/transport.ts';
import { WaitList } from '../schedule/wait-list.ts';
import type { MessageTrace } from './message-trace.ts';
import type { SharedDial } from './shared-dial.ts';

/** Most bytes that a coroutine moves without a suspension. Each call counts as CALL bytes at least. */
const FAIR_SHARE = 1 << 22;
const CALL = 16_384;

/**
 * A step of making a connection, and how long it took: an element of {@link HTTPConnection.connectSteps}.
 *
 * @example
 * ```js
 * import { HTTPConnection } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * connection.connect();
 * for (const { phase, duration } of connection.connectSteps) console.log(phase, duration < 10_000);
 * connection.disconnect();
 * // prints:
 * // resolve true
 * // connect true
 * ```
 */
export interface ConnectStep {
  /** The step: `resolve`, `connect`, `proxy-handshake`, `tunnel` or `handshake`. */
  readonly phase: Phase;
  /** The time that the step took, in milliseconds. */
  readonly duration: number;
}

export class Wire {
  readonly protocol: ClientProtocol;
  /** Coroutines that wait until something comes. */
  readonly readers: WaitList = new WaitList();
  readonly #dialling: SharedDial;
  readonly #trace: MessageTrace | undefined;
  #transport: Transport | undefined;
  #connectedAt: number | undefined;
  #closed = false;
  /** The reset that a send has found. The kernel reports it once; later receives see an orderly end. */
  #reset: DugongError | undefined;
  /** Bytes that were moved since the last suspension. */
  #moved = 0;

  constructor(protocol: ClientProtocol, dialling: SharedDial, trace: MessageTrace | undefined) {
    this.protocol = protocol;
    this.#dialling = dialling;
    this.#trace = trace;
  }

  // --- from dialling to closing --------------------------------------------------------------------------------------

  /** The transport, once there is one. */
  get transport(): Transport | undefined {
    return this.#transport;
  }

  /** When the connection was made, on the scale of `now()`; undefined before. */
  get connectedAt(): number | undefined {
    return this.#connectedAt;
  }

  /** The steps of making the connection, and the milliseconds that each took; none before it is made. */
  get connectSteps(): ConnectStep[] {
    const made = this.#connectedAt;
    if (made === undefined) return [];
    const { steps } = this.#dialling;
    return steps.map(({ phase, begin }, index) => ({ phase, duration: (steps[index + 1]?.begin ?? made) - begin }));
  }

  /** What is being done to connect; undefined before that begins, and after it. */
  get connecting(): Phase | undefined {
    return this.#dialling.begun && this.#transport === undefined ? this.#dialling.phase : undefined;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Waits until the connection exists. Several coroutines may wait. @throws ConnectionClosed, or why it cannot be made */
  *coConnected(): Coroutine<void> {
    if (this.#transport === undefined) {
      try {
        const transport = yield* this.#dialling.coTransport();
        if (this.#closed) transport?.close();
        else if (transport !== undefined && this.#transport === undefined) this.#begin(transport);
      } finally {
        if (this.#dialling.failure !== undefined) this.close();
      }
    }
    this.assertOpen(this.#dialling.phase);
  }

  #begin(transport: Transport): void {
    this.#transport = transport;
    this.#connectedAt = now();
    // Nothing has left yet: what the server says before that is no answer.
    this.protocol.output.sent(0);
  }

  /** Closes the connection at once. Coroutines that wait for its descriptor are resumed. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#dialling.end();
    this.#transport?.close();
    this.#trace?.closed(this.#dialling.failure?.error);
  }

  /** @throws ConnectionClosed, or why there never was a connection */
  assertOpen(phase: Phase): void {
    if (!this.#closed) return;
    const { failure } = this.#dialling;
    throw failure?.error ?? this.protocol.connectionClosed('the connection was closed by disconnect()', phase);
  }

  // --- fairness ------------------------------------------------------------------------------------------------------

  /** Whether the running coroutine has had its share, and must suspend before it goes on. */
  get mustSuspend(): boolean {
    return this.#moved >= FAIR_SHARE;
  }

  /** The running coroutine has moved `count` bytes with one call, or done as much as that. */
  moved(count: number): void {
    this.#moved += Math.max(count, CALL);
  }

  /** The running coroutine suspends. */
  suspends(): void {
    this.#moved = 0;
  }

  // --- receiving -----------------------------------------------------------------------------------------------------

  /** One receive into the protocol's input. False if nothing is there yet. */
  receive(): boolean {
    const { ended, input } = this.protocol;
    if (ended) return true;
    const room = input.makeRoom();
    const count = this.#connection.receive(input.bytes, input.end, room);
    if (count > 0) input.filled(count);
    return this.#noteReceived(count);
  }

  /**
   * One receive of body bytes past the input, which is empty, into `target`, no longer than `body.direct`. How many have come; 0 at the
   * end; undefined if nothing is there yet.
   */
  receiveBody(body: BodyDecoder, target: Uint8Array): number | undefined {
    const count = this.#connection.receive(target, 0, target.length);
    if (!this.#noteReceived(count)) return undefined;
    if (count <= 0) return 0;
    this.protocol.receivedBody(body, count);
    return count;
  }

  /** `result` of a receive call. False if it would have blocked. */
  #noteReceived(result: number): boolean {
    if (result === WOULD_BLOCK) return false;
    this.moved(result);
    this.#trace?.received(result, this.#connection);
    if (result < 0) this.protocol.receiveFailed(this.#connection.failure ?? systemError(result, 'recv'));
    else if (result === 0 && this.#reset !== undefined) this.protocol.receiveFailed(this.#reset);
    else if (result === 0) this.protocol.receivedEnd();
    this.readers.notify();
    return true;
  }

  /** @throws InvalidResponse if the server has greeted in another protocol than HTTP */
  assertHTTP(): void {
    if (this.protocol.bytesReceived === 0) this.receive();
    this.protocol.assertHTTP();
  }

  /**
   * Looks, before a request goes out on an idle connection, whether the server has sent something or closed (RFC 9112 9.5). Not while a
   * reader of a loop written by hand waits: nothing could let that reader look again.
   * @throws ConnectionClosed, or InvalidResponse as {@link assertHTTP}
   */
  assertQuiet(): void {
    const { ended, input } = this.protocol;
    const came = ended || (!this.readers.untold && this.receive());
    if (came || input.length > 0) this.protocol.assertQuiet();
  }

  // --- sending -------------------------------------------------------------------------------------------------------

  /**
   * Sends until nothing waits (true); or until the kernel takes no more, there is no connection yet, or the running coroutine must
   * suspend (false). @throws ConnectionClosed
   */
  flush(): boolean {
    if (this.#transport === undefined) return false;
    const { output } = this.protocol;
    if (this.protocol.allUnsent) this.assertQuiet();
    while (output.length > 0) {
      if (this.mustSuspend) return false;
      const views = this.#taken();
      const result = this.#transport.send(views);
      output.sent(Math.max(0, result));
      this.#trace?.sent(views, result);
      if (result === WOULD_BLOCK) return false;
      if (result < 0) throw this.#sendFailure(result);
      this.moved(result);
    }
    return true;
  }

  #taken(): readonly Uint8Array[] {
    try {
      return this.protocol.output.take();
    } catch (error) {
      // Neither these bytes nor those after them can be sent any more.
      this.protocol.sendFailed(error);
      throw error;
    }
  }

  #sendFailure(result: number): Error {
    const cause = this.#connection.failure ?? systemError(result, 'send');
    // What came before the reset can still be received.
    if (result === CONNECTION_RESET) this.#reset = cause;
    this.protocol.sendFailed(cause);
    if (!isConnectionLost(result)) return cause;
    this.assertHTTP();
    return this.protocol.connectionClosed('the server closed the connection while a request was sent', 'send', cause);
  }

  get #connection(): Transport {
    if (this.#transport === undefined) throw new StateError('there is no connection yet');
    return this.#transport;
  }
}
