/** The first system calls of each kind fail in turn, in every way of working: `npm run native-faults` has all of them fail. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { available } from '../io/native-fickle-socket.ts';
import { opensslMissing } from '../support/certificates.ts';
import { enumerate } from './run.ts';

test('a system call that fails leads to the right answer, or to the error that says so, and leaves nothing open', {
  skip: !available || opensslMissing(),
}, async (context) => {
  const { wrong, faults, workloads } = await enumerate({ workload: '', call: '', most: 1 }, () => {});
  assert.deepEqual(wrong, []);
  assert.ok(faults > 500, `${faults} faults`);
  context.diagnostic(`${faults} faults in ${workloads} workloads`);
});
