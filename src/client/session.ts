/**
 * One connection: its link, and what goes out and comes in on it. A coroutine keeps to the session that it began with, so that one
 * which is resumed after disconnect() never touches its successor. Here is also how a blocked thread waits, which no coroutine
 * knows of.
 */

import { type Coroutine, POLLIN, POLLOUT, PollNeeded } from '../coroutine.ts';
import { type Phase, StateError } from '../errors.ts';
import type { ClientProtocol } from '../http1/protocol.ts';
import { native } from '../io/native.ts';
import type { OnSignal } from '../io/signals.ts';
import type { Transport } from '../io/transport.ts';
import { BodyReader } from './body-reader.ts';
import { Link, type LinkOptions } from './link.ts';
import { Receiving } from './receiving.ts';
import { Sending } from './sending.ts';
import { either } from './wait.ts';

export interface SessionOptions extends LinkOptions {
  /** Bytes of responses that a blocked send may take in. */
  readonly maxReadAhead: number;
  /** Milliseconds to wait for 100 (Continue). */
  readonly continueTimeout: number;
  /** What a signal that the process listens for does to a blocked call. */
  readonly onSignal: OnSignal;
}

/** Never changes. Waiting for it is more exact than poll(2), which rounds to milliseconds. */
const ASLEEP = new Int32Array(new SharedArrayBuffer(4));

export class Session {
  readonly sending: Sending;
  readonly receiving: Receiving;
  /** Reads the bodies of the responses. */
  readonly bodies: BodyReader;
  readonly #link: Link;
  readonly #maxReadAhead: number;
  readonly #onSignal: OnSignal;

  constructor(options: SessionOptions) {
    this.#link = new Link(options);
    this.#maxReadAhead = options.maxReadAhead;
    this.#onSignal = options.onSignal;
    this.sending = new Sending(this.#link);
    this.receiving = new Receiving(this.#link, this.sending, options.continueTimeout);
    this.bodies = new BodyReader(this.receiving, this.protocol.limits.bodyInMemory);
  }

  get protocol(): ClientProtocol {
    return this.#link.protocol;
  }

  get closed(): boolean {
    return this.#link.closed;
  }

  /** The connection, once it is there. */
  get transport(): Transport | undefined {
    return this.#link.transport;
  }

  /** As {@link Link.connectedAt}. */
  get connectedAt(): number | undefined {
    return this.#link.connectedAt;
  }

  /** As {@link Link.connecting}. */
  get connecting(): Phase | undefined {
    return this.#link.connecting;
  }

  /** As {@link Link.coConnected}. */
  coConnected(): Coroutine<Transport> {
    return this.#link.coConnected();
  }

  /** Whether a request can go out at once, and be answered. Looks at the socket. */
  reusable(): boolean {
    if (this.closed || this.transport === undefined || this.protocol.underWay) return false;
    try {
      this.protocol.assertUsable();
      this.sending.assertQuiet();
      return true;
    } catch {
      return false;
    }
  }

  /** As {@link Link.close}. */
  close(): void {
    this.#link.close();
  }

  /**
   * How a blocking call waits. While it cannot send and responses are pending, it takes these in, since the server may be
   * waiting for just that. @throws StateError when that has become too much; Interrupted
   */
  waitBlocking(need: PollNeeded, timeoutMs: number | undefined): boolean {
    const { fd, mask, deadline } = need;
    const ours = fd === this.#link.transport?.fd;
    const { pendingRequest, body } = this.protocol;
    const awaited = pendingRequest !== undefined || body !== undefined;
    const readsAhead = ours && mask === POLLOUT && !this.#link.ended && awaited;
    if (!readsAhead) {
      if (ours && mask === POLLIN) {
        const rest = this.#roomForOthers(need);
        if (rest !== undefined) return rest.poll(timeoutMs, this.#onSignal);
        this.#pause();
      }
      return need.poll(timeoutMs, this.#onSignal);
    }
    if (!new PollNeeded(fd, POLLIN | POLLOUT, { deadline }).poll(timeoutMs, this.#onSignal)) return false;
    const events = native.pollOne(fd, POLLIN | POLLOUT, 0);
    if (events & POLLIN && !(events & POLLOUT)) this.#readAhead();
    return true;
  }

  /**
   * A coroutine that waits to send is not run while the thread is blocked, and the answer may depend on what it sends: that goes
   * out from here. What to wait for beside `need`; undefined: nothing.
   */
  #roomForOthers(need: PollNeeded): PollNeeded | undefined {
    const transport = this.#link.transport;
    if (transport === undefined || !this.sending.active || this.sending.meanwhile()) return undefined;
    return transport.sendAwaitsInput ? undefined : either(need, transport.sendNeeds, POLLOUT);
  }

  /** Lets some more of a fast body come together. Nobody else can do anything meanwhile. */
  #pause(): void {
    const pause = this.#link.transport?.pause;
    const { body } = this.protocol;
    if (pause === undefined || body === undefined) return;
    // How much more comes until the end of the connection, nobody knows.
    const certain = body.direct < Number.MAX_SAFE_INTEGER ? body.direct : 0;
    if (this.#link.pace.allows(pause, certain)) Atomics.wait(ASLEEP, 0, 0, pause);
  }

  #readAhead(): void {
    const maxReadAhead = this.#maxReadAhead;
    if (this.protocol.buffer.length >= maxReadAhead) {
      throw new StateError(
        `the server takes no more until its responses are read, and ${maxReadAhead} bytes of them (maxReadAhead) have been ` +
          'taken in already: read responses between requests, or raise maxReadAhead',
      );
    }
    this.#link.receive();
  }
}
