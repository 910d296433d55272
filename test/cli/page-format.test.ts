/** Figures as text. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { count, counted, duration, size } from '../../src/cli/page/format.ts';

test('counts have groups of digits, and the right form of the word', () => {
  assert.deepEqual([count(0), count(1234567)], ['0', '1,234,567']);
  assert.deepEqual(
    [counted(1, 'request'), counted(2000, 'request'), counted(0, 'box', 'boxes')],
    ['1 request', '2,000 requests', '0 boxes'],
  );
});

test('sizes are in units of 1000', () => {
  assert.deepEqual([0, 999, 1000, 12_345, 1e6, 103_456_789, 2e15].map(size), [
    ...['0 B', '999 B', '1 kB', '12.3 kB', '1 MB', '103 MB', '2,000 TB'],
  ]);
});

test('durations have the unit that fits', () => {
  assert.deepEqual([0, 0.004, 0.123, 1.5, 12.345, 999.4, 1000, 61_000, 125_000].map(duration), [
    ...['0 ms', '0 ms', '0.12 ms', '1.5 ms', '12.3 ms', '999 ms', '1 s', '61 s', '2 min 5 s'],
  ]);
});
