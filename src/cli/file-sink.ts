/**
 * Writes a document to a file: under a temporary name in the same folder, which becomes the final name when the document is complete and
 * verified. A file of the final name is therefore always whole. It knows responses, and no connections.
 *
 * A body of up to 64 KiB is held until then, and written in one synchronous call: openat, write, close and rename are all its
 * system calls (linkat and unlink instead of rename where an existing file must not be overwritten).
 */

import { closeSync, futimesSync, lstatSync, unlinkSync } from 'node:fs';
import type { TransferJob, TransferSink } from '../index.ts';
import { HTTPHeaders, type HTTPResponse } from '../index.ts';
import { prepareFolder } from './folders.ts';
import { createFor, type Existing, fileExists, moveInto, onFile, quietly, writeAll } from './local-file.ts';
import {
  hasSidecar,
  type Identity,
  identityOf,
  isInUse,
  offsetOf,
  openPartial,
  partialOf,
  removePartial,
  removeSidecar,
} from './partial.ts';

export { LocalFileError } from './local-file.ts';
export { partialOf, resumeFields } from './partial.ts';
export { StreamSink } from './stream-sink.ts';

export interface FileSinkOptions {
  readonly existing: Existing;
  /** Whether the file gets the time of Last-Modified. */
  readonly remoteTime: boolean;
  /** The folder out of which no symbolic link may lead. */
  readonly directory?: string;
  /** Whether a partial file is continued, and kept when the transfer ends early. */
  readonly resume?: boolean;
}

/**
 * The response does not continue the partial file. The partial file is removed, so that the job can be run again, without
 * Range.
 */
export class RangeMismatch extends Error {
  static {
    RangeMismatch.prototype.name = 'RangeMismatch';
  }
}

/** Bytes that are held in memory. */
const HELD = 65_536;
/** Sinks with an open file. */
const open = new Set<FileSink>();

/** Removes all temporary files of this process. Partial files that can be continued stay. */
export function removeTemporaries(): void {
  for (const sink of open) sink.abandon();
}

interface OpenFile {
  readonly fd: number;
  readonly name: string;
  /** Whether it can be continued later. */
  readonly partial: boolean;
}

/** A file. @throws LocalFileError from each function, and RangeMismatch from `begin` */
export class FileSink implements TransferSink {
  readonly path: string;
  readonly #options: FileSinkOptions;
  #written = false;
  /** Not written yet. */
  #held: Buffer[] = [];
  #bytesHeld = 0;
  #file: OpenFile | undefined;
  /** Bytes of the document that have come. */
  #size = 0;
  #identity: Identity | undefined;
  /** Seconds. */
  #time: number | undefined;
  #unchanged = false;

  constructor(path: string, options: FileSinkOptions) {
    this.path = path;
    this.#options = options;
  }

  /** Whether the document is there. */
  get written(): boolean {
    return this.#written;
  }

  begin(response: HTTPResponse, job: TransferJob): void {
    this.abandon();
    const { directory, remoteTime, resume = false } = this.#options;
    const { status, headers } = response;
    this.#written = false;
    this.#size = 0;
    this.#unchanged = status === 304;
    this.#time = remoteTime ? modificationTime(headers.get('Last-Modified')) : undefined;
    prepareFolder(this.path, directory);
    this.#identity = undefined;
    if (status === 416 || (status === 206 && !this.#isWanted(job))) this.#continue(response, String(job.url));
    else if (resume) this.#identity = identityOf(response, String(job.url));
  }

  /** Whether the caller asked for a part of the document, and not for the rest of a partial file. */
  #isWanted({ headers }: TransferJob): boolean {
    return !this.#options.resume && new HTTPHeaders(headers).has('Range');
  }

  #continue(response: HTTPResponse, url: string): void {
    const partial = this.#options.resume ? partialOf(this.path) : undefined;
    const offset = partial?.url === url ? offsetOf(response, partial) : undefined;
    if (partial === undefined || offset === undefined) {
      if (partial !== undefined) removePartial(this.path);
      const range = response.headers.get('Content-Range');
      const given = range === undefined ? 'no Content-Range' : `Content-Range ${JSON.stringify(range)}`;
      throw new RangeMismatch(`the response (${response.status}, ${given}) does not continue ${this.path}`);
    }
    const { size: _, ...identity } = partial;
    this.#identity = identity;
    this.#size = offset;
    this.#open({ ...onFile(this.path, () => openPartial(this.path, { offset, identity })), partial: true });
    // The body of a 416 explains the status.
    this.#unchanged = response.status === 416;
  }

  write(chunk: Uint8Array): void {
    if (this.#unchanged) return;
    this.#size += chunk.length;
    if (this.#bytesHeld + chunk.length > HELD) {
      this.#cleaningUp(() => {
        const { fd } = this.#file ?? this.#open(this.#create());
        this.#flush(fd);
        writeAll(fd, chunk);
      });
    } else if (chunk.length > 0) {
      // The caller uses the memory again.
      this.#held.push(Buffer.from(chunk));
      this.#bytesHeld += chunk.length;
    }
  }

  #flush(fd: number): void {
    const [first, ...others] = this.#held;
    if (first === undefined) return;
    writeAll(fd, others.length === 0 ? first : Buffer.concat(this.#held));
    this.#held = [];
    this.#bytesHeld = 0;
  }

  #create(): OpenFile {
    const { existing } = this.#options;
    // Now, rather than after a long transfer.
    if (existing === 'refuse' && lstatSync(this.path, { throwIfNoEntry: false })) throw fileExists(this.path);
    const identity = this.#identity;
    if (identity === undefined || isInUse(this.path)) return { ...createFor(this.path, existing), partial: false };
    return { ...openPartial(this.path, { offset: 0, identity }), partial: true };
  }

  #open(file: OpenFile): OpenFile {
    this.#file = file;
    open.add(this);
    return file;
  }

  commit(): void {
    if (this.#unchanged && this.#file === undefined) return;
    this.#cleaningUp(() => {
      const file = this.#file ?? { ...createFor(this.path, this.#options.existing), partial: false };
      this.#file = file;
      this.#flush(file.fd);
      this.#setTime(file.fd);
      this.#close(file);
      moveInto(file.name, this.path, this.#options.existing);
      if (file.partial) removeSidecar(this.path);
      // One of another version.
      else if (this.#options.resume && hasSidecar(this.path) && !isInUse(this.path)) removePartial(this.path);
    });
    this.#written = true;
    this.#end();
  }

  #setTime(fd: number): void {
    const time = this.#time;
    // Some file systems have no times. The document is there nevertheless.
    if (time !== undefined) quietly(() => futimesSync(fd, time, time));
  }

  /** Closes the file. A delayed error of a write comes here. */
  #close(file: OpenFile): void {
    // Whatever close(2) returns, the descriptor is gone: it must not be closed twice.
    this.#file = { ...file, fd: -1 };
    closeSync(file.fd);
  }

  #cleaningUp(action: () => void): void {
    try {
      onFile(this.path, action);
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  abandon(): void {
    const file = this.#file;
    if (file !== undefined) quietly(() => this.#keep(file) || this.#remove(file));
    this.#end();
  }

  /** Keeps the beginning of a document. A whole one that is abandoned was found to be wrong. */
  #keep(file: OpenFile): boolean {
    const { total = 0 } = this.#identity ?? {};
    if (!file.partial || file.fd < 0 || this.#size >= total) return false;
    quietly(() => this.#flush(file.fd));
    quietly(() => this.#close(file));
    return true;
  }

  #remove(file: OpenFile): void {
    if (file.fd >= 0) quietly(() => this.#close(file));
    if (file.partial) removePartial(this.path);
    else quietly(() => unlinkSync(file.name));
  }

  #end(): void {
    this.#held = [];
    this.#bytesHeld = 0;
    this.#file = undefined;
    open.delete(this);
  }
}

/** The time of Last-Modified in seconds; undefined if it is not plausible: before 1970, or more than a day ahead. */
function modificationTime(value: string | undefined): number | undefined {
  if (value === undefined || !/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/.test(value)) return undefined;
  const time = Date.parse(value);
  return time > 0 && time < Date.now() + 86_400_000 ? time / 1000 : undefined;
}
