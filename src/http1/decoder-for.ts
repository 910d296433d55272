/**
 * Chooses the decoder for a framing. A body that cannot be decoded gets a decoder, too: the error is raised when the
 * body is read.
 */

import type { DugongError } from '../errors.ts';
import { type BodyDecoder, ChunkedDecoder, CloseDelimitedDecoder, LengthDecoder } from './body-decoder.ts';
import type { Framing } from './framing.ts';
import { HTTPHeaders } from './headers.ts';
import type { Limits } from './limits.ts';

/** A body whose end cannot be determined. Reading it throws the error that the constructor was given. */
export class UndecodableBody implements BodyDecoder {
  readonly complete = false;
  readonly direct = 0;
  readonly length: null = null;
  readonly trailers: HTTPHeaders = new HTTPHeaders();
  readonly #error: DugongError;

  constructor(error: DugongError) {
    this.#error = error;
  }

  decode(): never {
    throw this.#error;
  }

  /** Always true: the error is raised by reading. */
  more(): boolean {
    return true;
  }

  received(): void {}

  end(): boolean {
    return false;
  }
}

/** Returns a decoder for this framing; undefined if there is no body. */
export function decoderFor(framing: Framing, limits: Limits): BodyDecoder | undefined {
  switch (framing.kind) {
    case 'length':
      return new LengthDecoder(framing.length);
    case 'chunked':
      return new ChunkedDecoder(limits);
    case 'close-delimited':
      return new CloseDelimitedDecoder();
    case 'invalid':
      return new UndecodableBody(framing.error);
    default:
      return undefined;
  }
}
