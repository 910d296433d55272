/** The thread behind tls-server.ts. */

import { connect, createServer, type Server, type Socket } from 'node:net';
import * as tls from 'node:tls';
import { abort } from './abort.ts';
import { listen } from './listen.ts';
import { answerCalls } from './server-thread.ts';

/** The options of node:tls that can be cloned. */
export interface TLSServerOptions {
  readonly cert: string | readonly string[];
  readonly key: string | readonly string[];
  readonly ca?: string;
  readonly requestCert?: boolean;
  readonly rejectUnauthorized?: boolean;
  readonly minVersion?: tls.SecureVersion;
  readonly maxVersion?: tls.SecureVersion;
  readonly ciphers?: string;
  readonly ALPNProtocols?: readonly string[];
}

export interface SeenConnection {
  /** False if no SNI was sent. */
  readonly servername: string | false;
  readonly alpn: string | false;
  readonly protocol: string | null;
  readonly cipher: string;
  readonly resumed: boolean;
  /** Common name of the client's certificate, or empty. */
  readonly client: string;
  /** Why the handshake failed. */
  readonly error: string | undefined;
  /** Of a raw server: all bytes that the client sent, as latin1. */
  readonly received?: string;
}

const NOTHING: SeenConnection = {
  servername: false,
  alpn: false,
  protocol: null,
  cipher: '',
  resumed: false,
  client: '',
  error: undefined,
};

export interface RawAnswer {
  readonly bytes: Uint8Array;
  readonly ending: 'end' | 'reset' | 'keep-open';
}

export interface TLSServerCalls {
  listen(options: TLSServerOptions): Promise<{ id: number; port: number }>;
  listenRaw(answer: RawAnswer): Promise<{ id: number; port: number }>;
  seen(argument: { id: number }): SeenConnection[];
  seenAtLeast(argument: { id: number; count: number }): Promise<SeenConnection[]>;
  resume(argument: { id: number }): Promise<void>;
  stop(argument: { id: number }): void;
}

interface Running {
  readonly server: Server;
  readonly sockets: Set<Socket>;
  readonly seen: SeenConnection[];
  readonly waiting: (() => void)[];
  readonly stalled: (() => void)[];
}

const running: Running[] = [];

async function start(begin: (self: Running) => (socket: Socket) => void): Promise<{ id: number; port: number }> {
  const server = createServer({ noDelay: true }, (socket) => {
    self.sockets.add(socket);
    socket.on('error', () => {});
    accept(socket);
  });
  const self: Running = { server, sockets: new Set(), seen: [], waiting: [], stalled: [] };
  const accept = begin(self);
  const port = await listen(server, { host: '127.0.0.1', port: 0 });
  return { id: running.push(self) - 1, port };
}

function note(self: Running, connection: SeenConnection): void {
  self.seen.push(connection);
  wake(self);
}

/** Wakes all waiting calls. */
function wake({ waiting }: Running): void {
  for (const look of waiting.splice(0)) look();
}

function describe(socket: tls.TLSSocket): SeenConnection {
  const { servername, alpnProtocol } = socket as tls.TLSSocket & { servername?: string | false };
  return {
    servername: servername ?? false,
    alpn: alpnProtocol ?? false,
    protocol: socket.getProtocol(),
    cipher: socket.getCipher()?.name,
    resumed: socket.isSessionReused(),
    client: String(socket.getPeerCertificate()?.subject?.CN ?? ''),
    error: undefined,
  };
}

/** `raw` is below `socket`: it is closed without a TLS message. */
function obey(socket: tls.TLSSocket, raw: Socket, self: Running): void {
  socket.on('error', () => {});
  socket.once('data', (first: Buffer) => {
    const [, verb = '', number = '0'] = /^(\w+) (\d+)\n?/.exec(first.toString('latin1', 0, 64)) ?? [];
    const bytes = verb === 'tunnel' ? Buffer.alloc(0) : Buffer.alloc(Number(number), 'dugong ');
    if (verb === 'tunnel') tunnel(socket, Number(number));
    else if (verb === 'finish') socket.end(bytes);
    else if (verb === 'truncate') socket.write(bytes, () => raw.end());
    else if (verb === 'reset') socket.write(bytes, () => abort(raw));
    else if (verb === 'stall') {
      socket.pause();
      self.stalled.push(() => {
        countBytes(socket, Number(number) + `stall ${number}\n`.length - first.length);
        socket.resume();
      });
      wake(self);
    } else if (verb === 'count') countBytes(socket, Number(number) + `count ${number}\n`.length - first.length);
    else if (first.toString('latin1', 0, 4) === 'GET ') socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    else {
      socket.write(first);
      socket.on('data', (more) => socket.write(more));
      socket.on('end', () => socket.end());
    }
  });
}

/** As an HTTPS proxy does after CONNECT. */
function tunnel(socket: tls.TLSSocket, port: number): void {
  const upstream = connect(port, '127.0.0.1', () => socket.write('connected'));
  upstream.on('error', () => socket.destroy());
  socket.pipe(upstream).pipe(socket);
}

function countBytes(socket: tls.TLSSocket, expected: number): void {
  let left = expected;
  const done = () => {
    if (left <= 0) socket.write(left === 0 ? 'counted' : 'too many');
  };
  socket.on('data', (data: Buffer) => {
    left -= data.length;
    done();
  });
  done();
}

answerCalls<TLSServerCalls>({
  listen({ ALPNProtocols, cert, key, ...options }) {
    const server = tls.createServer({
      ...options,
      cert: [cert].flat() as string[],
      key: [key].flat() as string[],
      ...(ALPNProtocols && { ALPNProtocols: [...ALPNProtocols] }),
    });
    return start((self) => {
      /** The sockets below TLS, by the client's port; a port that is used again belongs to its latest connection. */
      const below = new Map<number | undefined, Socket>();
      server.on('secureConnection', (socket) => {
        note(self, describe(socket));
        const raw = below.get(socket.remotePort);
        if (raw !== undefined) obey(socket, raw, self);
      });
      server.on('tlsClientError', (error: Error & { code?: string }) => {
        // No other method of a failed socket is called: getProtocol() of a destroyed one ends the process.
        note(self, { ...NOTHING, error: error.code ?? error.message });
      });
      return (raw) => {
        // One that has been reset already has no port.
        if (raw.remotePort !== undefined) below.set(raw.remotePort, raw);
        server.emit('connection', raw);
      };
    });
  },

  listenRaw({ bytes, ending }) {
    return start((self) => (socket) => {
      const chunks: Buffer[] = [];
      socket.on('data', (chunk) => {
        chunks.push(chunk);
        if (chunks.length > 1) return;
        socket.write(bytes, () => {
          if (ending === 'end') socket.end();
          else if (ending === 'reset') abort(socket);
        });
      });
      // All that the client ever sent, for tests that look for clear text in it.
      socket.on('close', () => {
        const text = Buffer.concat(chunks).toString('latin1');
        note(self, { ...NOTHING, received: text });
      });
    });
  },

  seen({ id }) {
    return running[id]?.seen ?? [];
  },

  async seenAtLeast({ id, count }) {
    const self = running[id] as Running;
    while (self.seen.length < count) await new Promise<void>((resolve) => self.waiting.push(resolve));
    return self.seen;
  },

  async resume({ id }) {
    const self = running[id] as Running;
    while (self.stalled.length === 0) await new Promise<void>((resolve) => self.waiting.push(resolve));
    for (const resume of self.stalled.splice(0)) resume();
  },

  stop({ id }) {
    const self = running[id];
    self?.server.close();
    for (const socket of self?.sockets ?? []) socket.destroy();
  },
});
