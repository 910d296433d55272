import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printable, printableJSON, withoutControls } from '../../src/cli/printable.ts';

test('what a terminal would obey is escaped, and all else stays', () => {
  assert.equal(
    printable('\x1b[2J\r\n\0\x7f\x9b\u202eü\u{1f600}'),
    '\\x1b[2J\\x0d\\x0a\\x00\\x7f\\x9b\\u202eü\u{1f600}',
  );
  assert.equal(withoutControls('a\x1b\nü\u2066'), 'a__ü_');
  assert.equal(printable('\u200e\u200f\u061c\u2028\u2029'), '\\u200e\\u200f\\u061c\\u2028\\u2029');
});

test('JSON stays valid without anything that a terminal would obey', () => {
  const json = printableJSON({ a: '\x1b\x7f\x9b\u202e\u2028"\n\ud800ü' });
  assert.equal(json, '{"a":"\\u001b\\u007f\\u009b\\u202e\\u2028\\"\\n\\ud800ü"}');
  assert.deepEqual(JSON.parse(json), { a: '\x1b\x7f\x9b\u202e\u2028"\n\ud800ü' });
});
