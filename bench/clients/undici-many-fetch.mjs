/** undici's fetch() over a pool, so many calls at a time. */
import { fetch, Pool } from 'undici';
import { job, measure } from './measure.mjs';

const { connections } = job;
const dispatcher = new Pool(`http://${job.hostname}:${job.port}`, { connections, pipelining: 1 });

async function fetchSome(path, count) {
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    const response = await fetch(`http://${job.hostname}:${job.port}${path}`, { dispatcher });
    bytes += (await response.arrayBuffer()).byteLength;
  }
  return bytes;
}

await measure(async (path, count) => {
  const each = Array.from({ length: connections }, () => fetchSome(path, count / connections));
  return (await Promise.all(each)).reduce((sum, some) => sum + some, 0);
});
await dispatcher.close();
