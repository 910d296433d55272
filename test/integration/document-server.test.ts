import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { type Announcement, announce, makeDocuments, sha256 } from '../../examples/five-ways/documents.ts';

const module = new URL('../../examples/five-ways/document-server.ts', import.meta.url);

describe('the documents of the five-ways example', () => {
  test('are the same for the same count and seed', () => {
    assert.deepEqual(makeDocuments(50).map(announce), makeDocuments(50).map(announce));
    assert.notDeepEqual(makeDocuments(50, 2).map(announce), makeDocuments(50).map(announce));
  });

  test('are of all kinds: empty, small, large, chunked, missing', () => {
    const documents = makeDocuments(3000);
    const sizes = documents.flatMap(({ content }) => (content === undefined ? [] : [content.length]));
    const missing = documents.length - sizes.length;
    assert.ok(missing > 30 && missing < 90, `${missing} missing`);
    for (const size of [0, 65_536, 1_048_576]) assert.ok(sizes.filter((other) => other === size).length > 5, `${size}`);
    assert.ok(documents.filter(({ chunked }) => chunked).length > 200);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    assert.ok(total > 20e6 && total < 100e6, `${total} bytes`);
  });
});

describe('the document server', () => {
  test('serves what it announces, and ends when its parent lets it go', async () => {
    const server = fork(module, ['200']);
    const exited = once(server, 'exit');
    const [{ hostname, port, documents }] = (await once(server, 'message')) as [Announcement];
    assert.equal(documents.length, 200);
    for (const document of documents) {
      const response = await fetch(`http://${hostname}:${port}${document.path}`);
      const content = Buffer.from(await response.arrayBuffer());
      if ('missing' in document) {
        assert.equal(response.status, 404);
      } else {
        assert.equal(response.status, 200);
        assert.equal(content.length, document.size);
        assert.equal(sha256(content), document.sha256);
      }
    }
    server.disconnect();
    await exited;
  });
});
