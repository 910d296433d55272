/** dugong/sync, one call at a time. */
import { job, measure } from './measure.mjs';

const { fetchSync } = await import(new URL('sync/index.js', job.dugong).href);

await measure((path, count) => {
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    bytes += fetchSync(`http://${job.hostname}:${job.port}${path}`, { proxy: false }).bytes().length;
  }
  return bytes;
});
