/** Every allocation of OpenSSL fails in turn, or one of so many: that is what the error says, and nothing is blamed for it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeAuthority, makeCertificate, openssl, opensslMissing, scratchFile } from '../support/certificates.ts';
import { runProgram } from '../support/run-program.ts';
import { startTLSServer } from '../support/tls-server.ts';
import { available } from './native-fickle-socket.ts';
import { scarceMemory } from './native-scarce-memory.ts';

const STRIDE = '97';

const skip = !available || opensslMissing() || (process.env.LD_PRELOAD !== undefined && 'something else is preloaded');

test('a failed allocation is out of memory, or does no harm: it is no fault of a name, a certificate or an option', {
  skip,
}, async () => {
  const root = makeAuthority('root');
  const leaf = makeCertificate({ issuer: root, san: 'DNS:localhost,IP:127.0.0.1' });
  const pfx = scratchFile('scarce.p12');
  const content = ['-in', leaf.certFile, '-inkey', leaf.keyFile, '-certfile', root.certFile];
  openssl(['pkcs12', '-export', ...content, '-passout', 'pass:secret', '-out', pfx]);
  const asking = { requestCert: true, rejectUnauthorized: false };
  using server = startTLSServer({ cert: leaf.cert, key: leaf.key, ca: root.cert, ...asking });
  using memory = scarceMemory();
  const result = await runProgram(
    'test/io/tls-scarce-memory-program.ts',
    [root.certFile, pfx, `${server.port}`, STRIDE],
    {
      env: { ...process.env, ...memory.environment },
    },
  );
  assert.deepEqual([result.status, result.signal, result.stderr], [0, null, '']);
  const { 'descriptors left': descriptors, ...outcomes } = JSON.parse(result.stdout.toString()) as Record<
    string,
    number
  >;
  assert.equal(descriptors, 0);
  const wrong = Object.keys(outcomes).filter((outcome) => !/: (?:done|SystemError ENOMEM)$/.test(outcome));
  assert.deepEqual(wrong, []);
  assert.ok(Object.keys(outcomes).some((outcome) => outcome.endsWith('ENOMEM')));
});
