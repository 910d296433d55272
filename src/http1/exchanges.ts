/**
 * The requests of one connection that have not been answered in full, oldest first, and how much of them has left: whose a
 * response is (RFC 9112 9.2), and what is lost with the connection. It knows no states, and nothing of what is said.
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

/** A request that has not been answered in full. */
export interface PendingRequest extends LostRequest {
  /**
   * sending: not all of it has left yet; sent: its response is awaited; answered: the response has been begun to be read, its
   * body not to the end.
   */
  readonly stage: 'sending' | 'sent' | 'answered';
}

interface OpenExchange extends Exchange {
  /** Where its first byte stands among all bytes of the connection. */
  readonly offset: number;
  /** How much had been received when it was encoded, or, once its first byte has left, when that was taken. */
  receivedBefore: number;
}

export class Exchanges {
  readonly #output: SendBuffer;
  /** Without a final response. */
  readonly #pending = new Queue<OpenExchange>();
  /** How many of them have begun to leave: the first ones. */
  #begun = 0;
  /** The one that was added last, answered or not. */
  #latest: OpenExchange | undefined;
  /** The one whose response body is being received. */
  #current: OpenExchange | undefined;

  /** `output` takes the bytes of the exchanges. */
  constructor(output: SendBuffer) {
    this.#output = output;
  }

  get oldestPending(): Exchange | undefined {
    return this.#pending.at(0);
  }

  /** Where the first byte of the oldest that has no final response stands among all bytes of the connection. */
  get oldestPendingAt(): number | undefined {
    return this.#pending.at(0)?.offset;
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
    const oldest = this.#pending.at(0);
    return oldest !== undefined && oldest.offset >= this.#output.takenBytes && this.#current === undefined;
  }

  /** Whether the oldest that has no final response has begun to leave. */
  get oldestHasBegun(): boolean {
    const oldest = this.#pending.at(0);
    return oldest !== undefined && this.#output.sentBytes > oldest.offset;
  }

  /** Whether all that was encoded of the oldest that has no final response has left. */
  get oldestHasLeft(): boolean {
    return this.#output.sentBytes >= (this.#pending.at(1)?.offset ?? this.#output.end);
  }

  /** A request is encoded next, behind all that is in the output, when `received` bytes had been received. */
  add({ method, path, close, upgrade }: Exchange, received: number): void {
    this.#latest = { method, path, close, upgrade, offset: this.#output.end, receivedBefore: received };
    this.#pending.push(this.#latest);
  }

  /** More bytes have left, behind `before`. They were taken when `received` had been received. */
  sent(before: number, received: number): void {
    for (let next = this.#pending.at(this.#begun); next !== undefined; next = this.#pending.at(this.#begun)) {
      if (next.offset >= this.#output.sentBytes) break;
      if (next.offset >= before) next.receivedBefore = Math.max(next.receivedBefore, received);
      this.#begun++;
    }
  }

  /**
   * Whether a response that begins behind `position` received bytes can be the oldest's. It cannot be if it was there before
   * that request was, or while none of it has left. A driver that takes no bytes at all cannot be checked.
   */
  canBeAnsweredAt(position: number): boolean {
    const oldest = this.#pending.at(0);
    if (oldest === undefined || position < oldest.receivedBefore) return false;
    const { takenBytes } = this.#output;
    return takenBytes === 0 || oldest.offset < takenBytes;
  }

  /** The oldest has its final response, whose body may be still to come. */
  answered(body: 'with-body' | 'without-body'): void {
    const oldest = this.#pending.shift();
    this.#begun = Math.max(0, this.#begun - 1);
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

  /** Those that have not been answered in full, oldest first. Of an unfinished latest one, more is to be encoded. */
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

/** An exchange, as messages name it. */
export function nameOf({ method, path }: Exchange): string {
  return `${method} ${shownPath(path)}`;
}
