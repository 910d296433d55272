/** Node's event loop: a sender and a reader as two AioFutures for each `depth` requests. */
import { dugong, job, measure } from './measure.mjs';

const { AioFuture, HTTPConnection } = await dugong();
const connection = new HTTPConnection(job.hostname, { port: job.port });

function* sendRequests(path, count) {
  connection.cork();
  for (let i = 0; i < count; i++) yield* connection.coSendRequest('GET', path);
  connection.uncork();
}

function* readResponses(count) {
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    yield* connection.coReadResponse();
    bytes += (yield* connection.coReadAll()).length;
  }
  return bytes;
}

await connection.promises.connect();
await measure(async (path, count) => {
  let bytes = 0;
  for (let left = count; left > 0; left -= job.depth) {
    const batch = Math.min(left, job.depth);
    const sender = new AioFuture(sendRequests(path, batch));
    const reader = new AioFuture(readResponses(batch));
    await sender;
    bytes += await reader;
  }
  return bytes;
});
connection.disconnect();
