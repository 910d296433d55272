/** The thread blocked: one body into one buffer of `bufferSize` bytes, again and again. */
import { dugong, job, measure, tls } from './measure.mjs';

const { HTTPConnection } = await dugong();
const connection = new HTTPConnection(job.hostname, { port: job.port, tls });
const buffer = Buffer.allocUnsafeSlow(job.bufferSize);

await measure((path, count) => {
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    connection.sendRequest('GET', path);
    connection.readResponse();
    for (let read = connection.readInto(buffer); read > 0; read = connection.readInto(buffer)) bytes += read;
  }
  return bytes;
});
connection.disconnect();
