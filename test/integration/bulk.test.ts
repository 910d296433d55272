/** Transfer fetches thousands of documents into files, from servers that end connections in their various ways. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Transfer, type TransferJob, type TransferOptions, type TransferResult } from '../../src/index.ts';
import { startCuttingRelay } from '../support/cutting-relay.ts';
import { programMissing } from '../support/daemon.ts';
import {
  assertDocuments,
  type Document,
  documentsOf,
  MISSING,
  mixedPaths,
  REDIRECTED,
  REDIRECTING,
  writeDocuments,
} from '../support/documents.ts';
import { FileSink } from '../support/file-sink.ts';
import { type Nginx, type NginxOptions, nginxMissing, startNginx } from '../support/nginx.ts';
import { startPythonServer } from '../support/python-server.ts';

// `npm run acceptance` has 5,000.
const all = documentsOf(2000, 12);

describe('Transfer with a real server', { skip: nginxMissing() }, () => {
  let documents: string;
  let nginx: Nginx;

  before(async () => {
    documents = mkdtempSync(join(tmpdir(), 'dugong-documents-'));
    writeDocuments(documents, all);
    nginx = await startNginx({ root: documents, server: REDIRECTING });
  });
  after(async () => {
    await nginx.stop();
    rmSync(documents, { recursive: true, force: true });
  });

  async function withServer(options: NginxOptions, run: (server: Nginx) => Promise<void>): Promise<void> {
    await using server = await startNginx({ root: documents, ...options });
    await run(server);
  }

  test('2,000 documents, 50 of them missing and 20 elsewhere: each is right, and the 50 are named', async () => {
    using files = new Files(nginx.port, all);
    const { missing, redirected, attempts } = await files.fetch(mixedPaths(all));
    assert.deepEqual(missing, missingNames);
    assert.deepEqual(redirected, movedNames);
    assert.equal(attempts, all.length + REDIRECTED);
    files.check(all.slice(MISSING));
  });

  test('the same while nginx is reloaded twice', async () => {
    using files = new Files(nginx.port, all);
    const reloads: Promise<void>[] = [];
    const { missing, redirected } = await files.fetch(mixedPaths(all), {}, (count) => {
      if (count === 600 || count === 1200) reloads.push(nginx.reload());
    });
    await Promise.all(reloads);
    assert.equal(reloads.length, 2);
    assert.deepEqual(missing, missingNames);
    assert.deepEqual(redirected, movedNames);
    files.check(all.slice(MISSING));
  });

  for (const seed of [1, 2, 3]) {
    test(`1,000 documents through a relay that cuts connections at random bytes (seed ${seed})`, async () => {
      const some = all.slice(0, 1000);
      await using relay = await startCuttingRelay({ port: nginx.port, seed, most: 3_000_000 });
      using files = new Files(relay.port, some);
      await files.fetch(plain(some), { attempts: 20 });
      files.check(some);
      assert.ok((await relay.stop()) > 0);
    });
  }

  test('600 documents from a server that resets each connection after three responses', async () => {
    await withServer({ http: 'keepalive_requests 3; lingering_close off;' }, async ({ port }) => {
      const some = all.slice(0, 600);
      using files = new Files(port, some);
      await files.fetch(plain(some));
      files.check(some);
    });
  });

  for (const [count, burst] of [
    [200, 'burst=10 nodelay'],
    [30, ''],
  ] as const) {
    const title = burst === '' ? 'a second one within 10 ms' : 'what comes too fast';
    test(`${count} documents from a server that refuses ${title} (429)`, async () => {
      const zone = 'limit_req_zone $binary_remote_addr zone=pace:1m rate=100r/s; limit_req_status 429;';
      await withServer({ http: zone, server: `limit_req zone=pace ${burst};` }, async ({ port }) => {
        const some = all.slice(0, count);
        using files = new Files(port, some);
        // The mean of the usual waits: with shorter ones, all attempts of a document may come while the server refuses.
        await files.fetch(plain(some), { random: () => 0.5 });
        files.check(some);
      });
    });
  }

  test('300 documents, 15 of which the server always refuses (503): the others are right, and the 15 are named', async () => {
    await withServer({ server: 'location /none/ { return 503; }' }, async ({ port }) => {
      const some = all.slice(0, 300);
      const paths = plain(some).map((path, index) => (index % 20 === 0 ? `none/${path}` : path));
      using files = new Files(port, some);
      const { missing } = await files.fetch(paths, { random: () => 0.2 });
      assert.deepEqual(
        missing,
        paths.filter((path) => path.startsWith('none/')),
      );
      files.check(some.filter((_, index) => index % 20 !== 0));
    });
  });

  test('300 documents from an HTTP/1.0 server (python3 -m http.server)', {
    skip: programMissing('python3'),
  }, async () => {
    await using python = await startPythonServer(documents);
    const some = all.slice(0, 300);
    using files = new Files(python.port, some);
    await files.fetch(plain(some));
    files.check(some);
  });
});

function plain(documents: readonly Document[]): string[] {
  return documents.map(({ name }) => name);
}

const missingNames = mixedPaths(all).slice(0, MISSING);
const movedNames = mixedPaths(all).slice(MISSING, MISSING + REDIRECTED);

interface Fetched {
  /** Paths, in the order of the jobs. */
  readonly missing: readonly string[];
  readonly redirected: readonly string[];
  readonly attempts: number;
}

/** A folder for fetched documents. */
class Files implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'dugong-bulk-'));
  readonly #port: number;
  readonly #documents: readonly Document[];

  constructor(port: number, documents: readonly Document[]) {
    this.#port = port;
    this.#documents = documents;
  }

  /** Fetches over 4 connections; `each` gets how many results there are. @throws AssertionError if a job fails */
  async fetch(
    paths: readonly string[],
    options: TransferOptions = {},
    each: (count: number) => void = () => {},
  ): Promise<Fetched> {
    const transfer = new Transfer({ connections: 4, proxy: false, ...options });
    const results: TransferResult[] = [];
    for await (const result of transfer.promises.run(this.#jobs(paths))) each(results.push(result));
    results.sort((one, other) => one.index - other.index);
    const failed = results.filter(({ outcome }) => outcome === 'failed' || outcome === 'aborted');
    assert.deepEqual(failed.map(describeFailure), []);
    assert.equal(results.length, paths.length);
    const pathsOf = (some: readonly TransferResult[]): string[] => some.map(({ index }) => paths[index] as string);
    return {
      missing: pathsOf(results.filter(({ outcome }) => outcome === 'missing')),
      redirected: pathsOf(results.filter(({ redirects }) => redirects.length > 0)),
      attempts: results.reduce((sum, result) => sum + result.attempts, 0),
    };
  }

  *#jobs(paths: readonly string[]): Generator<TransferJob> {
    for (const [index, path] of paths.entries()) {
      const { name } = this.#documents[index] as Document;
      yield { url: `http://127.0.0.1:${this.#port}/${path}`, sink: new FileSink(join(this.#folder, name)) };
    }
  }

  /** These documents are there, whole, and nothing else. */
  check(documents: readonly Document[]): void {
    assertDocuments(this.#folder, documents);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function describeFailure({ url, outcome, error, attempts }: TransferResult): string {
  return `${url}: ${outcome} after ${attempts} attempts: ${error}`;
}
