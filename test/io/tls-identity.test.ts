import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Identity, identityOf } from '../../src/io/tls-identity.ts';

const named = (name: string): Identity => ({ hostname: name, servername: name, host: name, address: '' });
const at = (address: string): Identity => ({ hostname: address, servername: '', host: '', address });

describe('the identity that a certificate must have [RFC 9110 4.3.4]', () => {
  const cases: readonly (readonly [hostname: string, identity: Identity])[] = [
    ['example.com', named('example.com')],
    ['example.com.', named('example.com')],
    ['with_underscore.test', named('with_underscore.test')],
    ['localhost', named('localhost')],
    ['bücher.test', named('xn--bcher-kva.test')],
    ['127.0.0.1', at('127.0.0.1')],
    ['::1', at('::1')],
    ['fe80::1%eth0', at('fe80::1')],
    [`${'a'.repeat(63)}.${'b'.repeat(189)}`, named(`${'a'.repeat(63)}.${'b'.repeat(189)}`)],
  ];
  for (const [hostname, identity] of cases) {
    test(`is that of ${hostname}`, () => assert.deepEqual(identityOf(hostname), identity));
  }

  for (const hostname of [
    '',
    '.',
    '.example.com',
    'a..b',
    '*.example.com',
    'a b',
    'a\0b',
    'a/b',
    '[::1]',
    'a'.repeat(254),
  ]) {
    test(`is refused for ${JSON.stringify(hostname)}, which OpenSSL might take for any`, () => {
      assert.throws(() => identityOf(hostname), { name: 'TypeError', message: /can be checked against/ });
    });
  }

  test('is that of a string', () => assert.throws(() => identityOf(5 as unknown as string), TypeError));
});
