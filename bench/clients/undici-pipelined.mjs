/**
 * undici's request() with `depth` requests always in flight. `blocking: false` is what makes it pipeline. The body is taken
 * by arrayBuffer(), into memory of its own as readAll() does.
 */
import { Client } from 'undici';
import { job, measure } from './measure.mjs';

const client = new Client(`http://${job.hostname}:${job.port}`, { pipelining: job.depth });

await measure(async (path, count) => {
  let left = count;
  let bytes = 0;

  async function fetchOneByOne() {
    while (left > 0) {
      left--;
      const { body } = await client.request({ path, method: 'GET', blocking: false });
      const content = await body.arrayBuffer();
      bytes += content.byteLength;
    }
  }

  await Promise.all(Array.from({ length: job.depth }, fetchOneByOne));
  return bytes;
});
await client.close();
