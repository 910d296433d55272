import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDummyServer } from '../support/dummy-server.ts';
import { runProgram } from '../support/run-program.ts';

test('the core speaks HTTP over in-memory pipes', async () => {
  const { status, stdout, stderr } = await runProgram('examples/sans-io/pipes.ts', []);
  assert.equal(stderr, '');
  assert.equal(stdout.toString(), '/a: 200, GET /a HTTP/1.1\n/b?c: 200, GET /b?c HTTP/1.1\n');
  assert.equal(status, 0);
});

test('the core speaks HTTP over a node:net socket', async () => {
  using server = startDummyServer();
  const paths = ['/send_100000_bytes', '/send_chunked?sizes=300,283,377', '/status/404'];
  const { status, stdout, stderr } = await runProgram(
    'examples/sans-io/node-socket.ts',
    paths.map((path) => `http://${server.authority}${path}`),
  );
  assert.equal(stderr, '');
  const lines = stdout.toString().trimEnd().split('\n');
  assert.deepEqual(lines.slice(0, 2), [`${paths[0]}: 200, 100000 bytes`, `${paths[1]}: 200, 960 bytes`]);
  assert.match(lines[2] ?? '', /^\/status\/404: 404, \d+ bytes$/);
  assert.equal(status, 0);
});
