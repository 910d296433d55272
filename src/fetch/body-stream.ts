/**
 * The body of a response as a byte stream, as the fetch standard defines it. The stream reads one part ahead of its
 * consumer, so that a consumer that only waits for `closed` sees an early end, too. It relies on a ByteReader and knows
 * no connection.
 */

import { bare } from '../options.ts';
import { onAbort } from '../schedule/abort-signal.ts';
import type { ByteReader } from './coding-reader.ts';

type UnderlyingByteSource = ConstructorParameters<typeof ReadableStream<Uint8Array>>[0] & { type: 'bytes' };

/**
 * Makes a byte stream of the parts of `reader`. An abort of `signal` fails the stream with the signal's reason and
 * drops the parts that it holds.
 */
export function streamOf(reader: ByteReader, signal: AbortSignal | undefined): ReadableStream<Uint8Array> {
  const source = new ReaderSource(reader, signal);
  return new ReadableStream<Uint8Array>(source as UnderlyingByteSource, bare({ highWaterMark: 1 }));
}

/** Removes the listener from the signal when its source is garbage. */
const forgotten = new FinalizationRegistry<() => void>((withdraw) => withdraw());

class ReaderSource {
  readonly type = 'bytes';
  /** Undefined: if the consumer brings no buffer, it gets the reader's own part. */
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
    // The signal may outlive all streams. It holds the source weakly, so that an unreferenced body can be collected.
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
