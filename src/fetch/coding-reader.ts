/**
 * A body without one of its content codings, as it comes. A stream of node:zlib decodes, on a thread of the platform; this reader
 * feeds it a part at a time, and only when it has nothing more to give. It knows no limit but that.
 */

import type { Transform } from 'node:stream';
import { type ContentCoding, decoderOf, explained } from './codec.ts';

/** Where the bytes of a body come from, one part after the other. One read at a time. */
export interface ByteReader {
  /** The next part, the memory of which is the caller's from then on; undefined at the end, and when it has been cancelled. */
  read(): Promise<Uint8Array | undefined>;
  /** Nothing more is wanted, at any time, a read under way included, and more than once. What was held is given up. */
  cancel(): void;
}

/** Decoded at a time. */
const PART = 65_536;

export class CodingReader implements ByteReader {
  readonly #source: ByteReader;
  readonly #coding: ContentCoding;
  readonly #advice: string;
  /** There is none before the first byte, which the decoder depends on. */
  #decoder: Transform | undefined;
  /** The decoder has taken all that it was given. */
  #hungry = true;
  /** Where the source ends, and the data: what the source has behind that is read, too, since it ends the response. */
  #sourceEnded = false;
  #dataEnded = false;
  #cancelled = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  /** The messages of errors end with `advice`. */
  constructor(source: ByteReader, coding: ContentCoding, advice: string) {
    this.#source = source;
    this.#coding = coding;
    this.#advice = advice;
  }

  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#cancelled) return undefined;
      const part: Buffer | null = this.#decoder?.read() ?? null;
      // A copy: the decoder goes on in the same memory.
      if (part !== null) return new Uint8Array(part);
      const decoded = this.#dataEnded || this.#decoder === undefined;
      if (this.#sourceEnded && decoded) return undefined;
      if (this.#sourceEnded || !(decoded || this.#hungry)) await this.#change();
      else await this.#feed();
    }
  }

  cancel(): void {
    this.#cancelled = true;
    this.#decoder?.destroy();
    this.#source.cancel();
    this.#wake?.();
  }

  /** Gives the decoder one more part, or the end. */
  async #feed(): Promise<void> {
    const part = await this.#sourcePart();
    if (part === undefined) {
      this.#sourceEnded = true;
      this.#decoder?.end();
    }
    if (part === undefined || part.length === 0 || this.#dataEnded || this.#cancelled) return;
    this.#decoder ??= this.#begun(part);
    this.#hungry = false;
    this.#decoder.write(part, () => {
      this.#hungry = true;
      this.#wake?.();
    });
  }

  async #sourcePart(): Promise<Uint8Array | undefined> {
    try {
      return await this.#source.read();
    } catch (error) {
      if (!this.#cancelled) this.#fail(error);
      return undefined;
    }
  }

  #begun(first: Uint8Array): Transform {
    const decoder = decoderOf(this.#coding, first.at(0), PART);
    decoder.on('readable', () => this.#wake?.());
    decoder.on('end', () => {
      this.#dataEnded = true;
      this.#wake?.();
    });
    decoder.on('error', (error) => {
      if (!this.#cancelled) this.#fail(explained(this.#coding, error, this.#advice));
    });
    return decoder;
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.cancel();
  }

  /** Until the decoder has something to say. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
