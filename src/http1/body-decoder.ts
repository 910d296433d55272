/**
 * The decoders of response bodies, one for each way a body ends: after a length, with the last chunk, with the
 * connection (RFC 9112 6 and 7). A decoder moves body bytes out of a ReceiveBuffer and knows when the body is complete.
 * It does no I/O and never takes a byte beyond the end of its body.
 */

import { InvalidResponse } from '../errors.ts';
import { type ChunkExtensionState, nextExtensionState } from './chunk-extension.ts';
import { FieldSectionParser } from './field-section.ts';
import { CR, HEX_VALUE, LF, quotedByte } from './grammar.ts';
import { HTTPHeaders, headersOfSection } from './headers.ts';
import type { Limits } from './limits.ts';
import type { ReceiveBuffer } from './receive-buffer.ts';
import { withoutForbidden } from './trailer-fields.ts';

/**
 * Decodes one body from the received bytes, by its framing (RFC 9112 6): the `body` of a {@link Response}. A driver
 * gives it to `readBody()` of {@link ClientProtocol}, asks it how many bytes it may receive past the buffer, and reads
 * its trailers at the end.
 *
 * @example
 * ```js
 * import { ClientProtocol } from 'dugong/http1';
 *
 * const protocol = new ClientProtocol({ host: 'server.example' });
 * protocol.sendRequest('GET', '/a');
 * protocol.input.push(Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n'));
 * const body = protocol.nextResponse()?.body;
 * const target = Buffer.alloc(100);
 * const count = body && protocol.readBody(body, target, 0, target.length);
 * console.log(target.toString('latin1', 0, count), body?.complete, body?.trailers.get('x-sum')); // hi true 1
 * ```
 */
export interface BodyDecoder {
  /** Whether the whole body has been decoded, its end included. */
  readonly complete: boolean;
  /**
   * Number of next bytes that are certainly body bytes. While the buffer is empty, the I/O may receive them into the caller's
   * memory, past the buffer.
   */
  readonly direct: number;
  /** The announced length in bytes; null if none was announced. */
  readonly length: number | null;
  /**
   * The trailer section (RFC 9112 7.1.2); empty until the body is complete. The object belongs to the caller: no two
   * bodies share one.
   */
  readonly trailers: HTTPHeaders;
  /**
   * Moves up to `length` body bytes from `source` to `target`, from `offset` on, or drops them if there is no target.
   * Returns the number of bytes; 0 if the body is complete or more bytes must be received first. `readBody()` of {@link
   * ClientProtocol} calls it.
   * @throws InvalidResponse - the chunks break RFC 9112 7.1, or exceed a limit
   */
  // Parameters: no object for each read.
  decode(source: ReceiveBuffer, target: Uint8Array | undefined, offset: number, length: number): number;
  /**
   * Whether more body bytes certainly exist, in `source` or still to come. For chunks: as far as `decode` has looked.
   */
  more(source: ReceiveBuffer): boolean;
  /** Reports that `count` bytes (at most `direct`) were received past the buffer. */
  received(count: number): void;
  /** Reports that the peer has ended its stream. Returns whether this completes the body. */
  end(): boolean;
}

// Parameters: no object for each read.
function move(source: ReceiveBuffer, target: Uint8Array | undefined, offset: number, length: number): number {
  if (target !== undefined) return source.take(target, offset, length);
  const count = Math.min(length, source.length);
  source.consume(count);
  return count;
}

/** A body of an announced length (RFC 9112 6.3 rule 6). */
export class LengthDecoder implements BodyDecoder {
  readonly length: number;
  #left: number;

  constructor(length: number) {
    this.length = length;
    this.#left = length;
  }

  get complete(): boolean {
    return this.#left === 0;
  }

  get direct(): number {
    return this.#left;
  }

  get trailers(): HTTPHeaders {
    return new HTTPHeaders();
  }

  decode(source: ReceiveBuffer, target: Uint8Array | undefined, offset: number, length: number): number {
    const count = move(source, target, offset, Math.min(length, this.#left));
    this.#left -= count;
    return count;
  }

  more(): boolean {
    return !this.complete;
  }

  received(count: number): void {
    this.#left -= count;
  }

  end(): boolean {
    return this.complete;
  }
}

/** A body that ends with the connection (RFC 9112 6.3 rule 8). */
export class CloseDelimitedDecoder implements BodyDecoder {
  readonly length: null = null;
  #ended = false;
  /** The body is complete when the stream has ended and the buffer is empty. */
  #drained = false;

  get complete(): boolean {
    return this.#drained;
  }

  get direct(): number {
    return this.#ended ? 0 : Number.MAX_SAFE_INTEGER;
  }

  get trailers(): HTTPHeaders {
    return new HTTPHeaders();
  }

  decode(source: ReceiveBuffer, target: Uint8Array | undefined, offset: number, length: number): number {
    const count = move(source, target, offset, length);
    this.#drained = this.#ended && source.length === 0;
    return count;
  }

  more(source: ReceiveBuffer): boolean {
    return source.length > 0;
  }

  received(): void {}

  end(): boolean {
    this.#ended = true;
    return true;
  }
}

type ChunkState = 'size' | 'extension' | 'size-lf' | 'data' | 'data-cr' | 'data-lf' | 'trailer' | 'done';

/** A chunked body (RFC 9112 7.1). */
export class ChunkedDecoder implements BodyDecoder {
  readonly length: null = null;
  readonly #limits: Limits;
  #state: ChunkState = 'size';
  /** Body bytes left in this chunk. In state `size`: the part of the size that has been read. */
  #left = 0;
  #digits = 0;
  #extension: ChunkExtensionState = 'before-semicolon';
  #extensionBytes = 0;
  #trailerSection: FieldSectionParser | undefined;
  #trailers: HTTPHeaders | undefined;
  /** The error in the bytes behind the last ones that `decode` returned. */
  #fault: unknown;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get complete(): boolean {
    return this.#state === 'done';
  }

  get direct(): number {
    return this.#state === 'data' ? this.#left : 0;
  }

  get trailers(): HTTPHeaders {
    return this.#trailers ?? new HTTPHeaders();
  }

  decode(source: ReceiveBuffer, target: Uint8Array | undefined, offset: number, length: number): number {
    if (this.#fault !== undefined) throw this.#fault;
    let done = 0;
    try {
      while (source.length > 0 && this.#state !== 'done') {
        if (this.#state === 'data') {
          if (done === length) break;
          const count = move(source, target, offset + done, Math.min(length - done, this.#left));
          this.received(count);
          done += count;
        } else if (!this.#takeFraming(source)) {
          break;
        }
      }
    } catch (error) {
      // First deliver the bytes before the fault, then report it: the result must not depend on how the network cut the
      // bytes.
      if (done === 0) throw error;
      this.#fault = error;
    }
    return done;
  }

  more(): boolean {
    return this.#state === 'data';
  }

  received(count: number): void {
    this.#left -= count;
    if (this.#left === 0) this.#state = 'data-cr';
  }

  end(): boolean {
    return this.complete;
  }

  /** Takes the next piece of framing (size line, CRLF, trailers). Returns false if more bytes must arrive first. */
  #takeFraming(source: ReceiveBuffer): boolean {
    if (this.#state === 'trailer') return this.#takeTrailers(source);
    this.#step(source.bytes[source.start] as number);
    source.consume(1);
    return true;
  }

  /** Processes one byte of framing. */
  #step(byte: number): void {
    switch (this.#state) {
      case 'size':
        this.#sizeByte(byte);
        break;
      case 'extension':
        this.#extensionByte(byte);
        break;
      case 'size-lf':
        if (byte !== LF) throw malformed(byte, 'after CR in a chunk-size line');
        this.#state = this.#left === 0 ? 'trailer' : 'data';
        break;
      case 'data-cr':
        if (byte !== CR) throw malformed(byte, 'instead of CRLF after the data of a chunk');
        this.#state = 'data-lf';
        break;
      default:
        if (byte !== LF) throw malformed(byte, 'instead of LF after the data of a chunk');
        this.#state = 'size';
        this.#left = 0;
        this.#digits = 0;
    }
  }

  #sizeByte(byte: number): void {
    const digit = HEX_VALUE[byte] as number;
    if (digit < 16) {
      this.#left = this.#left * 16 + digit;
      // RFC 9112 7.1 demands that recipients anticipate large numbers. The digits are counted, too, so that leading
      // zeros are bounded.
      if (++this.#digits > MAX_SIZE_DIGITS || !Number.isSafeInteger(this.#left)) {
        throw new InvalidResponse('a chunk size above 2^53 - 1');
      }
      return;
    }
    if (this.#digits === 0) throw malformed(byte, 'instead of a chunk size');
    if (byte === CR) {
      this.#state = 'size-lf';
    } else {
      this.#state = 'extension';
      this.#extension = 'before-semicolon';
      this.#extensionByte(byte);
    }
  }

  #extensionByte(byte: number): void {
    const next = nextExtensionState(this.#extension, byte);
    if (next === undefined) throw malformed(byte, 'in a chunk-size line');
    if (next === 'end') {
      this.#state = 'size-lf';
      return;
    }
    this.#extension = next;
    if (++this.#extensionBytes > this.#limits.chunkExtensions) {
      throw new InvalidResponse(`more than ${this.#limits.chunkExtensions} bytes of chunk extensions`);
    }
  }

  /** Returns false if the trailer section is not complete yet. */
  #takeTrailers(source: ReceiveBuffer): boolean {
    this.#trailerSection ??= new FieldSectionParser('trailer', this.#limits.trailerSection, this.#limits.fields);
    const length = this.#trailerSection.scan(source.bytes, source.start, source.end);
    if (length < 0) return false;
    if (length > 2) {
      const section = source.bytes.toString('latin1', source.start, source.start + length - 2);
      this.#trailers = withoutForbidden(headersOfSection(section));
    }
    source.consume(length);
    this.#state = 'done';
    return true;
  }
}

const MAX_SIZE_DIGITS = 20;

function malformed(byte: number, where: string): InvalidResponse {
  return new InvalidResponse(`${quotedByte(byte)} ${where} (RFC 9112 7.1)`);
}
