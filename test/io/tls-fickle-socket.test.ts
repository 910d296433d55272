import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeAuthority, makeCertificate, opensslMissing } from '../support/certificates.ts';
import { startTLSFront } from '../support/proxy-server.ts';
import { runProgram } from '../support/run-program.ts';
import { startTLSServer } from '../support/tls-server.ts';
import { available, fickleSocket } from './native-fickle-socket.ts';

const skip = opensslMissing() || (!available && 'needs Linux and a C compiler');

describe('TLS, and TLS inside TLS,', { skip }, () => {
  it('loses no byte over a socket that takes and gives little, is interrupted, and often would block', async () => {
    const root = makeAuthority('root');
    const { cert, key } = makeCertificate({ issuer: root, san: 'DNS:localhost' });
    using server = startTLSServer({ cert, key });
    using proxy = startTLSFront(server, { cert, key });
    using fickle = fickleSocket();
    for (const seed of [1, 2, 3]) {
      const env = { ...process.env, ...fickle.environment(seed) };
      const args = [root.certFile, `${server.port}`, `${proxy.port}`];
      const { status, stdout, stderr } = await runProgram('test/io/tls-fickle-socket-program.ts', args, { env });
      assert.deepEqual([stdout.toString(), stderr, status], ['', '', 0], `seed ${seed}`);
    }
  });

  it('reports all that the server may have read, whenever the sender gives up', async () => {
    const root = makeAuthority('root');
    const { certFile, keyFile } = makeCertificate({ issuer: root, san: 'DNS:localhost' });
    using fickle = fickleSocket();
    for (const seed of [1, 2, 3]) {
      const env = { ...process.env, ...fickle.environment(seed) };
      const args = [root.certFile, certFile, keyFile];
      const { status, stdout, stderr } = await runProgram('test/io/tls-reported-program.ts', args, { env });
      assert.deepEqual([stdout.toString(), stderr, status], ['', '', 0], `seed ${seed}`);
    }
  });
});
