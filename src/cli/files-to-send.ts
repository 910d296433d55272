/**
 * The files that `dugong put` sends, with the URLs that they go to.
 */

import { closeSync, openSync, readdirSync, readSync, type Stats, statSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { LocalFileError } from './file-sink.ts';
import { parseURL } from './urls.ts';
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
  const stats = sources.map((path) => ({ path, found: statOf(path) }));
  const isOne = stats.length === 1 && stats[0]?.found.isFile() === true;
  if (isOne && !target.pathname.endsWith('/')) {
    return stats.map(({ path, found }) => ({ path, url: target, size: found.size }));
  }
  if (target.search !== '' || target.hash !== '')
    throw new UsageError(`${target.href}: names are added to a path only`);
  return stats.flatMap(({ path, found }) =>
    found.isDirectory() ? filesIn(path, target) : [fileAt(path, target, basename(path))],
  );
}

/**
 * The files of a list: in each line a URL and, behind a tab, `file=PATH`. Empty lines and lines that begin with # are skipped.
 * @throws LocalFileError, UsageError
 */
export function filesInList(text: string): FileToSend[] {
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\n/);
  return lines.flatMap((line, index) => (/^\s*(?:#|$)/.test(line) ? [] : [fileInLine(line, index + 1)]));
}

function fileInLine(line: string, number: number): FileToSend {
  const [, url, given] = /^([^\t]+)\tfile=(.+)$/s.exec(line) ?? [];
  try {
    if (url === undefined || given === undefined) throw new UsageError('must be a URL, a tab and file=PATH');
    const path = given.startsWith('"') ? unquoted(given) : given;
    return { path, url: parseURL(url.trim()), size: sizeOf(path, 'it is no file') };
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`line ${number} of the list: ${error.message}`);
    throw error;
  }
}

function unquoted(path: string): string {
  try {
    return String(JSON.parse(path));
  } catch {
    throw new UsageError(`file=${path}: what begins with a quotation mark must be a string of JSON`);
  }
}

/** The line of a file in a list. A path that would not be read as it is stands in quotation marks. */
export function lineFor({ path, url }: FileToSend): string {
  return `${url.href}\tfile=${/^"|\p{Cc}/u.test(path) ? JSON.stringify(path) : path}`;
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
  return { path, url, size: sizeOf(path, 'it is neither a file nor a folder') };
}

/** @param otherwise what to say if it is not a file */
function sizeOf(path: string, otherwise: string): number {
  const found = statOf(path);
  if (!found.isFile()) throw new LocalFileError(path, otherwise);
  return found.size;
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
