/**
 * Where documents go: to files that the command line, the list or the URLs name, or to standard output. It plans paths in
 * the order of the list, and makes the sinks.
 */

import { accessSync, constants, createWriteStream, lstatSync, opendirSync, type WriteStream } from 'node:fs';
import { basename, join } from 'node:path';
import type { TransferSink } from '../index.ts';
import { DecodingSink } from './decoding-sink.ts';
import { FileSink, type FileSinkOptions, LocalFileError, resumeFields, StreamSink } from './file-sink.ts';
import type { Given } from './given.ts';
import { HeadSink } from './head-sink.ts';
import { HeaderNameSink } from './header-name-sink.ts';
import type { Interruption } from './interruption.ts';
import type { Item } from './item.ts';
import type { Entry, List } from './list.ts';
import { codeOf, isFolder, isStream, onFile } from './local-file.ts';
import { Names, safeName } from './names.ts';
import { OrderedOutput } from './ordered-output.ts';
import { UsageError } from './usage-error.ts';

const STDOUT = '-';

/** What is to be done about a document whose file is there. */
export type Presence = 'absent' | 'skip' | 'refuse';

/** The destination of all documents of a run. */
export class Destination {
  readonly #given: Given;
  readonly #folder: string | undefined;
  readonly #names: Names | undefined;
  /** Whether the folder holds nothing when the run begins. */
  readonly #isNew: boolean;
  readonly #reserved = new Map<number, string>();
  /** Names that differ from those of their URLs alone, by the index of the entry: another list would give others. */
  readonly #numbered = new Map<number, string>();
  /** How many entries have their paths. */
  #planned = 0;
  /** The names that lines of the list give, which count more than what a response suggests (-J). */
  readonly #listed = new Set<string>();
  /** Paths that responses have suggested (-J), by the positions of their items. */
  readonly #suggested = new Map<number, string>();
  readonly #streams: WriteStream[] = [];
  /** Standard output, if documents may go there. */
  readonly ordered: OrderedOutput | undefined;

  /** @throws UsageError if the flags do not fit the list */
  constructor(given: Given, list: List) {
    this.#given = given;
    const { output, remoteName, directory } = given;
    this.#folder = directory ?? (remoteName ? '.' : undefined);
    if (output !== undefined) assertOneEach(output, list);
    this.#names = output === undefined && this.#folder !== undefined ? new Names(this.#folder) : undefined;
    this.#isNew = this.#names !== undefined && isEmpty(this.#folder as string);
    for (const entry of list.named) this.#reserve(entry);
    if (given.remoteHeaderName) this.#planAll(list);
    const toStdout = output?.includes(STDOUT) ?? this.#names === undefined;
    if (toStdout && given.jsonl) {
      throw new UsageError('--jsonl and the documents would share standard output: -P, -O or -o name files');
    }
    if (toStdout && (given.continue || given.skipExisting)) {
      throw new UsageError('-C and --skip-existing are about files: -P, -O or -o name them');
    }
    this.ordered = toStdout ? new OrderedOutput(process.stdout) : undefined;
  }

  /** Takes the names of the list first, so that names from URLs keep clear of them. */
  #reserve({ index, out, line }: Entry): void {
    if (out === undefined) return;
    const where = `line ${line} of the list: out=${out}`;
    if (this.#names === undefined) throw new UsageError(`${where}: -P or -O says where files go`);
    if (safeName(out) !== out) throw new UsageError(`${where}: a safe name would be ${safeName(out)}`);
    if (this.#names.unused(out) !== out) throw new UsageError(`${where}: another line has this name`);
    this.#reserved.set(index, out);
  }

  /** Plans all names now, so that names from responses keep clear of those from URLs that come later. */
  #planAll(list: List): void {
    const names = this.#names;
    if (names === undefined) throw new UsageError('-J is about names of files: -P or -O says where they go');
    for (const name of this.#reserved.values()) this.#listed.add(name);
    for (const { index, url } of list) {
      if (!this.#reserved.has(index)) this.#reserved.set(index, basename(names.pathFor(url)));
    }
  }

  /** The item with the path that its file has got, if a response has suggested one. */
  named(item: Item): Item {
    const path = this.#suggested.get(item.position);
    return path === undefined ? item : { ...item, path };
  }

  /** The path of a document's file; undefined: standard output. Called once for each entry, in order. */
  pathFor({ index, url }: Pick<Entry, 'index' | 'url'>): string | undefined {
    const { output } = this.#given;
    this.#planned = index + 1;
    const named = output?.[index];
    if (named === STDOUT) return undefined;
    if (named !== undefined) return this.#folder === undefined ? named : join(this.#folder, named);
    const reserved = this.#reserved.get(index);
    if (reserved !== undefined) return join(this.#folder ?? '', reserved);
    const path = this.#names?.pathFor(url);
    if (path !== undefined && this.#names?.isNumbered(basename(path))) this.#numbered.set(index, basename(path));
    return path;
  }

  /** Plans the paths of the entries that an early end has kept from being asked for. */
  planRest(list: List): void {
    if (this.#planned === list.length) return;
    for (const entry of list) if (entry.index >= this.#planned) this.pathFor(entry);
  }

  /** The line of an entry, whose path is planned, for another list: there it gets the same name. */
  lineFor({ index, text }: Entry): string {
    const name = this.#numbered.get(index);
    return name === undefined ? text : `${text}\tout=${name}`;
  }

  /** Whether the file is there, and what that means. @throws LocalFileError, also if it has another size than it should have */
  // Parameters: the file, and its size if that is known.
  presence(path: string | undefined, size: number | undefined): Presence {
    const { overwrite, skipExisting, continue: resume, remoteHeaderName } = this.#given;
    // With -J the sink refuses, when the name is known.
    if (path === undefined || overwrite || remoteHeaderName || this.#isNew) return 'absent';
    const found = onFile(path, () => lstatSync(path, { throwIfNoEntry: false }));
    if (found === undefined || onFile(path, () => isStream(path))) return 'absent';
    if (!skipExisting && !resume) {
      // Not even --overwrite replaces it.
      if (found.isDirectory()) throw isFolder(path);
      return 'refuse';
    }
    if (size === undefined || !found.isFile() || found.size === size) return 'skip';
    throw new LocalFileError(path, `the file exists, and has ${found.size} bytes, not ${size}`);
  }

  /** The fields that ask for the rest of a partial file, if there is one. */
  resumeFields(path: string | undefined, url: URL): Readonly<Record<string, string>> | undefined {
    return this.#given.continue && path !== undefined ? resumeFields(path, url.href) : undefined;
  }

  /** The sink for the document at a position, from 0, of those that the run is about. */
  sinkFor(path: string | undefined, position: number): TransferSink {
    const { include, head, compressed } = this.#given;
    const end = this.#end(path, position);
    const terminal = path === undefined && process.stdout.isTTY;
    const headed = include || head ? new HeadSink(end, { terminal }) : end;
    return compressed ? new DecodingSink(headed) : headed;
  }

  #end(path: string | undefined, position: number): TransferSink {
    if (path === undefined) return (this.ordered as OrderedOutput).sink(position);
    // Files in a folder have names of their own: only a path that the caller gave may be a device.
    if (this.#given.output !== undefined && onFile(path, () => isStream(path))) return this.#streamTo(path);
    const { overwrite, remoteTime = false, continue: resume = false, remoteHeaderName } = this.#given;
    const existing = overwrite ? 'overwrite' : 'refuse';
    const within = this.#folder === undefined ? undefined : { directory: this.#folder };
    const options: FileSinkOptions = { existing, remoteTime, resume, ...within };
    if (!remoteHeaderName || this.#listed.has(basename(path))) return new FileSink(path, options);
    return new HeaderNameSink((name) => new FileSink(this.#suggestedPath(name, path, position), options));
  }

  // Parameters: the suggestion, what is planned without it, and the item.
  #suggestedPath(name: string | undefined, planned: string, position: number): string {
    const path =
      name === undefined || name === basename(planned)
        ? planned
        : join(this.#folder ?? '', this.#names?.unused(name) ?? name);
    this.#suggested.set(position, path);
    return path;
  }

  /** A device, a FIFO: it is written to, never replaced. */
  #streamTo(path: string): TransferSink {
    const stream = createWriteStream(path);
    this.#streams.push(stream);
    return new StreamSink(stream, path);
  }

  /** Whether no file can be written into the folder any more. */
  get isLost(): boolean {
    if (this.#names === undefined) return false;
    try {
      accessSync(this.#folder as string, constants.W_OK | constants.X_OK);
      return false;
    } catch {
      return true;
    }
  }

  /** Closes what is open. @throws LocalFileError for an error that comes with closing */
  async close(interruption: Interruption): Promise<void> {
    this.ordered?.close();
    for (const stream of this.#streams) {
      if (!interruption.signal.aborted) await closed(stream);
      // A FIFO that nothing reads: a thread of the platform waits for it.
      else if (stream.pending || stream.writableLength > 0) interruption.cannotExit();
    }
  }
}

/** Whether a folder has nothing in it, or does not exist. */
function isEmpty(folder: string): boolean {
  try {
    const directory = opendirSync(folder);
    try {
      return directory.readSync() === null;
    } finally {
      directory.closeSync();
    }
  } catch (error) {
    return codeOf(error) === 'ENOENT';
  }
}

function closed(stream: WriteStream): Promise<void> {
  if (stream.destroyed) return Promise.resolve();
  return new Promise((resolve, reject) => {
    stream.once('error', (error) => reject(new LocalFileError(String(stream.path), error)));
    stream.end(resolve);
  });
}

function assertOneEach(output: readonly string[], list: List): void {
  if (output.length === list.length) return;
  if (output.length > list.length)
    throw new UsageError('-o names a file for one URL, and there are more names than URLs');
  throw new UsageError(
    `-o names a file for one URL, and there are ${list.length}; -P FOLDER or -O writes a file for each URL`,
  );
}
