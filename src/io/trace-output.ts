/**
 * Where a trace goes: to the end of the file that DUGONG_TRACEFILE names, and to standard error if NODE_DEBUG names dugong. The
 * environment is read once. A file that fails does so with one warning, and the program goes on. It knows lines, not what they say.
 */

import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { debuglog } from 'node:util';
import { threadId } from 'node:worker_threads';
import { now } from '../clock.ts';
import { own } from '../options.ts';

/** Most characters of a line, about. */
const LONGEST_LINE = 8000;
const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK, O_NOCTTY, O_NOFOLLOW } = constants;
/** Never waits: a plain open(2) of a FIFO waits for a reader. A symbolic link could lead into a file of another user's choice. */
const FLAGS = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW;
const OWNER_ALONE = 0o600;
const OTHERS = 0o077;

export interface TraceOutput {
  /** Whether secrets and bodies are to be written, too. */
  readonly secrets: boolean;
  write(lines: readonly string[]): void;
}

/** Takes whole lines. */
type Sink = (lines: readonly string[]) => void;

let known: { readonly output: TraceOutput | undefined } | undefined;

/** The output that the environment asks for, as it was at the first call; undefined if it asks for none. */
export function traceOutput(): TraceOutput | undefined {
  known ??= { output: outputOf(process.env) };
  return known.output;
}

function outputOf(environment: NodeJS.ProcessEnv): TraceOutput | undefined {
  const path = own(environment, 'DUGONG_TRACEFILE') ?? '';
  const debug = debuglog('dugong');
  const sinks: Sink[] = [];
  if (path !== '') sinks.push(fileSink(path.replaceAll('%d', String(process.pid))));
  if (debug.enabled) sinks.push(linesTo(debug));
  if (sinks.length === 0) return undefined;
  return {
    secrets: own(environment, 'DUGONG_TRACE_SECRETS') === '1',
    write: (lines) => {
      for (const sink of sinks) sink(lines);
    },
  };
}

function linesTo(debug: (format: string, line: string) => void): Sink {
  return (lines) => {
    for (const line of lines) debug('%s', line);
  };
}

/** Appends to the file at `path`. The lines of one call are one append, so that those of several threads and processes stay whole. */
export function fileSink(path: string): Sink {
  let file: number | undefined;
  const end = (): void => {
    const open = file;
    file = undefined;
    try {
      if (open !== undefined) closeSync(open);
    } catch {
      // The program has closed it, as a daemon closes all descriptors.
    }
  };
  const attempt = (action: () => void): void => {
    try {
      action();
    } catch (error) {
      end();
      const reason = error instanceof Error ? error.message : String(error);
      process.emitWarning(`DUGONG_TRACEFILE: nothing is written to ${path}: ${reason}`, { code: 'DUGONG_TRACEFILE' });
    }
  };
  attempt(() => {
    file = openSync(path, FLAGS, OWNER_ALONE);
    assertPrivate(file);
  });
  return (lines) => {
    if (file === undefined) return;
    const bytes = Buffer.from(lines.map((line) => `${process.pid} ${line}\n`).join(''));
    attempt(() => writeAll(file as number, bytes));
  };
}

/**
 * An existing file must belong to this user, and to no other reader: the trace says what the program does. A second name could lead
 * into another file, as a symbolic link could.
 */
function assertPrivate(file: number): void {
  const status = fstatSync(file);
  if (!status.isFile()) throw new Error('it is no regular file');
  if (status.nlink > 1) throw new Error('it has several names');
  if (status.uid !== process.geteuid?.()) throw new Error('it belongs to another user');
  if ((status.mode & OTHERS) !== 0)
    throw new Error('it is not for its owner alone: change its mode to 0600, or remove it');
}

/** A short write means that the disk is full, which the next write finds. */
function writeAll(file: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
}

/** Milliseconds from the beginning of the process to 0 of `now()`, which is the beginning of the thread. */
const threadBegan = process.uptime() * 1000 - now();

/** Milliseconds since the process began, in all of its threads. */
export function traceTime(): string {
  return (now() + threadBegan).toFixed(3);
}

let connections = 0;

/** A number for the next connection: "#7", or in thread 3 "#3.7". */
export function connectionLabel(): string {
  connections++;
  return threadId === 0 ? `#${connections}` : `#${threadId}.${connections}`;
}

/** `text`, each character of which is one byte, in printable ASCII and of bounded length. */
export function escapedBytes(text: string): string {
  let length = Math.min(text.length, LONGEST_LINE);
  let escaped = escapedWhole(text.slice(0, length));
  while (escaped.length > LONGEST_LINE) {
    length = Math.floor(length / 2);
    escaped = escapedWhole(text.slice(0, length));
  }
  return length === text.length ? escaped : `${escaped}... (${text.length - length} bytes more)`;
}

const NAMED: ReadonlyMap<string, string> = new Map([
  ['\r', '\\r'],
  ['\n', '\\n'],
  ['\t', '\\t'],
  ['\\', '\\\\'],
]);

function escapedWhole(text: string): string {
  return text.replace(/[^\x20-\x5b\x5d-\x7e]/g, (character) => {
    return NAMED.get(character) ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}
