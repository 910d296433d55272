/** The thread blocked, one request at a time. */
import { dugong, job, measure } from './measure.mjs';

const { HTTPConnection } = await dugong();
const connection = new HTTPConnection(job.hostname, { port: job.port });

await measure((path, count) => {
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    connection.sendRequest('GET', path);
    connection.readResponse();
    bytes += connection.readAll().length;
  }
  return bytes;
});
connection.disconnect();
