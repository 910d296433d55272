/**
 * Test frameworks stop the clocks and timers of JavaScript (fake timers); the times of waiting are real ones nevertheless.
 */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { now } from '../../src/clock.ts';
import { compiledPath, repository } from '../support/compiled.ts';
import { runProgram } from '../support/run-program.ts';
import { gate, startScriptedServer } from '../support/scripted-server.ts';

describe('times of waiting are real ones', () => {
  for (const when of ['before', 'after']) {
    test(`under fake timers that are installed ${when} the library is loaded`, async () => {
      using server = startScriptedServer(Array.from({ length: 20 }, () => [gate('never')]));
      const { status, stdout, stderr } = await runProgram('test/schedule/frozen-clock-program.ts', [
        when,
        String(server.port),
      ]);
      const lines = String(stdout).trim().split('\n');
      assert.deepEqual(
        [status, lines.at(-1), lines.filter((line) => line.endsWith('early')), stderr],
        [0, 'all', [], ''],
      );
    });
  }
});

/** How far the clock is from performance.now(), which is looked at before and after. */
function assertOnScale(before: number, time: number, after: number): void {
  assert.ok(before - time < 10 && time - after < 10, `${time} is not between ${before} and ${after}`);
}

describe('the clock', () => {
  test('is on the scale of performance.now(), with which callers compute deadlines', () => {
    const before = performance.now();
    assertOnScale(before, now(), performance.now());
  });

  test('is so in a worker thread, the scale of which begins with the thread', async () => {
    const program = `
      const { parentPort } = require('node:worker_threads');
      import(${JSON.stringify(join(repository, compiledPath('src/clock.ts')))}).then(({ now }) => {
        parentPort.postMessage([performance.now(), now(), performance.now()]);
      });`;
    const worker = new Worker(program, { eval: true });
    const [before, time, after] = await new Promise<[number, number, number]>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    await worker.terminate();
    assertOnScale(before, time, after);
  });

  test('never goes back', () => {
    let last = now();
    for (let reading = 0; reading < 1000; reading++) {
      const next = now();
      assert.ok(next >= last);
      last = next;
    }
  });
});
