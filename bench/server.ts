/**
 * The nginx that all clients fetch from: one worker, no limit of requests per connection, no log, files made for it. The
 * small file goes out without sendfile, as is nginx's default: head and body in one segment. (With sendfile they are two,
 * which costs every client a call more; with tcp_nopush as well, pipelines stall for many milliseconds.)
 */

import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Nginx, startNginx } from '../test/support/nginx.ts';
import { SCENARIOS } from './scenarios.ts';

export class BenchServer implements AsyncDisposable {
  readonly #nginx: Nginx;
  readonly #root: string;

  static async start(): Promise<BenchServer> {
    const root = mkdtempSync(join(tmpdir(), 'dugong-bench-'));
    for (const { warmUp, work } of SCENARIOS) {
      for (const { path, size } of [warmUp, work]) writeFileOfSize(join(root, path), size);
    }
    const http =
      'keepalive_requests 1000000000; keepalive_timeout 1h; open_file_cache max=10; open_file_cache_valid 1h;';
    const server = 'location = /small { sendfile off; }';
    return new BenchServer(await startNginx({ root, http, server }), root);
  }

  private constructor(nginx: Nginx, root: string) {
    this.#nginx = nginx;
    this.#root = root;
  }

  get hostname(): string {
    return this.#nginx.hostname;
  }

  get port(): number {
    return this.#nginx.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#nginx.stop();
    rmSync(this.#root, { recursive: true, force: true });
  }
}

/** Sparse: the page cache is filled by the first download. */
function writeFileOfSize(path: string, size: number): void {
  writeFileSync(path, '');
  truncateSync(path, size);
}
