/**
 * Puts the URLs on standard input, one in each line, into the queue as batches. A batch that is there already stays as it is; one
 * that has failed is tried again.
 *
 *     node producer.ts <urls.txt
 */

import { createInterface } from 'node:readline';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { type Batch, batches } from './batches.ts';

const { REDIS_URL = 'redis://127.0.0.1:6379', BATCH_SIZE = '500' } = process.env;
const connection = new Redis(REDIS_URL, { maxRetriesPerRequest: null });
const queue = new Queue<Batch>('documents', { connection });
const backoff = { type: 'exponential', delay: 2000, jitter: 0.5 };
// For a week, adding a batch again does nothing.
const removeOnComplete = { age: 7 * 86_400 };

for await (const batch of batches(createInterface({ input: process.stdin }), Number(BATCH_SIZE))) {
  const job = await queue.add('fetch', batch, { jobId: batch.id, attempts: 5, backoff, removeOnComplete });
  if (await job.isFailed()) await job.retry('failed', { resetAttemptsMade: true });
  console.log(`${batch.id}: ${batch.urls.length} documents`);
}

await queue.close();
await connection.quit();
