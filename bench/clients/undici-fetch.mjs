/** undici's fetch() over one connection, one call at a time. */
import { Client, fetch } from 'undici';
import { job, measure } from './measure.mjs';

const dispatcher = new Client(`http://${job.hostname}:${job.port}`, { pipelining: 1 });

await measure(async (path, count) => {
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    const response = await fetch(`http://${job.hostname}:${job.port}${path}`, { dispatcher });
    bytes += (await response.arrayBuffer()).byteLength;
  }
  return bytes;
});
await dispatcher.close();
