/**
 * A connected descriptor of the addon and, at its other end, a socket of Node: something to poll that a test can make ready.
 */

import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { closeDescriptor } from '../../src/io/descriptor.ts';
import { native } from '../../src/io/native.ts';
import { listen } from './listen.ts';

export class SocketPair implements Disposable {
  readonly fd: number;
  readonly peer: Socket;

  constructor(fd: number, peer: Socket) {
    this.fd = fd;
    this.peer = peer;
  }

  /** Settles when the bytes have been handed to the kernel: over loopback, `fd` is readable then. */
  async send(bytes: string): Promise<void> {
    await new Promise((resolve) => this.peer.write(bytes, resolve));
  }

  async closePeer(): Promise<void> {
    const closed = once(this.peer, 'close');
    this.peer.destroy();
    await closed;
  }

  [Symbol.dispose](): void {
    closeDescriptor(this.fd);
    this.peer.destroy();
  }
}

export async function socketPair(): Promise<SocketPair> {
  const server = createServer();
  const port = await listen(server, { host: '127.0.0.1', port: 0 });
  const connection = once(server, 'connection');
  const fd = native.socket(4);
  native.connect(fd, '127.0.0.1', port);
  const [peer] = (await connection) as [Socket];
  peer.on('error', () => {});
  server.close();
  return new SocketPair(fd, peer);
}
