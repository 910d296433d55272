/**
 * The documents of the demo: a deterministic mixture of sizes, some of them missing. Nothing here serves or fetches.
 */

import { createHash } from 'node:crypto';

/** A document; without content it is missing. */
export interface DemoDocument {
  readonly path: string;
  readonly content: Buffer | undefined;
}

/** `count` documents, the same ones for the same count. 3000 of them have 38.5 MB. */
export function demoDocuments(count: number): DemoDocument[] {
  const random = xorshift(1);
  return Array.from({ length: count }, (_, index) => {
    const missing = random() % 100 < 2;
    return { path: `/documents/${index}`, content: missing ? undefined : contentOf(sizeFor(random), random) };
  });
}

/** What the content of a document must be. */
export function digestOf(content: Uint8Array): Buffer {
  return createHash('sha256').update(content).digest();
}

/** In a thousand: 30 empty, 50 of 64 KiB, 5 of 1 MiB, the others between 200 bytes and 4 KiB. */
function sizeFor(random: () => number): number {
  const kind = random() % 1000;
  if (kind < 30) return 0;
  if (kind < 80) return 64 * 1024;
  if (kind < 85) return 1024 * 1024;
  return 200 + (random() % (4096 - 200));
}

function contentOf(size: number, random: () => number): Buffer {
  const words = new Uint32Array(Math.ceil(size / 4));
  for (let index = 0; index < words.length; index++) words[index] = random();
  return Buffer.from(words.buffer, 0, size);
}

/** Marsaglia's xorshift32: 32 random bits at each call, the same ones for the same seed. */
function xorshift(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}
