/**
 * Documents of a size that varies as it does on real servers: many small ones, and few that make up most of the bytes. A seed decides
 * them. It does not know how they are served or fetched.
 */

import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../simulation/random.ts';

export interface Document {
  readonly name: string;
  readonly size: number;
}

const LEAST = 1000;
const MOST = 1_000_000;
/** Chosen so that 5,000 documents have 103 MB. */
const SHAPE = 0.63;

/**
 * `count` documents of 1 KB to 1 MB, whose sizes follow a bounded Pareto distribution (shape 0.63: half are below 3 KB, one in 68 is above
 * 300 KB, the mean is 20.5 KB). They are evenly spaced quantiles, so that the total hardly depends on the seed; the seed orders them.
 * @param most bytes of the largest one, in place of 1 MB
 */
export function documentsOf(count: number, seed: number, most: number = MOST): Document[] {
  const random = new Random(seed);
  const sizes = Array.from({ length: count }, (_, index) => quantile((index + 0.5) / count, most));
  for (let last = count - 1; last > 0; last--) {
    const other = random.between(0, last);
    [sizes[last], sizes[other]] = [sizes[other] as number, sizes[last] as number];
  }
  return sizes.map((size, index) => ({ name: `${index}.bin`, size }));
}

function quantile(part: number, most: number): number {
  const range = 1 - (LEAST / most) ** SHAPE;
  return Math.round(LEAST * (1 - part * range) ** (-1 / SHAPE));
}

/** Bytes that do not compress, and belong to this document only. */
export function contentOf({ name, size }: Document): Buffer {
  const cipher = createCipheriv('aes-128-ctr', 'documents of ...', Buffer.from(name.padStart(16)));
  return cipher.update(Buffer.alloc(size));
}

/** Makes `folder` with a file for each document. */
export function writeDocuments(folder: string, documents: readonly Document[]): void {
  mkdirSync(folder, { recursive: true });
  for (const document of documents) writeFileSync(join(folder, document.name), contentOf(document));
}

/** Of a mixed list, the first documents are missing, and the next ones are elsewhere. */
export const MISSING = 50;
export const REDIRECTED = 20;

/** For the server block of nginx: where the documents that are elsewhere lead. */
export const REDIRECTING = 'rewrite ^/moved/(.*)$ /$1 redirect;';

/** The paths of a mixed list; each ends with the name of its document. */
export function mixedPaths(documents: readonly Document[]): string[] {
  const prefix = (index: number): string => (index < MISSING ? 'none/' : index < MISSING + REDIRECTED ? 'moved/' : '');
  return documents.map(({ name }, index) => prefix(index) + name);
}

/** @throws AssertionError unless the folder has these documents, whole, and nothing else */
export function assertDocuments(folder: string, documents: readonly Document[]): void {
  assert.deepEqual(readdirSync(folder).sort(), documents.map(({ name }) => name).sort());
  for (const document of documents)
    assert.ok(readFileSync(join(folder, document.name)).equals(contentOf(document)), document.name);
}
