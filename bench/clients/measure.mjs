/**
 * The frame of every client: runs in a process of its own, reads its job from one JSON argument, warms up, measures, and
 * prints one line of JSON. Plain JavaScript, so that nothing but node and the client is in the measured process.
 */

import { readFileSync } from 'node:fs';

/** The job from bench/run.ts (`Job` there). */
export const job = JSON.parse(process.argv[2]);

/** For the option `tls` of dugong; undefined in clear. */
export const tls = job.ca && { ca: readFileSync(job.ca) };

/** dugong as it was built, in the folder that is to be measured. */
export async function dugong() {
  return await import(job.dugong);
}

/**
 * `fetchMany(path, count)` fetches `path` `count` times and returns how many body bytes it got.
 * The CPU time is that of the whole process: V8's compiler and garbage collector threads count for every client.
 */
export async function measure(fetchMany) {
  verify(await fetchMany(job.warmUp.path, job.warmUp.requests), job.warmUp);
  const before = process.cpuUsage();
  const start = performance.now();
  const bytes = await fetchMany(job.work.path, job.work.requests);
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  verify(bytes, job.work);
  print({ seconds, userMicros: user, systemMicros: system, maxRssKilobytes: process.resourceUsage().maxRSS });
}

export function print(sample) {
  console.log(JSON.stringify(sample));
}

function verify(bytes, { requests, size }) {
  if (bytes !== requests * size) throw new Error(`${bytes} bytes of bodies instead of ${requests} times ${size}`);
}
