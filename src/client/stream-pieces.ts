/**
 * A ReadableStream as the pieces of a request's body. Unlike the stream's own iterator, it is cancelled at once, even while it
 * is being read.
 */

type Reader = ReadableStreamDefaultReader<Uint8Array>;
type Reading = ReturnType<Reader['read']>;

/** Iterated once. */
export class StreamPieces implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array> {
  readonly #reader: Reader;
  /** Read before, to be given first. */
  readonly #parts: Uint8Array[];
  /** The read that had been begun by then. */
  #pending: Reading | undefined;

  constructor(reader: Reader, begun: { parts?: Uint8Array[]; pending?: Reading } = {}) {
    this.#reader = reader;
    this.#parts = begun.parts ?? [];
    this.#pending = begun.pending;
    // It is looked at when its turn comes.
    this.#pending?.catch(() => {});
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    const part = this.#parts.shift();
    if (part !== undefined) return { done: false, value: part };
    const reading = this.#pending ?? this.#reader.read();
    this.#pending = undefined;
    const step = await reading;
    return step.done ? { done: true, value: undefined } : { done: false, value: step.value };
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    // A stream that fails has ended as well.
    await this.#reader.cancel().catch(() => {});
    return { done: true, value: undefined };
  }
}
