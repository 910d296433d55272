import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseConfig } from '../../src/cli/config-file.ts';
import { UsageError } from '../../src/cli/usage-error.ts';

const words = (text: string): (readonly string[])[] => parseConfig(text, 'file').map((each) => each.words);

describe('a configuration file', () => {
  test('has a flag in each line, in the ways that curl knows', () => {
    const text = `\ufeff# a comment
connections = 4
--retry 2\r
-u: "me:se \\"cret\\\\"  # the password
silent
no-verbose
--no-location

   header "A: 1\\t2"
output=-`;
    assert.deepEqual(words(text), [
      ['--connections', '4'],
      ['--retry', '2'],
      ['--user', 'me:se "cret\\'],
      ['--silent'],
      ['--no-verbose'],
      ['--no-location'],
      ['--header', 'A: 1\t2'],
      ['--output', '-'],
    ]);
  });

  test('is text: nothing in it is run or replaced', () => {
    assert.deepEqual(words('user-agent = $(id) `id` $HOME'), [['--user-agent', '$(id) `id` $HOME']]);
  });

  const wrong: readonly (readonly [line: string, message: RegExp])[] = [
    ['nonsense s3cret', /^file, line 2: no flag can be set by this line$/],
    ['config = other', /--config cannot be set/],
    ['max-time = abc', /^file, line 2: --max-time abc: must be a number of seconds/],
    ['no-retry', /line 2: no flag can be set/],
    ['retry', /line 2: retry needs a value/],
    ['silent yes s3cret', /silent has no value/],
    ['user "me:" s3cret', /line 2: only a comment/],
    ['user "me:s3cret', /no quotation mark at its end/],
  ];
  for (const [line, message] of wrong) {
    test(`cannot say ${JSON.stringify(line)}; the message has its place and no value`, () => {
      assert.throws(
        () => words(`silent\n${line}`),
        (error: Error) => {
          assert.ok(error instanceof UsageError);
          assert.match(error.message, message);
          assert.ok(!error.message.includes('s3cret'));
          return true;
        },
      );
    });
  }
});
