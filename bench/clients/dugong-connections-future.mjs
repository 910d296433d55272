/** Node's event loop: `depth` new connections at once, one request on each, closed when all have their answer. */
import { dugong, job, measure, tls } from './measure.mjs';

const { AioFuture, HTTPConnection, TLSContext } = await dugong();
const context = tls && new TLSContext(tls);

function* coGet(connection, path) {
  yield* connection.coSendRequest('GET', path);
  yield* connection.coReadResponse();
  return (yield* connection.coReadAll()).length;
}

await measure(async (path, count) => {
  let bytes = 0;
  for (let left = count; left > 0; left -= job.depth) {
    const options = { port: job.port, tls: context };
    const connections = Array.from(
      { length: Math.min(left, job.depth) },
      () => new HTTPConnection(job.hostname, options),
    );
    const lengths = await Promise.all(connections.map((connection) => new AioFuture(coGet(connection, path))));
    for (const length of lengths) bytes += length;
    for (const connection of connections) connection.disconnect();
  }
  return bytes;
});
