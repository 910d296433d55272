import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { iteratorOf, leave } from '../../src/client/iterator-of.ts';

const refusal = (): string => 'no iterable';

describe('the iterator of what a caller gives', () => {
  test('is asynchronous where there is such a one', async () => {
    const both = Object.assign([1], {
      async *[Symbol.asyncIterator]() {
        yield 2;
      },
    });
    const [iterator, asynchronous] = iteratorOf(both, refusal);
    assert.deepEqual([asynchronous, await iterator.next()], [true, { done: false, value: 2 }]);
    const [other, isOther] = iteratorOf([1], refusal);
    assert.deepEqual([isOther, other.next()], [false, { done: false, value: 1 }]);
  });

  test('is none of a string, or of what is not iterable', () => {
    for (const given of ['/a', null, undefined, {}, 5]) {
      assert.throws(() => iteratorOf(given as Iterable<unknown>, refusal), {
        name: 'TypeError',
        message: 'no iterable',
      });
    }
  });

  test('is left at once, whatever its clean-up throws', async () => {
    const left: string[] = [];
    const next = (): never => assert.fail('an item was taken');
    leave({
      next,
      return() {
        left.push('throws');
        throw new Error('while cleaning up');
      },
    });
    leave({
      next,
      return() {
        left.push('rejects');
        return Promise.reject(new Error('while cleaning up'));
      },
    });
    leave({ next });
    assert.deepEqual(left, ['throws', 'rejects']);
    await new Promise((resolve) => setImmediate(resolve));
  });
});
