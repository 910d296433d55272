/** The thread of cutting-relay.ts. */

import { connect, createServer, type Server, type Socket } from 'node:net';
import { Random } from '../simulation/random.ts';
import type { CuttingRelayOptions } from './cutting-relay.ts';
import { listen } from './listen.ts';
import { answerCalls } from './server-thread.ts';

interface Running {
  readonly server: Server;
  readonly sockets: Set<Socket>;
  cuts: number;
}

const running = new Map<number, Running>();
let last = 0;

export type CuttingRelayCalls = {
  start(options: CuttingRelayOptions): Promise<{ id: number; port: number }>;
  stop(id: number): number;
};

/** What is left to carry in one direction. */
interface Budget {
  left: number;
}

function relay(
  it: Running,
  client: Socket,
  { port, random, most }: { port: number; random: Random; most: number },
): void {
  const server = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  const byReset = random.chance(0.5);
  const cut = (): void => {
    it.cuts++;
    for (const socket of [client, server]) {
      if (byReset) socket.resetAndDestroy();
      else socket.destroySoon();
    }
  };
  const carry = (from: Socket, to: Socket, budget: Budget): void => {
    it.sockets.add(from);
    from.on('data', (bytes: Buffer) => {
      if (budget.left <= 0) return;
      const taken = bytes.subarray(0, budget.left);
      budget.left -= taken.length;
      if (!to.write(taken)) from.pause();
      if (budget.left === 0) cut();
    });
    from.on('drain', () => to.resume());
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
    from.on('close', () => it.sockets.delete(from));
  };
  carry(client, server, { left: random.between(1, Math.ceil(most / 100)) });
  carry(server, client, { left: random.between(1, most) });
}

answerCalls<CuttingRelayCalls>({
  async start({ port, seed, most }) {
    const random = new Random(seed);
    const server = createServer({ noDelay: true, allowHalfOpen: true });
    const it: Running = { server, sockets: new Set(), cuts: 0 };
    server.on('connection', (client) => relay(it, client, { port, random, most }));
    const ownPort = await listen(server, { host: '127.0.0.1', port: 0 });
    running.set(++last, it);
    return { id: last, port: ownPort };
  },
  stop(id) {
    const it = running.get(id);
    if (it === undefined) return 0;
    running.delete(id);
    it.server.close();
    for (const socket of it.sockets) socket.destroy();
    return it.cuts;
  },
});
