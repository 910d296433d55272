/**
 * From a framing to the decoder of its body; also for a body that cannot be decoded, so that this is found out by reading it.
 */

import type { DugongError } from '../errors.ts';
import { type BodyDecoder, ChunkedDecoder, CloseDelimitedDecoder, LengthDecoder } from './body-decoder.ts';
import type { Framing } from './framing.ts';
import { HTTPHeaders } from './headers.ts';
import type { Limits } from './limits.ts';

/** Stands for a body whose end nobody can tell. */
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

  /** Reading it is what raises the error. */
  more(): boolean {
    return true;
  }

  received(): void {}

  end(): boolean {
    return false;
  }
}

/** What takes a body of this framing off the buffer; undefined if there is none. */
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
