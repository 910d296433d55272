import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Coroutine, coSleep } from '../../src/index.ts';
import { AioFuture } from '../../src/schedule/aio-future.ts';
import { coEach, iterated, iteratedAwaiting, type Pull } from '../../src/schedule/pull.ts';
import { runBlocking } from '../../src/schedule/run-blocking.ts';

/** Gives the numbers from 1 to `last`; notes when it is closed. */
class Numbers implements Pull<number> {
  closed = 0;
  #next = 1;
  readonly #last: number;

  constructor(last: number) {
    this.#last = last;
  }

  *coNext(): Coroutine<number | undefined> {
    yield* coSleep(0);
    return this.#next > this.#last ? undefined : this.#next++;
  }

  close(): void {
    this.closed++;
  }
}

describe('results that come one by one', () => {
  test('are given to a function, or to a coroutine, one after the other', () => {
    const numbers = new Numbers(3);
    const given: number[] = [];
    function* coTake(number: number): Coroutine<void> {
      yield* coSleep(0);
      given.push(number);
    }
    runBlocking(coEach(numbers, coTake));
    runBlocking(coEach(new Numbers(2), (number) => void given.push(number)));
    assert.deepEqual(given, [1, 2, 3, 1, 2]);
    assert.equal(numbers.closed, 1);
  });

  test('are iterated, blocking and awaited', async () => {
    assert.deepEqual([...iterated(new Numbers(3), (coroutine) => runBlocking(coroutine))], [1, 2, 3]);
    const awaited: number[] = [];
    for await (const each of iteratedAwaiting(new Numbers(3), (coroutine) => new AioFuture(coroutine)))
      awaited.push(each);
    assert.deepEqual(awaited, [1, 2, 3]);
  });

  test('are closed when a loop is left early, or a function throws', async () => {
    const [blocking, awaited, called] = [new Numbers(3), new Numbers(3), new Numbers(3)];
    for (const _ of iterated(blocking, (coroutine) => runBlocking(coroutine))) break;
    for await (const _ of iteratedAwaiting(awaited, (coroutine) => new AioFuture(coroutine))) break;
    const failing = (): void => {
      throw new Error('enough');
    };
    assert.throws(() => runBlocking(coEach(called, failing)), /enough/);
    assert.deepEqual([blocking.closed, awaited.closed, called.closed], [1, 1, 1]);
  });
});
