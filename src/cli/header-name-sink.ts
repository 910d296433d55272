/**
 * Writes a document to a file whose name the response suggests (-J, RFC 6266). It knows neither folders nor other documents: which path a
 * suggestion gives is the caller's matter.
 */

import type { Coroutine, HTTPResponse, TransferJob, TransferSink } from '../index.ts';
import { nameFromDisposition } from './names.ts';

/** A sink over one that is made when the response has come. */
export class HeaderNameSink implements TransferSink {
  readonly #sinkFor: (name: string | undefined) => TransferSink;
  #sink: TransferSink | undefined;
  /** The suggestion that the sink is for. */
  #name: string | undefined;

  /** @param sinkFor makes the sink for a safe name; undefined: the response suggests none */
  constructor(sinkFor: (name: string | undefined) => TransferSink) {
    this.#sinkFor = sinkFor;
  }

  begin(response: HTTPResponse, job: TransferJob): Coroutine<void> | void {
    const name = nameFromDisposition(response.headers.getAll('Content-Disposition')[0] ?? '');
    // Another attempt keeps its name, unless the server suggests another one.
    if (this.#sink === undefined || name !== this.#name) {
      this.#sink?.abandon();
      this.#sink = this.#sinkFor(name);
      this.#name = name;
    }
    return this.#sink.begin(response, job);
  }

  write(chunk: Uint8Array): Coroutine<void> | void {
    return this.#sink?.write(chunk);
  }

  commit(): Coroutine<void> | void {
    return this.#sink?.commit();
  }

  abandon(): void {
    this.#sink?.abandon();
  }
}
