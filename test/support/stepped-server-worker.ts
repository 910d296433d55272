/**
 * The thread behind stepped-server.ts.
 */

import { createServer, type Server, type Socket } from 'node:net';
import { abort } from './abort.ts';
import { listen } from './listen.ts';
import { Cues } from './scripted-connection.ts';
import { answerCalls } from './server-thread.ts';

interface Behaviour {
  readonly parts: readonly string[];
  readonly reads: 'everything' | 'head only';
}

/** The calls into the thread; `id` is the one that `start` returned. */
export interface SteppedServerCalls {
  start(argument: Behaviour): Promise<{ id: number; port: number }>;
  letThrough(argument: { id: number; conversation: number; part: number }): void;
  stop(argument: { id: number }): Promise<void>;
}

class SteppedServer {
  readonly gates: Cues = new Cues();
  readonly #behaviour: Behaviour;
  readonly #server: Server = createServer({ noDelay: true }, (socket) => void this.#serve(socket));
  readonly #sockets = new Set<Socket>();

  constructor(behaviour: Behaviour) {
    this.#behaviour = behaviour;
  }

  start(): Promise<number> {
    return listen(this.#server, { host: '127.0.0.1', port: 0 });
  }

  async #serve(socket: Socket): Promise<void> {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
    const conversation = await conversationOf(socket);
    if (this.#behaviour.reads === 'head only') socket.pause();
    for (const [index, part] of this.#behaviour.parts.entries()) {
      await this.gates.given(`${conversation}.${index}`);
      if (!socket.writable) return;
      socket.write(part, 'latin1');
    }
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) abort(socket);
    await closed;
  }
}

/** The number in the first path. All later bytes are dropped. */
function conversationOf(socket: Socket): Promise<number> {
  return new Promise((resolve) => {
    let head = '';
    socket.on('data', (bytes) => {
      if (head.length < 1000) head += bytes.toString('latin1');
      const number = /^\S+ \/(\d+)\//.exec(head)?.[1];
      if (number !== undefined) resolve(Number(number));
    });
  });
}

const servers = new Map<number, SteppedServer>();
let lastId = 0;

answerCalls<SteppedServerCalls>({
  async start(behaviour) {
    const server = new SteppedServer(behaviour);
    const port = await server.start();
    servers.set(++lastId, server);
    return { id: lastId, port };
  },
  letThrough: ({ id, conversation, part }) => servers.get(id)?.gates.give(`${conversation}.${part}`),
  async stop({ id }) {
    await servers.get(id)?.stop();
    servers.delete(id);
  },
});
