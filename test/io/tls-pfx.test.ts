/** Certificates and keys from PKCS #12 files, as the TLS option pfx of node:tls takes them. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import * as nodeTls from 'node:tls';
import { TLSError } from '../../src/errors.ts';
import { TLSContext } from '../../src/io/tls-context.ts';
import type { TLSOptions } from '../../src/io/tls-options.ts';
import {
  type Certificate,
  makeAuthority,
  makeCertificate,
  openssl,
  opensslMissing,
  scratchFile,
} from '../support/certificates.ts';
import { startTLSServer } from '../support/tls-server.ts';
import { thrownBy } from '../support/waiting.ts';
import { httpsVerdict, secure, verdict } from './tls-support.ts';

let files = 0;

/** A file as `openssl pkcs12` exports it. */
function pfxOf({ certFile, keyFile }: Certificate, passphrase: string, ...further: readonly string[]): Buffer {
  const out = scratchFile(`${++files}.p12`);
  const content = ['-in', certFile, '-inkey', keyFile, '-out', out, '-passout', `pass:${passphrase}`];
  openssl(['pkcs12', '-export', ...content, ...further]);
  return readFileSync(out);
}

describe('the TLS option pfx', { skip: opensslMissing() }, () => {
  const root = makeAuthority('root');
  const middle = makeAuthority('middle', { issuer: root });
  const client = makeCertificate({ issuer: middle, subject: '/CN=client' });
  const other = makeCertificate({ issuer: root, subject: '/CN=other' });
  const plain = makeCertificate({ issuer: root, subject: '/CN=of RSA', keyType: 'rsa' });
  const leaf = makeCertificate({ issuer: root, san: 'DNS:localhost' });

  /** What a server that asks for certificates of `root` takes this client for, in both versions of TLS. */
  async function seenAs(options: TLSOptions): Promise<string[]> {
    using server = startTLSServer({ cert: leaf.cert, key: leaf.key, ca: root.cert, requestCert: true });
    const names: string[] = [];
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      secure(server.port, { ca: root.cert, maxVersion, ...options }).close();
      // With TLS 1.3 the handshake is over here before the server has seen the certificate.
      const seen = (await server.seenAtLeast(names.length + 1)).at(-1);
      names.push(seen?.error ?? seen?.client ?? '');
    }
    return names;
  }

  const twice = (name: string): string[] => [name, name];

  it('gives a key and its certificate, with the chain', async () => {
    const pfx = pfxOf(client, 'secret', '-certfile', middle.certFile);
    assert.deepEqual(await seenAs({ pfx, passphrase: 'secret' }), twice('client'));
  });

  it('is a buffer, a string of its bytes, or an array of these and of {buf, passphrase}', async () => {
    const pfx = pfxOf(other, 'secret');
    for (const given of [pfx.toString('latin1'), [pfx], [{ buf: pfx }], new Uint8Array(pfx)]) {
      assert.deepEqual(await seenAs({ pfx: given, passphrase: 'secret' }), twice('other'));
    }
    assert.deepEqual(await seenAs({ pfx: [{ buf: pfx, passphrase: 'secret' }], passphrase: 'wrong' }), twice('other'));
    assert.deepEqual(await seenAs({ pfx: [{ buf: pfx, passphrase: '' }], passphrase: 'secret' }), twice('other'));
  });

  it('needs no passphrase for a file without one', async () => {
    const pfx = pfxOf(other, '');
    for (const passphrase of [undefined, null, '']) assert.deepEqual(await seenAs({ pfx, passphrase }), twice('other'));
  });

  it('takes files of 3DES, as older programs write them', async () => {
    const old = ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'];
    assert.deepEqual(await seenAs({ pfx: pfxOf(other, 'secret', ...old), passphrase: 'secret' }), twice('other'));
  });

  it('stands beside cert and key, and prevails over them for a key of the same kind', async () => {
    const pfx = pfxOf(other, 'secret');
    const { cert, key } = client;
    assert.deepEqual(await seenAs({ cert: cert + middle.cert, key, pfx, passphrase: 'secret' }), twice('other'));
    const files = [pfxOf(client, 'one', '-certfile', middle.certFile), pfxOf(other, 'two')] as const;
    const pair = [
      { buf: files[0], passphrase: 'one' },
      { buf: files[1], passphrase: 'two' },
    ];
    assert.deepEqual(await seenAs({ pfx: pair }), twice('other'));
    // A server of TLS 1.2 or 1.3 that takes every kind gets the one that OpenSSL prefers: as node:tls does.
    assert.equal((await seenAs({ cert: plain.cert, key: plain.key, pfx, passphrase: 'secret' })).length, 2);
  });

  it('trusts the authorities in the file, beside those of ca, in this context only', async () => {
    const foreign = makeAuthority('foreign root');
    const stranger = makeCertificate({ issuer: foreign, san: 'DNS:localhost' });
    using server = startTLSServer({ cert: stranger.cert, key: stranger.key });
    using known = startTLSServer({ cert: leaf.cert, key: leaf.key });
    const pfx = pfxOf(client, 'secret', '-certfile', foreign.certFile);
    const UNTRUSTED = 'UNABLE_TO_VERIFY_LEAF_SIGNATURE';
    for (const [options, verdicts] of [
      [{ pfx, passphrase: 'secret' }, ['accepted', UNTRUSTED]],
      [{ ca: root.cert, pfx, passphrase: 'secret' }, ['accepted', 'accepted']],
      [{}, [UNTRUSTED, UNTRUSTED]],
    ] as const) {
      const ours = [server, known].map(({ port }) => verdict(port, options));
      assert.deepEqual(ours, verdicts);
      const nodes = await Promise.all([server, known].map(({ port }) => httpsVerdict(port, options, 'localhost')));
      assert.deepEqual(nodes, verdicts);
    }
  });

  it('that is not accepted is named with its reason and the way out, and without the passphrase', () => {
    const pfx = pfxOf(other, 'secret phrase');
    const refused: readonly [options: TLSOptions, code: string, message: RegExp][] = [
      [{ pfx, passphrase: 'wrong phrase' }, 'ERR_OSSL_PKCS12_MAC_VERIFY_FAILURE', /mac verify failure/],
      [{ pfx }, 'ERR_OSSL_PKCS12_MAC_VERIFY_FAILURE', /the option passphrase must be right/],
      [{ pfx: pfx.subarray(0, 500) }, 'ERR_OSSL_ASN1_TOO_LONG', /must be a PKCS #12 file/],
      [{ pfx: other.cert }, 'ERR_OSSL_ASN1_', /must be a PKCS #12 file/],
      [{ pfx: '' }, 'ERR_OSSL_ASN1_', /must be a PKCS #12 file/],
      [{ pfx: pfxOf(other, '', '-nokeys') }, 'ERR_TLS_NO_KEY_WITH_ITS_CERTIFICATE', /no key with its certificate/],
      [{ pfx: pfxOf(other, '', '-nocerts') }, 'ERR_TLS_NO_KEY_WITH_ITS_CERTIFICATE', /no key with its certificate/],
    ];
    for (const [options, code, message] of refused) {
      const error = thrownBy(() => new TLSContext(options));
      assert.ok(error instanceof TLSError, String(error));
      assert.ok(error.code.startsWith(code), error.code);
      assert.match(error.message, /^the TLS option pfx is not accepted: /);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /phrase\b(?<!pass)(?<=(secret|wrong) phrase)/);
      assert.throws(() => nodeTls.createSecureContext(options as nodeTls.SecureContextOptions));
    }
  });

  it('that is encrypted by what OpenSSL 3 no longer loads says how it is converted', (t) => {
    let pfx: Buffer;
    try {
      pfx = pfxOf(other, 'secret', '-legacy', '-certpbe', 'PBE-SHA1-RC2-40');
    } catch {
      return t.skip('this openssl cannot write such files');
    }
    const error = thrownBy(() => new TLSContext({ pfx, passphrase: 'secret' })) as TLSError;
    assert.equal(error.code, 'ERR_OSSL_EVP_UNSUPPORTED');
    assert.match(error.message, /^the TLS option pfx is not accepted: unsupported\. .*"openssl pkcs12 -legacy"/);
  });
});
