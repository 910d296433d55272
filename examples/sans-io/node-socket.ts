/**
 * HTTP without this library's sockets: the sans-I/O core over a node:net socket.
 *
 *     node --import tsx examples/sans-io/node-socket.ts http://localhost:8080/a http://localhost:8080/b
 */

import { once } from 'node:events';
import { connect } from 'node:net';
import { ConnectionClosed } from 'dugong/http1';
import { fetchOverStream } from './fetch-over-stream.ts';

const urls = process.argv.slice(2).map((argument) => new URL(argument));
const [first] = urls;
if (first === undefined) {
  console.error('usage: node-socket.ts URL... (all of one server)');
  process.exit(2);
}
const socket = connect({ host: first.hostname, port: Number(first.port || 80) });
await once(socket, 'connect');
const paths = urls.map((url) => url.pathname + url.search);
try {
  for await (const { path, status, body } of fetchOverStream(socket, socket, first.host, paths)) {
    console.log(`${path}: ${status}, ${body.length} bytes`);
  }
} catch (error) {
  if (!(error instanceof ConnectionClosed)) throw error;
  console.error(error.message);
  for (const { path, mayHaveBeenProcessed } of error.lostRequests) {
    console.error(`${path}: ${mayHaveBeenProcessed ? 'may have been processed' : 'was not processed'}`);
  }
  process.exitCode = 1;
} finally {
  socket.destroy();
}
