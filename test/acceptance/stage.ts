/**
 * What the cases share: documents, the nginx that serves them, folders for files, lists of URLs, and the command itself, as it is
 * installed. All of it goes at the end. It does not know what is expected.
 */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Document, documentsOf, REDIRECTING, writeDocuments } from '../support/documents.ts';
import { type Nginx, startNginx } from '../support/nginx.ts';
import {
  environmentWithoutProxies,
  type ProgramOptions,
  type ProgramResult,
  runProgram,
} from '../support/run-program.ts';

/** A case throws what is wrong, and returns its figures. */
export type Case = (stage: Stage) => Promise<string>;

/** The reason why a case cannot run here. */
export class Skipped extends Error {}

const COUNT = 5000;
const LARGEST = 64_000;

interface Options extends Omit<ProgramOptions, 'onStart' | 'limit'> {
  /** What happens while it runs; it gets the process id. */
  readonly meanwhile?: (pid: number) => Promise<void>;
}

/** A program that ended, and how long it took. */
export interface Ended extends ProgramResult {
  readonly seconds: number;
}

export class Stage implements AsyncDisposable {
  readonly documents: readonly Document[];
  /** The folder that has the documents. */
  readonly root: string;
  /** With the settings that it has by itself. */
  readonly nginx: Nginx;
  readonly #folder: string;
  #last = 0;

  private constructor(folder: string, documents: readonly Document[], nginx: Nginx) {
    this.#folder = folder;
    this.root = nginx.root;
    this.documents = documents;
    this.nginx = nginx;
  }

  static async set(): Promise<Stage> {
    const folder = mkdtempSync(join(tmpdir(), 'dugong-acceptance-'));
    try {
      const [root, documents] = [join(folder, 'documents'), documentsOf(COUNT, 7, LARGEST)];
      writeDocuments(root, documents);
      return new Stage(folder, documents, await startNginx({ root, server: REDIRECTING }));
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.nginx.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** A path without a file. */
  path(name: string): string {
    return join(this.#folder, `${++this.#last}-${name}`);
  }

  /** An empty folder. */
  folder(): string {
    const path = this.path('files');
    mkdirSync(path);
    return path;
  }

  file(name: string, content: string): string {
    const path = this.path(name);
    writeFileSync(path, content);
    return path;
  }

  /** A list for `--input`. */
  list(urls: readonly string[]): string {
    return this.file('list', urls.map((url) => `${url}\n`).join(''));
  }

  /** Runs the command, without configuration files and proxies. */
  async dugong(args: readonly string[], { env, meanwhile, ...options }: Options = {}): Promise<Ended> {
    const start = performance.now();
    const environment = { ...environmentWithoutProxies(), HOME: this.root, ...env };
    let acting: Promise<void> | undefined;
    const running = runProgram('dist/cli/main.js', args, {
      ...options,
      env: environment,
      onStart: (pid) => {
        acting = meanwhile?.(pid);
      },
    });
    const [result] = await Promise.all([running, acting]);
    return { ...result, seconds: (performance.now() - start) / 1000 };
  }
}

/** URLs of these paths on a server of loopback. */
export function urlsOf({ port }: { readonly port: number }, paths: readonly string[], scheme = 'http'): string[] {
  return paths.map((path) => `${scheme}://127.0.0.1:${port}/${path}`);
}

export function namesOf(documents: readonly Document[]): string[] {
  return documents.map(({ name }) => name);
}

/** @throws AssertionError, with what the command said, if it ended in another way */
export function assertEnded({ status, signal, stderr }: ProgramResult, expected: number | NodeJS.Signals): void {
  assert.equal(signal ?? status, expected, `it ended with ${signal ?? status}, not ${expected}:\n${shortened(stderr)}`);
}

/** The first and the last lines. */
export function shortened(text: string): string {
  const lines = text.trimEnd().split('\n');
  return lines.length <= 20 ? lines.join('\n') : [...lines.slice(0, 10), '...', ...lines.slice(-10)].join('\n');
}

/** Temporary and partial files in a folder; none if it is not there. */
export function unfinished(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.startsWith('.'));
}

export function numberOfFiles(folder: string): number {
  return readdirSync(folder).length;
}

/** The lines of a list that `--failed` has written. */
export function listed(path: string): string[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('#'));
}

/** The lines of `--jsonl`. */
export function linesOf({ stdout }: ProgramResult): Line[] {
  const lines = stdout.toString().split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Line);
}

export interface Line {
  readonly url: string;
  readonly outcome: string;
  readonly status: number | null;
  readonly bytes: number;
  readonly attempts: number;
  readonly redirects: readonly object[];
  readonly state?: string;
}

export interface Summary {
  readonly documents: number;
  readonly done: number;
  readonly skipped: number;
  readonly missing: number;
  readonly failed: number;
  readonly aborted: number;
  readonly bytes: number;
  readonly ms: number;
}

export function summaryOf(path: string): Summary {
  return JSON.parse(readFileSync(path, 'utf8')) as Summary;
}

/** "33.1 MB". */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

export function count(number: number): string {
  return number.toLocaleString('en');
}
