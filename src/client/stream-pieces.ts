/**
 * A ReadableStream as the pieces of a request body. Unlike the stream's own iterator, it can be cancelled at once, even
 * during a read.
 */

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** An iterator over a stream; it can be used once. */
export class StreamPieces implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array> {
  readonly #reader: Reader;
  /** Parts that were read before; they come first. */
  readonly #parts: Uint8Array[];
  readonly #signal: AbortSignal | undefined;

  /** @param signal if it is aborted when the iteration ends early, its reason cancels the stream */
  constructor(reader: Reader, signal?: AbortSignal, parts: Uint8Array[] = []) {
    this.#reader = reader;
    this.#signal = signal;
    this.#parts = parts;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    const part = this.#parts.shift();
    if (part !== undefined) return { done: false, value: part };
    const step = await this.#reader.read();
    return step.done ? { done: true, value: undefined } : { done: false, value: step.value };
  }

  async return(why?: unknown): Promise<IteratorResult<Uint8Array>> {
    const reason = this.#signal?.aborted ? this.#signal.reason : why;
    // A stream that fails has ended, too.
    await this.#reader.cancel(reason).catch(() => {});
    return { done: true, value: undefined };
  }
}
