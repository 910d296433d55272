/**
 * The body of a response as it arrives. Bytes are read up to 64 KiB ahead of the consumer, so that a small body that is
 * never read does not hold its connection, and an early end is noticed. The connection is given back with the last
 * byte; a body that is given up closes it. This module knows neither streams nor content codings.
 */

import type { Coroutine } from '../coroutine.ts';
import { onAbort } from '../schedule/abort-signal.ts';
import { AioFuture } from '../schedule/aio-future.ts';
import type { ByteReader } from './coding-reader.ts';
import type { Lease } from './connection-pool.ts';
import type { Silence, SilenceLimit } from './time-limits.ts';

/** Reads the bytes of a body, which may have arrived completely. */
export interface BodyReader extends ByteReader {
  /** Returns the whole body; undefined if bytes are missing or some were taken before. */
  takeWhole(): Uint8Array | undefined;
}

/** The connection, the limits and the callbacks of a body. */
export interface BodyUse {
  readonly lease: Lease;
  readonly signal: AbortSignal | undefined;
  /** The time limit of each wait for more bytes. */
  readonly limit: SilenceLimit;
  /** Called once at the end, with the number of received bytes. */
  readonly onEnd: (how: 'whole' | 'given up', received: number) => void;
  /** Makes the error that the consumer gets if the rest of the body fails. */
  readonly told: (error: unknown) => unknown;
}

/** Bytes that are read before the consumer asks for them. */
const AHEAD = 65_536;
/** The buffer into which all bodies are read. The bytes are copied out in the same step. */
const incoming = new Uint8Array(65_536);

/** Closes the connection of a body that is garbage. */
const forgotten = new FinalizationRegistry<Arrival>((arrival) => arrival.giveUp());

/**
 * The consumer's end of the body. The event loop holds only the Arrival, so that a body without a consumer can be
 * collected. A read fails with the signal's reason, or with the error that `told` makes.
 */
export class IncomingBody implements BodyReader {
  readonly #arrival: Arrival;

  constructor(use: BodyUse) {
    this.#arrival = new Arrival(use);
    this.#arrival.takePresent();
    this.#arrival.takeAhead();
    if (!this.#arrival.over) forgotten.register(this, this.#arrival);
  }

  takeWhole(): Uint8Array | undefined {
    return this.#arrival.takeWhole();
  }

  read(): Promise<Uint8Array | undefined> {
    return this.#arrival.read(this);
  }

  cancel(): void {
    this.#arrival.giveUp();
  }
}

interface Waiting {
  readonly resolve: (part: Uint8Array | undefined) => void;
  readonly reject: (error: unknown) => void;
  /** The body, which must not be collected while it waits. */
  readonly holder: object;
}

/** The reason for the end. */
interface End {
  readonly failed: boolean;
  readonly error: unknown;
}

const ENDED: End = { failed: false, error: undefined };

class Arrival {
  readonly #use: BodyUse;
  #parts: Uint8Array[] = [];
  #ahead = 0;
  #received = 0;
  #whole = true;
  #taking = false;
  #waiting: Waiting | undefined;
  #end: End | undefined;
  /** The running time limit of a wait. */
  #silence: Silence | undefined;
  #interrupt: ((error: unknown) => void) | undefined;
  #withdrawSignal: (() => void) | undefined;

  constructor(use: BodyUse) {
    this.#use = use;
    use.lease.awaited = false;
  }

  /** Whether the body has ended. */
  get over(): boolean {
    return this.#end !== undefined;
  }

  takeWhole(): Uint8Array | undefined {
    if (this.#end === undefined || this.#end.failed || !this.#whole) return undefined;
    const [first = new Uint8Array(0), ...others] = this.#parts;
    this.#parts = [];
    this.#whole = false;
    return others.length === 0 ? first : joined([first, ...others]);
  }

  read(holder: object): Promise<Uint8Array | undefined> {
    this.#whole = false;
    const part = this.#parts.shift();
    if (part !== undefined) {
      this.#ahead -= part.length;
      this.#use.lease.asked++;
      this.takeAhead();
      return Promise.resolve(part);
    }
    if (this.#end !== undefined) return this.#end.failed ? Promise.reject(this.#end.error) : Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject, holder };
      this.#use.lease.awaited = true;
      this.takeAhead();
    });
  }

  /** Reads the bytes that are there, without waiting: most small bodies arrive with the head. */
  takePresent(): void {
    try {
      while (!this.over && this.#ahead < AHEAD) {
        const reading = this.#use.lease.connection.coReadInto(incoming);
        const step = reading.next();
        if (!step.done) {
          reading.return(0);
          return;
        }
        this.#take(step.value);
      }
    } catch (error) {
      this.#failOf(error);
    }
  }

  /** Reads bytes as they arrive, until enough are there. */
  takeAhead(): void {
    if (this.#taking || this.over) return;
    this.#taking = true;
    const taking = new AioFuture(this.#coTake());
    if (taking.done()) return;
    this.#interrupt = (error) => void taking.cancel(error);
    this.#silence = this.#use.limit.begin(this.#interrupt);
    const { signal } = this.#use;
    if (signal === undefined) return;
    if (signal.aborted) this.#abort(signal.reason);
    else this.#withdrawSignal ??= onAbort(signal, () => this.#abort(signal.reason));
  }

  giveUp(): void {
    this.#parts = [];
    this.#finish(ENDED, 'given up');
  }

  *#coTake(): Coroutine<void> {
    const { connection } = this.#use.lease;
    try {
      while (!this.over && (this.#ahead < AHEAD || this.#waiting !== undefined)) {
        const count = yield* connection.coReadInto(incoming);
        if (this.over) return;
        this.#renewSilence();
        this.#take(count);
      }
    } catch (error) {
      this.#failOf(error);
    } finally {
      this.#taking = false;
      this.#interrupt = undefined;
      this.#silence?.end();
    }
  }

  #renewSilence(): void {
    if (this.#interrupt === undefined) return;
    this.#silence?.end();
    this.#silence = this.#use.limit.begin(this.#interrupt);
  }

  /** Takes `count` bytes out of the buffer; 0 means the end. */
  #take(count: number): void {
    this.#received += count;
    if (count > 0) this.#came(incoming.slice(0, count));
    if (count === 0 || !this.#use.lease.connection.responsePending()) this.#finish(ENDED, 'whole');
  }

  #came(part: Uint8Array): void {
    const waiting = this.#waiting;
    if (waiting === undefined) {
      this.#parts.push(part);
      this.#ahead += part.length;
      return;
    }
    this.#waiting = undefined;
    this.#use.lease.awaited = false;
    this.#use.lease.asked++;
    waiting.resolve(part);
  }

  /** Drops the bytes that were not taken (Fetch, "abort the fetch() call") and fails. */
  #abort(reason: unknown): void {
    this.#parts = [];
    this.#fail(reason);
  }

  /** Receiving has failed. `told` asks the connection about lost requests before it is closed. */
  #failOf(error: unknown): void {
    if (!this.over) this.#fail(new TypeError('terminated', { cause: this.#use.told(error) }));
  }

  #fail(error: unknown): void {
    this.#finish({ failed: true, error }, 'given up');
  }

  #finish(end: End, how: 'whole' | 'given up'): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#withdrawSignal?.();
    this.#use.onEnd(how, this.#received);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (end.failed) waiting?.reject(end.error);
    else waiting?.resolve(undefined);
  }
}

/** Joins the parts into one array. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const part of parts) {
    whole.set(part, end);
    end += part.length;
  }
  return whole;
}
