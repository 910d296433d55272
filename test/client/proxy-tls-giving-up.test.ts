import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { opensslMissing } from '../support/certificates.ts';
import { startDummyServer } from '../support/dummy-server.ts';
import { TestTrust } from '../support/https.ts';
import { startTLSFront, startTunnelProxy } from '../support/proxy-server.ts';
import { runProgram } from '../support/run-program.ts';

describe('an exchange through a proxy that speaks TLS', { skip: opensslMissing() }, () => {
  const trust = new TestTrust();

  test('can be given up wherever it waits, inside a tunnel or not, and leaves no socket', async () => {
    using server = startDummyServer();
    using inner = startTLSFront(server, trust.certificate);
    using tunnel = startTunnelProxy(inner);
    using secure = startTLSFront(tunnel, trust.certificate);
    using plain = startTLSFront(server, trust.certificate);
    // Without the phase of connecting, which may be over at once on loopback.
    const cases: readonly [scheme: string, port: number, phases: string[]][] = [
      ['https', secure.port, ['resolve', 'proxy-handshake', 'tunnel', 'handshake', 'receive']],
      ['http', plain.port, ['resolve', 'proxy-handshake', 'receive']],
    ];
    for (const [scheme, port, phases] of cases) {
      const args = [trust.authority.certFile, `${port}`, scheme, ...phases];
      const { status, stdout, stderr } = await runProgram('test/client/proxy-tls-giving-up-program.ts', args);
      assert.equal(stderr, '');
      assert.equal(status, 0);
      if (process.platform === 'linux') assert.equal(stdout.toString(), '0\n');
    }
  });
});
