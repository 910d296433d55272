import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { repository } from '../support/compiled.ts';
import { NATIVE_MUTATIONS } from './native.ts';

describe('the deliberate faults in native', () => {
  for (const { name, file, before, after } of NATIVE_MUTATIONS) {
    it(`${name}: its place is in ${file} once`, () => {
      const text = readFileSync(join(repository, 'native', file), 'utf8');
      assert.equal(text.split(before).length - 1, 1);
      assert.notEqual(before, after);
    });
  }
});
