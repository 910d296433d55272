import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HTTPHeaders } from '../../src/http1/headers.ts';
import { incomingHeaders } from '../../src/sync/incoming-headers.ts';

test('fields are those of node:http: joined, but for those with one value, and for Set-Cookie', () => {
  const record = incomingHeaders(
    new HTTPHeaders([
      ['X-A', '1'],
      ['Content-Type', 'a'],
      ['content-type', 'b'],
      ['x-a', '2'],
      ['Set-Cookie', 'a=1'],
      ['Location', '/b'],
    ]),
  );
  assert.equal(Object.getPrototypeOf(record), null);
  assert.deepEqual({ ...record }, { 'x-a': '1, 2', 'content-type': 'a', 'set-cookie': ['a=1'], location: '/b' });
  assert.deepEqual({ ...incomingHeaders(new HTTPHeaders()) }, {});
});
