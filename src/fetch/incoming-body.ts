/**
 * The body of a response on its way in. What has come is taken, and a little ahead of the consumer, so that a small body that
 * is never looked at does not hold its connection, and an end that comes too early is seen. With the last byte the connection goes
 * back to where it came from; a body that is given up closes it. It knows neither streams nor content codings.
 */

import type { Coroutine } from '../coroutine.ts';
import { onAbort } from '../schedule/abort-signal.ts';
import { AioFuture } from '../schedule/aio-future.ts';
import { coTurn } from '../schedule/co-await.ts';
import type { ByteReader } from './coding-reader.ts';
import type { Lease } from './connection-pool.ts';
import type { Silence, SilenceLimit } from './time-limits.ts';

/** Bytes of a body, all of which may be there already. */
export interface BodyReader extends ByteReader {
  /** All of the body, taken at once; undefined if some of it is still to come, or something has been taken before. */
  takeWhole(): Uint8Array | undefined;
}

/** How the bytes of a body are had, and what becomes of its connection. */
export interface BodyUse {
  readonly lease: Lease;
  readonly signal: AbortSignal | undefined;
  /** For each wait for more. */
  readonly limit: SilenceLimit;
  /** Called once, when nothing more is to be read, with the bytes that have come. */
  readonly onEnd: (how: 'whole' | 'given up', received: number) => void;
  /** The error that the consumer gets to see for what the rest of the body failed of. */
  readonly told: (error: unknown) => unknown;
}

/** Bytes that are taken before the consumer asks for them. */
const AHEAD = 65_536;
/** Where the bytes of all bodies come in, before each gets its own: they are taken out in the same step. */
const incoming = new Uint8Array(65_536);

/**
 * Reads in a row that need no wait. A server that sends faster than the body is read would otherwise keep the event loop from its
 * turn: promises that are settled at once come before it, timers and aborts after.
 */
const MOST_IN_A_ROW = 64;

/** A body that nothing holds any more will not be read: its connection is closed. */
const forgotten = new FinalizationRegistry<Arrival>((arrival) => arrival.giveUp());

/**
 * Held by what may still read the body; what it is waited with, the event loop, does not hold it. A read fails with the signal's
 * reason, or with what `told` makes of the error.
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
  /** Is not forgotten while it waits. */
  readonly holder: object;
}

/** Why nothing more will come. */
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
  #inARow = 0;
  #waiting: Waiting | undefined;
  #end: End | undefined;
  /** While something is waited for. */
  #silence: Silence | undefined;
  #interrupt: ((error: unknown) => void) | undefined;
  #withdrawSignal: (() => void) | undefined;

  constructor(use: BodyUse) {
    this.#use = use;
    use.lease.awaited = false;
  }

  /** Whether nothing more will come. */
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

  /** Takes what is there, without a wait: most small bodies come with the head of their response. */
  takePresent(): void {
    try {
      for (let row = 0; row < MOST_IN_A_ROW && !this.over && this.#ahead < AHEAD; row++) {
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

  /** Takes what comes, from now on until enough is there. */
  takeAhead(): void {
    if (this.#taking || this.over) return;
    this.#taking = true;
    const taking = new AioFuture(this.#coTake());
    if (taking.done()) return;
    this.#inARow = 0;
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
        if (this.#inARow++ >= MOST_IN_A_ROW) {
          this.#inARow = 0;
          yield* coTurn();
          continue;
        }
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

  /** So many bytes have come in, no more at the end. */
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

  /** What has come, and was not taken, is not given any more (Fetch, "abort the fetch() call"). */
  #abort(reason: unknown): void {
    this.#parts = [];
    this.#fail(reason);
  }

  /** Receiving has failed. The connection is asked about that before it is closed. */
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

/** The parts in one piece. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const part of parts) {
    whole.set(part, end);
    end += part.length;
  }
  return whole;
}
