/** How the command grows with its list, and how fast it lets documents come. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { startNginx } from '../support/nginx.ts';
import { assertEnded, count, megabytes, namesOf, Skipped, type Stage, summaryOf, urlsOf } from './stage.ts';

const FEW = 10_000;
const MANY = 100_000;
/** Bytes that each further line may take: it is kept as text, with what is known of its link. */
const MOST_EACH = 4096;

/** Copies what the kernel knows of the process when it ends. Its resource usage would begin with that of the process that started it. */
const WATCHING = `process.on('exit', () => {
  const { readFileSync, writeFileSync } = require('node:fs');
  writeFileSync(process.env.DUGONG_TEST_STATUS, readFileSync('/proc/self/status'));
});`;

/** The most memory that processes have had which work through 10,000 and 100,000 links. */
export async function memory(stage: Stage): Promise<string> {
  if (process.platform !== 'linux') throw new Skipped('/proc/self/status is of Linux');
  await using nginx = await startNginx({ server: 'location / { return 200 "tiny"; }' });
  const preload = stage.file('watching.cjs', WATCHING);
  const measure = async (jobs: number): Promise<{ kilobytes: number; seconds: number }> => {
    const paths = Array.from({ length: jobs }, (_, index) => `${index}.txt`);
    const [summary, status] = [stage.path('summary'), stage.path('status')];
    const args = ['check', '--input', stage.list(urlsOf(nginx, paths)), '--summary', summary];
    const env = { NODE_OPTIONS: `--require=${preload}`, DUGONG_TEST_STATUS: status };
    const result = await stage.dugong(args, { env });
    assertEnded(result, 0);
    assert.equal(summaryOf(summary).done, jobs);
    const kilobytes = Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(status, 'utf8'))?.[1]);
    return { kilobytes, seconds: result.seconds };
  };
  const [few, many] = [await measure(FEW), await measure(MANY)];
  const each = ((many.kilobytes - few.kilobytes) * 1024) / (MANY - FEW);
  assert.ok(each < MOST_EACH, `${each.toFixed(0)} bytes for each link`);
  const [small, large] = [few, many].map(({ kilobytes }) => `${(kilobytes / 1024).toFixed(0)} MiB`);
  return `${count(FEW)} links ${small}, ${count(MANY)} links ${large}: ${each.toFixed(0)} bytes each; ${many.seconds.toFixed(1)} s`;
}

const RATE = 2 * 1024 * 1024;
const BYTES = 8_000_000;

export async function rate(stage: Stage): Promise<string> {
  let bytes = 0;
  const documents = stage.documents.filter(({ size }) => {
    bytes += size;
    return bytes <= BYTES;
  });
  const summary = stage.path('summary');
  const input = stage.list(urlsOf(stage.nginx, namesOf(documents)));
  const args = ['--limit-rate', '2M', '--input', input, '-P', stage.folder(), '--summary', summary];
  assertEnded(await stage.dugong(args), 0);
  const { bytes: got, ms } = summaryOf(summary);
  const mean = (got / ms) * 1000;
  assert.ok(mean < RATE * 1.1, `${mean} bytes a second`);
  // Only to see that it is the limit that slows it down.
  assert.ok(mean > RATE / 4, `${mean} bytes a second`);
  return `${megabytes(got)} in ${(ms / 1000).toFixed(1)} s: ${((mean / RATE) * 100).toFixed(0)} % of 2 MiB a second`;
}
