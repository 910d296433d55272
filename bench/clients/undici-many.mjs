/** undici's request() over a pool, so many at a time. */
import { Pool } from 'undici';
import { job, measure } from './measure.mjs';

const { connections } = job;
const pool = new Pool(`http://${job.hostname}:${job.port}`, { connections, pipelining: 1 });

async function getSome(path, count) {
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    const { body } = await pool.request({ path, method: 'GET', blocking: false });
    bytes += (await body.arrayBuffer()).byteLength;
  }
  return bytes;
}

await measure(async (path, count) => {
  const each = Array.from({ length: connections }, () => getSome(path, count / connections));
  return (await Promise.all(each)).reduce((sum, some) => sum + some, 0);
});
await pool.close();
