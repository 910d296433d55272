/**
 * The error of local files, and files that are written as a whole. It knows no documents.
 */

import { createHash } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  constants,
  fchmodSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { cut } from './names.ts';
import { print } from './print.ts';

/** What happens to a file that is there already. */
export type Existing = 'refuse' | 'overwrite';

/** A local file cannot be read or written. `cause` is the system's error. */
export class LocalFileError extends Error {
  readonly path: string;

  /** @param cause an error of the system, or a text for an error that is not one */
  constructor(path: string, cause: unknown) {
    super(`${path}: ${reasonOf(cause)}`, { cause });
    this.path = path;
  }

  /** The system's word, as ENOSPC. */
  get code(): string | undefined {
    return codeOf(this.cause);
  }

  static {
    LocalFileError.prototype.name = 'LocalFileError';
  }
}

/** As the system would say it. */
export function fileExists(path: string): LocalFileError {
  return new LocalFileError(path, Object.assign(new Error('EEXIST: file already exists, link'), { code: 'EEXIST' }));
}

/** As the system would say it. */
export function isFolder(path: string): LocalFileError {
  return new LocalFileError(
    path,
    Object.assign(new Error('EISDIR: illegal operation on a directory, open'), { code: 'EISDIR' }),
  );
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  // Node: "ENOSPC: no space left on device, write".
  const [, reason] = /^[A-Z0-9]+: (.*?), \w+/.exec(cause.message) ?? [];
  return reason ?? cause.message;
}

/** The code of a system's error. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Does `action`. @throws LocalFileError about `path` for each error */
export function onFile<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw error instanceof LocalFileError ? error : new LocalFileError(path, error);
  }
}

/** Does `action`, which cleans up: an error is not worth a message. */
export function quietly(action: () => void): void {
  try {
    action();
  } catch {
    // The file is gone already, or the folder is.
  }
}

/** Most bytes of a name in most file systems. */
const LONGEST = 255;

/** The path of a hidden file beside `path`: `.NAME` and the suffix. */
export function companion(path: string, suffix: string): string {
  const name = basename(path);
  const fits = Buffer.byteLength(name) + suffix.length < LONGEST;
  const hash = fits ? '' : createHash('sha256').update(name).digest('hex').slice(0, 8);
  return join(dirname(path), `.${fits ? name : `${cut(name, 200)}-${hash}`}${suffix}`);
}

let created = 0;

/** A new file beside `path`, open for writing. It is never one that exists, nor the target of a symbolic link. */
export function createBeside(path: string, mode = 0o666): { readonly fd: number; readonly name: string } {
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
  for (let attempt = 1; ; attempt++) {
    const name = companion(path, `.${process.pid.toString(36)}-${(created++).toString(36)}.tmp`);
    try {
      return { fd: openSync(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode), name };
    } catch (error) {
      // Left behind by a process of the same number.
      if (codeOf(error) !== 'EEXIST' || attempt === 100) throw error;
    }
  }
}

/** As {@link createBeside}; if the file is to replace another one, only what may use that may use it. */
export function createFor(path: string, existing: Existing): { readonly fd: number; readonly name: string } {
  const replaced = existing === 'overwrite' ? lstatSync(path, { throwIfNoEntry: false }) : undefined;
  const created = createBeside(path);
  // Some file systems have no modes.
  if (replaced?.isFile()) quietly(() => fchmodSync(created.fd, replaced.mode & 0o777));
  return created;
}

/** Writes all of `bytes`. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let offset = 0; offset < bytes.length; ) offset += writeSync(fd, bytes, offset);
}

/** File systems without hard links. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/** Gives a file its final name. A symbolic link of that name is replaced, never followed. */
export function moveInto(name: string, path: string, existing: Existing): void {
  if (existing === 'refuse' && linked(name, path)) unlinkSync(name);
  else renameSync(name, path);
}

/** Whether the file has got the name `path`; false on a file system without hard links. rename(2) would overwrite an existing file. */
function linked(name: string, path: string): boolean {
  try {
    linkSync(name, path);
    return true;
  } catch (error) {
    if (!NO_LINKS.has(codeOf(error) ?? '')) throw error;
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) throw fileExists(path);
    return false;
  }
}

/** Whether `path` is not to be replaced by a file: /dev/null, a FIFO, `>(command)`. */
export function isStream(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return false;
  // A link to an open file, as /dev/stdout.
  const link = lstatSync(path).isSymbolicLink() && /^\/(dev|proc)\//.test(path);
  return link || !(found.isFile() || found.isDirectory());
}

interface WriteOptions {
  readonly existing?: Existing;
  /** Of the new file, less the umask. */
  readonly mode?: number;
}

/**
 * Writes a whole file or, if that fails, nothing. What is no file is written to, and never replaced: "-" (standard output), a device.
 * @throws LocalFileError
 */
export function writeWhole(path: string, bytes: Uint8Array, options: WriteOptions = {}): void {
  if (path === '-') {
    onFile('standard output', () => print(bytes));
  } else {
    onFile(path, () => {
      if (isStream(path)) appendFileSync(path, bytes);
      else writeNew(path, bytes, options);
    });
  }
}

function writeNew(path: string, bytes: Uint8Array, { existing = 'overwrite', mode = 0o666 }: WriteOptions): void {
  const { fd, name } = createBeside(path, mode);
  try {
    try {
      writeAll(fd, bytes);
    } finally {
      closeSync(fd);
    }
    moveInto(name, path, existing);
  } catch (error) {
    quietly(() => unlinkSync(name));
    throw error;
  }
}
