/** The thread blocked: `depth` requests in one send, then their responses. */
import { dugong, job, measure } from './measure.mjs';

const { HTTPConnection } = await dugong();
const connection = new HTTPConnection(job.hostname, { port: job.port });

await measure((path, count) => {
  let bytes = 0;
  for (let left = count; left > 0; left -= job.depth) {
    const batch = Math.min(left, job.depth);
    connection.cork();
    for (let i = 0; i < batch; i++) connection.sendRequest('GET', path);
    connection.uncork();
    for (let i = 0; i < batch; i++) {
      connection.readResponse();
      bytes += connection.readAll().length;
    }
  }
  return bytes;
});
connection.disconnect();
