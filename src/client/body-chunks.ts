/**
 * Bodies as iterables and streams. What is here is for the user's `for` loops and pipelines: no coroutines.
 */

import { Readable } from 'node:stream';
import { bare } from '../options.ts';
import type { AioFuture } from '../schedule/aio-future.ts';

/** Calls `read` until it gives nothing. */
export function* chunksOf(read: () => Buffer): Generator<Buffer, void, void> {
  for (let part = read(); part.length > 0; part = read()) yield part;
}

/** Awaits `read` until it gives nothing. Leaving early, also in the middle of a read, loses nothing. */
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
  // A generator by itself would first wait for what is being read.
  generator.return = (value) => {
    left = true;
    reading?.cancel();
    return leave(value);
  };
  return generator;
}

/** A stream of what `read` gives until it gives nothing. It holds one part at most. */
export function streamOf(read: () => AioFuture<Buffer>): Readable {
  let reading: AioFuture<Buffer> | undefined;
  const push = (part: Buffer): void => {
    stream.push(part.length > 0 ? part : null);
  };
  const use = {
    highWaterMark: 0,
    read: (): void => {
      reading = read();
      // What is there at once is given at once: nobody can destroy the stream in between.
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
