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
 * Reads the ranges of a 206 (Partial Content) one after the other, whether the server sent one range or a multipart of several (RFC
 * 9110 15.3.7). Call `nextPart`, then `read` or `readAll` for its bytes, until `nextPart` returns null: then the body has been read
 * to its end, and the connection is ready for the next response.
 *
 * @example
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
 */
export class ByterangesReader {
  /** The same operations as promises, which run on the event loop. */
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
   * Begins with the ranges of a response; reads nothing yet. The header section of each part is within the `limits` of the
   * connection: `headerSection` and `fields`.
   *
   * @param connection the one that the response came from
   * @param response its latest response, whose body must be unread
   * @throws InvalidResponse - the response is no 206, names neither a range nor a boundary, or has a length that differs from its
   * range
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
   * Returns the next range, whose bytes `coRead` and `coReadAll` return; null after the last one. The unread rest of the range
   * before is skipped. The coroutine yields a {@link PollNeeded} whenever it must wait.
   *
   * @returns its first and last byte and its fields
   * @throws InvalidResponse - the parts are no byte ranges (RFC 9110 14.6), or differ in length from what Content-Range announces
   * @throws UnsupportedResponse - the body has an unknown transfer coding
   * @throws ConnectionClosed - the connection ended in the middle of the body
   * @throws TLSError - the TLS connection failed
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
   * Returns the next bytes of this range, as many as are there, up to `length`; empty only at its end. The coroutine yields a
   * {@link PollNeeded} whenever it must wait.
   *
   * @param length most bytes to return; default 65,536
   * @throws TypeError - `length` is no whole number >= 0
   * @throws InvalidResponse - the parts are no byte ranges (RFC 9110 14.6), or differ in length from what Content-Range announces
   * @throws UnsupportedResponse - the body has an unknown transfer coding
   * @throws ConnectionClosed - the connection ended in the middle of the body
   * @throws TLSError - the TLS connection failed
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

  /**
   * Returns the rest of this range, of any length, in one Buffer; empty behind its end. The coroutine yields a {@link PollNeeded}
   * whenever it must wait.
   *
   * @throws InvalidResponse - the parts are no byte ranges (RFC 9110 14.6), or differ in length from what Content-Range announces
   * @throws UnsupportedResponse - the body has an unknown transfer coding
   * @throws ConnectionClosed - the connection ended in the middle of the body
   * @throws TLSError - the TLS connection failed
   */
  *coReadAll(): Coroutine<Buffer> {
    const parts: Buffer[] = [];
    for (;;) {
      const part = yield* this.coRead();
      if (part.length === 0) return parts.length === 0 ? EMPTY : Buffer.concat(parts);
      parts.push(part);
    }
  }

  /**
   * Returns the next range, whose bytes `read` and `readAll` return; null after the last one. Blocks this thread until its fields
   * are there. The unread rest of the range before is skipped.
   *
   * @returns its first and last byte and its fields
   * @throws InvalidResponse - the parts are no byte ranges (RFC 9110 14.6), or differ in length from what Content-Range announces
   * @throws UnsupportedResponse - the body has an unknown transfer coding
   * @throws ConnectionClosed - the connection ended in the middle of the body
   * @throws TLSError - the TLS connection failed
   * @throws ConnectionTimedOut - no byte came or went for `timeout` milliseconds; the call may be made again
   * @throws Interrupted - a signal came that the process listens for; the call may be made again
   */
  nextPart(): RangePart | null {
    return this.#connection.runBlocking(this.coNextPart());
  }

  /**
   * Returns the next bytes of this range, as many as are there, up to `length`; empty only at its end. Blocks this thread until
   * there is one byte at least.
   *
   * @param length most bytes to return; default 65,536
   * @throws TypeError - `length` is no whole number >= 0
   * @throws InvalidResponse - the parts are no byte ranges (RFC 9110 14.6), or differ in length from what Content-Range announces
   * @throws UnsupportedResponse - the body has an unknown transfer coding
   * @throws ConnectionClosed - the connection ended in the middle of the body
   * @throws TLSError - the TLS connection failed
   * @throws ConnectionTimedOut - no byte came or went for `timeout` milliseconds; the call may be made again
   * @throws Interrupted - a signal came that the process listens for; the call may be made again
   */
  read(length?: number): Buffer {
    return this.#connection.runBlocking(this.coRead(length));
  }

  /**
   * Returns the rest of this range, of any length, in one Buffer; empty behind its end. Blocks this thread until the range has
   * ended.
   *
   * @throws InvalidResponse - the parts are no byte ranges (RFC 9110 14.6), or differ in length from what Content-Range announces
   * @throws UnsupportedResponse - the body has an unknown transfer coding
   * @throws ConnectionClosed - the connection ended in the middle of the body
   * @throws TLSError - the TLS connection failed
   * @throws ConnectionTimedOut - no byte came or went for `timeout` milliseconds; the call may be made again
   * @throws Interrupted - a signal came that the process listens for; the call may be made again
   */
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
 * The operations of a {@link ByterangesReader} as promises, each an {@link AioFuture} that runs on the event loop. The last
 * argument of each call is one object with its options, as with {@link ConnectionPromises}.
 *
 * @example
 * ```js
 * import { ByterangesReader, HTTPConnection } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * await connection.promises.sendRequest('GET', '/digits', { headers: { Range: 'bytes=5-7' } });
 * const { promises } = new ByterangesReader(connection, await connection.promises.readResponse());
 * const part = await promises.nextPart();
 * console.log(part?.first, (await promises.readAll()).toString()); // 5 567
 * connection.disconnect();
 * ```
 */
export class ByterangesPromises {
  readonly #reader: ByterangesReader;

  /** Each ByterangesReader makes one, as its `promises`; `reader` is that one. */
  constructor(reader: ByterangesReader) {
    this.#reader = reader;
  }

  /**
   * Resolves with the next range, whose bytes `read` and `readAll` return; null after the last one. The unread rest of the range
   * before is skipped. `options` may have a `signal` and a `timeout`, in milliseconds, for the whole call.
   *
   * @returns its first and last byte and its fields
   * @throws InvalidResponse - the parts are no byte ranges (RFC 9110 14.6), or differ in length from what Content-Range announces
   * @throws UnsupportedResponse - the body has an unknown transfer coding
   * @throws ConnectionClosed - the connection ended in the middle of the body
   * @throws TLSError - the TLS connection failed
   * @throws ConnectionTimedOut - the `timeout` of the call passed
   * @throws DOMException - an AbortError after `cancel()`; an aborted call rejects with the reason of its `signal`
   */
  nextPart(options?: AioFutureOptions): AioFuture<RangePart | null> {
    return new AioFuture(this.#reader.coNextPart(), options);
  }

  /**
   * Resolves with the next bytes of this range, as many as are there, up to 65,536; empty only at its end. `options` may have a
   * `signal` and a `timeout`, in milliseconds, for the whole call.
   *
   * @throws TypeError - an option is invalid
   * @throws InvalidResponse - the parts are no byte ranges (RFC 9110 14.6), or differ in length from what Content-Range announces
   * @throws UnsupportedResponse - the body has an unknown transfer coding
   * @throws ConnectionClosed - the connection ended in the middle of the body
   * @throws TLSError - the TLS connection failed
   * @throws ConnectionTimedOut - the `timeout` of the call passed
   * @throws DOMException - an AbortError after `cancel()`; an aborted call rejects with the reason of its `signal`
   */
  read(options?: AioFutureOptions): AioFuture<Buffer>;
  /**
   * Resolves with the next bytes of this range, as many as are there, up to `length`; empty only at its end. `options` may have a
   * `signal` and a `timeout`, in milliseconds, for the whole call.
   *
   * @param length most bytes to return; default 65,536
   * @throws TypeError - `length` is no whole number >= 0
   * @throws InvalidResponse - the parts are no byte ranges (RFC 9110 14.6), or differ in length from what Content-Range announces
   * @throws UnsupportedResponse - the body has an unknown transfer coding
   * @throws ConnectionClosed - the connection ended in the middle of the body
   * @throws TLSError - the TLS connection failed
   * @throws ConnectionTimedOut - the `timeout` of the call passed
   * @throws DOMException - an AbortError after `cancel()`; an aborted call rejects with the reason of its `signal`
   */
  read(length?: number, options?: AioFutureOptions): AioFuture<Buffer>;
  read(length?: number | AioFutureOptions, options?: AioFutureOptions): AioFuture<Buffer> {
    const [size, future] = numberAndOptions(length, options);
    return new AioFuture(this.#reader.coRead(size), future);
  }

  /**
   * Resolves with the rest of this range, of any length, in one Buffer; empty behind its end. `options` may have a `signal` and a
   * `timeout`, in milliseconds, for the whole call.
   *
   * @throws InvalidResponse - the parts are no byte ranges (RFC 9110 14.6), or differ in length from what Content-Range announces
   * @throws UnsupportedResponse - the body has an unknown transfer coding
   * @throws ConnectionClosed - the connection ended in the middle of the body
   * @throws TLSError - the TLS connection failed
   * @throws ConnectionTimedOut - the `timeout` of the call passed
   * @throws DOMException - an AbortError after `cancel()`; an aborted call rejects with the reason of its `signal`
   */
  readAll(options?: AioFutureOptions): AioFuture<Buffer> {
    return new AioFuture(this.#reader.coReadAll(), options);
  }

  static {
    shownAs(ByterangesPromises, (promises) => ({ reader: promises.#reader }));
  }
}
