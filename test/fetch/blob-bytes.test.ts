import assert from 'node:assert/strict';
import { openAsBlob } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { blobBytes } from '../../src/fetch/blob-bytes.ts';

const text = (blob: Blob): string => Buffer.from(blobBytes(blob)).toString();

describe('the bytes of a Blob, read while the thread is blocked', () => {
  test('are all of them, of parts and slices too', () => {
    assert.equal(text(new Blob([])), '');
    assert.equal(text(new Blob(['a', Buffer.from('b'), new Blob(['c'])])), 'abc');
    assert.equal(text(new Blob(['012345']).slice(1, 4)), '123');
    assert.equal(blobBytes(new Blob([new Uint8Array(3_000_000)])).length, 3_000_000);
  });

  test('are in memory of their own', () => {
    const blob = new Blob(['abc']);
    blobBytes(blob).fill(0);
    assert.equal(text(blob), 'abc');
  });

  test('come as promises only, if they are those of a file', async () => {
    const blob = await openAsBlob(fileURLToPath(import.meta.url));
    assert.throws(() => blobBytes(blob), { name: 'TypeError', message: /come as promises only/ });
    assert.equal(text(new Blob(['the reader goes on'])), 'the reader goes on');
  });
});
