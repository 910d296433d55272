/**
 * The body of a response without its content codings: a small one at once, since to hand it to another thread would cost more than to
 * decode it; any other as it comes.
 */

import { DugongError, UnsupportedResponse } from '../errors.ts';
import type { ByteReader } from './coding-reader.ts';
import { type ContentCoding, decodeWhole, decodingReader } from './content-coding.ts';
import type { BodyReader } from './incoming-body.ts';

/** Bytes, encoded and decoded, up to which a body is decoded at once. */
const SMALL = 16_384;
const MOST_AT_ONCE = 262_144;

export class DecodedBody implements BodyReader {
  readonly #encoded: BodyReader;
  readonly #codings: readonly ContentCoding[];
  readonly #told: (error: unknown) => unknown;
  #decoding: ByteReader | undefined;

  /** `told` makes the error that the consumer gets to see of one of decoding. */
  constructor(encoded: BodyReader, codings: readonly ContentCoding[], told: (error: unknown) => unknown) {
    this.#encoded = encoded;
    this.#codings = codings;
    this.#told = told;
  }

  takeWhole(): Uint8Array | undefined {
    if (this.#decoding !== undefined) return undefined;
    const whole = this.#encoded.takeWhole();
    if (whole === undefined) return undefined;
    if (whole.length <= SMALL) {
      try {
        // In memory of its own: small results of node:zlib are in that of all Buffers, which a stream would detach.
        return new Uint8Array(decodeWhole(whole, this.#codings, { maxSize: MOST_AT_ONCE }));
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
      return await this.#decoding.read();
    } catch (error) {
      throw this.#failure(error);
    }
  }

  cancel(): void {
    this.#decoding?.cancel();
    this.#encoded.cancel();
  }

  /** What receiving failed of is told already. */
  #failure(error: unknown): unknown {
    return error instanceof DugongError ? new TypeError('terminated', { cause: this.#told(error) }) : error;
  }
}

/** Bytes that are there. */
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
