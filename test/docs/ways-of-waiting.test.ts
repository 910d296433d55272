import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { opensslMissing } from '../support/certificates.ts';

test('docs/ways-of-waiting.md says what a run of its programs finds', { skip: opensslMissing() }, async () => {
  const { waysOfWaitingDocument } = await import('./ways-of-waiting.ts');
  const file = new URL('../../docs/ways-of-waiting.md', import.meta.url);
  assert.equal(
    readFileSync(file, 'utf8'),
    await waysOfWaitingDocument(),
    'run: node --import tsx test/docs/ways-of-waiting.ts',
  );
});
