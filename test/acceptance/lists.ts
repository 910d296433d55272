/** A list of 5,000 documents, some of which are missing or elsewhere, over connections that end in the midst of it. */

import assert from 'node:assert/strict';
import { startCuttingRelay } from '../support/cutting-relay.ts';
import { assertDocuments, type Document, MISSING, mixedPaths, REDIRECTED } from '../support/documents.ts';
import { until } from '../support/until.ts';
import {
  assertEnded,
  count,
  linesOf,
  listed,
  megabytes,
  numberOfFiles,
  type Stage,
  summaryOf,
  urlsOf,
} from './stage.ts';

interface Fetched {
  readonly files: number;
  readonly seconds: number;
  readonly bytes: number;
  readonly attempts: number;
  /** The list of what is missing. */
  readonly failed: string;
}

interface Way {
  /** All, if not others. */
  readonly documents?: readonly Document[];
  readonly flags?: readonly string[];
  /** What happens meanwhile; it gets the folder. */
  readonly meanwhile?: (folder: string) => Promise<void>;
}

/** Fetches the mixed list from a server. All files are whole, and all reports say the same. */
async function fetchMixed(
  stage: Stage,
  server: { port: number },
  { documents = stage.documents, flags = [], meanwhile }: Way = {},
): Promise<Fetched> {
  const urls = urlsOf(server, mixedPaths(documents));
  const [folder, failed, summary] = [stage.folder(), stage.path('failed'), stage.path('summary')];
  const reports = ['--jsonl', '--failed', failed, '--summary', summary];
  const result = await stage.dugong([...flags, '-L', '--input', stage.list(urls), '-P', folder, ...reports], {
    meanwhile: async () => await meanwhile?.(folder),
  });
  assertEnded(result, 8);
  assertDocuments(folder, documents.slice(MISSING));
  assert.deepEqual(listed(failed), urls.slice(0, MISSING));

  const lines = linesOf(result);
  assert.deepEqual(lines.map(({ url }) => url).sort(), urls.toSorted());
  const missing = lines.filter(({ outcome }) => outcome === 'missing');
  assert.deepEqual(missing.map(({ url }) => url).sort(), urls.slice(0, MISSING).sort());
  assert.equal(lines.filter(({ redirects }) => redirects.length > 0).length, REDIRECTED);

  const done = lines.filter(({ outcome }) => outcome === 'done');
  const bytes = done.reduce((sum, line) => sum + line.bytes, 0);
  const size = documents.slice(MISSING).reduce((sum, document) => sum + document.size, 0);
  const { ms: _, ...totals } = summaryOf(summary);
  assert.deepEqual(totals, {
    ...{ documents: urls.length, done: done.length, missing: MISSING, failed: 0, aborted: 0, bytes: size },
    ...{ skipped: 0, blocked: 0 },
  });
  assert.equal(bytes, size);
  const attempts = lines.reduce((sum, line) => sum + line.attempts, 0);
  return { files: done.length, seconds: result.seconds, bytes, attempts, failed };
}

function figures({ files, seconds, bytes, attempts }: Fetched): string {
  const got = `${count(files)} files (${megabytes(bytes)}) equal, ${MISSING} missing`;
  return `${got}, ${seconds.toFixed(1)} s, ${count(attempts)} attempts`;
}

/** nginx ends each connection after 1,000 requests. */
export async function list(stage: Stage): Promise<string> {
  const fetched = await fetchMixed(stage, stage.nginx);
  const again = stage.path('again');
  const second = await stage.dugong(['--input', fetched.failed, '--failed', again, '-P', stage.folder()]);
  assertEnded(second, 8);
  assert.deepEqual(listed(again), listed(fetched.failed));
  return `${figures(fetched)}; the same ${MISSING} again from the list of them`;
}

const RELOADS = 5;

export async function reloads(stage: Stage): Promise<string> {
  const step = stage.documents.length / (RELOADS + 1);
  let made = 0;
  const fetched = await fetchMixed(stage, stage.nginx, {
    async meanwhile(folder) {
      for (; made < RELOADS; made++) {
        await until(() => numberOfFiles(folder) > (made + 1) * step);
        await stage.nginx.reload();
      }
    },
  });
  return `${figures(fetched)}, ${made} reloads`;
}

const SEED = 3;
const CUT = 2000;
const MOST = 500_000;

export async function cuts(stage: Stage): Promise<string> {
  await using relay = await startCuttingRelay({ port: stage.nginx.port, seed: SEED, most: MOST });
  const fetched = await fetchMixed(stage, relay, {
    documents: stage.documents.slice(0, CUT),
    flags: ['--retry', '20'],
  });
  const made = await relay.stop();
  assert.ok(made > 10, `${made} cuts`);
  return `${figures(fetched)}, ${made} connections cut (seed ${SEED})`;
}

/** `dugong check`. */
export async function links(stage: Stage): Promise<string> {
  const urls = urlsOf(stage.nginx, mixedPaths(stage.documents));
  const failed = stage.path('failed');
  const result = await stage.dugong(['check', '--jsonl', '--failed', failed, '--input', stage.list(urls)]);
  assertEnded(result, 8);
  assert.deepEqual(listed(failed), urls.slice(0, MISSING));
  const inState = (wanted: string): string[] =>
    linesOf(result).flatMap(({ state, url }) => (state === wanted ? [url] : []));
  assert.deepEqual(inState('missing').sort(), urls.slice(0, MISSING).sort());
  assert.deepEqual(inState('redirected').sort(), urls.slice(MISSING, MISSING + REDIRECTED).sort());
  assert.equal(inState('alive').length, urls.length - MISSING - REDIRECTED);
  return `${count(urls.length)} links, ${MISSING} missing, ${REDIRECTED} redirected, ${result.seconds.toFixed(1)} s`;
}
