/**
 * The decoded body of a response. A small body is decoded at once, because handing it to another thread costs more than
 * decoding it. Any other body is decoded as it arrives. It knows no connection; incoming-body.ts does.
 */

import { DugongError, UnsupportedResponse } from '../errors.ts';
import type { ByteReader } from './coding-reader.ts';
import { type ContentCoding, decodeWhole, decodingReader } from './content-coding.ts';
import type { BodyReader } from './incoming-body.ts';

/** Most encoded and decoded bytes of a body that is decoded at once. */
const SMALL = 16_384;
const MOST_AT_ONCE = 262_144;

/** The callbacks of a decoded body. */
export interface DecodedUse {
  /** Called once with the number of decoded bytes when the whole body has been decoded. */
  readonly onWhole: (size: number) => void;
  /** Makes the error that the consumer gets if decoding fails. */
  readonly told: (error: unknown) => unknown;
}

/** Reads the decoded bytes of a body. */
export class DecodedBody implements BodyReader {
  readonly #encoded: BodyReader;
  readonly #codings: readonly ContentCoding[];
  readonly #use: DecodedUse;
  #size = 0;
  #ended = false;
  #failed: unknown;
  #decoding: ByteReader | undefined;

  constructor(encoded: BodyReader, codings: readonly ContentCoding[], use: DecodedUse) {
    this.#encoded = encoded;
    this.#codings = codings;
    this.#use = use;
  }

  takeWhole(): Uint8Array | undefined {
    if (this.#failed !== undefined) throw this.#failed;
    if (this.#decoding !== undefined) return undefined;
    const whole = this.#encoded.takeWhole();
    if (whole === undefined) return undefined;
    if (whole.length <= SMALL) {
      try {
        // A copy in its own memory: small results of node:zlib share the memory of all Buffers, which a stream would
        // detach.
        const decoded = new Uint8Array(decodeWhole(whole, this.#codings, { maxSize: MOST_AT_ONCE }));
        this.#end(decoded.length);
        return decoded;
      } catch (error) {
        if (!(error instanceof UnsupportedResponse)) throw this.#failure(error);
      }
    }
    this.#decoding = decodingReader(new OnePart(whole), this.#codings);
    return undefined;
  }

  async read(): Promise<Uint8Array | undefined> {
    const early = this.#decoding === undefined ? this.takeWhole() : undefined;
    if (early !== undefined) {
      this.#decoding = new OnePart(new Uint8Array(0));
      return early.length === 0 ? undefined : early;
    }
    this.#decoding ??= decodingReader(this.#encoded, this.#codings);
    try {
      const part = await this.#decoding.read();
      if (part === undefined) this.#end(this.#size);
      else this.#size += part.length;
      return part;
    } catch (error) {
      throw this.#failure(error);
    }
  }

  cancel(): void {
    this.#decoding?.cancel();
    this.#encoded.cancel();
  }

  #end(size: number): void {
    if (!this.#ended) this.#use.onWhole(size);
    this.#ended = true;
  }

  /** The error for this and each later read. An error of receiving has its final form already. */
  #failure(error: unknown): unknown {
    if (!(error instanceof DugongError)) return error;
    this.#failed ??= new TypeError('terminated', { cause: this.#use.told(error) });
    return this.#failed;
  }
}

/** A reader of bytes in memory. */
class OnePart implements ByteReader {
  #part: Uint8Array | undefined;

  constructor(part: Uint8Array) {
    this.#part = part.length === 0 ? undefined : part;
  }

  read(): Promise<Uint8Array | undefined> {
    const part = this.#part;
    this.#part = undefined;
    return Promise.resolve(part);
  }

  cancel(): void {
    this.#part = undefined;
  }
}
