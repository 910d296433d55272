/**
 * Writes bodies to standard output, one file, or a file for each URL. Each write waits until the bytes are taken, so
 * that a slow reader slows the server down instead of filling the memory. Of HTTP it knows URLs only.
 */

import { mkdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Task } from './arguments.ts';
import { withoutControls } from './printable.ts';

/** The output cannot be written; `cause` is the system's error. */
export class OutputError extends Error {}

/** An open output. */
export interface Output {
  /** The path, if it is a file. */
  readonly file: string | undefined;
  /** Whether the output is a terminal, which obeys control characters. */
  readonly terminal: boolean;
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** Opens the output for a URL. */
export type OpenOutput = (url: URL) => Promise<Output>;

/** Prepares the outputs of a task. @throws OutputError; so do all functions of the result */
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

/** The output to stdout. */
export function standardOutput(): Output {
  // Without a listener an error would end the process. Each write gets its own error.
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

/** Most bytes of a file name. Most systems allow 255; a number may be appended. */
const LONGEST_NAME = 240;

/** The last segment of the path. The result never leads out of the folder, and no program takes it for an option. */
function fileName({ pathname }: URL): string {
  const segment = pathname.split('/').at(-1) ?? '';
  let name = segment;
  try {
    name = decodeURIComponent(segment);
  } catch {
    // The percent-encoded bytes are not UTF-8: keep them.
  }
  const safe = shortened(withoutControls(basename(name)).replace(/^-/, '_'));
  return safe === '' || safe === '.' || safe === '..' ? 'index.html' : safe;
}

function shortened(name: string): string {
  const bytes = Buffer.from(name);
  // A character that was cut leaves U+FFFD.
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

/** Makes the error. The system's message does not name the path after the file has been opened. */
function outputError(error: unknown, path?: string): OutputError {
  const message = error instanceof Error ? error.message : String(error);
  const named = path === undefined || message.includes(path) ? message : `${path}: ${message}`;
  return new OutputError(named, { cause: error });
}
