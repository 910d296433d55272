/** A wire inside of a wire: a server of the simulated TLS after the handshake, with handshakes in between. */

import { ByteQueue } from '../network/byte-queue.ts';
import type { Wire } from '../servers/actors.ts';
import {
  ALERT,
  alert,
  CLOSE_NOTIFY,
  CONTENT,
  dropRecord,
  firstRecord,
  HANDSHAKE,
  message,
  record,
  type TLSRecord,
  wordsOf,
} from './records.ts';
import type { SecureOptions } from './secure.ts';

export class SecureWire implements Wire {
  readonly #below: Wire;
  readonly #options: SecureOptions;
  readonly #incoming = new ByteQueue();
  readonly #content = new ByteQueue();
  readonly #rest = new ByteQueue();
  #broken = false;
  #ended = false;
  #alpn = '';
  /** Whether a handshake that it has requested goes on. */
  #shaking = false;
  #sent = 0;
  #askedAt = 0;
  #updatedAt = 0;

  constructor(below: Wire, options: SecureOptions) {
    this.#below = below;
    this.#options = options;
  }

  queue(bytes: Buffer): void {
    this.#rest.push(bytes);
  }

  /** Sends its part of a handshake. */
  sayServer(alpn: string, resumed: boolean): void {
    const { name, fault = 0, flights = 3, padding = 0 } = this.#options;
    this.#alpn = alpn;
    this.queue(message('server', name, flights, fault, alpn, resumed ? 'resumed' : 'new', '.'.repeat(padding)));
    this.queue(message('done'));
  }

  flush(): boolean | undefined {
    while (this.#rest.length > 0 && !this.#broken) {
      const count = this.#below.put(this.#rest.peek());
      if (count < 0) this.#broken = true;
      if (count <= 0) break;
      this.#rest.drop(count);
    }
    return this.#broken ? undefined : this.#rest.length === 0;
  }

  next(): TLSRecord | 'ended' | undefined {
    for (;;) {
      const first = firstRecord(this.#incoming);
      if (first !== undefined) {
        dropRecord(this.#incoming, first);
        return first;
      }
      const bytes = this.#below.take(65536);
      if (bytes === undefined) return undefined;
      if (bytes.length === 0) return 'ended';
      this.#incoming.push(bytes);
    }
  }

  take(most: number): Buffer | undefined {
    this.flush();
    while (this.#content.length === 0 && !this.#ended) if (!this.#takeIn()) return undefined;
    return this.#content.take(most);
  }

  put(bytes: Uint8Array): number {
    while (this.#shaking && !this.#ended && this.#takeIn());
    if (this.#shaking && this.#ended) return -1;
    const flushed = this.flush();
    if (flushed !== true || this.#shaking) return flushed === undefined ? -1 : 0;
    const { largest = 16384, fatal } = this.#options;
    const most = fatal === undefined ? largest : Math.min(largest, fatal.after - this.#sent);
    if (most <= 0) return this.#giveUp(fatal?.alert ?? 0);
    const content = bytes.subarray(0, most);
    this.queue(record(CONTENT, content));
    this.#sent += content.length;
    this.#interject();
    this.flush();
    return this.#broken ? -1 : content.length;
  }

  part(): void {
    if (this.#options.truncates !== true) this.queue(alert(CLOSE_NOTIFY));
    this.flush();
    this.#below.part();
  }

  finish(): void {
    this.part();
    this.#below.finish();
  }

  /** Takes in the next record, if it is complete. */
  #takeIn(): boolean {
    const next = this.next();
    if (next === undefined) return false;
    if (next === 'ended' || (next.type === ALERT && next.payload[1] === CLOSE_NOTIFY)) this.#ended = true;
    else if (next.type === CONTENT) this.#content.push(next.payload);
    else if (next.type === HANDSHAKE) this.#heed(wordsOf(next.payload));
    return true;
  }

  #heed([word]: readonly string[]): void {
    if (word === 'hello') this.sayServer(this.#alpn, false);
    if (word === 'finished') {
      this.#shaking = false;
      if (this.#options.flights === 4) this.queue(message('finished'));
    }
    this.flush();
  }

  /** Sends records between records of content. */
  #interject(): void {
    const { again, updates } = this.#options;
    if (updates !== undefined && this.#sent - this.#updatedAt >= updates.every) {
      this.#updatedAt = this.#sent;
      this.queue(message('update', updates.requested ? 'requested' : ''));
    }
    if (again !== undefined && this.#sent - this.#askedAt >= again) {
      this.#askedAt = this.#sent;
      this.#shaking = true;
      this.queue(message('again'));
    }
  }

  #giveUp(description: number): number {
    this.queue(alert(description));
    this.flush();
    return -1;
  }
}
