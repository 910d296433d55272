/** node:https, the body taken as a stream in flowing mode. */
import { Agent, get } from 'node:https';
import { job, measure, tls } from './measure.mjs';

const agent = new Agent({ keepAlive: true, maxSockets: 1, ...tls });

function fetchOne(path) {
  return new Promise((resolve, reject) => {
    const request = get({ host: job.hostname, port: job.port, path, agent }, (response) => {
      let bytes = 0;
      response.on('data', (part) => {
        bytes += part.length;
      });
      response.on('end', () => resolve(bytes));
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}

await measure(async (path, count) => {
  let bytes = 0;
  for (let i = 0; i < count; i++) bytes += await fetchOne(path);
  return bytes;
});
agent.destroy();
