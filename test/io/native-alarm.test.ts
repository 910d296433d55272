/** The addon's clock and alarm: what they refuse, when the alarm goes off, and what becomes of it at the end of a thread. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { native } from '../../src/io/native.ts';
import { timeLimit } from '../support/time-limit.ts';
import { message, run, worker } from './native-programs.ts';
import { untyped } from './native-support.ts';

const AT_ONCE = `native.onReady((...report) => parentPort.postMessage(report));`;

describe('the clock of the addon', () => {
  it('goes on while the thread is blocked', () => {
    const before = native.now();
    native.pollOne(-1, 0, 20);
    assert.ok(native.now() - before >= 19);
  });
});

describe('the alarm', () => {
  it('must be set for a whole number of milliseconds, 1 at least, by one that has a function to call', async () => {
    for (const milliseconds of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
      assert.throws(() => native.setAlarm(milliseconds), RangeError);
    }
    assert.throws(() => untyped['setAlarm']?.('1'), TypeError);
    assert.throws(() => untyped['holdAlarm']?.(), TypeError);
    const [error] = await once(worker('native.setAlarm(1);'), 'error');
    assert.match(String(error), /onReady\(\) must be called first/);
  });

  it('goes off once, at the time that was set last', async () => {
    const code = `${AT_ONCE} native.setAlarm(1000000000); native.setAlarm(1); native.holdAlarm(1);`;
    const thread = worker(code);
    const exited = once(thread, 'exit');
    assert.deepEqual(await message(thread), [-1, 0]);
    // Held, but no longer set.
    await exited;
  });

  it('counts milliseconds', async () => {
    // In any other unit it would be a matter of minutes.
    const thread = worker(`${AT_ONCE} native.setAlarm(300); native.holdAlarm(1);`);
    const late = new Promise((resolve) => setTimeout(resolve, timeLimit(60_000), 'late').unref());
    assert.deepEqual(await Promise.race([message(thread), late]), [-1, 0]);
  });

  it('keeps no thread alive unless it is held', async () => {
    await once(worker(`${AT_ONCE} native.setAlarm(1000000000);`), 'exit');
    await once(worker(`${AT_ONCE} native.setAlarm(1000000000); native.holdAlarm(1); native.holdAlarm(0);`), 'exit');
  });

  it('ends with its thread, also when that is terminated', async () => {
    const thread = worker(
      `${AT_ONCE} native.setAlarm(1000000000); native.holdAlarm(1); parentPort.postMessage('set');`,
    );
    assert.equal(await message(thread), 'set');
    await thread.terminate();
  });

  it('hands what the function throws to uncaughtException, and can be set again', async () => {
    const told = await run(`
      let times = 0;
      process.on('uncaughtException', (error) => {
        console.log(error.message);
        if (times < 2) native.setAlarm(1);
      });
      native.onReady(() => { throw new Error('alarm ' + ++times); });
      native.setAlarm(1);
      native.holdAlarm(1);
    `);
    assert.equal(told.trim(), 'alarm 1\nalarm 2');
  });
});
