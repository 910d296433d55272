/** sync-request, one call at a time, by way of the process that it keeps. */
import request from 'sync-request';
import { job, measure } from './measure.mjs';

await measure((path, count) => {
  let bytes = 0;
  for (let i = 0; i < count; i++) bytes += request('GET', `http://${job.hostname}:${job.port}${path}`).getBody().length;
  return bytes;
});
// Its process may keep ours.
process.exit();
