/**
 * The requests of one connection that have no complete response, oldest first, and how much of each has left. This decides which
 * request a response answers (RFC 9112 9.2), and what is lost with the connection. It knows neither states nor message contents.
 */

import type { LostRequest } from '../errors.ts';
import { shownPath } from '../inspection.ts';
import { Queue } from '../queue.ts';
import type { SendBuffer } from './send-buffer.ts';

/** A request, as far as its response depends on it. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  /** The request said `Connection: close`. */
  readonly close: boolean;
  /** The protocols it asked to switch to. */
  readonly upgrade: string | undefined;
}

/**
 * A request that has not been answered in full, and how far it is: an element of `pendingRequests()`.
 *
 * @example
 * ```js
 * import { HTTPConnection } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * connection.sendRequest('GET', '/a');
 * connection.sendRequest('GET', '/b');
 * connection.readResponse();
 * for (const { path, stage } of connection.pendingRequests()) console.log(path, stage);
 * connection.disconnect();
 * // prints:
 * // /a answered
 * // /b sent
 * ```
 */
export interface PendingRequest extends LostRequest {
  /**
   * sending: not all of it has left; sent: it has left, and has no final response; answered: the body of its final response is
   * still being received.
   */
  readonly stage: 'sending' | 'sent' | 'answered';
}

interface OpenExchange extends Exchange {
  /** Position of its first byte, counted from the connection's first byte. */
  readonly offset: number;
  /** Bytes received when it was encoded; once its first byte has left: when that byte was taken. */
  receivedBefore: number;
}

export class Exchanges {
  readonly #output: SendBuffer;
  /** Requests without a final response. */
  readonly #pending = new Queue<OpenExchange>();
  /** Number of pending requests whose first byte has left. */
  #begun = 0;
  /** The exchange that was added last, answered or not. */
  #latest: OpenExchange | undefined;
  /** The exchange whose response body is being received. */
  #current: OpenExchange | undefined;
  /** What is lost now, as long as nothing changes. */
  #lost: { readonly takenBytes: number; readonly requests: readonly LostRequest[] } | undefined;

  /** `output` holds the bytes of the requests. */
  constructor(output: SendBuffer) {
    this.#output = output;
  }

  get oldestPending(): Exchange | undefined {
    return this.#pending.at(0);
  }

  /** Position of the first byte of the oldest request without a final response. */
  get oldestPendingAt(): number | undefined {
    return this.#pending.at(0)?.offset;
  }

  get latest(): Exchange | undefined {
    return this.#latest;
  }

  /** Number of requests without a final response. */
  get pending(): number {
    return this.#pending.length;
  }

  get current(): Exchange | undefined {
    return this.#current;
  }

  /** Whether a response, or a part of one, is still to come or to be read. */
  get any(): boolean {
    return this.#pending.length > 0 || this.#current !== undefined;
  }

  /** Whether requests are open, and no byte of any can have left. */
  get allUnsent(): boolean {
    const oldest = this.#pending.at(0);
    return oldest !== undefined && oldest.offset >= this.#output.takenBytes && this.#current === undefined;
  }

  /** Whether the first byte of the oldest request without a final response has left. */
  get oldestHasBegun(): boolean {
    const oldest = this.#pending.at(0);
    return oldest !== undefined && this.#output.sentBytes > oldest.offset;
  }

  /** Whether all encoded bytes of the oldest request without a final response have left. */
  get oldestHasLeft(): boolean {
    return this.#output.sentBytes >= (this.#pending.at(1)?.offset ?? this.#output.end);
  }

  /** A request will be encoded at the end of the output; `received` bytes have been received so far. */
  add({ method, path, close, upgrade }: Exchange, received: number): void {
    this.#latest = { method, path, close, upgrade, offset: this.#output.end, receivedBefore: received };
    this.#pending.push(this.#latest);
    this.#lost = undefined;
  }

  /** More bytes have left, from position `before` on. They were taken when `received` bytes had been received. */
  sent(before: number, received: number): void {
    for (let next = this.#pending.at(this.#begun); next !== undefined; next = this.#pending.at(this.#begun)) {
      if (next.offset >= this.#output.sentBytes) break;
      if (next.offset >= before) next.receivedBefore = Math.max(next.receivedBefore, received);
      this.#begun++;
    }
  }

  /**
   * Whether a response that begins behind `position` received bytes can answer the oldest pending request. It cannot if it arrived
   * before the request was sent, or while no byte of it can have left. A driver that neither takes bytes nor
   * reports any cannot be checked.
   */
  canBeAnsweredAt(position: number): boolean {
    const oldest = this.#pending.at(0);
    if (oldest === undefined || position < oldest.receivedBefore) return false;
    const { driven, takenBytes } = this.#output;
    return !driven || oldest.offset < takenBytes;
  }

  /** The oldest pending request has its final response; a body may follow. */
  answered(body: 'with-body' | 'without-body'): void {
    const oldest = this.#pending.shift();
    this.#begun = Math.max(0, this.#begun - 1);
    if (body === 'with-body') this.#current = oldest;
    this.#lost = undefined;
  }

  /** The body of the current response has been received. */
  bodyReceived(): void {
    this.#current = undefined;
    this.#lost = undefined;
  }

  /**
   * The requests that are lost if the connection is lost now. Each call on a connection that has ended throws an error with them, so
   * that the errors share one list: with a list each, a long pipeline would cost memory and time by its square.
   */
  lost(): readonly LostRequest[] {
    const { takenBytes } = this.#output;
    if (this.#lost?.takenBytes !== takenBytes) {
      const requests = this.#open().map((exchange) => Object.freeze(this.#lostRequest(exchange)));
      this.#lost = { takenBytes, requests: Object.freeze(requests) };
    }
    return this.#lost.requests;
  }

  /** The requests without a complete response, oldest first. An unfinished latest one is not completely encoded. */
  stages(latest: 'finished' | 'unfinished'): PendingRequest[] {
    return this.#open().map((exchange, index, all) => {
      const next = all.at(index + 1);
      const left = this.#output.sentBytes >= (next?.offset ?? this.#output.end);
      const sent = left && (next !== undefined || latest === 'finished');
      const stage = exchange === this.#current ? 'answered' : sent ? 'sent' : 'sending';
      return { stage, ...this.#lostRequest(exchange) };
    });
  }

  #open(): readonly OpenExchange[] {
    return this.#current === undefined ? [...this.#pending] : [this.#current, ...this.#pending];
  }

  #lostRequest({ method, path, offset }: OpenExchange): LostRequest {
    return { method, path, mayHaveBeenProcessed: this.#output.takenBytes > offset };
  }
}

/** An exchange's name in messages. */
export function nameOf({ method, path }: Exchange): string {
  return `${method} ${shownPath(path)}`;
}
