/**
 * The life of the process: a future keeps it alive while it waits, and only then.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ok } from '../support/messages.ts';
import { runProgram } from '../support/run-program.ts';
import { expectEnd, expectHead, gate, mark, send, startScriptedServer } from '../support/scripted-server.ts';

const PROGRAM = 'test/schedule/lifetime-program.ts';
const answering = [expectHead(), mark('asked'), gate('answer'), send(ok('x')), expectEnd()];

describe('a process', () => {
  test('ends while connections are open, when no future waits', async () => {
    using server = startScriptedServer([answering]);
    server.open('answer');
    const { status, stdout, stderr } = await runProgram(PROGRAM, ['idle', String(server.port)]);
    assert.deepEqual([status, String(stdout), stderr], [0, 'answered\n', '']);
    server.check();
  });

  for (const kind of ['waiting', 'referenced again', 'one of two']) {
    test(`goes on while a future waits (${kind})`, async () => {
      using server = startScriptedServer([answering]);
      const running = runProgram(PROGRAM, [kind, String(server.port)]);
      await server.reached('asked');
      server.open('answer');
      const { status, stdout, stderr } = await running;
      assert.deepEqual([status, String(stdout), stderr], [0, 'answered\n', '']);
    });
  }

  test('does not wait for a future that was unreferenced', async () => {
    using server = startScriptedServer([[expectHead(), expectEnd()]]);
    const { status, stdout, stderr } = await runProgram(PROGRAM, ['unreferenced', String(server.port)]);
    assert.deepEqual([status, String(stdout), stderr], [0, '', '']);
    server.check();
  });

  test('does not wait for the times of such a future, its own timeout included', async () => {
    const { status, stdout, stderr } = await runProgram(PROGRAM, ['timers', '1']);
    assert.deepEqual([status, String(stdout), stderr], [0, 'not waiting\n', '']);
  });
});
