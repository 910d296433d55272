import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { authority, checkedHostname, checkedPort } from '../../src/client/authority.ts';

describe('a host name', () => {
  const good: readonly [given: string, taken: string][] = [
    ['localhost', 'localhost'],
    ['localhost.', 'localhost.'],
    ['EXAMPLE.com', 'EXAMPLE.com'],
    ['a_b-c.1', 'a_b-c.1'],
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '::1'],
    ['[::1]', '::1'],
    ['fe80::1%lo', 'fe80::1%lo'],
    [`${'a'.repeat(63)}.b`, `${'a'.repeat(63)}.b`],
  ];
  for (const [given, taken] of good) {
    test(`may be ${given.slice(0, 20)}`, () => assert.equal(checkedHostname(given), taken));
  }

  const bad = [
    '',
    '.',
    'a..b',
    '.a',
    '[a]',
    '[::1',
    '::1]',
    'a:80',
    'ä',
    'a b',
    'a\n',
    'a%00b',
    'u@a',
    'a/b',
    'a?b',
    'a#b',
    'a\\b',
  ];
  for (const given of [...bad, 'a'.repeat(64), `${'a.'.repeat(127)}ab`]) {
    test(`cannot be ${JSON.stringify(given.slice(0, 20))}`, () => {
      assert.throws(() => checkedHostname(given), { name: 'TypeError', message: /is no host name/ });
    });
  }

  test('must be a string', () => {
    for (const given of [undefined, null, 42, {}]) assert.throws(() => checkedHostname(given as string), TypeError);
  });
});

describe('a port', () => {
  test('is a whole number from 1 to 65535', () => {
    for (const port of [1, 80, 65_535]) assert.equal(checkedPort(port), port);
    for (const port of [0, -1, 65_536, 1.5, Number.NaN, '80' as unknown as number]) {
      assert.throws(() => checkedPort(port), { name: 'TypeError', message: /port/ });
    }
    assert.throws(() => checkedPort('80' as unknown as number), { message: /got '80'$/ });
  });
});

describe('the value of Host [RFC 9110 7.2]', () => {
  test('has the port unless it is the default, brackets around IPv6, and no zone [RFC 6874]', () => {
    assert.equal(authority('localhost', 80, 80), 'localhost');
    assert.equal(authority('localhost', 443, 80), 'localhost:443');
    assert.equal(authority('127.0.0.1', 8080, 80), '127.0.0.1:8080');
    assert.equal(authority('::1', 80, 80), '[::1]');
    assert.equal(authority('fe80::1%lo', 81, 80), '[fe80::1]:81');
  });
});
