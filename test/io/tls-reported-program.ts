/**
 * Sends over TLS and gives up after some calls, again and again: the server must never have read more than was reported as sent.
 * Prints what was wrong; nothing if all is right.
 *
 *     tls-reported-program.ts CA-FILE CERT-FILE KEY-FILE
 */

import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { AioFuture } from '../../src/schedule/aio-future.ts';
import { coSecure } from './tls-support.ts';

const [ca = '', cert = '', key = ''] = process.argv.slice(2).map((file) => readFileSync(file, 'latin1'));
/** Several records, as pipelined requests that were collected. */
const DATA = Buffer.alloc(65_536, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
const LONGEST = 60;

let ended = (_read: number): void => {};
const server = createServer({ cert, key }, (socket) => {
  let read = 0;
  socket.on('data', ({ length }) => {
    read += length;
  });
  socket.on('error', () => {});
  socket.on('close', () => ended(read));
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo;

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  for (let calls = 1; calls <= LONGEST; calls++) {
    const end = new Promise<number>((resolve) => {
      ended = resolve;
    });
    const transport = await new AioFuture(coSecure(port, { ca, maxVersion }));
    let reported = 0;
    for (let call = 0; call < calls && reported < DATA.length; call++) {
      reported += Math.max(0, transport.send([DATA.subarray(reported)]));
    }
    transport.close();
    const read = await end;
    if (read > reported) console.log(`${maxVersion}, ${calls} calls: ${reported} bytes reported as sent, ${read} read`);
  }
}
server.close();
