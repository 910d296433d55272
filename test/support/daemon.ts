/**
 * A server program for a test: in the foreground, with a folder of its own that goes away with it, ended by SIGTERM,
 * and by the kernel when this process ends. It does not know what is served.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { listen } from './listen.ts';
import { timeLimit } from './time-limit.ts';

export interface DaemonOptions {
  /** Name of the program, which is looked up on PATH and in sbin, or its path. */
  readonly program: string;
  /** Prepares `folder` for the program; returns its arguments. */
  readonly prepare: (folder: string) => readonly string[];
  /** The program's output when it is ready for connections. */
  readonly ready: RegExp;
}

export function programPath(program: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin'];
  return folders.map((folder) => resolve(folder, program)).find((path) => existsSync(path));
}

/**
 * For a test's `skip` option: false, or the reason why tests with this program cannot run here.
 * @throws Error in CI (environment variable CI), where they may not be skipped
 */
export function programMissing(program: string): string | false {
  if (programPath(program) !== undefined) return false;
  if (process.env.CI !== undefined) throw new Error(`${program} is not installed, and CI must not skip its tests`);
  return `${program} is not installed`;
}

/** A port of loopback without a listener now. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  const port = await listen(probe, { host: '127.0.0.1', port: 0 });
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** Settles when the program is ready. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const path = programPath(options.program);
  if (path === undefined) throw new Error(`${options.program} is not installed`);
  const daemon = new Daemon(path, options);
  try {
    await daemon.wrote(options.ready);
  } catch (error) {
    await daemon.stop();
    throw error;
  }
  daemon.unref();
  return daemon;
}

export class Daemon implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'dugong-daemon-'));
  readonly #process: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #abandon = (): void => {
    this.#process.kill('SIGTERM');
    rmSync(this.#folder, { recursive: true, force: true });
  };
  #output = '';

  /** Use `startDaemon`. */
  constructor(path: string, { prepare }: DaemonOptions) {
    const [command = path, ...argv] = [...dieWithParent(), path, ...prepare(this.#folder)];
    this.#process = spawn(command, argv, { stdio: 'pipe', cwd: this.#folder });
    this.#exited = once(this.#process, 'exit');
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('latin1').on('data', (text: string) => {
        this.#output += text;
      });
    }
    process.once('exit', this.#abandon);
  }

  /** The output of the program so far. */
  get output(): string {
    return this.#output;
  }

  /** Settles when the program has written `pattern`. @throws Error, with the output, if it ends before or takes too long */
  async wrote(pattern: RegExp): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const fail = (): void => done(() => reject(new Error(`no ${pattern} in what it wrote:\n${this.#output}`)));
      const look = (): void => {
        if (pattern.test(this.#output)) done(resolve);
      };
      const done = (settle: () => void): void => {
        clearTimeout(timer);
        for (const stream of [this.#process.stdout, this.#process.stderr]) stream?.off('data', look);
        this.#process.off('close', fail);
        settle();
      };
      const timer = setTimeout(fail, timeLimit(20_000));
      for (const stream of [this.#process.stdout, this.#process.stderr]) stream?.on('data', look);
      this.#process.once('close', fail);
      look();
    });
  }

  /** Writes to its standard input. */
  type(text: string): void {
    this.#process.stdin?.write(text);
  }

  /** The process of the test does not wait for its end. */
  unref(): void {
    const { stdin, stdout, stderr } = this.#process;
    for (const stream of [stdin, stdout, stderr]) (stream as Socket | null)?.unref();
    this.#process.unref();
  }

  async stop(): Promise<void> {
    process.off('exit', this.#abandon);
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      this.#process.ref();
      this.#process.kill('SIGTERM');
      await this.#exited;
    }
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** On Linux the kernel ends it when the process that started it ends, for whatever reason. */
export function dieWithParent(): string[] {
  const setpriv = '/usr/bin/setpriv';
  return existsSync(setpriv) ? [setpriv, '--pdeathsig', 'TERM'] : [];
}
