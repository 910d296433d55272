/**
 * The ways to read a response body, over a source that brings its bytes. It holds what `readAll` has collected, so that a
 * coroutine which is interrupted or dropped loses nothing; it knows nothing of sockets.
 */

import { Buffer } from 'node:buffer';
import type { Coroutine } from '../coroutine.ts';
import { StateError } from '../errors.ts';
import type { BodyDecoder } from '../http1/body-decoder.ts';
import { BodyAssembly } from './body-assembly.ts';

/** Where a body's bytes come from. */
export interface ResponseInput {
  readonly closed: boolean;
  /** How many received bytes wait to be decoded. */
  readonly buffered: number;
  /** Takes as much of `body` as has arrived; 0 is the end, undefined means that more input is needed. */
  // Parameters: no object for each read.
  receiveBody(body: BodyDecoder, target: Uint8Array | undefined, offset: number, length: number): number | undefined;
  /** Whether more bytes of `body` certainly exist. */
  hasMore(body: BodyDecoder): boolean;
  /** Waits until there may be more input. */
  coInput(): Coroutine<void>;
}

export class BodyReader {
  readonly #source: ResponseInput;
  /** Bytes that `readAll` may hold. */
  readonly #limit: number;
  #assembly: BodyAssembly | undefined;

  constructor(source: ResponseInput, limit: number) {
    this.#source = source;
    this.#limit = limit;
  }

  /** Reads up to `length` bytes of `body` into `target[offset, ...)`, or drops them if there is no target; 0 is the end. */
  // Parameters: no object for each read.
  *coReadInto(body: BodyDecoder, target: Uint8Array | undefined, offset: number, length: number): Coroutine<number> {
    for (;;) {
      if (target !== undefined && offset + length > target.length) {
        throw new RangeError('the buffer was detached or has shrunk while it was waited for');
      }
      const count = this.#read(body, target, offset, length);
      if (count !== undefined) return count;
      yield* this.#source.coInput();
    }
  }

  /** Reads up to `length` bytes of `body`, as many as have arrived once there are any; empty is the end. */
  *coReadSome(body: BodyDecoder, length: number): Coroutine<Buffer> {
    for (;;) {
      // Allocates no more than has arrived, but at least 1: a read of 0 bytes would look like the end.
      const size = Math.min(length, Math.max(this.#source.buffered, this.#assembly?.length ?? 0, 1));
      const target = Buffer.allocUnsafe(size);
      const count = this.#read(body, target, 0, size);
      if (count !== undefined) return count === size ? target : target.subarray(0, count);
      yield* this.#source.coInput();
    }
  }

  /** The rest of `body`. */
  *coReadAll(body: BodyDecoder): Coroutine<Buffer> {
    this.#assembly ??= new BodyAssembly(body, this.#limit);
    const assembly = this.#assembly;
    for (;;) {
      if (this.#assembly !== assembly) throw new StateError('another call has read this body meanwhile');
      // First, since it may replace `bytes`.
      const room = body.complete ? 0 : assembly.makeRoom();
      const count = room === 0 ? 0 : this.#source.receiveBody(body, assembly.bytes, assembly.end, room);
      if (count === undefined) {
        yield* this.#source.coInput();
      } else if (count > 0) {
        assembly.added(count);
      } else {
        this.#assembly = undefined;
        return assembly.whole();
      }
    }
  }

  /**
   * Waits for the end of `body` and takes it, if only the end is left: it may come with the last bytes or after them. A body with
   * more bytes stays as it is.
   */
  *coTakeEnd(body: BodyDecoder): Coroutine<void> {
    if ((this.#assembly?.length ?? 0) > 0) return;
    while (!body.complete && !this.#source.hasMore(body)) {
      // Takes the framing that has arrived, and no bytes of the body.
      this.#source.receiveBody(body, undefined, 0, 0);
      if (body.complete || this.#source.hasMore(body)) break;
      // Raises the error of a body that was cut short, and finds the end that came with the connection's.
      if (this.#source.receiveBody(body, undefined, 0, 1) === undefined) yield* this.#source.coInput();
    }
    if (body.complete) this.#assembly = undefined;
  }

  /** Bytes that an interrupted readAll has collected come first. */
  // Parameters: no object for each read.
  #read(body: BodyDecoder, target: Uint8Array | undefined, offset: number, length: number): number | undefined {
    const assembly = this.#assembly;
    if (assembly === undefined || this.#source.closed) return this.#source.receiveBody(body, target, offset, length);
    const count = target === undefined ? assembly.length : assembly.take(target, offset, length);
    if (target === undefined || assembly.length === 0) this.#assembly = undefined;
    return count > 0 || length === 0 ? count : this.#source.receiveBody(body, target, offset, length);
  }
}
