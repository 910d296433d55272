/** undici: `depth` new clients at once, one request on each, closed when all have their answer. */
import { Client } from 'undici';
import { job, measure } from './measure.mjs';

const origin = `http://${job.hostname}:${job.port}`;

async function get(client, path) {
  const { body } = await client.request({ path, method: 'GET' });
  return (await body.arrayBuffer()).byteLength;
}

await measure(async (path, count) => {
  let bytes = 0;
  for (let left = count; left > 0; left -= job.depth) {
    const clients = Array.from({ length: Math.min(left, job.depth) }, () => new Client(origin));
    const lengths = await Promise.all(clients.map((client) => get(client, path)));
    for (const length of lengths) bytes += length;
    await Promise.all(clients.map((client) => client.destroy()));
  }
  return bytes;
});
