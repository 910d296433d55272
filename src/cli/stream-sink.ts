/**
 * Writes documents to a stream, as standard output. Each write waits until the bytes are taken, so that a slow reader slows the
 * server down instead of filling the memory. It does not close the stream.
 */

import type { Writable } from 'node:stream';
import type { TransferJob, TransferSink } from '../index.ts';
import { type Coroutine, coAwait, type HTTPResponse } from '../index.ts';
import { codeOf, LocalFileError } from './local-file.ts';

/** The stream has the beginning of a document, and the rest cannot be told from another version of it. */
export class CutOutput extends Error {
  static {
    CutOutput.prototype.name = 'CutOutput';
  }
}

/** A stream. What it has taken cannot be taken back: another attempt must send the same bytes again. */
export class StreamSink implements TransferSink {
  readonly #stream: Writable;
  readonly #name: string;
  /** Bytes of the document that the stream has. */
  #given = 0;
  #validator: string | undefined;
  /** Bytes of this attempt that the stream has already. */
  #skip = 0;

  /** @param name for messages */
  constructor(stream: Writable, name: string = 'standard output') {
    this.#stream = stream;
    this.#name = name;
    // Without a listener an error would end the process. Each write gets its own error.
    if (stream.listenerCount('error') === 0) stream.on('error', () => {});
  }

  /** @throws CutOutput if the stream has the beginning of what may be another version */
  begin({ headers, status }: HTTPResponse, _job: TransferJob): void {
    const etag = headers.get('ETag');
    const validator = status === 200 && etag?.startsWith('"') ? etag : undefined;
    if (this.#given > 0 && (validator === undefined || validator !== this.#validator)) {
      throw new CutOutput(
        `the transfer broke off after ${this.#given} bytes, which ${this.#name} has: without a strong ETag it cannot go on`,
      );
    }
    this.#validator = validator;
    this.#skip = this.#given;
  }

  *write(chunk: Uint8Array): Coroutine<void> {
    const skipped = Math.min(this.#skip, chunk.length);
    this.#skip -= skipped;
    if (skipped === chunk.length) return;
    const bytes = Buffer.from(chunk.subarray(skipped));
    this.#given += bytes.length;
    yield* coAwait(this.#taken(bytes));
  }

  #taken(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.write(bytes, (error) => {
        if (error) reject(new LocalFileError(this.#name, error));
        else resolve();
      });
    });
  }

  commit(): void {
    this.#given = 0;
  }

  abandon(): void {}
}

/** Whether the reader of a stream has gone: no fault of the documents, and no reader for a message. */
export function isBrokenPipe(error: unknown): boolean {
  return codeOf(error instanceof LocalFileError ? error.cause : error) === 'EPIPE';
}
