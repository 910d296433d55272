/** The fetch of createFetch, one call at a time. */
import { dugong, job, measure } from './measure.mjs';

const { createFetch } = await dugong();
const fetch = createFetch({ proxy: false });

await measure(async (path, count) => {
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    const response = await fetch(`http://${job.hostname}:${job.port}${path}`);
    bytes += (await response.arrayBuffer()).byteLength;
  }
  return bytes;
});
fetch.closeIdleConnections();
