/** The thread blocked, a new connection for each request; the context keeps the sessions. */
import { dugong, job, measure, tls } from './measure.mjs';

const { HTTPConnection, TLSContext } = await dugong();
const context = tls && new TLSContext(tls);

await measure((path, count) => {
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    const connection = new HTTPConnection(job.hostname, { port: job.port, tls: context });
    connection.sendRequest('GET', path);
    connection.readResponse();
    bytes += connection.readAll().length;
    connection.disconnect();
  }
  return bytes;
});
