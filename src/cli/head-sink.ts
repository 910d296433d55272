/**
 * Writes the head of the response before its body (-i).
 */

import type { Coroutine, HTTPResponse, TransferJob, TransferSink } from '../index.ts';
import { headOf } from './head-text.ts';

/** A sink over another one. */
export class HeadSink implements TransferSink {
  readonly #sink: TransferSink;
  readonly #terminal: boolean;

  constructor(sink: TransferSink, { terminal }: { terminal: boolean }) {
    this.#sink = sink;
    this.#terminal = terminal;
  }

  *begin(response: HTTPResponse, job: TransferJob): Coroutine<void> {
    yield* coStep(this.#sink.begin(response, job));
    yield* coStep(this.#sink.write(headOf(response, { terminal: this.#terminal })));
  }

  write(chunk: Uint8Array): Coroutine<void> | void {
    return this.#sink.write(chunk);
  }

  commit(): Coroutine<void> | void {
    return this.#sink.commit();
  }

  abandon(): Coroutine<void> | void {
    return this.#sink.abandon();
  }
}

/** Takes a step of a sink to its end, whether that is a coroutine or has ended already. */
export function* coStep(step: Coroutine<void> | void): Coroutine<void> {
  if (step !== undefined) yield* step;
}
