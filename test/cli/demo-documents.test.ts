import assert from 'node:assert/strict';
import { test } from 'node:test';
import { demoDocuments, digestOf } from '../../src/cli/demo-documents.ts';

test('the documents of the demo are the same at each time, of all sizes, and some are missing', () => {
  const documents = demoDocuments(1000);
  const digests = documents.map(({ content }) => content && digestOf(content).toString('hex'));
  assert.deepEqual(
    digests,
    demoDocuments(1000).map(({ content }) => content && digestOf(content).toString('hex')),
  );
  const missing = documents.filter(({ content }) => content === undefined).length;
  assert.ok(missing > 5 && missing < 50);
  const sizes = documents.map(({ content }) => content?.length ?? 0);
  assert.ok(Math.max(...sizes) === 1024 * 1024 && sizes.includes(0) && sizes.includes(65_536));
});
