/**
 * `npm start`: fetches the same documents in five ways of waiting, verifies every byte and prints what each way cost.
 *
 * Only fetching is measured: from connecting to the last byte in memory. Checksums are computed afterwards. The
 * ways run one after the other in this process, each once; before it is measured, a way fetches a few hundred of the
 * documents, so that the first one does not pay for compiling the code that all share. For reliable figures use
 * `npm run bench`.
 */

import { parseArgs } from 'node:util';
import { DugongError } from 'dugong';
import { aioFutureOneByOne } from './aio-future-one-by-one.ts';
import { aioFuturePipelined } from './aio-future-pipelined.ts';
import { blockingOneByOne } from './blocking-one-by-one.ts';
import { blockingPipelined } from './blocking-pipelined.ts';
import { defaultCount } from './documents.ts';
import { type Fetched, fetchDocuments, type Origin } from './fetch-documents.ts';
import { ownSelectLoop } from './own-select-loop.ts';
import { fromURLs, type Source, startDocumentServer } from './source.ts';
import { type Result, table } from './table.ts';
import { expectTheSame, mismatches } from './verify.ts';
import type { Way } from './way.ts';

const WAYS: readonly Way[] = [
  { name: 'blocking, one by one', fetch: blockingOneByOne, blocks: true },
  { name: 'blocking, pipelined', fetch: blockingPipelined, blocks: true },
  { name: 'own select loop, pipelined', fetch: ownSelectLoop, blocks: true },
  { name: 'AioFuture, one by one', fetch: aioFutureOneByOne, blocks: false },
  { name: 'AioFuture, pipelined', fetch: aioFuturePipelined, blocks: false },
];

const HELP = `Fetches the same documents in five ways of waiting and compares them.

  npm start                              ${defaultCount} documents of a server that is started for it
  npm start -- --documents N             N documents of it
  npm start -- --url http://... [URL]... these documents of your servers, one connection per server

Each way's CPU time is that of this process, user and system, without computing checksums.
Exit status: 0 all as it should be, 1 a document is wrong or could not be fetched, 2 wrong arguments.
`;

const WARM_UP = 300;
/** Most lines about mismatches. */
const SHOWN = 10;

process.exitCode = await main(process.argv.slice(2));

async function main(argv: string[]): Promise<number> {
  let source: Source;
  try {
    const { values, positionals } = parseArgs({
      args: argv,
      options: {
        documents: { type: 'string' },
        url: { type: 'string', multiple: true },
        help: { type: 'boolean', short: 'h' },
      },
      allowPositionals: true,
    });
    if (values.help) {
      process.stdout.write(HELP);
      return 0;
    }
    const urls = [...(values.url ?? []), ...positionals];
    if (positionals.length > 0 && values.url === undefined)
      throw new TypeError(`${positionals[0]}: say --url before URLs`);
    if (urls.length > 0 && values.documents !== undefined)
      throw new TypeError('--documents and --url exclude each other');
    source = urls.length > 0 ? fromURLs(urls) : await startDocumentServer(documentCount(values.documents));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    process.stderr.write(`${error.message}\n\n${HELP}`);
    return 2;
  }
  using _ = source;
  return await compare(source);
}

function documentCount(text: string | undefined): number {
  const count = text === undefined ? defaultCount : Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new TypeError(`--documents ${text}: must be a whole number above 0`);
}

async function compare({ title, origins, expected }: Source): Promise<number> {
  console.log(`${title}\n`);
  const paths = origins.flatMap((origin) => origin.paths);
  const results: Result[] = [];
  let held = expected;
  for (const [index, way] of WAYS.entries()) {
    const label = `${index + 1} of ${WAYS.length}: ${way.name}`;
    try {
      const fetched = await fetchInWay(way, origins, { label, warmUp: expected !== undefined });
      held ??= expectTheSame(fetched.documents, paths);
      results.push({ name: way.name, fetched, mismatches: mismatches(fetched.documents, held) });
    } catch (error) {
      if (!(error instanceof DugongError)) throw error;
      process.stderr.write(`${way.name}: ${error.name}: ${error.message}\n`);
      if (expected === undefined) process.stderr.write('Is the server running, and are the URLs right?\n');
      return 1;
    }
  }
  print(results);
  return results.every(({ mismatches: wrong }) => wrong.length === 0) ? 0 : 1;
}

/** Fetches all. A way that leaves Node's event loop running can handle SIGINT; during the others it ends the process. */
async function fetchInWay(
  way: Way,
  origins: readonly Origin[],
  { label, warmUp }: { label: string; warmUp: boolean },
): Promise<Fetched> {
  if (!way.blocks) process.once('SIGINT', interrupted);
  try {
    if (warmUp) await fetchDocuments(way, origins.map(firstFew), () => {});
    const total = origins.reduce((sum, { paths }) => sum + paths.length, 0);
    return await fetchDocuments(way, origins, progress(label, total));
  } finally {
    process.off('SIGINT', interrupted);
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  }
}

function firstFew(origin: Origin): Origin {
  return { ...origin, paths: origin.paths.slice(0, WARM_UP) };
}

function progress(label: string, total: number): (count: number) => void {
  if (!process.stderr.isTTY) return () => {};
  let shown = 0;
  return (count) => {
    const now = performance.now();
    if (now - shown < 100) return;
    shown = now;
    process.stderr.write(`\r\x1b[K${label}: ${count} of ${total}`);
  };
}

/** Ends the process by the signal, so that the shell sees the reason, but leaves a clean line behind. */
function interrupted(): void {
  process.stderr.write(`${process.stderr.isTTY ? '\r\x1b[K' : ''}interrupted\n`);
  process.kill(process.pid, 'SIGINT');
}

function print(results: readonly Result[]): void {
  const [headings = '', ...rows] = table(results);
  console.log(coloured('1', headings));
  results.forEach(({ mismatches: wrong }, index) => {
    console.log(wrong.length === 0 ? rows[index] : coloured('31', rows[index] ?? ''));
  });
  for (const { name, mismatches: wrong } of results) {
    for (const line of wrong.slice(0, SHOWN)) console.log(`${name}: ${line}`);
    if (wrong.length > SHOWN) console.log(`${name}: and ${wrong.length - SHOWN} more`);
  }
}

/** `hasColors` takes NO_COLOR into account. */
function coloured(code: string, text: string): string {
  return process.stdout.isTTY && process.stdout.hasColors() ? `\x1b[${code}m${text}\x1b[0m` : text;
}
