import assert from 'node:assert/strict';
import { test } from 'node:test';
import { interleaved } from '../../src/io/connection-attempts.ts';

test('addresses take turns by family, beginning with that of the first, each family in its own order [RFC 8305 4]', () => {
  const orders: readonly [given: string, expected: string][] = [
    ['', ''],
    ['4a', '4a'],
    ['6a', '6a'],
    ['4a 4b 4c', '4a 4b 4c'],
    ['6a 6b 4a 4b', '6a 4a 6b 4b'],
    ['4a 4b 6a 6b', '4a 6a 4b 6b'],
    ['6a 6b 6c 4a', '6a 4a 6b 6c'],
    ['6a 4a 4b 4c', '6a 4a 4b 4c'],
    ['4a 6a 6b 6c 4b', '4a 6a 4b 6b 6c'],
  ];
  const address = (name: string) => (name[0] === '4' ? `192.0.2.${name.charCodeAt(1)}` : `2001:db8::${name[1]}`);
  const addresses = (names: string) => names.split(' ').filter(Boolean).map(address);
  for (const [given, expected] of orders) assert.deepEqual(interleaved(addresses(given)), addresses(expected), given);
});
