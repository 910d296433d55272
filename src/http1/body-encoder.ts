/**
 * Request bodies on the wire: of announced length, or chunked with trailers (RFC 9112 6.2, 7.1). An encoder says which
 * pieces to send for some bytes of the caller's; it copies none of them.
 */

import { ExcessBodyData, MissingBodyData, StateError } from '../errors.ts';
import { type HeadersInit, HTTPHeaders } from './headers.ts';
import { assertAllowed } from './trailer-fields.ts';

/** Bytes, or text of which each character is one byte (latin1). */
export type Piece = string | Uint8Array;

export interface BodyEncoder {
  /** Whether the body's end has been encoded. */
  readonly complete: boolean;
  /** @throws ExcessBodyData if there is no place for `data` in the body; nothing is encoded then */
  encode(data: Uint8Array): Piece[];
  /** The end of the body. @throws StateError for a body of announced length, whose end is where it was announced */
  end(trailers?: HeadersInit): Piece[];
}

export class LengthEncoder implements BodyEncoder {
  readonly #length: number;
  #left: number;

  constructor(length: number) {
    this.#length = length;
    this.#left = length;
  }

  get complete(): boolean {
    return this.#left === 0;
  }

  encode(data: Uint8Array): Piece[] {
    if (data.length > this.#left) {
      throw new ExcessBodyData(`${data.length} bytes written where ${this.#left} of ${this.#length} are left to send`);
    }
    this.#left -= data.length;
    return data.length === 0 ? [] : [data];
  }

  /** @throws MissingBodyData unless {@link complete} */
  assertComplete(): void {
    if (this.complete) return;
    const given = this.#length - this.#left;
    throw new MissingBodyData(`the body ended after ${given} of the ${this.#length} bytes that were announced`);
  }

  end(): Piece[] {
    throw new StateError(`the body ends after its ${this.#length} bytes by itself: endBody() is for chunked bodies`);
  }
}

export class ChunkedEncoder implements BodyEncoder {
  complete = false;

  encode(data: Uint8Array): Piece[] {
    // An empty chunk would be the last one.
    return data.length === 0 ? [] : [`${data.length.toString(16)}\r\n`, data, '\r\n'];
  }

  end(trailers?: HeadersInit): Piece[] {
    const fields = new HTTPHeaders(trailers);
    assertAllowed(fields);
    let text = '0\r\n';
    for (const [name, value] of fields) text += `${name}: ${value}\r\n`;
    this.complete = true;
    return [`${text}\r\n`];
  }
}
