/**
 * Request bodies on the wire: of announced length, or chunked with trailers (RFC 9112 6.2, 7.1). An encoder puts the caller's bytes
 * into a SendBuffer, with their framing.
 */

import { ExcessBodyData, MissingBodyData, StateError } from '../errors.ts';
import { type HeadersInit, HTTPHeaders } from './headers.ts';
import type { SendBuffer } from './send-buffer.ts';
import { assertAllowed } from './trailer-fields.ts';

export interface BodyEncoder {
  /** Whether the body's end has been encoded. */
  readonly complete: boolean;
  /** @throws ExcessBodyData if `data` is longer than the rest of the announced length; nothing is encoded then */
  encode(data: Uint8Array, output: SendBuffer): void;
  /** Encodes the end of the body. @throws StateError for a body of announced length, which ends with its last byte */
  end(output: SendBuffer, trailers?: HeadersInit): void;
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

  encode(data: Uint8Array, output: SendBuffer): void {
    if (data.length > this.#left) {
      throw new ExcessBodyData(`${data.length} bytes written where ${this.#left} of ${this.#length} are left to send`);
    }
    this.#left -= data.length;
    output.pushBytes(data);
  }

  /** @throws MissingBodyData unless {@link complete} */
  assertComplete(): void {
    if (this.complete) return;
    const given = this.#length - this.#left;
    throw new MissingBodyData(`the body ended after ${given} of the ${this.#length} bytes that were announced`);
  }

  end(): void {
    throw new StateError(`the body ends after its ${this.#length} bytes by itself: endBody() is for chunked bodies`);
  }
}

export class ChunkedEncoder implements BodyEncoder {
  complete = false;

  encode(data: Uint8Array, output: SendBuffer): void {
    // An empty chunk would be the last one.
    if (data.length === 0) return;
    output.pushText(`${data.length.toString(16)}\r\n`);
    output.pushBytes(data);
    output.pushText('\r\n');
  }

  end(output: SendBuffer, trailers?: HeadersInit): void {
    const fields = new HTTPHeaders(trailers);
    assertAllowed(fields);
    let text = '0\r\n';
    for (const [name, value] of fields) text += `${name}: ${value}\r\n`;
    this.complete = true;
    output.pushText(`${text}\r\n`);
  }
}
