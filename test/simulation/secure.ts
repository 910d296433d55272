/** The server's side of the simulated TLS (tls-records.ts): a wire inside of a wire. */

import type { Acting, Conversation, Wire } from './actors.ts';
import { ByteQueue } from './byte-queue.ts';
import {
  ALERT,
  alert,
  CLOSE_NOTIFY,
  CONTENT,
  dropRecord,
  firstRecord,
  HANDSHAKE,
  HANDSHAKE_FAILURE,
  record,
  type TLSRecord,
} from './tls-records.ts';

export interface SecureOptions {
  /** Whom its certificate is for. */
  readonly name: string;
  readonly flights?: 3 | 4;
  /** Bytes of padding in its part of the handshake. */
  readonly padding?: number;
  /** Tickets after it. */
  readonly tickets?: number;
  /** It ends with the handshake, by an alert. */
  readonly refuses?: boolean;
  /** It ends without close_notify. */
  readonly truncates?: boolean;
  /** The largest content of its records. */
  readonly largest?: number;
}

/** Makes the conversation's wire a secured one. False if the client goes away, or is refused. */
export function coSecure(options: SecureOptions): (talk: Conversation) => Acting<boolean> {
  return function* (talk) {
    const wire = new SecureWire(talk.wire, options);
    const { name, flights = 3, padding = 0, tickets = 0, refuses = false } = options;
    if ((yield* coMessage(wire)) === undefined) return false;
    if (refuses) {
      wire.queue(alert(HANDSHAKE_FAILURE));
      wire.flush();
      return false;
    }
    wire.queue(record(HANDSHAKE, `server ${name} ${flights} ${'.'.repeat(padding)}`));
    wire.queue(record(HANDSHAKE, 'done'));
    if ((yield* coMessage(wire)) !== 'finished') return false;
    if (flights === 4) wire.queue(record(HANDSHAKE, 'finished'));
    for (let count = 0; count < tickets; count++) wire.queue(record(HANDSHAKE, `ticket ${count}`));
    wire.flush();
    talk.wire = wire;
    return true;
  };
}

function* coMessage(wire: SecureWire): Acting<string | undefined> {
  for (;;) {
    wire.flush();
    const next = wire.next();
    if (next === 'ended') return undefined;
    if (next !== undefined) return next.type === HANDSHAKE ? next.payload.toString('latin1') : undefined;
    yield undefined;
  }
}

class SecureWire implements Wire {
  readonly #below: Wire;
  readonly #options: SecureOptions;
  readonly #incoming = new ByteQueue();
  readonly #content = new ByteQueue();
  readonly #rest = new ByteQueue();
  #broken = false;
  #ended = false;

  constructor(below: Wire, options: SecureOptions) {
    this.#below = below;
    this.#options = options;
  }

  queue(bytes: Buffer): void {
    this.#rest.push(bytes);
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
    while (this.#content.length === 0 && !this.#ended) {
      const next = this.next();
      if (next === undefined) return undefined;
      if (next === 'ended' || (next.type === ALERT && next.payload[1] === CLOSE_NOTIFY)) this.#ended = true;
      else if (next.type === CONTENT) this.#content.push(next.payload);
    }
    return this.#content.take(most);
  }

  put(bytes: Uint8Array): number {
    const flushed = this.flush();
    if (flushed !== true) return flushed === undefined ? -1 : 0;
    const content = bytes.subarray(0, this.#options.largest ?? 16384);
    this.queue(record(CONTENT, content));
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
}
