/**
 * Blocked waits while signals arrive: one with a listener interrupts poll(2) and its kin (EINTR), and ends the call unless the
 * caller has said otherwise.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runProgram } from '../support/run-program.ts';
import { startStalledListener } from '../support/stalled-listener.ts';
import { timeLimit } from '../support/time-limit.ts';

test('a shower of signals neither shortens a blocked wait that is to continue nor makes it last', async () => {
  using stalled = startStalledListener();
  const result = await runProgram('test/schedule/signals-program.ts', [`${stalled.port}`]);
  assert.deepEqual([result.status, result.signal, result.stderr], [0, null, '']);
  const lines = result.stdout.toString().trimEnd().split('\n');
  const last = lines.pop();
  assert.equal(lines.length, 10);
  for (const line of lines) {
    const took = Number(line.replace(/^.*: /, ''));
    // One that began anew with each signal would last until there is none for a while; the machine may stand still for seconds.
    assert.ok(took >= 300 && took < timeLimit(20_000), line);
  }
  assert.ok(Number(last?.replace('signals: ', '')) > 0, last);
});
