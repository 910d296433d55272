/**
 * Another protocol on a connection that began as HTTP: after the server has agreed to the upgrade, both sides send lines. The
 * server is a small one in this process, or that of the URL given as argument.
 *
 *     node --import tsx examples/upgrade.ts [URL]
 */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HTTPConnection } from 'dugong';

/** Answers each line with the same line in capitals. */
const server = createServer().on('upgrade', (_request, socket) => {
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: capitals\r\n\r\n');
  socket.on('data', (bytes: Buffer) => socket.write(bytes.toString('latin1').toUpperCase(), 'latin1'));
});

async function serve(): Promise<URL> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

/** The next received line, and the text that was read behind it. */
async function readLine(connection: HTTPConnection, rest: string): Promise<[line: string, rest: string]> {
  let text = rest;
  while (!text.includes('\n')) {
    const bytes = await connection.promises.readRaw(4096);
    if (bytes.length === 0) throw new Error('the server has ended the conversation');
    text += bytes.toString();
  }
  const end = text.indexOf('\n');
  return [text.slice(0, end), text.slice(end + 1)];
}

const argument = process.argv[2];
const url = argument === undefined ? await serve() : new URL(argument);
using connection = new HTTPConnection(url.origin);
await connection.promises.sendRequest('GET', url.pathname, { upgrade: 'capitals' });
const response = await connection.promises.readResponse();
if (response.status === 101) {
  let line = '';
  let rest = '';
  for (const words of ['hello', 'is anybody there?', 'good bye']) {
    await connection.promises.writeRaw(Buffer.from(`${words}\n`));
    [line, rest] = await readLine(connection, rest);
    console.log(`${words} -> ${line}`);
  }
} else {
  console.error(`the server does not speak "capitals": ${response.status} ${response.reason}`);
  process.exitCode = 1;
}
connection.disconnect();
server.close();
