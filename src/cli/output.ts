/**
 * Where bodies go: standard output, one file, or a file for each URL. Every write waits until it has been taken, so that a
 * slow reader slows the server down instead of filling the memory. It knows nothing of HTTP but URLs.
 */

import { mkdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Task } from './arguments.ts';
import { withoutControls } from './printable.ts';

/** What was to be written could not be: `cause` is the system's error. */
export class OutputError extends Error {}

export interface Output {
  /** The path, if it is a file. */
  readonly file: string | undefined;
  /** What is written is shown, and obeyed. */
  readonly terminal: boolean;
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** Opens the output for a URL. */
export type OpenOutput = (url: URL) => Promise<Output>;

/** @throws OutputError, as all that is returned here */
export function openOutputs({ output }: Pick<Task, 'output'>): OpenOutput {
  if (output === 'stdout') return () => Promise.resolve(standardOutput());
  if ('file' in output) {
    let flags = 'w';
    return async () => {
      const opened = await fileOutput(output.file, flags);
      flags = 'a';
      return opened;
    };
  }
  explained(output.folder, () => mkdirSync(output.folder, { recursive: true, mode: 0o777 }));
  const taken = new Set<string>();
  return (url) => fileOutput(join(output.folder, unusedName(fileName(url), taken)), 'w');
}

let stdout: Output | undefined;

export function standardOutput(): Output {
  // Without a listener the error would end the process; each write hears of its own.
  if (stdout === undefined) process.stdout.on('error', () => {});
  stdout ??= {
    file: undefined,
    terminal: process.stdout.isTTY,
    write: (bytes) =>
      new Promise((resolve, reject) => {
        process.stdout.write(bytes, (error) => {
          if (error) reject(outputError(error));
          else resolve();
        });
      }),
    close: () => Promise.resolve(),
  };
  return stdout;
}

async function fileOutput(path: string, flags: string): Promise<Output> {
  const file = await explained(path, () => open(path, flags));
  return {
    file: path,
    terminal: false,
    write: (bytes) => explained(path, () => file.writeFile(bytes)),
    close: () => explained(path, () => file.close()),
  };
}

/** Bytes that most systems let a name have are 255; a number may come behind. */
const LONGEST_NAME = 240;

/** The last segment of the path, never one that leads out of the folder, or that programs take for an option. */
function fileName({ pathname }: URL): string {
  const segment = pathname.split('/').at(-1) ?? '';
  let name = segment;
  try {
    name = decodeURIComponent(segment);
  } catch {
    // Not UTF-8 behind the percent signs: they stay.
  }
  const safe = shortened(withoutControls(basename(name)).replace(/^-/, '_'));
  return safe === '' || safe === '.' || safe === '..' ? 'index.html' : safe;
}

function shortened(name: string): string {
  const bytes = Buffer.from(name);
  // Where a character was cut in two, U+FFFD is left of it.
  return bytes.length <= LONGEST_NAME ? name : bytes.toString('utf8', 0, LONGEST_NAME).replace(/\ufffd+$/, '');
}

function unusedName(name: string, taken: Set<string>): string {
  let unused = name;
  for (let number = 1; taken.has(unused); number++) unused = `${name}.${number}`;
  taken.add(unused);
  return unused;
}

function explained<T>(path: string, action: () => T): T {
  const explain = (error: unknown): never => {
    throw outputError(error, path);
  };
  try {
    const result = action();
    return result instanceof Promise ? (result.catch(explain) as T) : result;
  } catch (error) {
    return explain(error);
  }
}

/** The system's message names the path, but not after the file has been opened. */
function outputError(error: unknown, path?: string): OutputError {
  const message = error instanceof Error ? error.message : String(error);
  const named = path === undefined || message.includes(path) ? message : `${path}: ${message}`;
  return new OutputError(named, { cause: error });
}
