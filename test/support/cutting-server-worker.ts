/** The thread of cutting-server.ts. */

import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { CutPlan } from './cutting-server.ts';
import { answerCalls } from './server-thread.ts';

interface Running {
  readonly server: Server;
  readonly plans: readonly CutPlan[];
  readonly sockets: Set<Socket>;
  readonly seen: string[];
}

const running = new Map<number, Running>();
let last = 0;

export type CuttingServerCalls = {
  start(plans: readonly CutPlan[]): Promise<{ id: number; port: number }>;
  stop(id: number): Promise<string[]>;
};

function serve({ plans, sockets, seen }: Running, socket: Socket): void {
  const index = seen.push('') - 1;
  const steps = [...(plans[index] ?? [])];
  sockets.add(socket);
  const play = (): void => {
    for (let step = steps[0]; step !== undefined && step.at <= (seen[index] ?? '').length; step = steps[0]) {
      steps.shift();
      if (step.send !== undefined) socket.write(step.send, 'latin1');
      if (step.cut === 'end') socket.end();
      if (step.cut === 'reset') socket.resetAndDestroy();
    }
  };
  socket.on('data', (data) => {
    seen[index] += data.toString('latin1');
    play();
  });
  socket.on('error', () => {});
  socket.on('close', () => sockets.delete(socket));
  play();
}

answerCalls<CuttingServerCalls>({
  async start(plans) {
    const server = createServer({ noDelay: true });
    const it: Running = { server, plans, sockets: new Set(), seen: [] };
    server.on('connection', (socket) => serve(it, socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    running.set(++last, it);
    return { id: last, port: (server.address() as AddressInfo).port };
  },
  async stop(id) {
    const { server, sockets, seen } = running.get(id) as Running;
    running.delete(id);
    // The clients have left: each socket ends when all sent bytes have been read.
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.resume();
    });
    return seen;
  },
});
