import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Queue } from '../src/queue.ts';
import { readsOnPrototype } from './support/pollution.ts';

describe('a queue', () => {
  test('gives its entries in the order in which they came, and undefined when there are none', () => {
    const queue = new Queue<string>();
    assert.deepEqual([queue.length, queue.at(0), queue.shift(), [...queue]], [0, undefined, undefined, []]);
    for (const entry of ['a', 'b', 'c']) queue.push(entry);
    assert.deepEqual([queue.length, queue.at(0), queue.at(2), queue.at(3)], [3, 'a', 'c', undefined]);
    assert.deepEqual([...queue], ['a', 'b', 'c']);
    assert.equal(queue.shift(), 'a');
    queue.push('d');
    assert.deepEqual([queue.length, queue.at(0), [...queue]], [3, 'b', ['b', 'c', 'd']]);
    assert.deepEqual([queue.shift(), queue.shift(), queue.shift(), queue.shift()], ['b', 'c', 'd', undefined]);
    assert.equal(queue.length, 0);
    queue.push('e');
    assert.deepEqual([queue.length, queue.shift(), queue.length], [1, 'e', 0]);
  });

  test('is what an array is, whatever is pushed and shifted in which order', () => {
    const queue = new Queue<number>();
    const model: number[] = [];
    let next = 0;
    // Grows to some hundreds of entries, shrinks to none, and crosses each length at which it gives memory back.
    for (const [pushes, shifts] of [
      [300, 100],
      [1, 63],
      [1, 64],
      [1, 65],
      [500, 700],
      [64, 64],
      [128, 64],
      [1, 200],
    ] as const) {
      for (let count = 0; count < pushes; count++) {
        queue.push(next);
        model.push(next++);
      }
      for (let count = 0; count < shifts; count++) {
        assert.equal(queue.shift(), model.shift());
        assert.deepEqual([queue.length, queue.at(0), queue.at(1)], [model.length, model[0], model[1]]);
      }
      assert.deepEqual([...queue], model);
    }
  });

  test('holds entries that are undefined as it holds others', () => {
    const queue = new Queue<number | undefined>();
    queue.push(undefined);
    queue.push(1);
    assert.deepEqual([queue.length, [...queue]], [2, [undefined, 1]]);
    assert.deepEqual([queue.shift(), queue.length, queue.shift()], [undefined, 1, 1]);
  });

  test('has nothing to give at indices before its first entry', () => {
    const queue = new Queue<string>();
    for (const entry of ['a', 'b']) queue.push(entry);
    queue.shift();
    assert.equal(queue.at(-1), undefined);
  });

  test('never looks at Object.prototype for an entry', () => {
    const read = readsOnPrototype(['0', '1', '2'], () => {
      const queue = new Queue<string>();
      for (const entry of ['a', 'b']) queue.push(entry);
      for (let index = -2; index < 3; index++) queue.at(index);
      for (let count = 0; count < 3; count++) queue.shift();
      queue.at(0);
    });
    assert.deepEqual(read, []);
  });

  test('is iterated over as it is then: what comes and goes meanwhile does not matter', () => {
    const queue = new Queue<string>();
    for (const entry of ['a', 'b', 'c']) queue.push(entry);
    const seen: string[] = [];
    for (const entry of queue) {
      seen.push(entry);
      queue.shift();
      queue.push('d');
    }
    assert.deepEqual(
      [seen, [...queue]],
      [
        ['a', 'b', 'c'],
        ['d', 'd', 'd'],
      ],
    );
  });

  test('keeps no entry that was taken', () => {
    const queue = new Queue<object>();
    const entries = Array.from({ length: 1000 }, () => ({}));
    for (const entry of entries) queue.push(entry);
    // What it holds is what its iterator and at() can still reach, at whatever index.
    for (let count = 0; count < 999; count++) queue.shift();
    const reached = Array.from({ length: 2001 }, (_, index) => queue.at(index - 1000)).filter(Boolean);
    assert.deepEqual(reached, [entries[999]]);
  });
});
