/**
 * A real nginx for the integration tests: its own process in the foreground, its own folder, a free loopback port.
 * It starts and stops the server, and does not know what a test serves with it.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { listen } from './listen.ts';
import { timeLimit } from './time-limit.ts';

export interface NginxOptions {
  /** Folder to serve. Default: `Nginx.root`, an empty folder that goes away with the server. */
  root?: string;
  /** Text for the http block, e.g. `keepalive_requests 100000;`. */
  http?: string;
  /** Text for the server block, e.g. locations. */
  server?: string;
  /** Parameters of its listen directive, e.g. `ssl`. */
  listen?: string;
}

/** The nginx binary, if there is one. */
export function nginxPath(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin'];
  return folders.map((folder) => join(folder, 'nginx')).find((path) => existsSync(path));
}

/**
 * For a test's `skip` option: false, or the reason why tests with nginx cannot run here.
 * @throws Error in CI (environment variable CI), where they may not be skipped
 */
export function nginxMissing(): string | false {
  if (nginxPath() !== undefined) return false;
  if (process.env.CI !== undefined) throw new Error('nginx is not installed, and CI must not skip its tests');
  return 'nginx is not installed';
}

/** Starts nginx; it is listening when this settles. */
export async function startNginx(options: NginxOptions = {}): Promise<Nginx> {
  const binary = nginxPath();
  if (binary === undefined) throw new Error('nginx is not installed');
  for (let attempt = 1; ; attempt++) {
    const nginx = new Nginx(binary, options, await freePort());
    try {
      await nginx.started();
      return nginx;
    } catch (error) {
      await nginx.stop();
      const taken = error instanceof Error && error.message.includes('Address already in use');
      if (!taken || attempt === 5) throw error;
    }
  }
}

export class Nginx implements AsyncDisposable {
  readonly hostname: string = '127.0.0.1';
  readonly port: number;
  readonly root: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'dugong-nginx-'));
  readonly #process: ChildProcess;
  readonly #stderr: Socket;
  readonly #exited: Promise<unknown>;
  readonly #abandon = (): void => {
    this.#process.kill('SIGTERM');
    this.#removeFolder();
  };
  #log = '';

  /** Use `startNginx`. */
  constructor(binary: string, options: NginxOptions, port: number) {
    this.port = port;
    this.root = options.root ?? join(this.#folder, 'html');
    mkdirSync(this.root, { recursive: true });
    const configuration = join(this.#folder, 'nginx.conf');
    writeFileSync(configuration, this.#configuration(options));
    const nginx = [binary, '-e', 'stderr', '-p', this.#folder, '-c', configuration];
    const [command = binary, ...argv] = [...dieWithParent(), ...nginx];
    this.#process = spawn(command, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#exited = once(this.#process, 'exit');
    this.#stderr = this.#process.stderr as Socket;
    this.#stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#log += text;
    });
    process.once('exit', this.#abandon);
  }

  /** Settles when nginx reports that it has started its worker, which is after it has bound its port. */
  async started(): Promise<void> {
    await this.#hasWorkers(1);
    this.#process.unref();
    this.#stderr.unref();
  }

  /**
   * Makes nginx load its configuration again. The old worker answers what it is processing, then closes its connections. Settles when the
   * new worker has started.
   */
  async reload(): Promise<void> {
    const workers = this.#workers;
    this.#process.kill('SIGHUP');
    await this.#hasWorkers(workers + 1);
  }

  /** How many worker processes have been started. */
  get #workers(): number {
    return this.#log.split('start worker process ').length - 1;
  }

  async #hasWorkers(count: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const fail = (): void => reject(new Error(`nginx did not start:\n${this.#log}`));
      const timer = setTimeout(fail, timeLimit(20_000));
      const look = (): void => {
        if (this.#workers < count) return;
        clearTimeout(timer);
        this.#stderr.off('data', look);
        this.#process.off('close', fail);
        resolve();
      };
      this.#stderr.on('data', look);
      this.#process.once('close', fail);
      look();
    });
  }

  /** The error log of nginx while it was serving. */
  errors(): string {
    return readFileSync(join(this.#folder, 'error.log'), 'utf8');
  }

  /** Ends nginx and removes its folder. */
  async stop(): Promise<void> {
    process.off('exit', this.#abandon);
    this.#process.ref();
    this.#process.kill('SIGTERM');
    await this.#exited;
    this.#removeFolder();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #removeFolder(): void {
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #configuration(options: NginxOptions): string {
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    return `
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr notice;
${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 2048; }
http {
  error_log error.log;
  log_not_found off;
  access_log off;
  sendfile on;
  default_type application/octet-stream;
  ${temporary.map((name) => `${name}_temp_path ${name};`).join('\n  ')}
  ${options.http ?? ''}
  server {
    listen ${this.hostname}:${this.port} ${options.listen ?? ''};
    server_name localhost;
    root ${JSON.stringify(this.root)};
    ${options.server ?? ''}
  }
}
`;
  }
}

/** On Linux the kernel ends nginx when the process that started it ends, for whatever reason. */
function dieWithParent(): string[] {
  const setpriv = '/usr/bin/setpriv';
  return existsSync(setpriv) ? [setpriv, '--pdeathsig', 'TERM'] : [];
}

async function freePort(): Promise<number> {
  const probe = createServer();
  const port = await listen(probe, { host: '127.0.0.1', port: 0 });
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
