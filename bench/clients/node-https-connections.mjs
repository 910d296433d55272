/** node:https, a new connection for each request; the agent keeps the sessions, as it does by default. */
import { Agent, get } from 'node:https';
import { job, measure, tls } from './measure.mjs';

const agent = new Agent({ keepAlive: false, ...tls });
let resumed = 0;

function fetchOne(path) {
  return new Promise((resolve, reject) => {
    const request = get({ host: job.hostname, port: job.port, path, agent }, (response) => {
      if (response.socket.isSessionReused()) resumed++;
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
if (resumed < job.work.requests) throw new Error(`only ${resumed} sessions were resumed`);
agent.destroy();
