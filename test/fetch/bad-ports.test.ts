import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertGoodPort } from '../../src/fetch/bad-ports.ts';

test('ports of other protocols are refused as network errors, all others are not [Fetch, "port blocking"]', () => {
  for (const port of [0, 1, 22, 25, 989, 6000, 6697, 10_080]) {
    assert.throws(
      () => assertGoodPort(new URL(`http://x.test:${port}/`)),
      (error: TypeError) => {
        assert.equal(error.message, 'fetch failed');
        assert.match((error.cause as Error).message, new RegExp(`^bad port: ${port} `));
        return true;
      },
    );
  }
  for (const url of [
    'http://x.test/',
    'https://x.test/',
    'http://x.test:2',
    'http://x.test:8080',
    'https://x.test:80',
  ]) {
    assert.doesNotThrow(() => assertGoodPort(new URL(url)));
  }
});
