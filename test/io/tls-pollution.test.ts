/**
 * A property of Object.prototype is no TLS option, neither in a context that is made meanwhile nor in one that was made before
 * or is used later.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkOptions, type TLSOptions } from '../../src/io/tls-options.ts';
import { makeAuthority, makeCertificate, opensslMissing } from '../support/certificates.ts';
import { readsOnPrototype, VISIBILITIES, withPollution } from '../support/pollution.ts';
import { runProgram } from '../support/run-program.ts';
import { startTLSServer } from '../support/tls-server.ts';

/** What an attacker would choose. */
const HOSTILE: Required<TLSOptions> & Record<string, unknown> = {
  ca: 'not a certificate',
  cert: 'x',
  key: 'x',
  pfx: 'x',
  passphrase: 'x',
  servername: 'evil.test',
  minVersion: 'TLSv1',
  maxVersion: 'TLSv1',
  ciphers: 'NULL',
  ALPNProtocols: ['evil'],
  rejectUnauthorized: false,
  allowPartialTrustChain: true,
  secureOptions: 0x80,
  session: Buffer.from('x'),
  checkServerIdentity: () => undefined,
  pem: 'x',
  buf: 'x',
  SSLKEYLOGFILE: '/dev/full',
  // What distinguishes the addon's results, and descriptors of properties.
  reason: 'polluted',
  option: 'polluted',
};

describe('a property of Object.prototype', () => {
  for (const visibility of VISIBILITIES) {
    for (const [name, value] of Object.entries(HOSTILE)) {
      test(`that is named ${name}, and ${visibility}, changes no TLS configuration`, () => {
        const before = [checkOptions(undefined), checkOptions({})];
        const meanwhile = withPollution(
          { [name]: value },
          () => [checkOptions(undefined), checkOptions({})],
          visibility,
        );
        assert.deepEqual(meanwhile, before);
      });
    }
  }

  test('that is named like a TLS option is never read', () => {
    const given = { ca: ['x'], key: [{ pem: 'x' }], cert: 'x', pfx: [{ buf: 'x' }] };
    assert.deepEqual(
      readsOnPrototype(Object.keys(HOSTILE), () => {
        checkOptions(undefined);
        checkOptions(given);
      }),
      [],
    );
  });
});

describe('a server that is not trusted', { skip: opensslMissing() }, () => {
  const untrusted = makeCertificate({ issuer: makeAuthority('unknown'), san: 'DNS:localhost' });
  const moments = ['before loading', 'before the first context', 'with the first context', 'after the first context'];
  for (const moment of moments) {
    test(`is refused, whatever was on Object.prototype ${moment}`, async () => {
      using server = startTLSServer({ key: untrusted.key, cert: untrusted.cert });
      const { stdout, stderr } = await runProgram('test/io/tls-pollution-program.ts', [String(server.port), moment]);
      assert.deepEqual(JSON.parse(stdout.toString() || JSON.stringify(stderr)), {
        'tls: true': 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
        'tls: {}': 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      });
    });
  }
});
