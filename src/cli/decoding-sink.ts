/**
 * Decodes the body of a response (--compressed) on its way to another sink. The decoders of content-coding.ts read; this
 * sink is written to: each chunk is held until the decoder has asked for the next one.
 */

import { type ByteReader, contentCodings, decodingReader } from '../fetch/content-coding.ts';
import {
  AioFuture,
  type Coroutine,
  coAwait,
  type HTTPResponse,
  type TransferJob,
  type TransferSink,
  UnsupportedResponse,
} from '../index.ts';
import { coStep } from './head-sink.ts';

const AS_IT_CAME = 'Without --compressed it is written as it came';

/** A sink over another one, which gets the decoded bytes. */
export class DecodingSink implements TransferSink {
  readonly #sink: TransferSink;
  /** Undefined where the body has no coding. */
  #decoding: Decoding | undefined;

  constructor(sink: TransferSink) {
    this.#sink = sink;
  }

  /** @throws UnsupportedResponse for a coding that is not known, because the output would look decoded */
  *begin(response: HTTPResponse, job: TransferJob): Coroutine<void> {
    this.#decoding?.cancel();
    this.#decoding = undefined;
    const { headers, length } = response;
    const codings = length === 0 ? [] : contentCodings(headers, AS_IT_CAME);
    if (codings === undefined) {
      const coding = JSON.stringify(headers.get('Content-Encoding')?.slice(0, 100));
      throw new UnsupportedResponse(`the body has a content coding that is not known here: ${coding}. ${AS_IT_CAME}`);
    }
    yield* coStep(this.#sink.begin(response, job));
    if (codings.length === 0) return;
    this.#decoding = new Decoding(this.#sink, (source) => decodingReader(source, codings, AS_IT_CAME));
  }

  write(chunk: Uint8Array): Coroutine<void> | void {
    if (this.#decoding === undefined) return this.#sink.write(chunk);
    return coGiven(this.#decoding, chunk);
  }

  *commit(): Coroutine<void> {
    if (this.#decoding !== undefined) yield* coAwait(this.#decoding.end());
    yield* coStep(this.#sink.commit());
  }

  abandon(): Coroutine<void> | void {
    this.#decoding?.cancel();
    this.#decoding = undefined;
    return this.#sink.abandon();
  }
}

function* coGiven(decoding: Decoding, chunk: Uint8Array): Coroutine<void> {
  yield* coAwait(decoding.give(chunk));
}

/** One body: chunks go in, and decoded parts go to the sink. */
class Decoding {
  readonly #reader: ByteReader;
  readonly #done: Promise<void>;
  /** Takes the next chunk, when the decoder has asked for it; undefined is the end. */
  #take: ((chunk: Uint8Array | undefined) => void) | undefined;
  /** Called when the decoder asks, or all is done. */
  #asked: (() => void) | undefined;
  #over = false;

  constructor(sink: TransferSink, decoded: (source: ByteReader) => ByteReader) {
    this.#reader = decoded({ read: () => this.#next(), cancel: () => this.#take?.(undefined) });
    this.#done = this.#pump(sink).finally(() => {
      this.#over = true;
      this.#asked?.();
    });
    // Told by the next call.
    this.#done.catch(() => {});
  }

  /** Resolves when the decoder wants more. @throws what decoding or the sink throws */
  async give(chunk: Uint8Array): Promise<void> {
    await this.#wanted();
    // A copy: the memory of the chunk is its owner's.
    this.#take?.(new Uint8Array(chunk));
    await this.#wanted();
    if (this.#over) await this.#done;
  }

  async end(): Promise<void> {
    await this.#wanted();
    this.#take?.(undefined);
    await this.#done;
  }

  cancel(): void {
    this.#reader.cancel();
    this.#take?.(undefined);
  }

  async #wanted(): Promise<void> {
    if (this.#take !== undefined || this.#over) return;
    await new Promise<void>((resolve) => {
      this.#asked = resolve;
    });
  }

  #next(): Promise<Uint8Array | undefined> {
    return new Promise((resolve) => {
      this.#take = (chunk) => {
        this.#take = undefined;
        resolve(chunk);
      };
      this.#asked?.();
    });
  }

  async #pump(sink: TransferSink): Promise<void> {
    for (;;) {
      const part = await this.#reader.read();
      if (part === undefined) return;
      const step = sink.write(part);
      if (step !== undefined) await new AioFuture(step);
    }
  }
}
