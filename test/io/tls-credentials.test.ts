import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type CredentialOptions, credentialsOf, pems } from '../../src/io/tls-credentials.ts';

const NONE = { certificates: [], keys: [], passphrases: [], pfx: [], pfxPassphrases: [] };

describe('the TLS options for credentials', () => {
  test('are none if none is given', () => {
    assert.deepEqual(credentialsOf({}), NONE);
    assert.deepEqual(credentialsOf({ key: undefined, cert: undefined, passphrase: undefined }), NONE);
  });

  test('are a key for each certificate, as strings or bytes, one or several', () => {
    const one = { ...NONE, certificates: ['C'], keys: ['K'], passphrases: [''] };
    assert.deepEqual(credentialsOf({ cert: 'C', key: 'K' }), one);
    assert.deepEqual(credentialsOf({ cert: [Buffer.from('C')], key: Buffer.from('K') }), one);
    const two = { ...NONE, certificates: ['C', 'D'], keys: ['K', 'L'], passphrases: ['', ''] };
    assert.deepEqual(credentialsOf({ cert: ['C', 'D'], key: ['K', 'L'] }), two);
    for (const alone of [{ cert: 'C' }, { key: 'K' }, { cert: ['C', 'D'], key: 'K' }]) {
      assert.throws(() => credentialsOf(alone), { name: 'TypeError', message: /must come together/ });
    }
  });

  test('are opened by the passphrase beside them, or by the common one', () => {
    const key = [{ pem: 'K', passphrase: 'own' }, { pem: 'L' }, { pem: 'M', passphrase: '' }, 'N'];
    const { passphrases } = credentialsOf({
      cert: ['C', 'C', 'C', 'C'],
      key,
      passphrase: 'common',
    } as CredentialOptions);
    assert.deepEqual(passphrases, ['own', 'common', 'common', 'common']);
  });

  test('may be PKCS #12 files, as bytes or as a string of bytes', () => {
    const buf = Uint8Array.of(1, 255);
    const { pfx, pfxPassphrases } = credentialsOf({ pfx: ['\x01\xff', { buf, passphrase: 'p' }] });
    assert.deepEqual(
      pfx.map((file) => [...file]),
      [
        [1, 255],
        [1, 255],
      ],
    );
    assert.deepEqual(pfxPassphrases, ['', 'p']);
    assert.throws(() => credentialsOf({ pfx: '\u0100' }), { message: /read as UTF-8 loses some/ });
  });

  for (const wrong of [
    { key: 5, cert: 'C' },
    { key: [null], cert: 'C' },
    { key: [{ pem: 5 }], cert: 'C' },
    { key: [{ buf: 'K' }], cert: 'C' },
    { cert: {}, key: 'K' },
    { pfx: {} },
    { pfx: [{ pem: 'K' }] },
    { passphrase: 5 },
    { passphrase: 'a\0b' },
  ]) {
    test(`are refused as ${JSON.stringify(wrong)}`, () => {
      assert.throws(() => credentialsOf(wrong as unknown as CredentialOptions), TypeError);
    });
  }
});

test('PEM is a string or bytes, one or several', () => {
  assert.deepEqual(pems('ca', 'A'), ['A']);
  assert.deepEqual(pems('ca', ['A', Buffer.from('B')]), ['A', 'B']);
  assert.deepEqual(pems('ca', []), []);
  assert.throws(() => pems('ca', [5]), { name: 'TypeError', message: /^the TLS option ca must be PEM/ });
});
