/**
 * A server that is some way off: documents over HTTP/1.1 with pipelining, each byte later by half of a round trip in each
 * direction. For pictures and their tests: it promises no exact times.
 */

import { once } from 'node:events';
import { createServer as createHTTPServer } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { listen } from './listen.ts';

/** Bytes that arrive at once. */
const PIECE = 4096;

export interface DistantServerOptions {
  /** Milliseconds there and back. */
  readonly roundTrip: number;
  /** Bytes per millisecond on one connection. */
  readonly speed: number;
  /** The size of the document at a path; undefined: there is none. */
  readonly size: (path: string) => number | undefined;
  /** Milliseconds that the server takes for a document. Default: none. */
  readonly work?: (path: string) => number;
  /** The number of the request on a connection that the connection does not survive. Default: none. */
  readonly cutAt?: (connection: number) => number | undefined;
}

export interface DistantServer extends AsyncDisposable {
  readonly port: number;
}

export async function startDistantServer(options: DistantServerOptions): Promise<DistantServer> {
  const { size, work = () => 0, cutAt = () => undefined } = options;
  const sockets = new Set<Socket>();
  const requests = new WeakMap<object, { left: number }>();
  let connections = 0;
  const origin = createHTTPServer(({ url = '/', socket }, response) => {
    const counter = requests.get(socket);
    if (counter !== undefined && counter.left-- <= 0) return void socket.destroy();
    const length = size(url);
    setTimeout(() => {
      if (length === undefined) response.writeHead(404, { 'Content-Length': 0 }).end();
      else
        response
          .writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': length })
          .end(Buffer.alloc(length, 97));
    }, work(url));
  });
  origin.on('connection', (socket) => {
    const left = cutAt(connections++);
    if (left !== undefined) requests.set(socket, { left });
  });
  const port = await listen(origin, { host: '127.0.0.1', port: 0 });
  const relay = createServer((client) => {
    const server = connect(port, '127.0.0.1');
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.setNoDelay(true).on('error', () => socket.destroy());
    }
    relayed(client, server, { delay: options.roundTrip / 2, speed: Number.POSITIVE_INFINITY });
    relayed(server, client, { delay: options.roundTrip / 2, speed: options.speed });
  });
  const front = await listen(relay, { host: '127.0.0.1', port: 0 });
  return {
    port: front,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await Promise.all([closed(relay), closed(origin)]);
    },
  };
}

/** Passes on what comes, later, and not faster than the speed. */
function relayed(from: Socket, to: Socket, { delay, speed }: { readonly delay: number; readonly speed: number }): void {
  const waiting: { readonly at: number; readonly piece: Buffer | undefined }[] = [];
  let free = 0;
  // One timer for all: timers of different lengths may run in another order.
  const pass = (): void => {
    const now = performance.now();
    while (waiting[0] !== undefined && waiting[0].at <= now) {
      const { piece } = waiting.shift() as { piece: Buffer | undefined };
      if (piece === undefined) to.destroy();
      else if (to.writable) to.write(piece);
    }
    if (waiting[0] !== undefined) setTimeout(pass, waiting[0].at - now);
  };
  const later = (piece: Buffer | undefined): void => {
    free = Math.max(free, performance.now()) + (piece?.length ?? 0) / speed;
    waiting.push({ at: free + delay, piece });
    if (waiting.length === 1) setTimeout(pass, free + delay - performance.now());
  };
  from.on('data', (chunk: Buffer) => {
    for (let at = 0; at < chunk.length; at += PIECE) later(chunk.subarray(at, at + PIECE));
  });
  from.on('close', () => later(undefined));
}

async function closed(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}
