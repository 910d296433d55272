/**
 * The requests of one connection that have not been answered in full, oldest first, and how much of them has left: whose a
 * response is (RFC 9112 9.2), and what is lost with the connection. It knows no states, and nothing of what is said.
 */

import type { LostRequest } from '../errors.ts';
import { shownPath } from '../inspection.ts';

/** A request, as far as its response depends on it. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  /** The request said `Connection: close`. */
  readonly close: boolean;
  /** The protocols it asked to switch to. */
  readonly upgrade: string | undefined;
}

/** A request that has not been answered in full. */
export interface PendingRequest extends LostRequest {
  /**
   * sending: not all of it has left yet; sent: its response is awaited; answered: the response has been begun to be read, its
   * body not to the end.
   */
  readonly stage: 'sending' | 'sent' | 'answered';
}

interface OpenExchange extends Exchange {
  /** Where its first byte stands in all that was ever encoded for this connection. */
  readonly offset: number;
  /** How much had been received when it was encoded, or, as far as that is known, when its first byte left. */
  receivedBefore: number;
}

export class Exchanges {
  /** Without a final response. */
  readonly #pending: OpenExchange[] = [];
  /** The one that was added last, answered or not. */
  #latest: OpenExchange | undefined;
  /** The one whose response body is being received. */
  #current: OpenExchange | undefined;
  #bytesEncoded = 0;
  #bytesSent = 0;

  /** Bytes of requests that have left, as far as {@link sent} was told. */
  get bytesSent(): number {
    return this.#bytesSent;
  }

  get oldestPending(): Exchange | undefined {
    return this.#pending.at(0);
  }

  get latest(): Exchange | undefined {
    return this.#latest;
  }

  /** How many have no final response. */
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

  /** Whether there are any, and none has begun to leave. */
  get allUnsent(): boolean {
    const [oldest] = this.#pending;
    return oldest !== undefined && oldest.offset >= this.#bytesSent && this.#current === undefined;
  }

  /** Whether the oldest that has no final response has begun to leave. */
  get oldestHasBegun(): boolean {
    const [oldest] = this.#pending;
    return oldest !== undefined && this.#bytesSent > oldest.offset;
  }

  /** Whether all that was encoded of the oldest that has no final response has left. */
  get oldestHasLeft(): boolean {
    return this.#bytesSent >= (this.#pending.at(1)?.offset ?? this.#bytesEncoded);
  }

  /** A request whose head has `length` bytes has been encoded when `received` bytes had been received. */
  add(exchange: Exchange, { length, received }: { length: number; received: number }): void {
    const { method, path, close, upgrade } = exchange;
    this.#latest = { method, path, close, upgrade, offset: this.#bytesEncoded, receivedBefore: received };
    this.#pending.push(this.#latest);
    this.#bytesEncoded += length;
  }

  /** `count` bytes of a body, or of what comes after HTTP, have been encoded. */
  encoded(count: number): void {
    this.#bytesEncoded += count;
  }

  /** `count` bytes have left when `received` had been received. */
  sent(count: number, received: number): void {
    const before = this.#bytesSent;
    this.#bytesSent += count;
    for (let index = this.#pending.length - 1; index >= 0; index--) {
      const exchange = this.#pending[index] as OpenExchange;
      if (exchange.offset < before) break;
      if (exchange.offset < this.#bytesSent) exchange.receivedBefore = received;
    }
  }

  /**
   * Whether a response that begins behind `position` received bytes can be the oldest's. It cannot be if it was there before
   * that request was, or while none of it has left.
   */
  canBeAnsweredAt(position: number): boolean {
    const oldest = this.#pending.at(0);
    if (oldest === undefined || position < oldest.receivedBefore) return false;
    return this.#bytesSent === 0 || oldest.offset < this.#bytesSent;
  }

  /** The oldest has its final response, whose body may be still to come. */
  answered(body: 'with-body' | 'without-body'): void {
    const oldest = this.#pending.shift();
    if (body === 'with-body') this.#current = oldest;
  }

  /** The body of the current one has been received. */
  bodyReceived(): void {
    this.#current = undefined;
  }

  /** What is lost if the connection is. */
  lost(): LostRequest[] {
    return this.#open().map((exchange) => this.#lostRequest(exchange));
  }

  /** Those that have not been answered in full, oldest first; `unfinished`: of the latest, more is to be encoded. */
  stages(unfinished: boolean): PendingRequest[] {
    return this.#open().map((exchange, index, all) => {
      const next = all.at(index + 1);
      const sent = this.#bytesSent >= (next?.offset ?? this.#bytesEncoded) && !(unfinished && next === undefined);
      const stage = exchange === this.#current ? 'answered' : sent ? 'sent' : 'sending';
      return { stage, ...this.#lostRequest(exchange) };
    });
  }

  #open(): readonly OpenExchange[] {
    return this.#current === undefined ? this.#pending : [this.#current, ...this.#pending];
  }

  #lostRequest({ method, path, offset }: OpenExchange): LostRequest {
    return { method, path, mayHaveBeenProcessed: this.#bytesSent > offset };
  }
}

/** An exchange, as messages name it. */
export function nameOf({ method, path }: Exchange): string {
  return `${method} ${shownPath(path)}`;
}
