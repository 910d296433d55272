/** Blocked waits end for a signal that the process listens for, and for no other. Each test sends the signals to itself. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, afterEach, before, describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import {
  type Coroutine,
  coAll,
  coSleep,
  Interrupted,
  isTempNetworkError,
  Poller,
  PollLoop,
  PollNeeded,
  poll,
  runBlocking,
  select,
} from '../../src/index.ts';
import { type Killer, startKiller } from '../support/killer.ts';
import { runProgram } from '../support/run-program.ts';
import { timeLimit } from '../support/time-limit.ts';
import { thrownBy } from '../support/waiting.ts';

/** Long enough that a test which waits for it is known to be wrong. */
const LONG = timeLimit(60_000);

const never = new PollNeeded(-1, 0);

const waits: Record<string, () => unknown> = {
  'runBlocking()': () => runBlocking(coSleep(LONG)),
  'a combinator': () => runBlocking(coAll([coSleep(LONG), coSleep(LONG)])),
  'PollNeeded.poll()': () => never.poll(),
  'PollNeeded.poll() with a time': () => never.poll(LONG),
  'poll()': () => poll([], LONG),
  'select()': () => select([], [], [], LONG),
  'Poller.wait()'() {
    using poller = new Poller();
    poller.wait(LONG);
  },
  'PollLoop.runOnce()'() {
    using loop = new PollLoop();
    loop.createTask(coSleep(LONG));
    while (loop.runOnce());
  },
  'PollLoop.runUntilComplete()'() {
    using loop = new PollLoop();
    loop.runUntilComplete(loop.createTask(coAll([coSleep(LONG), coSleep(LONG)])));
  },
};

describe('a signal with a listener', () => {
  let killer: Killer;
  let heard: string[] = [];
  const note = (name: string): unknown => heard.push(name);

  before(async () => {
    killer = await startKiller();
  });
  after(() => killer[Symbol.dispose]());
  afterEach(async () => {
    for (const name of ['SIGALRM', 'SIGHUP', 'SIGCHLD', 'SIGWINCH'] as const) process.removeAllListeners(name);
    heard = [];
    await turn();
  });

  for (const [name, wait] of Object.entries(waits)) {
    test(`ends ${name} that it comes into, and then its listener runs`, async () => {
      process.once('SIGALRM', note);
      killer.whenBlocked('SIGALRM');
      const error = thrownBy(wait);
      assert.ok(error instanceof Interrupted, String(error));
      assert.deepEqual([error.name, error.code, error.signal], ['Interrupted', 'DUGONG_INTERRUPTED', 'SIGALRM']);
      assert.match(error.message, /SIGALRM/);
      assert.equal(isTempNetworkError(error), false);
      assert.deepEqual(heard, []);
      while (heard.length === 0) await turn();
      assert.deepEqual(heard, ['SIGALRM']);
    });

    test(`ends ${name} that it comes before, although nothing is interrupted any more`, () => {
      process.on('SIGALRM', note);
      process.kill(process.pid, 'SIGALRM');
      assert.ok(thrownBy(wait) instanceof Interrupted);
    });
  }

  test('ends one call only, so that what is to be done then can wait', () => {
    process.on('SIGALRM', note);
    for (let times = 0; times < 3; times++) {
      process.kill(process.pid, 'SIGALRM');
      assert.ok(thrownBy(() => runBlocking(coSleep(LONG))) instanceof Interrupted);
      runBlocking(coSleep(10));
    }
    assert.deepEqual(heard, []);
  });

  test('ends a call in each turn of the loop, also with a listener that is added anew each time', async () => {
    for (let times = 1; times <= 5; times++) {
      process.once('SIGALRM', note);
      process.kill(process.pid, 'SIGALRM');
      assert.ok(thrownBy(() => runBlocking(coSleep(LONG))) instanceof Interrupted);
      while (heard.length < times) await turn();
    }
  });

  test('that comes several times, with others, is one interruption', () => {
    process.on('SIGALRM', note);
    process.on('SIGHUP', note);
    for (let times = 0; times < 100; times++) process.kill(process.pid, times % 2 === 0 ? 'SIGALRM' : 'SIGHUP');
    const error = thrownBy(() => runBlocking(coSleep(LONG)));
    assert.ok(error instanceof Interrupted);
    assert.match(error.message, /SIGHUP/);
    assert.match(error.message, /SIGALRM/);
    runBlocking(coSleep(10));
  });

  test('that comes while a coroutine is busy ends its next wait, and one for what is due already', () => {
    function* coBusy(): Coroutine<void> {
      process.kill(process.pid, 'SIGALRM');
      yield* coSleep(LONG);
    }
    function* coNeverPausing(): Coroutine<void> {
      for (let step = 0; ; step++) {
        if (step === 100) process.kill(process.pid, 'SIGALRM');
        yield new PollNeeded(-1, 0, { deadline: 0 });
      }
    }
    process.on('SIGALRM', note);
    assert.ok(thrownBy(() => runBlocking(coBusy())) instanceof Interrupted);
    assert.ok(thrownBy(() => runBlocking(coNeverPausing())) instanceof Interrupted);
    using loop = new PollLoop();
    const task = loop.createTask(coNeverPausing());
    assert.ok(thrownBy(() => loop.runUntilComplete(task)) instanceof Interrupted);
    assert.equal(task.done(), false);
  });

  test('is thrown into the coroutine, which may clean up, or go on', () => {
    const steps: string[] = [];
    function* coStubborn(): Coroutine<string> {
      try {
        yield* coSleep(LONG);
      } catch (error) {
        steps.push((error as Error).name);
      } finally {
        yield* coSleep(5);
        steps.push('cleaned up');
      }
      return 'went on';
    }
    process.on('SIGALRM', note);
    process.kill(process.pid, 'SIGALRM');
    assert.equal(runBlocking(coStubborn()), 'went on');
    assert.deepEqual(steps, ['Interrupted', 'cleaned up']);
  });

  test('leaves the tasks of a loop alone: the next call goes on with them', () => {
    using loop = new PollLoop();
    const task = loop.createTask(coSleep(20));
    process.on('SIGALRM', note);
    process.kill(process.pid, 'SIGALRM');
    assert.ok(thrownBy(() => loop.runUntilComplete(task)) instanceof Interrupted);
    assert.equal(loop.runUntilComplete(task), undefined);
  });

  test('does not end a call that is to continue, nor a look that other tasks are given', async () => {
    process.on('SIGALRM', note);
    process.kill(process.pid, 'SIGALRM');
    runBlocking(coSleep(20), { onSignal: 'continue' });
    assert.equal(never.poll(5, 'continue'), false);
    assert.throws(() => runBlocking(coSleep(1), { onSignal: 'x' as 'continue' }), /^TypeError: onSignal must be/);
    while (heard.length === 0) await turn();
  });

  test('that came before its listener was added, or whose listener was removed, ends nothing', () => {
    process.kill(process.pid, 'SIGWINCH');
    process.on('SIGWINCH', note);
    runBlocking(coSleep(10));
    process.on('SIGALRM', note);
    process.kill(process.pid, 'SIGALRM');
    process.removeListener('SIGALRM', note);
    runBlocking(coSleep(10));
  });

  test('does not end the calls of its own listener, whatever else comes', {
    skip: process.platform !== 'linux',
  }, async () => {
    const interrupts = (ms: number): boolean => {
      try {
        runBlocking(coSleep(ms));
        return false;
      } catch (error) {
        assert.ok(error instanceof Interrupted);
        return true;
      }
    };
    const interrupted: boolean[] = [];
    // Of SIGWINCH, with a listener of this name only, there is nothing but a message in the pipe of the loop.
    process.on('SIGWINCH', function refreshStdoutOnSigWinch() {});
    process.once('SIGALRM', () => {
      process.kill(process.pid, 'SIGWINCH');
      interrupted.push(interrupts(20));
      process.on('SIGALRM', note);
      process.kill(process.pid, 'SIGALRM');
      interrupted.push(interrupts(LONG));
    });
    process.kill(process.pid, 'SIGALRM');
    while (interrupted.length < 2) await turn();
    assert.deepEqual(interrupted, [false, true]);
  });

  test('may be SIGWINCH, if there is another listener than those that Node adds for terminals', () => {
    function refreshStdoutOnSigWinch(): void {}
    process.on('SIGWINCH', refreshStdoutOnSigWinch);
    process.kill(process.pid, 'SIGWINCH');
    runBlocking(coSleep(10));
    process.on('SIGWINCH', note);
    process.kill(process.pid, 'SIGWINCH');
    assert.ok(thrownBy(() => runBlocking(coSleep(LONG))) instanceof Interrupted);
  });
});

test('the listener of a signal that ended a call runs also if the program then comes to its end', async () => {
  const { status, stdout, stderr } = await runProgram('test/schedule/interrupted-ending-program.ts', []);
  assert.deepEqual([status, stdout.toString(), stderr], [130, 'given up\nheard\n', '']);
});

describe('a signal without a listener', () => {
  const program = 'test/schedule/interrupted-program.ts';

  test('ends nothing: SIGCHLD, which Node has a handler for, does not, and hides no other', async () => {
    const { status, stdout, stderr } = await runProgram(program, ['children']);
    assert.deepEqual([status, stdout.toString(), stderr], [0, 'slept\nSIGTERM\nSIGCHLD\n', '']);
  });

  test('does what it does by default: SIGINT ends the process', async () => {
    assert.equal((await runProgram(program, ['default'])).signal, 'SIGINT');
  });

  test('stops and continues the process, and the wait goes on', { skip: process.platform !== 'linux' }, async () => {
    const { status, stdout } = await runProgram(program, ['stopped']);
    assert.deepEqual([status, stdout.toString()], [0, 'slept\n']);
  });
});

test('a worker hears of no signal: its calls go on, and the main thread runs the listener', async () => {
  const program = new URL('./interrupted-worker.ts', import.meta.url);
  const code = `import('tsx/esm/api').then(({ tsImport }) => tsImport(${JSON.stringify(program.href)}, __filename))`;
  const worker = new Worker(code, { eval: true });
  const messages: unknown[] = [];
  // It may end before the signal is heard of here.
  const exited = once(worker, 'exit');
  const heard = new Promise<void>((resolve) => process.once('SIGALRM', () => resolve()));
  worker.on('message', (message) => {
    messages.push(message);
    if (message === 'sleeping') process.kill(process.pid, 'SIGALRM');
  });
  await heard;
  await exited;
  assert.deepEqual(messages, ['sleeping', 'slept']);
});
