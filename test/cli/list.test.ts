import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isInShard, List, shardOf } from '../../src/cli/list.ts';
import { UsageError } from '../../src/cli/usage-error.ts';

const hex = 'ab'.repeat(32);

describe('a list', () => {
  test('is the URLs of the command line, and lines: without empty ones and comments, with BOM and CRLF', () => {
    const text = '\ufeffhttp://a.test/1\r\n\r\n  # comment\n\t\n b.test/2 \nhttp://a.test/1';
    const entries = [...new List(['c.test'], [text])];
    assert.deepEqual(
      entries.map(({ index, url, line }) => [index, url.href, line]),
      [
        [0, 'http://c.test/', undefined],
        [1, 'http://a.test/1', 1],
        [2, 'http://b.test/2', 5],
        [3, 'http://a.test/1', 6],
      ],
    );
  });

  test('may say more of each document', () => {
    const [entry] = new List([], [`a.test/x\tout=n=1\tsize=12\tsha256=${hex}\tetag="v1"\treason=404 Not Found`]);
    assert.equal(entry?.out, 'n=1');
    const digest = { algorithm: 'sha-256', value: Buffer.from(hex, 'hex') };
    assert.deepEqual(entry?.expected, { size: 12, digest, etag: '"v1"' });
    // As it is written to the list of failures, which is read again.
    assert.equal(entry?.text, `a.test/x\tout=n=1\tsize=12\tsha256=${hex}\tetag="v1"`);
  });

  test('is all lists that are given, in their order', () => {
    const entries = [...new List(['c.test'], ['\ufeffa.test', '\ufeffb.test\na.test\n'])];
    assert.deepEqual(
      entries.map(({ text, line }) => [text, line]),
      [
        ['c.test', undefined],
        ['a.test', 1],
        ['b.test', 1],
        ['a.test', 2],
      ],
    );
  });

  test('can be gone through twice, and be long', () => {
    const list = new List([], ['a.test/x\n'.repeat(1000)]);
    assert.deepEqual([list.length, [...list].length, [...list].at(-1)?.line], [1000, 1000, 1000]);
    assert.equal(new List([], ['\n# nothing\n']).length, 0);
  });

  const wrong: readonly (readonly [text: string, message: RegExp])[] = [
    ['a.test\nnonsense', /^line 2 of the list: nonsense is no URL/],
    ['a.test\tfoo=1', /^line 1 of the list: "foo" is no field/],
    ['a.test\rb.test\r', /^line 1 of the list: it has a CR: lines end with LF or CRLF$/],
    ['a.test\tout=a\rb.test\tout=b\r', /has a CR/],
    ['a.test\tsize=x', /must be a number of bytes/],
    ['a.test\tsha256=abc', /64 hexadecimal digits/],
    [`a.test\tmd5=${hex}`, /32 hexadecimal digits/],
    [`a.test\tsha256=${'zz'.repeat(32)}`, /64 hexadecimal digits/],
  ];
  for (const [text, message] of wrong) {
    test(`is refused as a whole: ${JSON.stringify(text.slice(0, 30))}`, () => {
      assert.throws(
        () => new List([], [text]),
        (error: Error) => error instanceof UsageError && message.test(error.message),
      );
    });
  }
});

describe('a shard of a list', () => {
  test('is all of a server, and all shards together are the list', () => {
    const urls = Array.from({ length: 100 }, (_, index) => new URL(`http://h${index}.test/a`));
    const shards = [1, 2, 3].map((part) => urls.filter((url) => isInShard(url, { part, of: 3 })));
    assert.equal(shards.flat().length, 100);
    assert.ok(shards.every(({ length }) => length > 15));
    const other = new URL('http://h7.test:80/b?c');
    for (const part of [1, 2, 3]) {
      assert.equal(isInShard(other, { part, of: 3 }), isInShard(urls[7] as URL, { part, of: 3 }));
    }
  });

  test('is written as a fraction', () => {
    assert.deepEqual(shardOf('2/5'), { part: 2, of: 5 });
    for (const text of ['0/5', '6/5', '1', '1/0', 'a/b', '-1/2', '']) {
      assert.throws(() => shardOf(text), UsageError, text);
    }
  });
});
