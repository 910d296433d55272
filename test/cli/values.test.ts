import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ValueKind } from '../../src/cli/flag.ts';
import { UsageError } from '../../src/cli/usage-error.ts';
import { readValue } from '../../src/cli/values.ts';

const read = (kind: ValueKind, text: string): string | number =>
  readValue({ long: 'flag', kind, choices: ['a', 'b', 'c'] }, text);

describe('the value of a flag', () => {
  const good: readonly (readonly [kind: ValueKind, text: string, value: string | number])[] = [
    ['text', ' as it is ', ' as it is '],
    ['count', '0', 0],
    ['positive', '12', 12],
    ['seconds', '0.5', 500],
    ['seconds', '.0001', 1],
    ['seconds', '30', 30_000],
    ['size', '65536', 65_536],
    ['size', '500k', 512_000],
    ['size', '1.5M', 1_572_864],
    ['size', '2MiB', 2_097_152],
    ['size', '1g', 1_073_741_824],
    ['choice', 'b', 'b'],
  ];
  for (const [kind, text, value] of good) {
    test(`of kind ${kind}: ${JSON.stringify(text)}`, () => assert.equal(read(kind, text), value));
  }

  const bad: readonly (readonly [kind: ValueKind, text: string, message: RegExp])[] = [
    ['file', '', /^--flag: the name is empty$/],
    ['files', '', /is empty/],
    ['folder', '', /is empty/],
    ['count', '-1', /--flag -1: must be a whole number, 0 or more/],
    ['positive', '0', /1 or more/],
    ['positive', '1.5', /whole/],
    ['positive', '9999999999', /whole/],
    ['seconds', '0', /above 0/],
    ['seconds', '1e9', /above 0/],
    ['seconds', '', /above 0/],
    ['size', '0', /above 0/],
    ['size', '5 k', /above 0/],
    ['size', '1e400', /above 0/],
    ['choice', 'd', /must be a, b or c/],
  ];
  for (const [kind, text, message] of bad) {
    test(`of kind ${kind} is not ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => read(kind, text),
        (error: Error) => error instanceof UsageError && message.test(error.message),
      );
    });
  }
});
