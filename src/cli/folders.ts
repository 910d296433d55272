/**
 * Makes the folders of files, and keeps files inside the directory that the caller named. Each folder is looked at once.
 */

import { lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { dirname, resolve, sep } from 'node:path';
import { LocalFileError, onFile } from './local-file.ts';

const ready = new Set<string>();

/**
 * Makes the folder of `path` if needed.
 * @param directory the folder out of which no symbolic link may lead; undefined: any folder will do
 * @throws LocalFileError
 */
export function prepareFolder(path: string, directory: string | undefined): void {
  const folder = dirname(path);
  const key = `${directory ?? ''}\0${folder}`;
  if (ready.has(key)) return;
  onFile(folder, () => {
    if (directory === undefined) mkdirSync(folder, { recursive: true });
    else makeInside(folder, directory);
  });
  ready.add(key);
}

function makeInside(folder: string, directory: string): void {
  // Symbolic links in the directory's own path are the caller's.
  mkdirSync(directory, { recursive: true });
  const root = realpathSync(directory);
  let existing = resolve(folder);
  while (lstatSync(existing, { throwIfNoEntry: false }) === undefined) existing = dirname(existing);
  // Before a folder is made through the link.
  assertInside(existing, root);
  mkdirSync(folder, { recursive: true });
  assertInside(folder, root);
}

function assertInside(folder: string, root: string): void {
  const real = realpathSync(folder);
  if (real === root || real.startsWith(root.endsWith(sep) ? root : root + sep)) return;
  const fault =
    real === resolve(folder) ? `it is not in ${root}` : `a symbolic link leads out of the directory, to ${real}`;
  throw new LocalFileError(folder, fault);
}
