/** libcurl's easy interface in this process, by way of node-libcurl: one call at a time on one handle, which keeps its connection. */
import { createRequire } from 'node:module';
import { job, measure } from './measure.mjs';

// Unlike import, this looks into the folders of NODE_PATH.
const { Curl, CurlCode, Easy } = createRequire(import.meta.url)('node-libcurl');
const handle = new Easy();
handle.setOpt(Curl.option.PROXY, '');
let parts = [];
handle.setOpt(Curl.option.WRITEFUNCTION, (part, size, count) => {
  parts.push(part);
  return size * count;
});

function fetchOne(path) {
  parts = [];
  handle.setOpt(Curl.option.URL, `http://${job.hostname}:${job.port}${path}`);
  const code = handle.perform();
  const status = handle.getInfo(Curl.info.RESPONSE_CODE).data;
  if (code !== CurlCode.CURLE_OK || status !== 200) throw new Error(`libcurl: code ${code}, status ${status}`);
  return parts.length === 1 ? parts[0] : Buffer.concat(parts);
}

await measure((path, count) => {
  let bytes = 0;
  for (let i = 0; i < count; i++) bytes += fetchOne(path).length;
  return bytes;
});
handle.close();
