/** undici's request(), the body taken as a stream in flowing mode, the cheapest way to see every byte of it. */
import { Client } from 'undici';
import { job, measure } from './measure.mjs';

const client = new Client(`http://${job.hostname}:${job.port}`, { bodyTimeout: 0 });

await measure(async (path, count) => {
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    const { body } = await client.request({ path, method: 'GET' });
    body.on('data', (part) => {
      bytes += part.length;
    });
    await new Promise((resolve, reject) => body.on('end', resolve).on('error', reject));
  }
  return bytes;
});
await client.close();
