/** node:http over one kept-alive connection, one request at a time. */
import { Agent, get } from 'node:http';
import { job, measure } from './measure.mjs';

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

function fetchOne(path) {
  return new Promise((resolve, reject) => {
    const request = get({ host: job.hostname, port: job.port, path, agent }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => resolve(Buffer.concat(parts)));
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}

await measure(async (path, count) => {
  let bytes = 0;
  for (let i = 0; i < count; i++) bytes += (await fetchOne(path)).length;
  return bytes;
});
agent.destroy();
