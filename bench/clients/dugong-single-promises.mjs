/** Node's event loop, one request at a time, each call awaited by itself: three futures for each request. */
import { dugong, job, measure } from './measure.mjs';

const { HTTPConnection } = await dugong();
const connection = new HTTPConnection(job.hostname, { port: job.port });

await measure(async (path, count) => {
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    await connection.promises.sendRequest('GET', path);
    await connection.promises.readResponse();
    bytes += (await connection.promises.readAll()).length;
  }
  return bytes;
});
connection.disconnect();
