/** malloc(3) may leave ENOMEM in errno and succeed: what TLS failed of is said nevertheless. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runProgram } from '../support/run-program.ts';
import { startRawServer } from '../support/tls-server.ts';
import { available } from './native-fickle-socket.ts';
import { blockedHeap } from './native-scarce-memory.ts';

const skip = !available || (process.env.LD_PRELOAD !== undefined && 'something else is preloaded');

test('a heap that goes on elsewhere is not taken for one that is out of memory', { skip }, async () => {
  using server = startRawServer({ bytes: Buffer.from('220 host.example ESMTP\r\n'), ending: 'keep-open' });
  using memory = blockedHeap();
  const env = { ...process.env, ...memory.environment };
  const result = await runProgram('test/io/tls-blocked-heap-program.ts', [`${server.port}`], { env });
  assert.deepEqual([result.status, result.signal, result.stderr], [0, null, '']);
  assert.equal(result.stdout.toString(), '["ERR_SSL_WRONG_VERSION_NUMBER"]');
});
