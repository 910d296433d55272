/** Sleeps, blocked, and says so. */

import { parentPort } from 'node:worker_threads';
import { coSleep, runBlocking } from '../../src/index.ts';

// Nothing that a worker does makes its process listen.
process.on('SIGALRM', () => {});
parentPort?.postMessage('sleeping');
runBlocking(coSleep(300));
parentPort?.postMessage('slept');
