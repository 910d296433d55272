/** A folder for the files of one test, which goes with it. */

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export function temporaryFolder(context: Pick<TestContext, 'after'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'dugong-test-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The names in a folder, hidden ones too, in order. */
export function namesIn(folder: string): string[] {
  return readdirSync(folder).sort();
}
