/**
 * A loopback port that takes no connection and refuses none, so that connecting to it hangs: its queue of connections that
 * nobody accepts is full.
 */

import { Worker } from 'node:worker_threads';
import { native } from '../../src/io/native.ts';
import { timeLimit } from './time-limit.ts';

/** Listens with the shortest queue there is, and never gets round to accepting. */
const LISTEN = `
  const { shared, port } = require('node:worker_threads').workerData;
  const server = require('node:net').createServer();
  server.listen({ host: '127.0.0.1', port, backlog: 1 }, () => {
    Atomics.store(shared, 0, server.address().port);
    Atomics.notify(shared, 0);
    Atomics.wait(shared, 1, 0);
    process.exit();
  });`;

const POLLOUT = 4;

export interface StalledListener extends Disposable {
  readonly port: number;
}

/** It is listening at 127.0.0.1, and its queue is full, when this returns. Without `wanted` the port is a free one. */
export function startStalledListener(wanted = 0): StalledListener {
  const shared = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(LISTEN, { eval: true, execArgv: [], workerData: { shared, port: wanted } });
  worker.unref();
  if (Atomics.wait(shared, 0, 0, timeLimit(20_000)) === 'timed-out') throw new Error('the listener did not start');
  const port = Atomics.load(shared, 0);
  const queued: number[] = [];
  for (let full = false; !full && queued.length < 10; ) {
    const fd = native.socket(4);
    native.connect(fd, '127.0.0.1', port);
    queued.push(fd);
    full = native.pollOne(fd, POLLOUT, 100) === 0;
  }
  return {
    port,
    [Symbol.dispose]() {
      for (const fd of queued) native.close(fd);
      Atomics.store(shared, 1, 1);
      Atomics.notify(shared, 1);
    },
  };
}
