/**
 * The thread of pipeline-server.ts.
 *
 * `/status/503/x` answers with that status, `/to/path` redirects to `/path`, `/loop/` to itself,
 * `/busy/N/x` answers 429 with Retry-After the first N times, `/failing/N/x` 500; `/never/` gets no response, `/half/N` only a half of
 * its body, `/part/` the rest of it after the next change of manner, `/drip/` a chunked body without end, `/informed/` informational responses without end, `/raw/` what the path says
 * (`rawPath()`), `/early/413` and `/deaf/` take no body; all others are documents.
 */

import { createHash } from 'node:crypto';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { documentAt, type PipelineServerManner, type SeenRequest } from './pipeline-server.ts';
import { answerCalls } from './server-thread.ts';

interface Running {
  readonly server: Server;
  manner: PipelineServerManner;
  readonly sockets: Set<Socket>;
  readonly seen: SeenRequest[];
  readonly counts: Map<string, number>;
  readonly held: (() => void)[];
  connections: number;
  random: () => number;
}

export type PipelineServerCalls = {
  start(manner: PipelineServerManner): Promise<{ id: number; port: number }>;
  seen(id: number): SeenRequest[];
  saw(until: { id: number; count: number }): Promise<void>;
  connections(id: number): { open: number; all: number };
  change(next: { id: number; manner: PipelineServerManner }): void;
  stop(id: number): Promise<void>;
};

const running = new Map<number, Running>();
let last = 0;

/** xorshift32: the same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** One connection. */
class Peer {
  readonly #it: Running;
  readonly #socket: Socket;
  readonly #number: number;
  readonly #cutAt: number;
  #text = '';
  #answers = 0;
  #deaf = false;
  /** The rest of a body is held, and so are the answers behind it. */
  #held = false;
  readonly #later: (() => void)[] = [];
  #written = 0;

  constructor(it: Running, socket: Socket) {
    this.#it = it;
    this.#socket = socket;
    this.#number = it.connections++;
    const { cutWithin } = this.#manner;
    this.#cutAt = cutWithin === undefined ? Number.POSITIVE_INFINITY : 1 + Math.floor(it.random() * cutWithin);
    if (this.#manner.refuses) socket.end();
    socket.on('data', (data) => this.#received(data.toString('latin1')));
    socket.on('error', () => {});
    socket.on('close', () => it.sockets.delete(socket));
  }

  get #manner(): PipelineServerManner {
    const { manner } = this.#it;
    return manner.onlyFirst && this.#number > 0 ? {} : manner;
  }

  #received(text: string): void {
    this.#text += text;
    const requests: SeenRequest[] = [];
    for (let request = this.#next(requests.length); request !== undefined; request = this.#next(requests.length)) {
      requests.push(request);
    }
    this.#it.seen.push(...requests);
    const { reversed, swallowSecond, holds, delay, refuses } = this.#manner;
    if (refuses) return;
    if (reversed) requests.reverse();
    for (const request of requests) {
      if (swallowSecond && request.ahead === 1) continue;
      if (this.#held) this.#later.push(() => this.#answer(request));
      else if (holds) this.#it.held.push(() => this.#answer(request));
      else if (delay === undefined) this.#answer(request);
      else setTimeout(() => this.#answer(request), delay);
    }
  }

  /** True if the path asks for something that is no document. */
  #oddly(kind: string, detail: string): boolean {
    const socket = this.#socket;
    if (kind === 'never') return true;
    if (kind === 'raw' || kind === 'rawend' || kind === 'rawreset') {
      this.#write(Buffer.from(detail, 'base64url').toString('latin1'));
      if (kind === 'rawend') socket.end();
      // What was written goes out before.
      if (kind === 'rawreset') setImmediate(() => socket.resetAndDestroy());
      return true;
    }
    if (kind === 'part') {
      const { held } = this.#it;
      this.#write('HTTP/1.1 200 .\r\nContent-Length: 8\r\n\r\npart');
      this.#held = true;
      held.push(() => {
        this.#held = false;
        this.#write('rest');
        for (const answer of this.#later.splice(0)) answer();
      });
      return true;
    }
    if (kind === 'half') {
      this.#write(`HTTP/1.1 ${detail} .\r\nContent-Length: 1000\r\n\r\nhalf`);
      return true;
    }
    const endless = { drip: '10\r\n0123456789abcdef\r\n', informed: 'HTTP/1.1 103 .\r\nLink: </x>\r\n\r\n' }[kind];
    if (endless === undefined) return false;
    if (kind === 'drip') this.#write(`HTTP/1.1 ${detail} .\r\nTransfer-Encoding: chunked\r\n\r\n`);
    const more = (): void => {
      while (!socket.destroyed && socket.write(endless.repeat(1000)));
    };
    socket.on('drain', more);
    more();
    return true;
  }

  /** Reads no more of the connection. */
  #answerEarly(status: string | undefined): void {
    this.#deaf = true;
    this.#text = '';
    this.#socket.pause();
    if (status !== undefined) this.#write(`HTTP/1.1 ${status} .\r\nContent-Length: 5\r\n\r\nearly`);
  }

  #next(ahead: number): SeenRequest | undefined {
    const end = this.#text.indexOf('\r\n\r\n');
    if (end < 0 || this.#deaf) return undefined;
    const early = /^[A-Z]+ \/(early|deaf)\/(\w+)/.exec(this.#text);
    if (early !== null) this.#answerEarly(early[1] === 'early' ? early[2] : undefined);
    if (this.#deaf) return undefined;
    const head = this.#text.slice(0, end);
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    if (this.#text.length < end + 4 + length) return undefined;
    this.#text = this.#text.slice(end + 4 + length);
    const [method = '', path = ''] = head.split(' ');
    return { connection: this.#number, method, path, body: length, ahead, head, at: performance.now() };
  }

  #answer({ method, path, ahead }: SeenRequest): void {
    const { counts } = this.#it;
    const manner = this.#manner;
    const {
      closeAfter = Number.POSITIVE_INFINITY,
      announced,
      ending = 'end',
      http10,
      errorBehind,
      extra = '',
    } = manner;
    if (this.#answers >= closeAfter) return;
    this.#answers++;
    const [, kind = '', detail = ''] = /^\/([a-z]+)\/([^/]+)/.exec(path) ?? [];
    if (this.#oddly(kind, detail)) return;
    let status = 200;
    const fields: string[] = [];
    if (errorBehind !== undefined && ahead > 0) status = errorBehind;
    else if (kind === 'status') status = Number(detail);
    else if (kind === 'to') {
      status = 302;
      fields.push(`Location: ${path.slice('/to'.length)}`);
    } else if (kind === 'loop') {
      status = 302;
      fields.push(`Location: ${path}`);
    } else if (kind === 'busy' || kind === 'failing') {
      const count = (counts.get(path) ?? 0) + 1;
      counts.set(path, count);
      if (count <= Number(detail)) {
        status = kind === 'busy' ? 429 : 500;
        if (kind === 'busy') fields.push(`Retry-After: ${manner.retryAfter ?? 0}`);
      }
    }
    if (manner.date !== undefined) fields.push(`Date: ${manner.date}`);
    const body = status === 200 ? documentAt(path) : `status ${status}`;
    const isLast = this.#answers === closeAfter;
    if (manner.digests && status === 200) {
      fields.push(`Repr-Digest: sha-256=:${createHash('sha256').update(body).digest('base64')}:`);
    }
    const framing = manner.chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`;
    const framed = manner.chunked ? `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n` : body;
    const close = (isLast && announced) || http10 ? ['Connection: close'] : [];
    const head = [`HTTP/1.${http10 ? 0 : 1} ${status} .`, framing, ...fields, ...close];
    this.#write(`${head.join('\r\n')}\r\n\r\n${method === 'HEAD' && !manner.headWithBody ? '' : framed}${extra}`);
    if (!isLast && !http10) return;
    if (ending === 'reset') this.#socket.resetAndDestroy();
    else this.#socket.end();
    if (http10) this.#answers = Number.POSITIVE_INFINITY;
  }

  #write(text: string): void {
    const room = this.#cutAt - this.#written;
    if (room <= 0) return;
    this.#written += text.length;
    this.#socket.write(text.slice(0, room), 'latin1');
    if (room > text.length) return;
    if (this.#it.random() < 0.5) this.#socket.end();
    else this.#socket.resetAndDestroy();
  }
}

answerCalls<PipelineServerCalls>({
  async start(manner) {
    const server = createServer({ noDelay: true });
    const random = randomOf(manner.seed ?? 1);
    const it: Running = {
      server,
      manner,
      sockets: new Set(),
      seen: [],
      counts: new Map(),
      held: [],
      connections: 0,
      random,
    };
    server.on('connection', (socket) => {
      it.sockets.add(socket);
      new Peer(it, socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    running.set(++last, it);
    return { id: last, port: (server.address() as AddressInfo).port };
  },
  seen: (id) => (running.get(id) as Running).seen,
  async saw({ id, count }) {
    const { seen } = running.get(id) as Running;
    while (seen.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
  },
  connections(id) {
    const { sockets, connections } = running.get(id) as Running;
    return { open: sockets.size, all: connections };
  },
  change({ id, manner }) {
    const it = running.get(id) as Running;
    it.manner = manner;
    if (manner.holds) return;
    for (const answer of it.held.splice(0)) answer();
  },
  async stop(id) {
    const it = running.get(id);
    if (it === undefined) return;
    const { server, sockets } = it;
    running.delete(id);
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  },
});
