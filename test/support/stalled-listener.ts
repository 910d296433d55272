/**
 * A loopback port, or a Unix socket, that accepts no connection and refuses none, so that connecting to it hangs: its queue of
 * connections is full.
 */

import { getSystemErrorMap } from 'node:util';
import { Worker } from 'node:worker_threads';
import { native } from '../../src/io/native.ts';
import { timeLimit } from './time-limit.ts';

/** Listens with the shortest possible queue, and accepts only on request. */
const LISTEN = `
  const { shared, where } = require('node:worker_threads').workerData;
  const server = require('node:net').createServer((socket) => socket.on('error', () => {}).resume());
  server.once('error', (error) => {
    Atomics.store(shared, 0, -error.errno);
    Atomics.store(shared, 3, 1);
    Atomics.notify(shared, 3);
  });
  server.listen({ ...where, backlog: 1 }, () => {
    Atomics.store(shared, 0, server.address().port ?? 1);
    Atomics.store(shared, 3, 2);
    Atomics.notify(shared, 3);
    // With a limit, in milliseconds: a wake-up that gets lost costs no more than that.
    while (Atomics.load(shared, 1) === 0) Atomics.wait(shared, 1, 0, 100);
    Atomics.store(shared, 2, 1);
    Atomics.notify(shared, 2);
  });`;

const POLLOUT = 4;

export interface StalledListener extends Disposable {
  /** Meaningless for a Unix socket. */
  readonly port: number;
  /** From now on it accepts connections. @throws Error if its thread does not go on */
  accept(): void;
}

/** The ends of the threads of disposed listeners. */
const ending = new Set<Promise<unknown>>();

/** Waits for the ends of the threads, whose open descriptors a test may be counting. */
export async function stalledListenersEnded(): Promise<void> {
  await Promise.all(ending);
}

/**
 * It is listening, and its queue is full, when this returns: at a port of 127.0.0.1 (0: a free one), or at a path.
 * @throws NodeJS.ErrnoException if it cannot listen there
 */
export function startStalledListener(wanted: number | string = 0): StalledListener {
  const shared = new Int32Array(new SharedArrayBuffer(16));
  const where = typeof wanted === 'string' ? { path: wanted } : { host: '127.0.0.1', port: wanted };
  const worker = new Worker(LISTEN, { eval: true, execArgv: [], workerData: { shared, where } });
  worker.unref();
  if (Atomics.wait(shared, 3, 0, timeLimit(20_000)) === 'timed-out') throw new Error('the listener did not start');
  const port = Atomics.load(shared, 0);
  if (Atomics.load(shared, 3) === 1) {
    const [code] = getSystemErrorMap().get(-port) ?? [];
    throw Object.assign(new Error(`the listener cannot listen: ${code}`), { code });
  }
  const queued: number[] = [];
  for (let full = false; !full && queued.length < 10; ) {
    const fd = native.socket(typeof wanted === 'string' ? 0 : 4);
    const result = typeof wanted === 'string' ? native.connectUnix(fd, wanted) : native.connect(fd, '127.0.0.1', port);
    queued.push(fd);
    full = typeof wanted === 'string' ? result < 0 : native.pollOne(fd, POLLOUT, 100) === 0;
  }
  const wake = (): void => {
    Atomics.store(shared, 1, 1);
    Atomics.notify(shared, 1);
  };
  return {
    port,
    accept() {
      wake();
      if (Atomics.wait(shared, 2, 0, timeLimit(20_000)) === 'timed-out') throw new Error('the listener did not go on');
    },
    [Symbol.dispose]() {
      for (const fd of queued) native.close(fd);
      wake();
      const end = worker.terminate().finally(() => ending.delete(end));
      ending.add(end);
    },
  };
}

/**
 * A server at another address, and a stalled listener at 127.0.0.1 with the same port. Something else may have that port at
 * 127.0.0.1: then the server starts again, at another one.
 */
export function startBesideStalled(
  start: () => { readonly port: number; stop(): void },
): Disposable & { readonly port: number } {
  for (let tries = 1; ; tries++) {
    const server = start();
    try {
      const stalled = startStalledListener(server.port);
      return {
        port: server.port,
        [Symbol.dispose]() {
          stalled[Symbol.dispose]();
          server.stop();
        },
      };
    } catch (error) {
      server.stop();
      if (tries === 20 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}
