/**
 * Request bodies that come in pieces: from what the user gives to a coroutine that sends it. Where pieces come as promises, they
 * are awaited, which only an AioFuture can.
 */

import { Readable } from 'node:stream';
import type { Coroutine } from '../coroutine.ts';
import { type Beside, coAwaitBeside } from '../schedule/co-await.ts';
import { runAs } from '../schedule/running.ts';
import { checkedBytes } from './given-bytes.ts';

/** Pieces of a body; strings are sent as UTF-8. A Readable and a ReadableStream are async iterables. */
export type BodyPieces = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array> | Blob;

/** Where the pieces go: it is also asked what to listen to while the next one is waited for. */
export interface PieceSink extends Beside {
  coSend(piece: Uint8Array): Coroutine<void>;
}

/** Whether `body` comes in pieces: strings and views of memory are iterable too, but come as a whole. */
export function comesInPieces(body: unknown): body is BodyPieces {
  if (typeof body !== 'object' || body === null || ArrayBuffer.isView(body)) return false;
  // What is all there can be checked before anything is sent.
  if (Array.isArray(body)) for (const piece of body) bytesOf(piece);
  return Symbol.iterator in body || Symbol.asyncIterator in body || body instanceof Blob;
}

/** The length of a body in pieces, if it is known beforehand. */
export function knownLength(body: BodyPieces): number | undefined {
  return body instanceof Blob ? body.size : undefined;
}

/** Whether the pieces come as promises. */
export function mustBeAwaited(body: BodyPieces): boolean {
  return body instanceof Blob || !(Symbol.iterator in body);
}

/** Sends each piece in turn. When that fails, what gives the pieces is told, so that it can clean up. */
export function* coEachPiece(body: BodyPieces, sink: PieceSink): Coroutine<void> {
  if (body instanceof Blob) {
    yield* coEachPiece(Readable.fromWeb(body.stream() as never), sink);
  } else if (Symbol.iterator in body) {
    for (const piece of runByNobody(body)) yield* sink.coSend(bytesOf(piece));
  } else {
    yield* coEachAwaited(body[Symbol.asyncIterator](), sink);
  }
}

/** What the source does to make a piece, it does for itself: a loop of its own is not run by whoever runs this coroutine. */
function runByNobody<T>(iterable: Iterable<T>): Iterable<T> {
  return {
    [Symbol.iterator](): Iterator<T> {
      const iterator = iterable[Symbol.iterator]();
      return {
        next: () => runAs(undefined, () => iterator.next()),
        return: (value) => iterator.return?.(value) ?? { done: true, value },
      };
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
      yield* sink.coSend(bytesOf(step.value));
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
function bytesOf(piece: unknown): Uint8Array {
  if (typeof piece === 'string') return Buffer.from(piece, 'utf8');
  if (piece instanceof Uint8Array) return checkedBytes("a body's pieces", piece);
  throw new TypeError(`a body's pieces must be strings or bytes, got ${piece === null ? 'null' : typeof piece}`);
}
