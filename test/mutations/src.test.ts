import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { repository } from '../support/compiled.ts';
import { MUTATIONS } from './src.ts';

const src = join(repository, 'src');

describe('the deliberate faults in src', () => {
  it('are at least 40, fifteen of which were there before', () => {
    assert.ok(MUTATIONS.length >= 40);
    assert.ok(MUTATIONS.filter(({ history }) => history !== undefined).length >= 15);
  });

  it('have names of their own', () => {
    assert.equal(new Set(MUTATIONS.map(({ name }) => name)).size, MUTATIONS.length);
  });

  for (const { name, file, before, after } of MUTATIONS) {
    it(`${name}: its place is in ${file} once`, () => {
      const text = readFileSync(join(src, file), 'utf8');
      assert.equal(text.split(before).length - 1, 1);
      assert.notEqual(before, after);
    });
  }
});
