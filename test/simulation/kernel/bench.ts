/** A kernel for trying calls, with peers: the real one over the loopback interface, or the simulated one. */

import { createRequire } from 'node:module';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Native } from '../../../src/io/native.ts';
import { repository } from '../../support/compiled.ts';
import type { Endpoint } from '../network/endpoint.ts';
import { Network, path } from '../network/network.ts';
import { World } from '../world.ts';
import { Kernel } from './kernel.ts';
import { hosts } from './lookups.ts';

export const ADDON: string = join(repository, 'native/build/Release/dugong.node');

/** The server's end. */
interface Peer {
  write(text: string): void;
  end(): void;
  reset(): void;
  close(): void;
  /** Reads all bytes, present and future. */
  take(): void;
}

/** A kernel, real or not, and its peers. */
export interface Bench {
  readonly native: Native;
  readonly port: number;
  /** A port without a listener. */
  readonly refusing: number;
  /** The reports of the event loop since the last call. */
  reports(): Promise<string[]>;
  /** Waits until everything under way has arrived. */
  settle(): Promise<void>;
  /** The server's end of the latest connection. */
  peer(): Peer;
  /** Sends SIGWINCH, for which the process has a listener. */
  signal(): void;
  close(): void;
}

/** An established connection. */
export async function connected({ native, port, settle }: Bench): Promise<number> {
  const fd = native.socket(4);
  native.connect(fd, '127.0.0.1', port);
  await settle();
  return fd;
}

export async function realBench(): Promise<Bench> {
  const native = createRequire(import.meta.url)(ADDON) as Native;
  const accepted: Socket[] = [];
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    socket.on('error', () => {});
    accepted.push(socket);
  });
  const spare = createServer();
  for (const one of [server, spare]) await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve));
  const [port, refusing] = [server, spare].map((one) => (one.address() as AddressInfo).port) as [number, number];
  await new Promise((resolve) => spare.close(resolve));
  const reported: string[] = [];
  native.onReady((fd, events) => reported.push(fd < 0 ? 'alarm' : `${events}`));
  const listener = (): void => {};
  process.on('SIGWINCH', listener);
  const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30));
  return {
    native,
    port,
    refusing,
    settle,
    async reports() {
      await settle();
      return reported.splice(0).sort();
    },
    peer() {
      const socket = accepted.at(-1) as Socket;
      return {
        write: (text) => socket.write(text),
        end: () => socket.end(),
        reset: () => socket.resetAndDestroy(),
        close: () => socket.destroy(),
        take: () => void socket.resume(),
      };
    },
    signal: () => void process.kill(process.pid, 'SIGWINCH'),
    close() {
      process.off('SIGWINCH', listener);
      server.close();
      for (const socket of accepted) socket.destroy();
    },
  };
}

export function simulatedBench(): Bench {
  const world = new World(1);
  const network = new Network(world);
  const kernel = new Kernel();
  const accepted: Endpoint[] = [];
  kernel.begin(world, network, { resolver: hosts({ localhost: ['127.0.0.1'] }) });
  const accept = (endpoint: Endpoint): void => void accepted.push(endpoint);
  network.serve('127.0.0.1:80', { name: 'server', path: () => path(), accept });
  const reported: string[] = [];
  kernel.onReady((fd, events) => reported.push(fd < 0 ? 'alarm' : `${events}`));
  const settle = async (): Promise<void> => {
    const { watchers } = kernel;
    world.spend(30);
    kernel.signals.handOn();
    if (watchers.alarmAt !== undefined && watchers.alarmAt <= world.now) watchers.ring();
    for (let seen = watchers.seen(); seen.length > 0; seen = watchers.seen())
      for (const one of seen) watchers.deliver(one);
  };
  return {
    native: kernel,
    port: 80,
    refusing: 81,
    settle,
    async reports() {
      await settle();
      return reported.splice(0).sort();
    },
    peer() {
      const endpoint = accepted.at(-1) as Endpoint;
      return {
        write: (text) => void endpoint.send([Buffer.from(text)], 0),
        end: () => void endpoint.finish(),
        reset: () => endpoint.reset(),
        close: () => endpoint.close(),
        take() {
          const target = Buffer.alloc(65536);
          const takeAll = (): void => {
            while (endpoint.recv(target) > 0);
          };
          endpoint.changed = takeAll;
          takeAll();
        },
      };
    },
    signal: () => kernel.signals.raise(constants.signals.SIGWINCH),
    close: () => void kernel.end(),
  };
}
