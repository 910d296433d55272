import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDummyServer } from '../support/dummy-server.ts';
import { runProgram } from '../support/run-program.ts';

test('a line protocol is spoken over an upgraded connection', async () => {
  const { status, stdout, stderr } = await runProgram('examples/upgrade.ts', []);
  assert.equal(stderr, '');
  assert.equal(stdout.toString(), 'hello -> HELLO\nis anybody there? -> IS ANYBODY THERE?\ngood bye -> GOOD BYE\n');
  assert.equal(status, 0);
});

test('a server that does not take the upgrade is reported', async () => {
  using server = startDummyServer();
  const { status, stderr } = await runProgram('examples/upgrade.ts', [`http://${server.authority}/send_5_bytes`]);
  assert.equal(stderr.toString(), 'the server does not speak "capitals": 200 OK\n');
  assert.equal(status, 1);
});
