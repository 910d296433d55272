/** Node's event loop, each call awaited by itself: the `promises` facade, two futures for each response. */
import { dugong, job, measure } from './measure.mjs';

const { HTTPConnection } = await dugong();
const connection = new HTTPConnection(job.hostname, { port: job.port });

await connection.promises.connect();
await measure(async (path, count) => {
  let bytes = 0;
  for (let left = count; left > 0; left -= job.depth) {
    const batch = Math.min(left, job.depth);
    connection.cork();
    for (let i = 0; i < batch; i++) await connection.promises.sendRequest('GET', path);
    connection.uncork();
    for (let i = 0; i < batch; i++) {
      await connection.promises.readResponse();
      bytes += (await connection.promises.readAll()).length;
    }
  }
  return bytes;
});
connection.disconnect();
