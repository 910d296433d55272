/** undici's request(), one at a time over one connection. */
import { Client } from 'undici';
import { job, measure } from './measure.mjs';

const client = new Client(`http://${job.hostname}:${job.port}`, { pipelining: 1 });

await measure(async (path, count) => {
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    const { body } = await client.request({ path, method: 'GET', blocking: false });
    bytes += (await body.arrayBuffer()).byteLength;
  }
  return bytes;
});
await client.close();
