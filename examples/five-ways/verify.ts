/**
 * Checks whether the fetched documents are the expected ones. It does not know how, or from where, they were fetched.
 */

import { createHash } from 'node:crypto';
import type { FetchedDocument } from './fetch-documents.ts';

/** What a document must be: its status and checksum. A missing one has status 404, and its body does not matter. */
export interface Expected {
  readonly path: string;
  readonly status: number;
  readonly sha256?: string;
}

/** The mismatches, a line each; empty if all is as expected. */
export function mismatches(fetched: readonly FetchedDocument[], expected: readonly Expected[]): string[] {
  const wrong = expected.flatMap((one, index) => {
    const what = mismatch(fetched[index], one);
    return what === undefined ? [] : [`${one.path}: ${what}`];
  });
  if (fetched.length > expected.length) wrong.push(`${fetched.length - expected.length} more than there are`);
  return wrong;
}

function mismatch(document: FetchedDocument | undefined, { status, sha256: announced }: Expected): string | undefined {
  if (document === undefined) return 'not fetched';
  if (document.status !== status) return `status ${document.status} instead of ${status}`;
  if (announced === undefined) return undefined;
  const actual = sha256(document.body);
  return actual === announced ? undefined : `sha256 ${actual} of ${document.body.length} bytes instead of ${announced}`;
}

/** The expectation for other fetches of the same documents. */
export function expectTheSame(documents: readonly FetchedDocument[], paths: readonly string[]): Expected[] {
  return documents.map(({ status, body }, index) => ({ path: paths[index] ?? '', status, sha256: sha256(body) }));
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
