/**
 * A ReadableStream as the pieces of a request's body. Unlike the stream's own iterator, it is cancelled at once, even while it
 * is being read.
 */

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** Iterated once. */
export class StreamPieces implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array> {
  readonly #reader: Reader;
  /** Read before, to be given first. */
  readonly #parts: Uint8Array[];
  readonly #signal: AbortSignal | undefined;

  /** When the stream is left, and `signal` is aborted, it is cancelled with the signal's reason. */
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
    // A stream that fails has ended as well.
    await this.#reader.cancel(reason).catch(() => {});
    return { done: true, value: undefined };
  }
}
