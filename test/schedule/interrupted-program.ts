/** Sleeps while signals come that have no listener. Argument: which. Prints what ended its calls, line by line. */

import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { coSleep, Interrupted, runBlocking } from '../../src/index.ts';
import { startKiller } from '../support/killer.ts';

const LONG = 60_000;

function sleep(ms: number): void {
  try {
    runBlocking(coSleep(ms));
    writeSync(1, 'slept\n');
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    writeSync(1, `${error.signal}\n`);
  }
}

const killer = await startKiller();
switch (process.argv[2]) {
  case 'children': {
    spawn('true', { stdio: 'ignore' });
    sleep(500);
    // The end of the child has not been seen by the event loop: its message is still in the pipe.
    process.on('SIGTERM', () => {});
    killer.whenBlocked('SIGTERM');
    sleep(LONG);
    process.on('SIGCHLD', () => {});
    spawn('true', { stdio: 'ignore' });
    sleep(LONG);
    break;
  }
  case 'default':
    killer.whenBlocked('SIGINT');
    sleep(LONG);
    break;
  default: {
    const script = 'sleep 0.1; kill -STOP $PPID; kill -CONT $PPID';
    spawn('sh', ['-c', script], { stdio: 'ignore' });
    sleep(500);
  }
}
killer[Symbol.dispose]();
