import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { MANAGERS } from '../packages/managers.ts';
import { BUILDER } from '../packages/project.ts';
import { repository } from '../support/compiled.ts';

const text = readFileSync(join(repository, 'docs/platforms.md'), 'utf8');

describe('docs/platforms.md', () => {
  test('has the result of each package manager', () => {
    const rows = text.split('\n').filter((line) => /works|fails/.test(line) && line.startsWith('| '));
    const named = (line: string): string => line.replace(/^\| (\w+) (\d+)[^,|]*(, [^|]*)? \|.*/, '$1@$2$3');
    const expected = MANAGERS.map(({ from, program, form }) => {
      return `${program}@${from.split('@').at(-1)}${form === undefined ? '' : `, ${form}`}`;
    });
    assert.deepEqual(rows.map(named), expected);
  });

  test('has the commands that npm run packages builds with', () => {
    for (const { name, fetches } of MANAGERS) {
      if (fetches === undefined) continue;
      const command = [...fetches.filter((word) => word !== '--yes'), ...BUILDER].join(' ');
      assert.match(text, new RegExp(`^${command}(?: |$)`, 'm'), name);
    }
  });
});
