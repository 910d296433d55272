/**
 * Reads the ranges of a 206 (Partial Content) response one after the other, whether the server sent one range or a
 * multipart of several (RFC 9110 15.3.7). It relies on the operations of HTTPConnection and does not put the ranges
 * together.
 */

import type { Coroutine } from '../coroutine.ts';
import { InvalidResponse } from '../errors.ts';
import { ByterangesDecoder, isByteranges, type RangePart, rangePart } from '../http1/byteranges-decoder.ts';
import { shownAs } from '../inspection.ts';
import { AioFuture, type AioFutureOptions } from '../schedule/aio-future.ts';
import { wholeNumber } from './connection-options.ts';
import { numberAndOptions } from './connection-promises.ts';
import { type HTTPConnection, limitsOf } from './http-connection.ts';
import type { HTTPResponse } from './http-response.ts';

const READ_SIZE = 65_536;
const EMPTY: Buffer = Buffer.alloc(0);

/**
 * Reads the ranges of `response`, the latest response of `connection`, whose body must be unread:
 *
 * ```js
 * import { ByterangesReader, HTTPConnection } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * connection.sendRequest('GET', '/digits', { headers: { Range: 'bytes=0-9,500-504' } });
 * const ranges = new ByterangesReader(connection, connection.readResponse());
 * for (let part = ranges.nextPart(); part !== null; part = ranges.nextPart()) {
 *   console.log(part.first, part.last, ranges.readAll().toString());
 * }
 * connection.disconnect();
 * // prints:
 * // 0 9 0123456789
 * // 500 504 01234
 * ```
 *
 * After the last range the body has been read to its end, and the connection is ready for the next response.
 */
export class ByterangesReader {
  /** The same operations as promises. */
  readonly promises: ByterangesPromises;
  readonly #connection: HTTPConnection;
  /** Undefined if the response has one range, which is its whole body. */
  readonly #decoder: ByterangesDecoder | undefined;
  /** The single range until it has been returned, and the number of its unread bytes after that. */
  #only: RangePart | null = null;
  #left = 0;
  /** Whether null has been returned: the connection may read another response now. */
  #done = false;

  /**
   * The header section of each part is within the `limits` of the connection: `headerSection` and `fields`.
   * @throws InvalidResponse if the response is no 206, names neither a range nor a boundary, or has a length that
   * differs from its range
   */
  constructor(connection: HTTPConnection, response: HTTPResponse) {
    if (response.status !== 206)
      throw new InvalidResponse(`status ${response.status} has no ranges: that would be 206`);
    this.#connection = connection;
    this.promises = new ByterangesPromises(this);
    const contentType = response.headers.get('Content-Type');
    // The document may be a multipart itself; a single range of it has its Content-Type (RFC 9110 15.3.7.1).
    if (isByteranges(contentType) && !isWholeRange(response))
      this.#decoder = new ByterangesDecoder(contentType, limitsOf(connection));
    else this.#only = onlyRange(response);
  }

  /**
   * Returns the next range; null after the last one. The unread rest of the range before is skipped.
   * @throws InvalidResponse, and the errors of reading a body
   */
  *coNextPart(): Coroutine<RangePart | null> {
    if (this.#done) return null;
    const part = this.#decoder === undefined ? yield* this.#coTakeOnly() : yield* this.#coDecoded(this.#decoder);
    if (part !== null) return part;
    yield* this.#connection.coDiscard();
    this.#done = true;
    return null;
  }

  /**
   * Returns up to `length` bytes of this range (default 65,536), at least one; empty at its end. @throws TypeError unless
   * `length` is a whole number >= 0, and as {@link coNextPart}
   */
  *coRead(length: number = READ_SIZE): Coroutine<Buffer> {
    const size = wholeNumber('length', length, 0);
    const decoder = this.#decoder;
    if (decoder === undefined) return yield* this.#coReadOnly(size);
    for (;;) {
      const target = Buffer.allocUnsafe(Math.min(size, READ_SIZE));
      const count = decoder.read(target, 0, target.length);
      if (count !== undefined) return target.subarray(0, count);
      yield* this.#coBring(decoder);
    }
  }

  /** Returns the rest of this range, of any length; empty behind its end. @throws as {@link coNextPart} */
  *coReadAll(): Coroutine<Buffer> {
    const parts: Buffer[] = [];
    for (;;) {
      const part = yield* this.coRead();
      if (part.length === 0) return parts.length === 0 ? EMPTY : Buffer.concat(parts);
      parts.push(part);
    }
  }

  /** Blocking {@link coNextPart}. @throws as that; ConnectionTimedOut, Interrupted */
  nextPart(): RangePart | null {
    return this.#connection.runBlocking(this.coNextPart());
  }

  /** Blocking {@link coRead}. @throws as that; ConnectionTimedOut, Interrupted */
  read(length?: number): Buffer {
    return this.#connection.runBlocking(this.coRead(length));
  }

  /** Blocking {@link coReadAll}. @throws as that; ConnectionTimedOut, Interrupted */
  readAll(): Buffer {
    return this.#connection.runBlocking(this.coReadAll());
  }

  *#coTakeOnly(): Coroutine<RangePart | null> {
    const part = this.#only;
    this.#only = null;
    if (part !== null) {
      this.#left = part.length;
      return part;
    }
    while (this.#left > 0) yield* this.#coReadOnly(READ_SIZE);
    if ((yield* this.#connection.coRead(1)).length > 0) throw lengthMismatch('longer');
    return null;
  }

  *#coReadOnly(length: number): Coroutine<Buffer> {
    if (this.#left === 0) return EMPTY;
    const bytes = yield* this.#connection.coRead(Math.min(length, this.#left));
    if (bytes.length === 0 && length > 0) throw lengthMismatch('shorter');
    this.#left -= bytes.length;
    return bytes;
  }

  *#coDecoded(decoder: ByterangesDecoder): Coroutine<RangePart | null> {
    for (;;) {
      const part = decoder.nextPart();
      if (part !== undefined) return part;
      yield* this.#coBring(decoder);
    }
  }

  *#coBring(decoder: ByterangesDecoder): Coroutine<void> {
    const bytes = yield* this.#connection.coRead(READ_SIZE);
    if (bytes.length === 0) throw new InvalidResponse('the body ended before the last boundary (RFC 2046 5.1.1)');
    decoder.push(bytes);
  }

  static {
    shownAs(ByterangesReader, (reader) => ({
      multipart: reader.#decoder !== undefined,
      done: reader.#done,
      connection: reader.#connection,
    }));
  }
}

/**
 * Whether the body is as long as the range of the head. A response with several ranges has no Content-Range (RFC 9110
 * 15.3.7.2).
 */
function isWholeRange({ headers, length }: HTTPResponse): boolean {
  return length !== null && headers.has('Content-Range') && rangePart(headers).length === length;
}

/**
 * The range of a response that is no multipart. @throws InvalidResponse if its length differs from the announced one
 */
function onlyRange({ headers, length }: HTTPResponse): RangePart {
  const part = rangePart(headers);
  if (length !== null && length !== part.length) throw lengthMismatch(length < part.length ? 'shorter' : 'longer');
  return part;
}

function lengthMismatch(than: 'shorter' | 'longer'): InvalidResponse {
  return new InvalidResponse(`the body is ${than} than the range that Content-Range announced (RFC 9110 14.4)`);
}

/**
 * The operations of a ByterangesReader as promises. The last argument of each call is one object with its options, as
 * with {@link ConnectionPromises}.
 */
export class ByterangesPromises {
  readonly #reader: ByterangesReader;

  /** Made by each ByterangesReader as its `promises`. */
  constructor(reader: ByterangesReader) {
    this.#reader = reader;
  }

  /** Awaits {@link ByterangesReader.coNextPart}. */
  nextPart(options?: AioFutureOptions): AioFuture<RangePart | null> {
    return new AioFuture(this.#reader.coNextPart(), options);
  }

  /** Awaits {@link ByterangesReader.coRead}. */
  read(options?: AioFutureOptions): AioFuture<Buffer>;
  /** Awaits {@link ByterangesReader.coRead}. */
  read(length?: number, options?: AioFutureOptions): AioFuture<Buffer>;
  read(length?: number | AioFutureOptions, options?: AioFutureOptions): AioFuture<Buffer> {
    const [size, future] = numberAndOptions(length, options);
    return new AioFuture(this.#reader.coRead(size), future);
  }

  /** Awaits {@link ByterangesReader.coReadAll}. */
  readAll(options?: AioFutureOptions): AioFuture<Buffer> {
    return new AioFuture(this.#reader.coReadAll(), options);
  }

  static {
    shownAs(ByterangesPromises, (promises) => ({ reader: promises.#reader }));
  }
}
