import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { withQuery } from '../../src/sync/sync-request-query.ts';

const cases: readonly (readonly [url: string, query: Record<string, unknown>, expected: string])[] = [
  ['http://x/', {}, 'http://x/'],
  ['http://x/', { a: 'b' }, 'http://x/?a=b'],
  ['http://x/?', {}, 'http://x/'],
  ['http://x/#f?g', { a: 1 }, 'http://x/?a=1#f?g'],
  ['http://x/?a=1&b=2#f', { a: 3 }, 'http://x/?a=3&b=2#f'],
  ['http://x/?a=1', { b: 2 }, 'http://x/?a=1&b=2'],
  ['http://x/', { a: ['x', 'y'] }, 'http://x/?a%5B0%5D=x&a%5B1%5D=y'],
  ['http://x/', { a: { b: { c: 'd' } } }, 'http://x/?a%5Bb%5D%5Bc%5D=d'],
  ['http://x/', { a: null, b: undefined, c: true }, 'http://x/?a=&c=true'],
  ['http://x/', { a: [], b: {} }, 'http://x/'],
  ['http://x/', { 'ü b': "a'(!)*" }, 'http://x/?%C3%BC%20b=a%27%28%21%29%2A'],
  ['http://x/', { a: new Date(0) }, 'http://x/?a=1970-01-01T00%3A00%3A00.000Z'],
  ['http://x/?a=1&a=2', {}, 'http://x/?a%5B0%5D=1&a%5B1%5D=2'],
  ['http://x/?a[]=1', {}, 'http://x/?a%5B0%5D=1'],
  ['http://x/?a[b]=1&a[c]=2', { a: 3 }, 'http://x/?a=3'],
  ['/path?x', { y: 1 }, '/path?x=&y=1'],
];

describe('the option qs', () => {
  for (const [url, query, expected] of cases) {
    test(`makes ${expected} of ${url} and ${JSON.stringify(query)}`, () => {
      assert.equal(withQuery(url, query), expected);
    });
  }

  test('has no values that JSON has not', () => {
    const circular: Record<string, unknown> = {};
    circular['a'] = circular;
    for (const query of [circular, { a: 1n }]) assert.throws(() => withQuery('http://x/', query), TypeError);
  });
});
