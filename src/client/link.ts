/**
 * One connection, from dialling to closing, as both directions see it: its transport, its protocol, and whether either has come
 * to an end. What is sent, and what is made of what comes, is the affair of Sending and Receiving.
 */

import { now } from '../clock.ts';
import type { Coroutine } from '../coroutine.ts';
import type { DugongError, Phase } from '../errors.ts';
import { ClientProtocol, type ClientProtocolOptions } from '../http1/protocol.ts';
import { CONNECTION_RESET, systemError, WOULD_BLOCK } from '../io/system-error.ts';
import type { Transport } from '../io/transport.ts';
import { authority } from './authority.ts';
import type { Destination } from './dial.ts';
import { Dialling } from './dialling.ts';
import { ReceivePace } from './receive-pace.ts';

export interface LinkOptions extends ClientProtocolOptions {
  readonly destination: Destination;
  /** Milliseconds that connecting may take; 0: no limit. */
  readonly connectTimeout: number;
}

/** Messages always name the port. */
const NO_DEFAULT = 0;

export class Link {
  readonly protocol: ClientProtocol;
  /** Coroutines that wait for input, and those that waited and were dropped: senders leave reading to them. */
  readers = 0;
  readonly pace: ReceivePace = new ReceivePace();
  /** What messages call the peer. */
  readonly peer: string;
  readonly #dialling: Dialling;
  #transport: Transport | undefined;
  #connectedAt: number | undefined;
  #closed = false;
  #ended = false;
  /** The connection was reset, as sending has found: a kernel says so once, and that the stream has ended from then on. */
  #reset: DugongError | undefined;

  constructor(options: LinkOptions) {
    const { host, absolute, headers, limits, receiveBufferSize } = options;
    const onInformational = this.#guarded(options.onInformational);
    this.protocol = new ClientProtocol({ host, absolute, headers, limits, receiveBufferSize, onInformational });
    const { hostname, port, socketPath } = options.destination;
    this.peer = socketPath ?? authority(hostname, port, NO_DEFAULT);
    this.#dialling = new Dialling(options.destination, options.connectTimeout);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The peer's stream has ended, or failed. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Once it is there. */
  get transport(): Transport | undefined {
    return this.#transport;
  }

  /** When that was, on the scale of `now()`; undefined before. */
  get connectedAt(): number | undefined {
    return this.#connectedAt;
  }

  /** What is being done to connect; undefined before that has begun, and behind it. */
  get connecting(): Phase | undefined {
    return this.#dialling.begun && this.#transport === undefined ? this.#dialling.phase : undefined;
  }

  /** Waits until the connection is there. Several coroutines may. @throws ConnectionClosed, or why it cannot be made */
  *coConnected(): Coroutine<Transport> {
    if (this.#transport === undefined) {
      try {
        const transport = yield* this.#dialling.coTransport();
        if (this.#closed) transport?.close();
        else if (transport !== undefined) this.#established(transport);
      } finally {
        if (this.#dialling.failure !== undefined) this.close();
      }
    }
    this.assertOpen(this.#dialling.phase);
    return this.#transport as Transport;
  }

  /** Several coroutines may have waited for the same transport: each calls this. */
  #established(transport: Transport): void {
    this.#transport = transport;
    this.#connectedAt ??= now();
  }

  /** Ends the connection at once. Coroutines that wait for it get ConnectionClosed. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#dialling.end();
    this.#transport?.close();
  }

  /** @throws ConnectionClosed, or why there never was a connection */
  assertOpen(phase: Phase): void {
    if (!this.#closed) return;
    throw (
      this.#dialling.failure?.error ??
      this.protocol.connectionClosed('the connection was closed by disconnect()', phase)
    );
  }

  /** The user's function may disconnect: what came behind is not handed out any more then. */
  #guarded(onInformational: LinkOptions['onInformational']): LinkOptions['onInformational'] {
    return (
      onInformational &&
      ((response) => {
        onInformational(response);
        this.assertOpen('receive');
      })
    );
  }

  /** One receive into the protocol's buffer. False if nothing is there yet. The transport must be there. */
  receive(): boolean {
    if (this.#ended) return true;
    const { buffer } = this.protocol;
    const room = buffer.makeRoom();
    const count = (this.#transport as Transport).receive(buffer.bytes, buffer.end, room);
    if (count <= 0) return this.noteEnd(count);
    this.pace.received(count);
    buffer.filled(count);
    return true;
  }

  /** `result` of a receive call that gave no bytes. False if it would have blocked. */
  noteEnd(result: number): boolean {
    if (result === WOULD_BLOCK) return false;
    this.#ended = true;
    if (result < 0) this.protocol.receiveFailed(this.#transport?.failure ?? systemError(result, 'recv'));
    else if (this.#reset !== undefined) this.protocol.receiveFailed(this.#reset);
    else this.protocol.receivedEnd();
    return true;
  }

  /** `result` of a send call that failed: its error. What has come before can still be received. */
  noteSendFailure(result: number): DugongError {
    const error = this.#transport?.failure ?? systemError(result, 'send');
    if (result === CONNECTION_RESET) this.#reset = error;
    return error;
  }
}
