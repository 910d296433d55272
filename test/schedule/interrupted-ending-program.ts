/** Gives up at a signal, and ends at once, with nothing left that would keep it alive. Prints what ran. */

import { writeSync } from 'node:fs';
import { coSleep, Interrupted, runBlocking } from '../../src/index.ts';

process.on('SIGINT', () => {
  writeSync(1, 'heard\n');
  process.exitCode = 130;
});
process.kill(process.pid, 'SIGINT');
try {
  runBlocking(coSleep(60_000));
} catch (error) {
  if (!(error instanceof Interrupted)) throw error;
  writeSync(1, 'given up\n');
}
