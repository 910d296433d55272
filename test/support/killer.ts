/**
 * Sends a signal to this process while its main thread is blocked, which no code of that thread can do: a worker waits until
 * the kernel reports that the thread sleeps.
 */

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** Number of looks in a row that must find the thread asleep; where the kernel does not report it, number of waits of 5 ms. */
const LOOKS = 20;

const code = `
  const { readFileSync } = require('node:fs');
  const { parentPort } = require('node:worker_threads');
  const shared = new Int32Array(new SharedArrayBuffer(4));
  function asleep() {
    try {
      const stat = readFileSync('/proc/self/task/' + process.pid + '/stat', 'latin1');
      return /\\) S /.test(stat);
    } catch {
      return true;
    }
  }
  parentPort.on('message', (signal) => {
    for (let looks = 0; looks < ${LOOKS}; looks = asleep() ? looks + 1 : 0) Atomics.wait(shared, 0, 0, 5);
    process.kill(process.pid, signal);
  });
  parentPort.postMessage('ready');
`;

export interface Killer extends Disposable {
  /** Sends the signal when this thread sleeps for the next time. */
  whenBlocked(signal: NodeJS.Signals): void;
}

export async function startKiller(): Promise<Killer> {
  const worker = new Worker(code, { eval: true });
  await once(worker, 'message');
  worker.unref();
  return {
    whenBlocked: (signal) => worker.postMessage(signal),
    [Symbol.dispose]() {
      void worker.terminate();
    },
  };
}
