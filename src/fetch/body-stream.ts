/**
 * The body of a response as a stream of bytes. Nothing is read from the socket before the consumer asks; with the last byte the
 * connection goes back to where it came from, and a body that is given up closes it.
 */

import type { HTTPResponse } from '../client/http-response.ts';
import { bare } from '../options.ts';
import { onAbort } from '../schedule/abort-signal.ts';
import type { Lease } from './connection-pool.ts';

/** Read at a time where the consumer brings no buffer. */
const PART = 65_536;

/** A body that nobody holds any more will not be read: its connection is closed. */
const forgotten = new FinalizationRegistry<Lease>((lease) => lease.drop());

export interface BodyStreamUse {
  readonly lease: Lease;
  readonly signal: AbortSignal | undefined;
  /** Called once, when nothing more is to be read. */
  readonly onEnd: (how: 'whole' | 'given up') => void;
  /** The error that the caller gets to see for what the rest of the body failed of. */
  readonly told: (error: unknown) => unknown;
}

/** The body as a byte stream; it errors with the signal's reason, or a TypeError the cause of which says why it is cut. */
export function bodyStream(response: HTTPResponse, use: BodyStreamUse): ReadableStream<Uint8Array> {
  const { lease, signal } = use;
  const source = new BodyPull(response, use);
  const stream = new ReadableStream<Uint8Array>(source as UnderlyingByteSource, bare({ highWaterMark: 0 }));
  forgotten.register(stream, lease);
  if (signal?.aborted) source.abort(signal.reason);
  return stream;
}

type UnderlyingByteSource = ConstructorParameters<typeof ReadableStream<Uint8Array>>[0] & { type: 'bytes' };

class BodyPull {
  readonly type = 'bytes';
  /** A view of our own serves a reader that brings none. */
  readonly autoAllocateChunkSize: undefined;
  readonly #size: number;
  readonly #use: BodyStreamUse;
  #withdrawSignal: (() => void) | undefined;
  #controller: WeakRef<ReadableByteStreamController> | undefined;
  #ended = false;

  constructor({ length }: HTTPResponse, use: BodyStreamUse) {
    this.#size = Math.min(length ?? PART, PART);
    this.#use = use;
  }

  start(controller: ReadableByteStreamController): void {
    this.#controller = new WeakRef(controller);
    const { signal } = this.#use;
    if (signal !== undefined) this.#withdrawSignal = onAbort(signal, () => this.abort(signal.reason));
  }

  async pull(controller: ReadableByteStreamController): Promise<void> {
    const { connection } = this.#use.lease;
    const { byobRequest } = controller;
    const target = viewOf(byobRequest) ?? new Uint8Array(this.#size);
    try {
      const count = await connection.promises.readInto(target);
      if (this.#ended) return;
      const last = count === 0 || !connection.responsePending();
      if (last) this.#end('whole');
      if (count > 0 && byobRequest !== null) byobRequest.respond(count);
      else if (count > 0) controller.enqueue(target.subarray(0, count));
      if (!last) return;
      controller.close();
      if (count === 0) byobRequest?.respond(0);
    } catch (error) {
      if (this.#ended) return;
      // The connection is asked before it is closed.
      const cause = this.#use.told(error);
      this.#end('given up');
      throw new TypeError('terminated', { cause });
    }
  }

  cancel(): void {
    this.#end('given up');
  }

  abort(reason: unknown): void {
    if (this.#ended) return;
    this.#end('given up');
    this.#controller?.deref()?.error(reason);
  }

  #end(how: 'whole' | 'given up'): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#withdrawSignal?.();
    this.#use.onEnd(how);
  }
}

function viewOf(request: ReadableStreamBYOBRequest | null): Uint8Array | undefined {
  const view = request?.view;
  return view ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength) : undefined;
}
