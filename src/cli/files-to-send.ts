/**
 * The files that `dugong put` sends, with the URLs that they go to.
 */

import { closeSync, openSync, readdirSync, readSync, type Stats, statSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { LocalFileError } from './file-sink.ts';
import { UsageError } from './usage-error.ts';

/** A file to send. */
export interface FileToSend {
  readonly path: string;
  readonly url: URL;
  /** Bytes. */
  readonly size: number;
}

/** Bytes of a piece. */
const PIECE = 65_536;

/**
 * The files of `sources`: files themselves, and all in folders, by their paths from there. One file goes to `target`
 * itself unless that ends with a slash.
 * @throws LocalFileError, UsageError
 */
export function filesToSend(sources: readonly string[], target: URL): FileToSend[] {
  if (target.search !== '' || target.hash !== '')
    throw new UsageError(`${target.href}: names are added to a path only`);
  const stats = sources.map((path) => ({ path, found: statOf(path) }));
  const isOne = stats.length === 1 && stats[0]?.found.isFile() === true;
  if (isOne && !target.pathname.endsWith('/')) {
    return stats.map(({ path, found }) => ({ path, url: target, size: found.size }));
  }
  return stats.flatMap(({ path, found }) =>
    found.isDirectory() ? filesIn(path, target) : [fileAt(path, target, basename(path))],
  );
}

/** All files in a folder, by name. Links to folders are not followed: they may lead in a circle. */
function filesIn(folder: string, target: URL): FileToSend[] {
  return pathsIn(folder)
    .filter((path) => statOf(path).isFile())
    .sort()
    .map((path) => fileAt(path, target, relative(folder, path)));
}

/** Node's own recursion follows links to folders, from Node 24 on. */
function pathsIn(folder: string): string[] {
  const entries = onFolder(folder, () => readdirSync(folder, { withFileTypes: true }));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? pathsIn(path) : [path];
  });
}

function fileAt(path: string, target: URL, name: string): FileToSend {
  const encoded = name.split(sep).map(encodeURIComponent).join('/');
  const url = new URL(target);
  url.pathname = `${target.pathname.replace(/\/?$/, '/')}${encoded}`;
  const found = statOf(path);
  if (!found.isFile()) throw new LocalFileError(path, 'it is neither a file nor a folder');
  return { path, url, size: found.size };
}

function statOf(path: string): Stats {
  return onFolder(path, () => statSync(path));
}

function onFolder<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new LocalFileError(path, error);
  }
}

/** The content of a file, which is read as it is sent. @throws LocalFileError */
export function* contentOfFile(path: string): Generator<Uint8Array> {
  const fd = onFolder(path, () => openSync(path, 'r'));
  try {
    for (;;) {
      const piece = Buffer.allocUnsafe(PIECE);
      const read = onFolder(path, () => readSync(fd, piece));
      if (read === 0) return;
      yield piece.subarray(0, read);
    }
  } finally {
    closeSync(fd);
  }
}
