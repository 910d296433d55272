/**
 * Request bodies that come in pieces: from what the user gives to a coroutine that sends it. Where pieces come as promises, they
 * are awaited, which only an AioFuture can.
 */

import { Readable } from 'node:stream';
import { types } from 'node:util';
import { type Coroutine, PollNeeded } from '../coroutine.ts';
import { type Beside, coAwaitBeside, coTurn } from '../schedule/co-await.ts';
import { currentRunner, runAs } from '../schedule/running.ts';
import { checkedBytes } from './given-bytes.ts';
import { StreamPieces } from './stream-pieces.ts';

/** Pieces of a body; strings are sent as UTF-8. A Readable and a ReadableStream are async iterables. */
export type BodyPieces = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array> | Blob;

/** Where the pieces go: it is also asked what to listen to while the next one is waited for. */
export interface PieceSink extends Beside {
  coSend(piece: Uint8Array): Coroutine<void>;
}

/**
 * Pieces after which the event loop has its turn: a source that always has one, and a server that takes each, would keep it from it,
 * and so from time limits and aborts.
 */
const MOST_IN_A_ROW = 256;

/** Whether `body` comes in pieces: strings and views of memory are iterable too, but come as a whole. */
export function comesInPieces(body: unknown): body is BodyPieces {
  if (typeof body !== 'object' || body === null || ArrayBuffer.isView(body)) return false;
  assertReadable(body);
  return isIterable(body) || isAsyncIterable(body) || body instanceof Blob;
}

/** What can be known to give no pieces is refused before anything is sent. @throws TypeError */
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

/** The length of a body in pieces, if it is known beforehand. */
export function knownLength(body: BodyPieces): number | undefined {
  return body instanceof Blob ? body.size : undefined;
}

/** Whether the pieces come as promises. */
export function mustBeAwaited(body: BodyPieces): boolean {
  return body instanceof Blob || !isIterable(body);
}

/** Sends each piece in turn. When that fails, what gives the pieces is told, so that it can clean up. */
export function* coEachPiece(body: BodyPieces, sink: PieceSink): Coroutine<void> {
  if (body instanceof Blob) {
    // Node's own iterators would obey members of Object.prototype, such as `signal` and `timeout`.
    yield* coEachAwaited(new StreamPieces(body.stream().getReader()), sink);
  } else if (isIterable(body)) {
    let count = 0;
    for (const piece of runByNobody(body)) {
      // Where the thread is blocked, there is no turn to be had.
      if (++count % MOST_IN_A_ROW === 0 && currentRunner()?.canAwait) yield* coTurn(sink);
      yield* sink.coSend(pieceOf(piece));
    }
  } else {
    yield* coEachAwaited(awaitedPieces(body), sink);
  }
}

/** What the source does to make a piece, it does for itself: a loop of its own is not run by whoever runs this coroutine. */
function runByNobody<T>(iterable: Iterable<T>): Iterable<T> {
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

/** A coroutine that need not wait yields nothing: what it returns was meant. @throws TypeError */
function assertNoResult(returned: unknown): void {
  if (typeof returned === 'string' || ArrayBuffer.isView(returned)) throw bodyIsCoroutine();
}

/**
 * The pieces of `body`, from its beginning. A Readable is destroyed when they are left: its own iterator would do so only when it
 * has given another piece, which may never come.
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
    for (let count = 1; ; count++) {
      if (count % MOST_IN_A_ROW === 0) yield* coTurn(sink);
      const step = yield* coAwaitBeside(pieces.next(), sink);
      ended = step.done === true;
      if (ended) return;
      yield* sink.coSend(pieceOf(step.value));
    }
  } finally {
    if (!ended) leave(pieces);
  }
}

/** What the source makes of it comes too late to matter: the error that ended the sending counts. */
function leave(pieces: AsyncIterator<unknown>): void {
  new Promise((resolve) => resolve(pieces.return?.())).catch(() => undefined);
}

/** @throws TypeError */
function pieceOf(piece: unknown): Uint8Array {
  if (typeof piece === 'string') return Buffer.from(piece, 'utf8');
  if (ArrayBuffer.isView(piece) || types.isAnyArrayBuffer(piece)) return checkedBytes("a body's pieces", piece);
  if (piece instanceof PollNeeded) throw bodyIsCoroutine();
  throw new TypeError(`a body's pieces must be strings or bytes, got ${piece === null ? 'null' : typeof piece}`);
}

function bodyIsCoroutine(): TypeError {
  return new TypeError('the body is a coroutine: give what it returns, by yield*');
}
