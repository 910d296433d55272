/**
 * A loopback port that takes no connection and refuses none, so that connecting to it hangs: its queue of connections that
 * nobody accepts is full.
 */

import { Worker } from 'node:worker_threads';
import { native } from '../../src/io/native.ts';
import { timeLimit } from './time-limit.ts';

/** Listens with the shortest queue there is, and never gets round to accepting. */
const LISTEN = `
  const { workerData } = require('node:worker_threads');
  const server = require('node:net').createServer();
  server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
    Atomics.store(workerData, 0, server.address().port);
    Atomics.notify(workerData, 0);
    Atomics.wait(workerData, 1, 0);
    process.exit();
  });`;

const POLLOUT = 4;

export interface StalledListener extends Disposable {
  readonly port: number;
}

/** It is listening, and its queue is full, when this returns. */
export function startStalledListener(): StalledListener {
  const shared = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(LISTEN, { eval: true, execArgv: [], workerData: shared });
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
