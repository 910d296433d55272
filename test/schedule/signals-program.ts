/**
 * Waits in every blocking way for 300 ms, one after the other, while it is sent signals; says how long each wait took, and at the
 * end how many signals there were. Argument: a port of 127.0.0.1 at which connecting takes for ever.
 */

import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import {
  coAll,
  coSleep,
  HTTPConnection,
  Interrupted,
  POLLIN,
  Poller,
  PollLoop,
  PollNeeded,
  poll,
  runBlocking,
  select,
} from '../../src/index.ts';
import { native } from '../../src/io/native.ts';

const TIME = 300;
let signals = 0;
for (const name of ['SIGUSR1', 'SIGALRM'] as const) {
  process.on(name, () => {
    signals++;
  });
}

const port = Number(process.argv[2]);
// Neither readable nor writable, as long as no server accepts the connection.
const fd = native.socket(4);
native.connect(fd, '127.0.0.1', port);
const never = new PollNeeded(fd, POLLIN);

function timesOut(call: () => void): boolean {
  try {
    call();
    return false;
  } catch (error) {
    return (error as Error).name === 'ConnectionTimedOut';
  }
}

/** The calls without an option for it are called again, with the time that is left. */
function goingOn<T>(wait: (timeoutMs: number) => T): T {
  const end = performance.now() + TIME;
  for (;;) {
    try {
      return wait(Math.max(0, end - performance.now()));
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
    }
  }
}

const onSignal = 'continue';
const waits: Record<string, () => boolean> = {
  'PollNeeded.poll': () => !never.poll(TIME, onSignal),
  'PollNeeded.poll up to its deadline': () => never.before(performance.now() + TIME).poll(undefined, onSignal),
  poll: () => goingOn((left) => poll([never], left).length === 0),
  select: () => goingOn((left) => select([fd], [], [], left)[0].length === 0),
  'Poller.wait'() {
    using poller = new Poller();
    poller.add(fd, POLLIN);
    return poller.wait(TIME, onSignal).length === 0;
  },
  timeout: () => timesOut(() => new HTTPConnection('127.0.0.1', { port, timeout: TIME, onSignal }).connect()),
  connectTimeout: () =>
    timesOut(() => new HTTPConnection('127.0.0.1', { port, connectTimeout: TIME, onSignal }).connect()),
  coSleep: () => runBlocking(coSleep(TIME), { onSignal }) === undefined,
  coAll: () => runBlocking(coAll([coSleep(TIME), coSleep(TIME / 2)]), { onSignal }).length === 2,
  PollLoop() {
    using loop = new PollLoop();
    const task = loop.createTask(coSleep(TIME));
    goingOn(() => loop.runUntilComplete(task));
    return true;
  },
};

/** Ends with this process at the latest. A wait that began anew with each signal would never end. */
const shower = spawn('sh', ['-c', 'while kill -USR1 $PPID && kill -ALRM $PPID; do sleep 0.003; done'], {
  stdio: 'ignore',
});
while (signals === 0) await new Promise((resolve) => setTimeout(resolve, 1));

for (const [name, wait] of Object.entries(waits)) {
  const start = performance.now();
  const right = wait();
  writeSync(1, `${name}: ${right ? performance.now() - start : 'wrong'}\n`);
}
native.close(fd);
const before = signals;
// Those that came meanwhile are reported now.
setTimeout(() => {
  writeSync(1, `signals: ${signals - before}\n`);
  shower.kill();
  process.exit();
}, 20);
