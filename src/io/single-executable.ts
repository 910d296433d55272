/**
 * A program that is one file together with Node (https://nodejs.org/api/single-executable-applications.html): where it is, and its
 * assets as files, since dlopen(3) loads nothing else. Does not know what they are.
 */

import { lstatSync, mkdtempSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { builtin } from './builtin.ts';

export interface SingleExecutable {
  readonly folder: string;
  /** @throws Error if there is no such asset. */
  asset(name: string): Uint8Array;
}

/** What this process runs, also in workers; undefined if it is a program of files. */
export function singleExecutable(): SingleExecutable | undefined {
  // Other runtimes do not have the module.
  const sea: typeof import('node:sea') | undefined = process.getBuiltinModule('node:sea');
  if (!sea?.isSea()) return undefined;
  return { folder: dirname(process.execPath), asset: (name) => new Uint8Array(sea.getRawAsset(name) as ArrayBuffer) };
}

/**
 * The path of a file with the content of the asset, in the folder for temporary files. All processes of a user share it, and later
 * runs: it has the name of its content, and stays. Where another user has put something of that name, each process has its own.
 *
 * @throws Error if there is no such asset, or no file can be written.
 */
export function unpackedAsset(executable: SingleExecutable, name: string): string {
  const content = executable.asset(name);
  const hash = builtin.crypto.createHash('sha256').update(content).digest('hex');
  const path = resolve(tmpdir(), `dugong-${process.geteuid?.()}-${hash}.node`);
  return isIntact(path, content) ? path : written(path, content);
}

/** In a folder that is open to all, a file can be replaced by its owner only (the sticky bit). */
function isIntact(path: string, content: Uint8Array): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!stats?.isFile() || stats.uid !== process.geteuid?.() || (stats.mode & 0o022) !== 0) return false;
  return readFileSync(path).equals(content);
}

/** Another process may do the same meanwhile: the file gets its name when it is complete. Returns the path that it has then. */
function written(path: string, content: Uint8Array): string {
  const folder = mkdtempSync(resolve(tmpdir(), 'dugong-'));
  const complete = join(folder, basename(path));
  try {
    writeFileSync(complete, content, { mode: 0o500 });
  } catch (error) {
    rmSync(folder, { recursive: true });
    throw error;
  }
  try {
    renameSync(complete, path);
  } catch {
    return complete;
  }
  rmdirSync(folder);
  return path;
}
