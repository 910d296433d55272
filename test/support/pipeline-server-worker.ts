/**
 * The thread of pipeline-server.ts.
 *
 * `/status/503/x` answers with that status, `/to/path` redirects to `/path`,
 * `/busy/N/x` answers 429 with Retry-After the first N times; all others are documents.
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
  connections: number;
  random: () => number;
}

export type PipelineServerCalls = {
  start(manner: PipelineServerManner): Promise<{ id: number; port: number }>;
  seen(id: number): SeenRequest[];
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
  #written = 0;

  constructor(it: Running, socket: Socket) {
    this.#it = it;
    this.#socket = socket;
    this.#number = it.connections++;
    const { cutWithin } = it.manner;
    this.#cutAt = cutWithin === undefined ? Number.POSITIVE_INFINITY : 1 + Math.floor(it.random() * cutWithin);
    socket.on('data', (data) => this.#received(data.toString('latin1')));
    socket.on('error', () => {});
    socket.on('close', () => it.sockets.delete(socket));
  }

  #received(text: string): void {
    this.#text += text;
    const requests: SeenRequest[] = [];
    for (let request = this.#next(requests.length); request !== undefined; request = this.#next(requests.length)) {
      requests.push(request);
    }
    this.#it.seen.push(...requests);
    const { reversed, swallowSecond } = this.#it.manner;
    if (reversed) requests.reverse();
    for (const request of requests) {
      if (swallowSecond && request.ahead === 1) continue;
      this.#answer(request);
    }
  }

  #next(ahead: number): SeenRequest | undefined {
    const end = this.#text.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const head = this.#text.slice(0, end);
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    if (this.#text.length < end + 4 + length) return undefined;
    this.#text = this.#text.slice(end + 4 + length);
    const [method = '', path = ''] = head.split(' ');
    return { connection: this.#number, method, path, body: length, ahead, head };
  }

  #answer({ method, path, ahead }: SeenRequest): void {
    const { manner, counts } = this.#it;
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
    const [, kind, detail] = /^\/(status|to|busy)\/([^/]+)/.exec(path) ?? [];
    let status = 200;
    const fields: string[] = [];
    if (errorBehind !== undefined && ahead > 0) status = errorBehind;
    else if (kind === 'status') status = Number(detail);
    else if (kind === 'to') {
      status = 302;
      fields.push(`Location: ${path.slice('/to'.length)}`);
    } else if (kind === 'busy') {
      const count = (counts.get(path) ?? 0) + 1;
      counts.set(path, count);
      if (count <= Number(detail)) {
        status = 429;
        fields.push('Retry-After: 0');
      }
    }
    const body = status === 200 ? documentAt(path) : `status ${status}`;
    const isLast = this.#answers === closeAfter;
    if (manner.digests && status === 200) {
      fields.push(`Repr-Digest: sha-256=:${createHash('sha256').update(body).digest('base64')}:`);
    }
    const framing = manner.chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`;
    const framed = manner.chunked ? `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n` : body;
    const close = (isLast && announced) || http10 ? ['Connection: close'] : [];
    const head = [`HTTP/1.${http10 ? 0 : 1} ${status} .`, framing, ...fields, ...close];
    this.#write(`${head.join('\r\n')}\r\n\r\n${method === 'HEAD' ? '' : framed}${extra}`);
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
    const it: Running = { server, manner, sockets: new Set(), seen: [], counts: new Map(), connections: 0, random };
    server.on('connection', (socket) => {
      it.sockets.add(socket);
      new Peer(it, socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    running.set(++last, it);
    return { id: last, port: (server.address() as AddressInfo).port };
  },
  seen: (id) => (running.get(id) as Running).seen,
  change({ id, manner }) {
    (running.get(id) as Running).manner = manner;
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
