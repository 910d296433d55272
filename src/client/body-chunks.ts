/**
 * Bodies as iterables. What is here are iterators for the user's `for` loops, not coroutines.
 */

/** Calls `read` until it gives nothing. */
export function* chunksOf(read: () => Buffer): Generator<Buffer, void, void> {
  for (let part = read(); part.length > 0; part = read()) yield part;
}

/** Awaits `read` until it gives nothing. */
export async function* asyncChunksOf(read: () => PromiseLike<Buffer>): AsyncGenerator<Buffer, void, void> {
  for (let part = await read(); part.length > 0; part = await read()) yield part;
}
