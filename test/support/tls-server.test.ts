import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import * as tls from 'node:tls';
import { makeCertificate, opensslMissing } from './certificates.ts';
import { startTLSServer, type TLSServer } from './tls-server.ts';

/** Breaks a handshake off; returns the port that it came from. */
async function breakOff(server: TLSServer): Promise<number> {
  const before = server.seen().length;
  const socket = connect(server.port, '127.0.0.1');
  await once(socket, 'connect');
  const { port } = socket.address() as AddressInfo;
  socket.resetAndDestroy();
  await server.seenAtLeast(before + 1);
  return port;
}

/** A connection from the port of one that has gone. */
async function connectFromItsPort(server: TLSServer): Promise<Socket> {
  for (;;) {
    const local = { localAddress: '127.0.0.1', localPort: await breakOff(server) };
    const socket = connect({ host: '127.0.0.1', port: server.port, ...local });
    try {
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      // Another process may have a connection from this port by now: then from the next one.
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}

describe('a TLS server of the tests', { skip: opensslMissing() }, () => {
  test('does each order once, although its client has the port of one that has gone', async () => {
    const { cert, key } = makeCertificate({ san: 'DNS:localhost' });
    using server = startTLSServer({ cert, key });
    const raw = await connectFromItsPort(server);
    const socket = tls.connect({ socket: raw, servername: 'localhost', ca: cert });
    socket.end('the same again');
    assert.equal(await text(socket), 'the same again');
  });
});
