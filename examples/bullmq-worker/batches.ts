/**
 * Batches of URLs: what the producer puts into the queue and the workers run. Each has one origin, so that its requests share a few
 * pipelined connections, and a name that follows from its content, so that the queue recognises it.
 */

import { createHash } from 'node:crypto';

export type Batch = { readonly id: string; readonly urls: readonly string[] };

/** Groups URLs by origin, in their order. A batch comes as soon as it is full; those that are not full come at the end. */
export async function* batches(lines: AsyncIterable<string> | Iterable<string>, size: number): AsyncGenerator<Batch> {
  const growing = new Map<string, string[]>();
  for await (const line of lines) {
    if (line.trim() === '') continue;
    const { origin, href } = new URL(line);
    const urls = growing.get(origin) ?? [];
    growing.set(origin, urls);
    if (urls.push(href) < size) continue;
    growing.delete(origin);
    yield { id: digest(urls.join('\n')), urls };
  }
  for (const urls of growing.values()) yield { id: digest(urls.join('\n')), urls };
}

/** A name for a queue or a folder, whatever the text is. The file of a document has that of its URL. */
export function digest(text: string): string {
  return `d${createHash('sha256').update(text).digest('hex').slice(0, 40)}`;
}
