/**
 * Standard output for several documents that arrive in any order: it gets them in the order of the list. What comes before
 * its turn is held, in memory or, beyond a limit, in a temporary file without a name, so that no document waits for
 * another one. It knows no requests.
 */

import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import type { Coroutine, HTTPResponse, TransferJob, TransferSink } from '../index.ts';
import { AioFuture } from '../index.ts';
import { LocalFileError, StreamSink } from './file-sink.ts';
import { coStep } from './head-sink.ts';

/** Bytes that all documents together may have in memory. */
const MOST_HELD = 16 * 1024 * 1024;
const PART = 65_536;

/** Bytes that wait. */
type Piece = Buffer | { readonly start: number; readonly length: number };

/** Gives the stream to one document after the other. */
export class OrderedOutput {
  readonly #stream: Writable;
  readonly #spool = new Spool();
  readonly #waiting = new Map<number, Piece[]>();
  readonly #finished = new Map<number, Uint8Array | undefined>();
  #current = 0;
  #advancing: Promise<void> | undefined;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** The sink for the document at this position, from 0. */
  sink(position: number): TransferSink {
    const direct = new StreamSink(this.#stream);
    return new TurnSink(direct, {
      isTurn: () => this.#current === position && this.#advancing === undefined,
      hold: (bytes) => {
        const pieces = this.#waiting.get(position) ?? [];
        this.#waiting.set(position, pieces);
        pieces.push(this.#spool.keep(bytes));
      },
      held: () => this.#take(position),
      forget: () => this.#forget(position),
    });
  }

  /** No more bytes come for this position, but `tail`. Resolves when all that is due has been written. */
  async finish(position: number, tail?: Uint8Array): Promise<void> {
    this.#finished.set(position, tail);
    this.#advancing ??= this.#advance().finally(() => {
      this.#advancing = undefined;
    });
    await this.#advancing;
  }

  /** Releases the temporary file. */
  close(): void {
    this.#spool.close();
  }

  async #advance(): Promise<void> {
    while (this.#finished.has(this.#current)) {
      const position = this.#current;
      const sink = new StreamSink(this.#stream);
      for (const bytes of this.#take(position)) await this.#write(sink, bytes);
      const tail = this.#finished.get(position);
      if (tail !== undefined) await this.#write(sink, tail);
      this.#finished.delete(position);
      this.#current++;
    }
  }

  async #write(sink: TransferSink, bytes: Uint8Array): Promise<void> {
    await new AioFuture(coStep(sink.write(bytes)));
  }

  #forget(position: number): void {
    for (const piece of this.#waiting.get(position) ?? []) this.#spool.forget(piece);
    this.#waiting.delete(position);
  }

  *#take(position: number): Generator<Uint8Array> {
    const pieces = this.#waiting.get(position) ?? [];
    this.#waiting.delete(position);
    for (const piece of pieces) yield* this.#spool.release(piece);
  }
}

interface Turn {
  isTurn(): boolean;
  hold(bytes: Uint8Array): void;
  /** What is held, which is then held no more. */
  held(): Iterable<Uint8Array>;
  forget(): void;
}

/** Holds what comes before its turn, and then writes. */
class TurnSink implements TransferSink {
  readonly #direct: TransferSink;
  readonly #turn: Turn;
  /** Whether this attempt writes to the stream. */
  #isDirect = false;

  constructor(direct: TransferSink, turn: Turn) {
    this.#direct = direct;
    this.#turn = turn;
  }

  *begin(response: HTTPResponse, job: TransferJob): Coroutine<void> {
    this.abandon();
    yield* coStep(this.#direct.begin(response, job));
  }

  *write(chunk: Uint8Array): Coroutine<void> {
    if (!this.#isDirect && !this.#turn.isTurn()) return this.#turn.hold(chunk);
    if (!this.#isDirect) {
      this.#isDirect = true;
      for (const bytes of this.#turn.held()) yield* coStep(this.#direct.write(bytes));
    }
    yield* coStep(this.#direct.write(chunk));
  }

  /** What is held is written when its turn comes. */
  commit(): Coroutine<void> | void {
    return this.#direct.commit();
  }

  abandon(): void {
    this.#isDirect = false;
    this.#turn.forget();
  }
}

/** Keeps bytes in memory, or in a file that has no name. */
class Spool {
  #inMemory = 0;
  #end = 0;
  #fd: number | undefined;

  keep(bytes: Uint8Array): Piece {
    if (this.#inMemory + bytes.length <= MOST_HELD) {
      this.#inMemory += bytes.length;
      return Buffer.from(bytes);
    }
    const start = this.#end;
    const { length } = bytes;
    this.#inFile((fd) => {
      for (let done = 0; done < length; ) done += writeSync(fd, bytes, done, length - done, start + done);
    });
    this.#end += length;
    return { start, length };
  }

  /** Frees the memory of a piece. The file grows until its end. */
  forget(piece: Piece): void {
    if (piece instanceof Buffer) this.#inMemory -= piece.length;
  }

  *release(piece: Piece): Generator<Uint8Array> {
    this.forget(piece);
    if (!('start' in piece)) {
      yield piece;
      return;
    }
    const { start, length } = piece;
    for (let done = 0; done < length; ) {
      const part = Buffer.allocUnsafe(Math.min(PART, length - done));
      const read = this.#inFile((fd) => readSync(fd, part, 0, part.length, start + done));
      done += read;
      yield part.subarray(0, read);
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #inFile<T>(action: (fd: number) => T): T {
    try {
      this.#fd ??= openNameless();
      return action(this.#fd);
    } catch (error) {
      throw new LocalFileError(tmpdir(), error);
    }
  }
}

function openNameless(): number {
  const folder = mkdtempSync(join(tmpdir(), 'dugong-'));
  try {
    return openSync(join(folder, 'held'), 'wx+', 0o600);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
