/**
 * Bodies as iterables and streams, for the caller's `for` loops and pipelines. It relies on a `read` function and
 * contains no coroutines.
 */

import { Readable } from 'node:stream';
import { bare } from '../options.ts';
import type { AioFuture } from '../schedule/aio-future.ts';

/** Yields the results of `read` until one is empty. */
export function* chunksOf(read: () => Buffer): Generator<Buffer, void, void> {
  for (let part = read(); part.length > 0; part = read()) yield part;
}

/**
 * Yields the awaited results of `read` until one is empty. Leaving the loop early, also during a read, loses no byte.
 */
export function asyncChunksOf(read: () => AioFuture<Buffer>): AsyncGenerator<Buffer, void, void> {
  let reading: AioFuture<Buffer> | undefined;
  let left = false;
  async function* chunks(): AsyncGenerator<Buffer, void, void> {
    for (;;) {
      reading = read();
      const part = await reading.catch((error: unknown) => {
        if (left) return undefined;
        throw error;
      });
      if (part === undefined || part.length === 0) return;
      yield part;
    }
  }
  const generator = chunks();
  const leave = generator.return.bind(generator);
  // A plain generator would wait for the running read before it returns.
  generator.return = (value) => {
    left = true;
    reading?.cancel();
    return leave(value);
  };
  return generator;
}

/** A stream of the results of `read` until one is empty. It holds one part at most. */
export function streamOf(read: () => AioFuture<Buffer>): Readable {
  let reading: AioFuture<Buffer> | undefined;
  const push = (part: Buffer): void => {
    stream.push(part.length > 0 ? part : null);
  };
  const use = {
    highWaterMark: 0,
    read: (): void => {
      reading = read();
      // Pushed synchronously, so that the stream cannot be destroyed in between.
      if (reading.done() && reading.exception() === undefined) push(reading.result());
      else reading.then(push, (error: Error) => stream.destroy(error));
    },
    destroy: (error: Error | null, done: (error: Error | null) => void): void => {
      reading?.cancel();
      done(error);
    },
  };
  const stream = new Readable(bare(use));
  return stream;
}
