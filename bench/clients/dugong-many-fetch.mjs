/** The fetch of createFetch, `connections` calls at a time. */
import { dugong, job, measure } from './measure.mjs';

const { createFetch } = await dugong();
const { connections } = job;
const fetch = createFetch({ proxy: false, maxConnectionsPerOrigin: connections, maxIdleConnections: connections });

async function fetchSome(path, count) {
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    const response = await fetch(`http://${job.hostname}:${job.port}${path}`);
    bytes += (await response.arrayBuffer()).byteLength;
  }
  return bytes;
}

await measure(async (path, count) => {
  const each = Array.from({ length: connections }, () => fetchSome(path, count / connections));
  return (await Promise.all(each)).reduce((sum, some) => sum + some, 0);
});
fetch.closeIdleConnections();
