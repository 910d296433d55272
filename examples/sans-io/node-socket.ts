/**
 * HTTP without this library's sockets: the sans-I/O core over a node:net socket.
 *
 *     node --import tsx examples/sans-io/node-socket.ts http://localhost:8080/a http://localhost:8080/b
 */

import { connect } from 'node:net';
import { fetchOverStream } from './fetch-over-stream.ts';

const urls = process.argv.slice(2).map((argument) => new URL(argument));
const [first] = urls;
if (first === undefined) {
  console.error('usage: node-socket.ts URL... (all of one server)');
  process.exit(2);
}
const socket = connect({ host: first.hostname, port: Number(first.port || 80) });
const paths = urls.map((url) => url.pathname + url.search);
for await (const { path, status, body } of fetchOverStream(socket, socket, first.host, paths)) {
  console.log(`${path}: ${status}, ${body.length} bytes`);
}
socket.destroy();
