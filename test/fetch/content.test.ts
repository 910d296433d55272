import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Content, contentAtHand } from '../../src/fetch/content.ts';

/** A source that can be read once; `ended` has the reasons of its ends. */
function once(): { source: Iterable<string>; ended: unknown[] } {
  const ended: unknown[] = [];
  const iterator: Iterator<string> = {
    next: () => ({ done: true, value: undefined }),
    return(reason) {
      ended.push(reason);
      return { done: true, value: undefined };
    },
  };
  return { source: { [Symbol.iterator]: () => iterator }, ended };
}

describe('content', () => {
  for (const [name, data] of [
    ['a string', 'text'],
    ['bytes', Buffer.from('text')],
    ['an array', ['a', 'b']],
    ['a Blob', new Blob(['a'])],
  ] as const) {
    test(`that is ${name} can be repeated, also after it was sent or cancelled`, () => {
      const content = new Content(data);
      assert.equal(content.data, data);
      if (Array.isArray(content.data)) assert.deepEqual([...content.data], data);
      content.cancel('reason');
      assert.equal(content.repeatable, true);
    });
  }

  test('that can be read once can be repeated until reading begins', () => {
    const { source, ended } = once();
    const content = new Content(source);
    assert.equal(content.repeatable, true);
    assert.deepEqual([...(content.data as Iterable<string>)], []);
    assert.equal(content.repeatable, false);
    content.cancel('too late: the sender ends it');
    assert.deepEqual(ended, []);
  });

  test('that can be read once, and is asynchronous, is the same', async () => {
    const content = new Content(
      (async function* () {
        yield 'a';
      })(),
    );
    const texts: string[] = [];
    for await (const piece of content.data as AsyncIterable<string>) texts.push(piece);
    assert.deepEqual([texts, content.repeatable], [['a'], false]);
  });

  test('that is cancelled before it is read ends its source once, with the reason', async () => {
    const { source, ended } = once();
    const content = new Content(source);
    content.cancel('reason');
    content.cancel('again');
    await new Promise(setImmediate);
    assert.deepEqual([ended, content.repeatable], [['reason'], false]);
  });

  test('whose source fails to end is none the worse for it', async () => {
    const source = {
      [Symbol.iterator](): Iterator<string> {
        throw new Error('no iterator');
      },
    };
    new Content(source).cancel('reason');
    await new Promise(setImmediate);
  });

  test('is large if it does not fit into the send buffer, or comes in pieces', () => {
    const sizes = [0, 65_536, 65_537].map((size) => new Content(new Uint8Array(size)).large);
    assert.deepEqual(sizes, [false, false, true]);
    assert.equal(new Content([]).large, true);
  });
});

describe('a body that is at hand', () => {
  test('has the type that its form implies', () => {
    const type = (body: unknown): unknown => contentAtHand(body)?.type;
    assert.equal(type('text'), 'text/plain;charset=UTF-8');
    assert.equal(type(new URLSearchParams()), 'application/x-www-form-urlencoded;charset=UTF-8');
    assert.equal(type(new ArrayBuffer(1)), undefined);
    assert.deepEqual(contentAtHand(new DataView(new ArrayBuffer(2)))?.content.data, new Uint8Array(2));
    assert.equal(contentAtHand(new URLSearchParams({ a: 'b c' }))?.content.data, 'a=b+c');
  });

  test('is none of other values', () => {
    for (const body of [undefined, null, 1, {}, [], new Blob([]), new FormData()]) {
      assert.equal(contentAtHand(body), undefined);
    }
  });
});
