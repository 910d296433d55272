import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { jsonContent, requestContent } from '../../src/fetch/sync-body.ts';

describe('a body of fetchSync', () => {
  test('may be nothing, a text, bytes, or a form', () => {
    assert.deepEqual(requestContent(undefined), { content: undefined, type: undefined });
    assert.deepEqual(requestContent(null), { content: undefined, type: undefined });
    assert.equal(requestContent('text').type, 'text/plain;charset=UTF-8');
    assert.deepEqual(requestContent(Buffer.from('x')).content?.data, Buffer.from('x'));
    assert.match(String(requestContent(new FormData()).type), /^multipart\/form-data; boundary=/);
  });

  test('may be a Blob, whose bytes and type it has', () => {
    const { content, type } = requestContent(new Blob(['text'], { type: 'x/y' }));
    assert.deepEqual([Buffer.from(content?.data as Uint8Array).toString(), type], ['text', 'x/y']);
    assert.equal(requestContent(new Blob(['text'])).type, undefined);
  });

  test('may be an iterable, which is not read yet', () => {
    let reads = 0;
    const { content } = requestContent({
      *[Symbol.iterator]() {
        yield String(++reads);
      },
    });
    assert.equal(reads, 0);
    assert.ok(content !== undefined);
    assert.deepEqual([...(content.data as Iterable<string>)], ['1']);
  });

  test('cannot be what comes as promises', () => {
    for (const body of [new Blob(['x']).stream(), (async function* () {})()]) {
      assert.throws(() => requestContent(body), {
        name: 'TypeError',
        message: /comes as promises.*use createFetch\(\)/,
      });
    }
  });

  for (const [body, name] of [
    [5, 'number'],
    [{}, 'Object'],
    [Object.create(null), 'object'],
    [new Date(0), 'Date'],
    [() => 'x', 'function'],
  ] as const) {
    test(`cannot be ${name}`, () => {
      assert.throws(() => requestContent(body), { name: 'TypeError', message: new RegExp(`got ${name}$`) });
    });
  }
});

test('a value as JSON has its type; one that JSON has not is a TypeError', () => {
  const { content, type } = jsonContent({ a: [null, 'ü'] });
  assert.deepEqual([content?.data, type], ['{"a":[null,"ü"]}', 'application/json']);
  for (const value of [undefined, () => 1, Symbol('x'), 1n]) assert.throws(() => jsonContent(value), TypeError);
});
