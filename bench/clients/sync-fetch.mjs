/** sync-fetch, one call at a time: a process for each. */
import fetch from 'sync-fetch';
import { job, measure } from './measure.mjs';

await measure((path, count) => {
  let bytes = 0;
  for (let i = 0; i < count; i++) bytes += fetch(`http://${job.hostname}:${job.port}${path}`).buffer().length;
  return bytes;
});
