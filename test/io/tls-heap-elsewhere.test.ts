/** malloc(3) leaves ENOMEM in errno where the heap goes on elsewhere, and succeeds: what was refused is said nevertheless. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeAuthority, makeCertificate, openssl, opensslMissing, scratchFile } from '../support/certificates.ts';
import { runProgram } from '../support/run-program.ts';
import { startTLSServer } from '../support/tls-server.ts';
import { available } from './native-fickle-socket.ts';
import { scarceMemory } from './native-scarce-memory.ts';

const STRIDE = '97';

const skip = !available || opensslMissing() || (process.env.LD_PRELOAD !== undefined && 'something else is preloaded');

test('a refusal is no want of memory, whichever allocation before it was made outside of the heap', {
  skip,
}, async () => {
  const root = makeAuthority('root');
  const leaf = makeCertificate({
    issuer: root,
    san: 'DNS:localhost',
    extensions: ['extendedKeyUsage=clientAuth'],
  });
  const pfx = scratchFile('elsewhere.p12');
  openssl(['pkcs12', '-export', '-in', leaf.certFile, '-inkey', leaf.keyFile, '-out', pfx, '-passout', 'pass:secret']);
  using server = startTLSServer({ cert: leaf.cert, key: leaf.key });
  using memory = scarceMemory();
  const result = await runProgram(
    'test/io/tls-heap-elsewhere-program.ts',
    [root.certFile, pfx, `${server.port}`, STRIDE],
    { env: { ...process.env, ...memory.environment } },
  );
  assert.deepEqual([result.status, result.signal, result.stderr], [0, null, '']);
  const outcomes = JSON.parse(result.stdout.toString()) as Record<string, number>;
  const wrong = Object.keys(outcomes).filter(
    (outcome) => !/: (?:ERR_OSSL_PKCS12_MAC_VERIFY_FAILURE|INVALID_PURPOSE)$/.test(outcome),
  );
  assert.deepEqual(wrong, []);
  assert.equal(Object.keys(outcomes).length, 5);
});
