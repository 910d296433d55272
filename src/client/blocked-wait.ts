/**
 * How a blocking call waits for a session. Nothing else runs while the thread is blocked. What another coroutine would do meanwhile
 * (reading while this one sends, sending while it reads) is done here, and coroutines do not notice.
 *
 * It also pauses before it waits for a fast body: a reader that waits for the next byte is woken for every segment, and to wake, to
 * receive and to acknowledge costs more than the bytes do. Network cards pause in the same way.
 */

import { now } from '../clock.ts';
import { POLLIN, POLLOUT, PollNeeded } from '../coroutine.ts';
import { StateError } from '../errors.ts';
import type { ClientProtocol } from '../http1/protocol.ts';
import { native } from '../io/native.ts';
import type { OnSignal } from '../io/signals.ts';
import type { Transport } from '../io/transport.ts';
import type { Session } from './session.ts';

export interface BlockedWaitOptions {
  /** Bytes of responses that a blocked send may take in. */
  readonly maxReadAhead: number;
  /** What a signal that the process listens for does to a blocked call. */
  readonly onSignal: OnSignal;
}

/** Never changes: waiting for it is a sleep. It is more exact than poll(2), which rounds to milliseconds. */
const ASLEEP = new Int32Array(new SharedArrayBuffer(4));

/** So many bytes in one pause make it worth while. */
const WORTH_PAUSING = 131_072;

/** The blocked waits of one connection. */
export class BlockedWait {
  readonly #options: BlockedWaitOptions;
  readonly #pace = new ReceivePace();

  constructor(options: BlockedWaitOptions) {
    this.#options = options;
  }

  /**
   * Waits, blocked, for what a coroutine over `session` needs; false if `timeoutMs` milliseconds have passed. A sender that waits for
   * room receives pending responses meanwhile: the server may take no more until they are received.
   * @throws StateError when that has become too much; Interrupted
   */
  poll(session: Session | undefined, need: PollNeeded, timeoutMs: number | undefined): boolean {
    const { onSignal } = this.#options;
    if (session?.wire.transport?.fd !== need.fd) return need.poll(timeoutMs, onSignal);
    const { fd, mask, deadline } = need;
    const { protocol } = session;
    const awaited = protocol.pendingRequest !== undefined || protocol.body !== undefined;
    // A reader that suspends only because it has had its share (deadline 0) finds more bytes at once.
    if (mask === POLLIN && deadline !== 0) this.#pause(session.wire.transport, protocol);
    if (mask !== POLLOUT || protocol.ended || !awaited) return need.poll(timeoutMs, onSignal);
    if (!new PollNeeded(fd, POLLIN | POLLOUT, { deadline }).poll(timeoutMs, onSignal)) return false;
    const events = native.pollOne(fd, POLLIN | POLLOUT, 0);
    if (events & POLLIN && !(events & POLLOUT)) this.#readAhead(session);
    return true;
  }

  /** Pauses, so that more of a fast body comes together. */
  #pause({ pause }: Transport, { body, bytesReceived }: ClientProtocol): void {
    if (pause === undefined || body === undefined) return;
    // A body that ends with the connection may have no more bytes.
    const certain = body.direct < Number.MAX_SAFE_INTEGER ? body.direct : 0;
    if (this.#pace.allows(bytesReceived, pause, certain)) Atomics.wait(ASLEEP, 0, 0, pause);
  }

  #readAhead(session: Session): void {
    const { maxReadAhead } = this.#options;
    if (session.protocol.input.length >= maxReadAhead) {
      throw new StateError(
        `the server takes no more until its responses are read, and ${maxReadAhead} bytes of them (maxReadAhead) have been ` +
          'taken in already: read responses between requests, or raise maxReadAhead',
      );
    }
    session.wire.receive();
  }
}

/** How fast a stream has come lately: numbers of bytes, and times. */
export class ReceivePace {
  #received = 0;
  #since = now();

  /**
   * Whether to pause for `pause` milliseconds, asked before each wait, when `received` bytes in all have come. It is no use if the
   * stream has been slow since the wait before, nor if it may pause longer than the `certain` bytes take that are still to come.
   */
  allows(received: number, pause: number, certain: number): boolean {
    const time = now();
    const expected = (pause * (received - this.#received)) / (time - this.#since);
    this.#received = received;
    this.#since = time;
    return expected >= WORTH_PAUSING && expected <= certain;
  }
}
