/**
 * The body of a response as a stream of bytes, in the shape that the fetch standard gives it. It reads one part ahead of its
 * consumer, so that an early end is seen by what only waits for `closed`.
 */

import { bare } from '../options.ts';
import { onAbort } from '../schedule/abort-signal.ts';
import type { ByteReader } from './coding-reader.ts';

type UnderlyingByteSource = ConstructorParameters<typeof ReadableStream<Uint8Array>>[0] & { type: 'bytes' };

/** A byte stream of what `reader` gives; an abort of `signal` is its error, and what it holds is gone. */
export function streamOf(reader: ByteReader, signal: AbortSignal | undefined): ReadableStream<Uint8Array> {
  const source = new ReaderSource(reader, signal);
  return new ReadableStream<Uint8Array>(source as UnderlyingByteSource, bare({ highWaterMark: 1 }));
}

/** The signal no longer tells a source that nothing holds. */
const forgotten = new FinalizationRegistry<() => void>((withdraw) => withdraw());

class ReaderSource {
  readonly type = 'bytes';
  /** A view of the reader's own serves a consumer that brings none. */
  readonly autoAllocateChunkSize: undefined;
  readonly #reader: ByteReader;
  readonly #signal: AbortSignal | undefined;
  #withdrawSignal: (() => void) | undefined;
  #controller: ReadableByteStreamController | undefined;
  #ended = false;

  constructor(reader: ByteReader, signal: AbortSignal | undefined) {
    this.#reader = reader;
    this.#signal = signal;
  }

  start(controller: ReadableByteStreamController): void {
    const signal = this.#signal;
    if (signal === undefined) return;
    this.#controller = controller;
    if (signal.aborted) {
      this.#abort(signal.reason);
      return;
    }
    // The signal, which may outlive all streams, holds none of them: a body that nothing else holds can be forgotten.
    const source = new WeakRef(this);
    this.#withdrawSignal = onAbort(signal, () => {
      const held = source.deref();
      if (held !== undefined) held.#abort(signal.reason);
    });
    forgotten.register(this, this.#withdrawSignal);
  }

  async pull(controller: ReadableByteStreamController): Promise<void> {
    let part: Uint8Array | undefined;
    try {
      part = await this.#reader.read();
    } catch (error) {
      this.#end();
      throw error;
    }
    if (this.#ended) return;
    if (part !== undefined) {
      controller.enqueue(part as Uint8Array<ArrayBuffer>);
      return;
    }
    this.#end();
    controller.close();
    controller.byobRequest?.respond(0);
  }

  cancel(): void {
    this.#end();
    this.#reader.cancel();
  }

  #abort(reason: unknown): void {
    if (this.#ended) return;
    this.#end();
    this.#reader.cancel();
    this.#controller?.error(reason);
  }

  #end(): void {
    this.#ended = true;
    this.#withdrawSignal?.();
  }
}
