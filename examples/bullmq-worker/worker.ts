/**
 * Runs batches from the queue, one at a time, and saves their documents in a folder. Each batch is run at least once: one whose
 * worker has ended is taken over by another, which skips the documents that are there. SIGTERM gives the batch back and ends the
 * worker.
 *
 *     node worker.ts FOLDER
 */

import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { type Job, WaitingError, Worker } from 'bullmq';
import { Transfer, type TransferSink } from 'dugong';
import { Redis } from 'ioredis';
import { type Batch, digest } from './batches.ts';

const { REDIS_URL = 'redis://127.0.0.1:6379', LOCK_SECONDS = '30' } = process.env;
const [folder = 'documents'] = process.argv.slice(2);
// Within the folder, since rename(2) does not leave a file system.
const incomplete = join(folder, '.incomplete');
fs.mkdirSync(incomplete, { recursive: true });
const stopping = new AbortController();

/** Writes a document under a temporary name of its own, which becomes the final name when the document is complete. */
function fileSink(path: string, batch: string): TransferSink {
  const temporary = join(incomplete, `${batch}.${randomUUID()}`);
  let fd = -1;
  const close = (): void => {
    if (fd >= 0) fs.closeSync(fd);
    fd = -1;
  };
  return {
    begin() {
      fd = fs.openSync(temporary, 'wx');
    },
    write: (bytes) => fs.writeFileSync(fd, bytes),
    commit() {
      close();
      fs.renameSync(temporary, path);
    },
    abandon() {
      close();
      fs.rmSync(temporary, { force: true });
    },
  };
}

async function run({ id, urls }: Batch): Promise<{ saved: number; present: number; missing: string[] }> {
  console.log(id, 'begins');
  // Those of a worker that was killed.
  for (const name of fs.readdirSync(incomplete)) if (name.startsWith(id)) fs.rmSync(join(incomplete, name));

  const absent = urls.filter((url) => !fs.existsSync(join(folder, digest(url))));
  const jobs = absent.map((url) => ({ url, sink: fileSink(join(folder, digest(url)), id) }));
  const [missing, failed]: [string[], string[]] = [[], []];
  const transfer = new Transfer({ signal: stopping.signal });
  for await (const { job, outcome, response, error } of transfer.promises.run(jobs)) {
    const status = response?.status ?? 0;
    // What the server may give later fails the batch, which is tried again; the rest is missing for good.
    if (outcome === 'missing' && status < 500 && status !== 429) missing.push(`${job.url} (${status})`);
    else if (outcome !== 'done') failed.push(`${job.url} (${error?.message ?? status})`);
  }
  if (failed.length > 0) throw new Error(`${failed.length} of ${urls.length} have failed, first ${failed[0]}`);
  return { saved: jobs.length - missing.length, present: urls.length - jobs.length, missing };
}

const connection = new Redis(REDIS_URL, { maxRetriesPerRequest: null });
// A batch whose worker gives no sign of life for so long is run by another one.
const lockDuration = Number(LOCK_SECONDS) * 1000;
const options = { connection, lockDuration, stalledInterval: lockDuration, maxStalledCount: 10 };

/** Runs the batch, or gives it back for another worker. */
const runOrReturn = (job: Job<Batch>, token?: string): ReturnType<typeof run> =>
  run(job.data).catch(async (error) => {
    if (!stopping.signal.aborted) throw error;
    await job.moveToWait(token);
    throw new WaitingError();
  });

const worker = new Worker('documents', runOrReturn, options);
worker.on('completed', ({ data }, outcome) => console.log(data.id, JSON.stringify(outcome)));
worker.on('failed', (job, error) => console.error(job?.data.id, error.message));
worker.on('error', (error) => console.error(String(error)));

// Takes no more batches, gives the present one back, and ends. A second signal ends the process at once.
stopping.signal.addEventListener('abort', () => worker.close().then(() => connection.quit()));
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.abort());
