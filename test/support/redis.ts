/** A real Redis: on a free loopback port, with a folder of its own, and nothing that outlives it. Debian: redis-server. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Daemon, freePort, startDaemon } from './daemon.ts';

export class Redis implements AsyncDisposable {
  readonly port: number;
  readonly #daemon: Daemon;

  /** Use `startRedis`. */
  constructor(daemon: Daemon, port: number) {
    this.#daemon = daemon;
    this.port = port;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** The reply to a command, as redis-cli writes it. */
  async reply(...command: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)('redis-cli', ['-p', String(this.port), ...command]);
    return stdout.trim();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon.stop();
  }
}

/** Starts Redis on a free port; on another one if the port is taken in between. */
export async function startRedis(): Promise<Redis> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const settings = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no'];
    try {
      const daemon = await startDaemon({
        program: 'redis-server',
        prepare: (folder) => [...settings, '--dir', folder],
        ready: /Ready to accept connections/,
      });
      return new Redis(daemon, port);
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}
