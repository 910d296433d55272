/** Connections that only wait, for a server that never answers. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dugong, job } from './measure.mjs';

const { HTTPConnection } = await dugong();

const SILENT_SERVER = `
  const server = require('node:net').createServer((socket) => socket.on('error', () => {}).resume());
  server.listen(0, '127.0.0.1', 1024, () => console.log(server.address().port));
  process.stdin.on('end', () => process.exit()).resume();
`;

/** Starts the server in another process, which ends with this one. */
async function startSilentServer() {
  const server = spawn(process.execPath, ['-e', SILENT_SERVER], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [port] = await once(server.stdout, 'data');
  server.unref();
  server.stdin.unref();
  server.stdout.unref();
  return Number(port);
}

const silentPort = await startSilentServer();

/** Coroutines that wait for a response each, which never comes; each calls `waits` when its request has been sent. */
export function idleCoroutines(waits) {
  return Array.from({ length: job.connections }, () => coWait(waits));
}

function* coWait(waits) {
  const connection = new HTTPConnection('127.0.0.1', { port: silentPort });
  yield* connection.coSendRequest('GET', '/');
  waits();
  yield* connection.coReadResponse();
}
