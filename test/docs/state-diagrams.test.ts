import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { stateDiagrams } from '../../docs/state-diagrams.ts';

test('the state diagrams in docs/ are those of the transition tables', () => {
  const file = new URL('../../docs/state-diagrams.md', import.meta.url);
  assert.equal(readFileSync(file, 'utf8'), stateDiagrams(), 'run: node --import tsx docs/state-diagrams.ts');
});
