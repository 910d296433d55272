/** What the clients with many connections share: each connection gets its part of the requests, one after the other. */
import { dugong, job } from './measure.mjs';

const { HTTPConnection, coAll } = await dugong();
const { hostname, port } = job;
const connections = Array.from({ length: job.connections }, () => new HTTPConnection(hostname, { port }));

function* coGetMany(connection, path, count) {
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    yield* connection.coSendRequest('GET', path);
    yield* connection.coReadResponse();
    bytes += (yield* connection.coReadAll()).length;
  }
  return bytes;
}

/** One coroutine for all; returns the bytes of all bodies. */
export function* coGetAll(path, count) {
  const each = count / connections.length;
  const bytes = yield* coAll(connections.map((connection) => coGetMany(connection, path, each)));
  return bytes.reduce((sum, some) => sum + some, 0);
}

export function disconnect() {
  for (const connection of connections) connection.disconnect();
}
