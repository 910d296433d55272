/**
 * Servers' ends of connections as generators, in the world of the client: one waits by yielding, and goes on when its
 * connection has changed, or when time has passed. It knows bytes, no HTTP.
 */

import { EAGAIN } from '../kernel/errno.ts';
import { ByteQueue } from '../network/byte-queue.ts';
import type { Endpoint } from '../network/endpoint.ts';
import type { World } from '../world.ts';
import type { Ending } from './exchanges.ts';

/** Milliseconds to wait at most for a change; undefined: as long as it takes. */
export type Acting<T> = Generator<number | undefined, T, void>;

/** The stream that an actor speaks over: the endpoint's own, or one inside of it. */
export interface Wire {
  /** The received bytes; undefined: none yet; empty: the stream has ended. */
  take(most: number): Buffer | undefined;
  /** Returns the number of bytes taken; 0: none now, -1: none ever. */
  put(bytes: Uint8Array): number;
  /** Whether all bytes are with the kernel; undefined: they never will be. */
  flush(): boolean | undefined;
  /** Announces the end of the stream, where the protocol can. */
  part(): void;
  /** Ends the stream in order. */
  finish(): void;
}

const SCRATCH = Buffer.alloc(65536);
const NOTHING = Buffer.alloc(0);

export function plainWire(endpoint: Endpoint): Wire {
  return {
    take(most) {
      const count = endpoint.recv(most < SCRATCH.length ? SCRATCH.subarray(0, most) : SCRATCH);
      if (count === EAGAIN) return undefined;
      return count > 0 ? Buffer.from(SCRATCH.subarray(0, count)) : NOTHING;
    },
    put(bytes) {
      const count = endpoint.send([bytes], 0);
      if (count === EAGAIN) return 0;
      return count < 0 ? -1 : count;
    },
    flush: () => true,
    part: () => {},
    finish: () => void endpoint.finish(),
  };
}

/** Runs the actor from now on, whenever its endpoint changes. */
export function act(endpoint: Endpoint, actor: Acting<void>): void {
  const { world } = endpoint;
  let planned = false;
  let timer: { cancel(): void } | undefined;
  const resume = (): void => {
    planned = false;
    timer?.cancel();
    timer = undefined;
    const step = actor.next();
    if (step.done) endpoint.changed = () => {};
    else if (step.value !== undefined) timer = world.after(step.value, resume);
  };
  // Not inside the network's own step.
  endpoint.changed = () => {
    if (planned) return;
    planned = true;
    world.after(0, resume);
  };
  endpoint.changed();
}

/** Bytes of one connection, as an actor reads and writes them. */
export class Conversation {
  readonly endpoint: Endpoint;
  readonly world: World;
  wire: Wire;
  /** Received bytes that the actor has not read. */
  readonly #received = new ByteQueue();
  /** Whether the client's stream has ended, or is broken. */
  ended = false;

  constructor(endpoint: Endpoint) {
    this.endpoint = endpoint;
    this.world = endpoint.world;
    this.wire = plainWire(endpoint);
  }

  *sleep(milliseconds: number): Acting<void> {
    const until = this.world.now + milliseconds;
    while (this.world.now < until) yield until - this.world.now;
  }

  /** Waits until more has come, and takes up to `most` bytes in. False at the end. */
  *more(most: number = 65536): Acting<boolean> {
    while (!this.ended) {
      const bytes = this.wire.take(most);
      if (bytes === undefined) {
        yield undefined;
        continue;
      }
      this.#takeIn(bytes);
      break;
    }
    return !this.ended;
  }

  /** The bytes up to and including `delimiter`; undefined if the stream ends before. */
  *readThrough(delimiter: string): Acting<string | undefined> {
    for (;;) {
      const text = this.#received.takeThrough(delimiter);
      if (text !== undefined) return text;
      if (!(yield* this.more())) return undefined;
    }
  }

  /** `length` bytes, fewer only at the end; in parts of `size`, each after a pause, if given. */
  *readBytes(length: number, pace: { size: number; pause: number } = { size: 65536, pause: 0 }): Acting<Buffer> {
    while (this.#received.length < length) {
      if (pace.pause > 0) yield* this.sleep(pace.pause);
      if (!(yield* this.more(pace.size))) break;
    }
    return this.#received.take(length);
  }

  /** Received bytes that were not read. */
  get left(): Buffer {
    return this.#received.peek();
  }

  /** Sends all bytes. False if the connection breaks before. */
  *send(bytes: Uint8Array): Acting<boolean> {
    let sent = 0;
    while (sent < bytes.length) {
      const count = this.wire.put(sent === 0 ? bytes : bytes.subarray(sent));
      if (count < 0) return false;
      if (count === 0) yield undefined;
      sent += count;
    }
    let flushed = this.wire.flush();
    for (; flushed === false; flushed = this.wire.flush()) yield undefined;
    return flushed === true;
  }

  /** Waits for bytes, or the end; false if neither has arrived by then, or, with `race`, if more is on its way. */
  *come(until: number, race: boolean): Acting<boolean> {
    const { endpoint, world } = this;
    let coming = race && (endpoint.in?.inFlight ?? 0) > 0;
    if (race) {
      endpoint.approached = () => {
        coming = true;
        endpoint.changed();
      };
    }
    while (this.#received.length === 0 && !this.ended) {
      const bytes = this.wire.take(65536);
      if (bytes !== undefined) this.#takeIn(bytes);
      else if (coming || world.now >= until) return false;
      else yield until < Number.POSITIVE_INFINITY ? until - world.now : undefined;
    }
    endpoint.approached = () => {};
    return true;
  }

  /** Ends the connection; in order, it reads until the client has ended the other stream, so that nothing is reset. */
  *end(how: Ending | 'silence'): Acting<void> {
    if (how === 'reset') this.endpoint.reset();
    if (how === 'abrupt') this.wire.part();
    if (how === 'announced' || how === 'unannounced') this.wire.finish();
    if (how !== 'reset' && how !== 'abrupt') while (yield* this.more()) this.#received.clear();
    this.endpoint.close();
  }

  #takeIn(bytes: Buffer): void {
    if (bytes.length === 0) this.ended = true;
    else this.#received.push(bytes);
  }
}
