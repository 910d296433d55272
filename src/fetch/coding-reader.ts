/**
 * Removes one content coding from a body as it arrives. A stream of node:zlib decodes on a thread of the platform. This
 * reader gives it one part at a time, and only when the stream has nothing left to give. It knows no limits of size.
 */

import type { Transform } from 'node:stream';
import { type ContentCoding, decoderOf, explained } from './codec.ts';

/** A source of a body's bytes, one part after the other. One read at a time. */
export interface ByteReader {
  /** The next part, whose memory belongs to the caller; undefined at the end, and after `cancel`. */
  read(): Promise<Uint8Array | undefined>;
  /** Ends reading, at any time, also during a read, and more than once. Held bytes are dropped. */
  cancel(): void;
}

/** Bytes that the decoder gives at a time. */
const PART = 65_536;

/** Reads the decoded bytes of another reader. */
export class CodingReader implements ByteReader {
  readonly #source: ByteReader;
  readonly #coding: ContentCoding;
  readonly #advice: string;
  /** Undefined before the first byte, because the choice of the decoder depends on it. */
  #decoder: Transform | undefined;
  /** Whether the decoder has taken all bytes that it was given. */
  #hungry = true;
  /**
   * Whether the source and the data have ended. Bytes of the source behind the data are read, too, because the response
   * ends with the source.
   */
  #sourceEnded = false;
  #dataEnded = false;
  #cancelled = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  /** @param advice the end of error messages */
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
      // A copy, because the decoder reuses its memory.
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

  /** Gives the decoder one more part, or the end of the source. */
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

  /** Waits until the state of the decoder changes. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
