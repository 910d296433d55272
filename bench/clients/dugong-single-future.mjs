/** Node's event loop, one request at a time, each exchange a coroutine wrapped once: one future for each request. */
import { dugong, job, measure } from './measure.mjs';

const { AioFuture, HTTPConnection } = await dugong();
const connection = new HTTPConnection(job.hostname, { port: job.port });

function* coGet(path) {
  yield* connection.coSendRequest('GET', path);
  yield* connection.coReadResponse();
  return yield* connection.coReadAll();
}

await measure(async (path, count) => {
  let bytes = 0;
  for (let i = 0; i < count; i++) bytes += (await new AioFuture(coGet(path))).length;
  return bytes;
});
connection.disconnect();
