/**
 * Partial files of `--continue`: `.NAME.part` holds the beginning of a document, the sidecar `.NAME.dugong` says of which one. A
 * partial file counts only with a whole sidecar that has a strong validator (RFC 9110 8.8.1), so that two versions, or two
 * documents, are never spliced. It does no requests.
 *
 * The process may be killed at any moment. A power failure may leave wrong bytes in a partial file: nothing is synchronised.
 */

import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readFileSync,
  unlinkSync,
} from 'node:fs';
import type { HTTPResponse } from '../index.ts';
import { companion, quietly, writeAll } from './local-file.ts';

/** What is there of a document. */
export interface Partial {
  /** Bytes. */
  readonly size: number;
  /** A strong entity tag. */
  readonly etag?: string;
  /** A strong Last-Modified; never with `etag`. */
  readonly lastModified?: string;
  /** The URL that was asked for. */
  readonly url?: string;
  /** Bytes of the whole document. */
  readonly total?: number;
}

/** Which document a partial file is the beginning of. */
export type Identity = Omit<Partial, 'size'>;

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_RDONLY, O_TRUNC, O_WRONLY } = constants;
const SIDECAR = '.dugong';
const PART = '.part';

/** The partial file of `path`; undefined: start over. */
export function partialOf(path: string): Partial | undefined {
  try {
    const { url, etag, lastModified, total, pid } = sidecarOf(path);
    const file = lstatSync(companion(path, PART));
    if (typeof url !== 'string' || !Number.isSafeInteger(total) || !file.isFile() || file.size === 0 || isWriting(pid))
      return undefined;
    const found = { size: file.size, url, total: total as number };
    if (typeof etag === 'string') return { ...found, etag };
    return typeof lastModified === 'string' ? { ...found, lastModified } : undefined;
  } catch {
    // Absent, torn, or not a file.
    return undefined;
  }
}

function sidecarOf(path: string): Record<string, unknown> {
  const fd = openSync(companion(path, SIDECAR), O_RDONLY | O_NOFOLLOW);
  try {
    return Object(JSON.parse(readFileSync(fd, 'utf8')));
  } finally {
    closeSync(fd);
  }
}

/** Whether another process is alive that writes the partial file. */
function isWriting(pid: unknown): boolean {
  if (typeof pid !== 'number' || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** The fields of a request that continues the partial file of `path` with `url`; undefined: ask for the whole document. */
export function resumeFields(
  path: string,
  url: string,
): { readonly Range: string; readonly 'If-Range': string } | undefined {
  const partial = partialOf(path);
  const validator = partial?.etag ?? partial?.lastModified;
  if (partial === undefined || validator === undefined || partial.url !== url) return undefined;
  return { Range: `bytes=${partial.size}-`, 'If-Range': validator };
}

/**
 * What a response with the whole document says about it; undefined if a partial file of it could not be continued. Without a length a
 * part cannot be told from the whole.
 */
export function identityOf({ headers, length }: HTTPResponse, url: string): Identity | undefined {
  if (length === null || isCoded(headers.get('Content-Encoding'))) return undefined;
  const etag = headers.get('ETag');
  if (etag !== undefined) return /^"[^"]*"$/.test(etag) ? { url, total: length, etag } : undefined;
  const lastModified = headers.get('Last-Modified');
  // Strong if no second version can have the same date (RFC 9110 8.8.2.2). A minute allows for clocks that differ.
  const age = Date.parse(headers.get('Date') ?? '') - Date.parse(lastModified ?? '');
  return lastModified !== undefined && age >= 60_000 ? { url, total: length, lastModified } : undefined;
}

/** The bytes of a coded body at an offset are no bytes of the document. */
function isCoded(coding: string | undefined): boolean {
  return coding !== undefined && coding.toLowerCase() !== 'identity';
}

/**
 * Where the body of a 206 or 416 goes on in the partial file; the size if nothing is missing (416). undefined: the response does not
 * continue it.
 */
export function offsetOf(response: HTTPResponse, partial: Partial | undefined): number | undefined {
  if (partial === undefined) return undefined;
  const { size, etag, lastModified, total } = partial;
  const { status, headers, length } = response;
  const range = headers.get('Content-Range');
  if (status === 416) {
    const [, complete] = /^bytes \*\/(\d{1,15})$/i.exec(range ?? '') ?? [];
    // Without the field the length of the first response decides.
    return size === total && (range === undefined || Number(complete) === size) ? size : undefined;
  }
  const [, first, last, of] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/i.exec(range ?? '') ?? [];
  const [start, end] = [Number(first), Number(last) + 1];
  // A 206 has the validators of the 200 (RFC 9110 15.3.7).
  const sameVersion =
    (etag === undefined || headers.get('ETag') === etag) && agrees(headers.get('Last-Modified'), lastModified);
  const sound = sameVersion && !isCoded(headers.get('Content-Encoding')) && (length === null || length === end - start);
  // A server may begin earlier than asked. One that begins later leaves a hole.
  return sound && Number(of) === total && end === total && start <= size ? start : undefined;
}

/** Whether a field is the one of the first response. A 206 may lack it. */
function agrees(field: string | undefined, first: string | undefined): boolean {
  return field === undefined || first === undefined || field === first;
}

/** Opens the partial file for appending at `offset`. The sidecar is written after the truncation, so that it is never wrong. */
export function openPartial(
  path: string,
  { offset, identity }: { offset: number; identity: Identity },
): { fd: number; name: string } {
  const name = companion(path, PART);
  const fd = openSync(name, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o666);
  try {
    if (!fstatSync(fd).isFile()) throw new Error('it is not a regular file');
    ftruncateSync(fd, offset);
    const sidecar = openSync(companion(path, SIDECAR), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o666);
    try {
      writeAll(sidecar, Buffer.from(`${JSON.stringify({ ...identity, pid: process.pid })}\n`));
    } finally {
      closeSync(sidecar);
    }
    return { fd, name };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Whether there may be a partial file of `path`. */
export function hasSidecar(path: string): boolean {
  return existsSync(companion(path, SIDECAR));
}

/** Whether another process writes the partial file of `path`. */
export function isInUse(path: string): boolean {
  try {
    return isWriting(sidecarOf(path)['pid']);
  } catch {
    return false;
  }
}

/** Removes the partial file and its sidecar, the sidecar first: without it the file counts for nothing. */
export function removePartial(path: string): void {
  removeSidecar(path);
  quietly(() => unlinkSync(companion(path, PART)));
}

/** Removes the sidecar of a file that is complete. */
export function removeSidecar(path: string): void {
  quietly(() => unlinkSync(companion(path, SIDECAR)));
}
