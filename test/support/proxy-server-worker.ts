/** The thread behind proxy-server.ts: tunnels, and TLS taken off before a server that speaks none. */

import { connect, createServer, type Server, type Socket } from 'node:net';
import * as tls from 'node:tls';
import { abort } from './abort.ts';
import { listen } from './listen.ts';
import { answerCalls } from './server-thread.ts';

export interface TunnelOptions {
  /** The port of loopback that all tunnels lead to, whatever CONNECT names. */
  readonly to: number;
  /** The response to CONNECT. */
  readonly answer: string;
  /** Number of bytes of the response to send at a time. */
  readonly chunk: number | undefined;
}

/** The end of the client's connection when the server has closed: `cut` is a FIN without close_notify, `garbage` no TLS. */
export type Ending = 'close-notify' | 'cut' | 'garbage' | 'reset';

export interface TLSFrontOptions {
  /** The port of loopback of a server in clear. */
  readonly to: number;
  readonly cert: string;
  readonly key: string;
  readonly minVersion?: tls.SecureVersion;
  readonly maxVersion?: tls.SecureVersion;
  readonly ending: Ending;
  /** Asks clients for a certificate that this authority has signed; they need not have one. */
  readonly clientCA?: string;
}

/** One handshake that succeeded. */
export interface SeenHandshake {
  readonly protocol: string | null;
  readonly resumed: boolean;
  /** False if no SNI was sent. */
  readonly servername: string | false;
  /** Common name of the client's certificate, or empty. */
  readonly client: string;
}

export interface ProxyServerCalls {
  listenTunnel(options: TunnelOptions): Promise<{ id: number; port: number }>;
  listenTLS(options: TLSFrontOptions): Promise<{ id: number; port: number }>;
  heads(argument: { id: number }): Promise<string[]>;
  passed(argument: { id: number }): Promise<Uint8Array>;
  handshakes(argument: { id: number }): Promise<SeenHandshake[]>;
  settle(argument: { id: number }): Promise<number>;
  stop(argument: { id: number }): Promise<void>;
}

class Running {
  readonly server: Server = createServer({ noDelay: true, allowHalfOpen: true });
  readonly sockets = new Set<Socket>();
  readonly heads: string[] = [];
  /** The bytes that clients have sent, without their requests to the proxy. */
  readonly passed: Buffer[] = [];
  readonly handshakes: SeenHandshake[] = [];

  constructor(accept: (socket: Socket, self: Running) => Promise<void>) {
    this.server.on('connection', (socket) => {
      this.keep(socket);
      accept(socket, this).catch(() => abort(socket));
    });
  }

  /** A connection to the server behind. */
  async dial(port: number): Promise<Socket> {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true });
    this.keep(socket);
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return socket;
  }

  keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.sockets.delete(socket));
  }
}

/** Passes all bytes on. @throws when either side fails */
async function copy(from: Socket, to: Socket, note?: (bytes: Buffer) => void): Promise<void> {
  for await (const bytes of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    note?.(bytes);
    await write(to, bytes);
  }
}

function write(socket: Socket, bytes: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => socket.write(bytes, (error) => (error ? reject(error) : resolve())));
}

/** Reads through CRLF CRLF; nothing may follow, since the client has to wait. */
async function readHead(socket: Socket): Promise<string> {
  let head = '';
  for await (const bytes of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    head += bytes.toString('latin1');
    if (head.includes('\r\n\r\n')) return head;
  }
  throw new Error('no request');
}

async function tunnel(client: Socket, self: Running, { to, answer, chunk }: TunnelOptions): Promise<void> {
  self.heads.push(await readHead(client));
  const server = await self.dial(to);
  const bytes = Buffer.from(answer, 'latin1');
  for (let at = 0; at < bytes.length; at += chunk ?? bytes.length) {
    await write(client, bytes.subarray(at, at + (chunk ?? bytes.length)));
    await new Promise(setImmediate);
  }
  const towards = copy(client, server, (passed) => self.passed.push(passed)).then(
    () => server.end(),
    () => abort(server),
  );
  const back = copy(server, client).then(
    () => client.end(),
    () => abort(client),
  );
  await Promise.all([towards, back]);
}

async function front(raw: Socket, self: Running, options: TLSFrontOptions, context: tls.SecureContext): Promise<void> {
  const requestCert = options.clientCA !== undefined;
  const client = new tls.TLSSocket(raw, { isServer: true, secureContext: context, requestCert });
  self.keep(client);
  raw.on('close', () => client.destroy());
  await new Promise((resolve, reject) => client.once('secure', resolve).once('close', reject));
  self.handshakes.push({
    protocol: client.getProtocol(),
    resumed: client.isSessionReused(),
    servername: (client as tls.TLSSocket & { servername?: string | false }).servername ?? false,
    client: String(client.getPeerCertificate()?.subject?.CN ?? ''),
  });
  const server = await self.dial(options.to);
  const towards = copy(client, server).then(
    () => server.end(),
    () => abort(server),
  );
  const back = copy(server, client).then(
    () => {
      if (options.ending === 'close-notify') client.end();
      else if (options.ending === 'cut') raw.end();
      else if (options.ending === 'garbage') raw.end('these bytes are no record of TLS');
      else abort(raw);
    },
    () => abort(raw),
  );
  await Promise.all([towards, back]);
}

/** Destroys the socket; settles when it is closed. */
function gone(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    // Above a socket that is being reset, TLS is closed before destroy() returns.
    socket.once('close', () => resolve());
    socket.destroy();
  });
}

/** Lets the loop poll a few times, so that all bytes that have reached the kernel by now have been read. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
}

const all: Running[] = [];

async function start(running: Running): Promise<{ id: number; port: number }> {
  const port = await listen(running.server, { host: '127.0.0.1', port: 0 });
  return { id: all.push(running) - 1, port };
}

function find(id: number): Running {
  return all[id] as Running;
}

answerCalls<ProxyServerCalls>({
  listenTunnel: (options) => start(new Running((client, self) => tunnel(client, self, options))),
  listenTLS(options) {
    const { cert, key, clientCA, minVersion, maxVersion } = options;
    const versions = { ...(minVersion && { minVersion }), ...(maxVersion && { maxVersion }) };
    const context = tls.createSecureContext({ cert, key, ...versions, ...(clientCA && { ca: clientCA }) });
    return start(new Running((raw, self) => front(raw, self, options, context)));
  },
  async heads({ id }) {
    await settled();
    return find(id).heads;
  },
  async passed({ id }) {
    await settled();
    return Uint8Array.from(Buffer.concat(find(id).passed));
  },
  async handshakes({ id }) {
    await settled();
    return find(id).handshakes;
  },
  async settle({ id }) {
    await settled();
    return find(id).sockets.size;
  },
  async stop({ id }) {
    const { server, sockets } = find(id);
    const closed = new Promise((resolve) => server.close(resolve));
    // Node 20's worker does not end while requests of a TLS socket are under way: each has to be closed, and from the top.
    await Promise.all([closed, ...[...sockets].reverse().map(gone)]);
  },
});
