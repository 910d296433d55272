/** Runtimes that load Node's addons, but have no libuv. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ok } from '../support/messages.ts';
import { environmentWithoutProxies, runProgram } from '../support/run-program.ts';
import { expectEnd, expectHead, send, startScriptedServer } from '../support/scripted-server.ts';

test('where there is no libuv, promises are rejected before anything begins, and blocking calls work', async () => {
  using server = startScriptedServer([[expectHead(), send(ok('x')), expectEnd()]]);
  const { status, stdout, stderr } = await runProgram('test/schedule/without-libuv-program.ts', [server.authority], {
    env: environmentWithoutProxies(),
  });
  assert.equal(stderr, '');
  const [first, second, third, last] = stdout.toString().trimEnd().split('\n');
  const refusal = 'rejected DUGONG_NO_EVENT_LOOP true';
  assert.deepEqual([status, first, second, last], [0, refusal, refusal, '0 x']);
  assert.match(String(third), /^rejected DUGONG_NO_EVENT_LOOP/);
  server.check();
});
