/**
 * The documents of the five-ways example: a deterministic mixture of sizes and contents, and the message by which the
 * server announces them, so that a client can verify every byte. Nothing here serves or fetches anything.
 */

import { createHash } from 'node:crypto';

/** A document that the server has, or one that it answers with 404. */
export type AnnouncedDocument =
  | { readonly path: string; readonly size: number; readonly sha256: string }
  | { readonly path: string; readonly missing: true };

/** The server's message to its parent when it is listening. */
export interface Announcement {
  readonly hostname: string;
  readonly port: number;
  readonly documents: readonly AnnouncedDocument[];
}

/** A document as the server keeps it; without content it is missing. */
export interface Document {
  readonly path: string;
  readonly content: Buffer | undefined;
  /** Sent with Transfer-Encoding: chunked instead of Content-Length. */
  readonly chunked: boolean;
}

export const defaultCount = 3000;

/** `count` documents: the same ones for the same count and seed. 3000 of them have about 30 MB. */
export function makeDocuments(count: number, seed: number = 1): Document[] {
  const random = xorshift(seed);
  return Array.from({ length: count }, (_, index) => {
    const missing = random() % 100 < 2;
    const content = missing ? undefined : makeContent(sizeFor(random), random);
    return { path: `/documents/${index}`, content, chunked: random() % 100 < 10 };
  });
}

/** The announced properties of a document. */
export function announce({ path, content }: Document): AnnouncedDocument {
  return content === undefined ? { path, missing: true } : { path, size: content.length, sha256: sha256(content) };
}

/** In hex. */
export function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** In a thousand: 30 empty, 50 of 64 KiB, 5 of 1 MiB, the others between 200 bytes and 4 KiB. */
function sizeFor(random: () => number): number {
  const kind = random() % 1000;
  if (kind < 30) return 0;
  if (kind < 80) return 64 * 1024;
  if (kind < 85) return 1024 * 1024;
  return 200 + (random() % (4096 - 200));
}

function makeContent(size: number, random: () => number): Buffer {
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
