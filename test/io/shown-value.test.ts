import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shownValue } from '../../src/io/shown-value.ts';

const cases: readonly (readonly [value: unknown, shown: string])[] = [
  ['text', "'text'"],
  [5, '5'],
  [undefined, 'undefined'],
  [{ a: { b: 1 } }, '{ a: [Object] }'],
  ['http://user:secret@x.test/', "'http://***@x.test/'"],
  ['-----BEGIN PRIVATE KEY-----\nabc\n', "'-----BEGIN PRIVATE KEY-----...'"],
  ['x'.repeat(100), `'${'x'.repeat(60)}'... 40 more characters`],
  [[1, 2, 3, 4, 5], '[ 1, 2, 3, ... 2 more items ]'],
  ['two\nlines', "'two\\nlines'"],
];

for (const [value, shown] of cases) {
  test(`a wrong value is shown on one line, bounded, and without secrets: ${shown}`, () => {
    assert.equal(shownValue(value), shown);
  });
}
