/**
 * Sends request bodies that come in pieces: the loop over the caller's iterable, stream or Blob. Pieces that come as
 * promises are awaited, which is possible only in an AioFuture. The sink sends the pieces; this module knows no
 * connection.
 */

import { Readable } from 'node:stream';
import { types } from 'node:util';
import { type Coroutine, PollNeeded } from '../coroutine.ts';
import { type Beside, coAwaitBeside } from '../schedule/co-await.ts';
import { runAs } from '../schedule/running.ts';
import { checkedBytes } from './given-bytes.ts';
import { StreamPieces } from './stream-pieces.ts';

/**
 * The pieces of a request body, sent one by one; strings are sent as UTF-8. A Readable and a ReadableStream are async iterables.
 * Pieces that come as promises, also those of a Blob, can be sent only in an {@link AioFuture}.
 *
 * @example
 * ```js
 * import { HTTPConnection } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * function* pieces() {
 *   yield 'ten ';
 *   yield Buffer.from('bytes.');
 * }
 * console.log(connection.request('PUT', '/pieces', { body: pieces() }).body.toString()); // 10 bytes taken
 * connection.disconnect();
 * ```
 */
export type BodyPieces = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array> | Blob;

/** Sends pieces. It also says what to wait for beside the next piece. */
export interface PieceSink extends Beside {
  /** Sends one piece. */
  coSend(piece: Uint8Array): Coroutine<void>;
}

/** Whether `body` comes in pieces. Strings and views of memory are iterable, too, but are whole bodies. */
export function comesInPieces(body: unknown): body is BodyPieces {
  if (typeof body !== 'object' || body === null || ArrayBuffer.isView(body)) return false;
  assertReadable(body);
  return isIterable(body) || isAsyncIterable(body) || body instanceof Blob;
}

/** Refuses, before anything is sent, a body that certainly gives no valid pieces. @throws TypeError */
function assertReadable(body: object): void {
  if (Array.isArray(body)) for (const piece of body) pieceOf(piece);
  if ('entries' in body && isIterable(body) && body[Symbol.iterator] === body.entries) {
    throw new TypeError('a body that is a map gives pairs, not bytes: encode it, or give URLSearchParams or FormData');
  }
  const locked = body instanceof ReadableStream && body.locked;
  if (locked || (body instanceof Readable && (body.destroyed || body.readableEnded))) {
    throw new TypeError('the stream that is to be the body has another reader, or has come to its end, already');
  }
}

function isIterable(body: object): body is Iterable<string | Uint8Array> {
  return Symbol.iterator in body && typeof body[Symbol.iterator] === 'function';
}

function isAsyncIterable(body: object): body is AsyncIterable<string | Uint8Array> {
  return Symbol.asyncIterator in body && typeof body[Symbol.asyncIterator] === 'function';
}

/** The length of a body in pieces; undefined if it is not known in advance. */
export function knownLength(body: BodyPieces): number | undefined {
  return body instanceof Blob ? body.size : undefined;
}

/** Whether the pieces come as promises. */
export function mustBeAwaited(body: BodyPieces): boolean {
  return body instanceof Blob || !isIterable(body);
}

/** Sends each piece in turn. If sending fails, the source is ended, so that it can clean up. */
export function* coEachPiece(body: BodyPieces, sink: PieceSink): Coroutine<void> {
  if (body instanceof Blob) {
    // Node's own iterators would look up options such as `signal` and `timeout` on Object.prototype.
    yield* coEachAwaited(new StreamPieces(body.stream().getReader()), sink);
  } else if (isIterable(body)) {
    for (const piece of withoutRunner(body)) yield* sink.coSend(pieceOf(piece));
  } else {
    yield* coEachAwaited(awaitedPieces(body), sink);
  }
}

/** Runs the iterator without a current runner, so that a coroutine that it runs is not taken for a part of this one. */
function withoutRunner<T>(iterable: Iterable<T>): Iterable<T> {
  return {
    [Symbol.iterator](): Iterator<T> {
      const iterator = iterable[Symbol.iterator]();
      let begun = false;
      return {
        next: () => {
          const step = runAs(undefined, () => iterator.next());
          if (step.done && !begun) assertNoResult(step.value);
          begun = true;
          return step;
        },
        return: (value) => iterator.return?.(value) ?? { done: true, value },
      };
    },
  };
}

/**
 * Detects a coroutine that was passed instead of its result: one that need not wait yields nothing and returns the
 * bytes. @throws TypeError
 */
function assertNoResult(returned: unknown): void {
  if (typeof returned === 'string' || ArrayBuffer.isView(returned)) throw bodyIsCoroutine();
}

/**
 * Returns an iterator over the pieces of `body`. Its `return` destroys a Readable at once; the Readable's own iterator
 * would first wait for another piece, which may never come.
 */
export function awaitedPieces(body: AsyncIterable<string | Uint8Array>): AsyncIterator<string | Uint8Array> {
  const pieces = body[Symbol.asyncIterator]();
  if (!(body instanceof Readable)) return pieces;
  return {
    next: () => pieces.next(),
    return(value?: unknown): Promise<IteratorResult<Uint8Array>> {
      body.destroy();
      return Promise.resolve({ done: true, value });
    },
  };
}

function* coEachAwaited(pieces: AsyncIterator<string | Uint8Array>, sink: PieceSink): Coroutine<void> {
  let ended = false;
  try {
    for (;;) {
      const step = yield* coAwaitBeside(pieces.next(), sink);
      ended = step.done === true;
      if (ended) return;
      yield* sink.coSend(pieceOf(step.value));
    }
  } finally {
    if (!ended) leave(pieces);
  }
}

/** Ends the source and ignores its errors: the error that ended the sending counts. */
function leave(pieces: AsyncIterator<unknown>): void {
  new Promise((resolve) => resolve(pieces.return?.())).catch(() => undefined);
}

/** Converts a piece to bytes. @throws TypeError */
function pieceOf(piece: unknown): Uint8Array {
  if (typeof piece === 'string') return Buffer.from(piece, 'utf8');
  if (ArrayBuffer.isView(piece) || types.isAnyArrayBuffer(piece)) return checkedBytes("a body's pieces", piece);
  if (piece instanceof PollNeeded) throw bodyIsCoroutine();
  throw new TypeError(`a body's pieces must be strings or bytes, got ${piece === null ? 'null' : typeof piece}`);
}

function bodyIsCoroutine(): TypeError {
  return new TypeError('the body is a coroutine: give what it returns, by yield*');
}
