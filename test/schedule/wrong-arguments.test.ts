/** What cannot be run, or waited for so long, is refused by name, instead of hanging or being taken for something else. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  AioFuture,
  type AioFutureOptions,
  type Coroutine,
  coAll,
  coAllSettled,
  coMap,
  coRace,
  coSleep,
  coWithTimeout,
  PollLoop,
  runBlocking,
} from '../../src/index.ts';

function* generatorFunction(): Coroutine<void> {}

async function* asynchronousGenerator(): AsyncGenerator<never> {}

const noCoroutines: Record<string, () => unknown> = {
  null: () => null,
  'a number': () => 5,
  'a generator function that was not called': () => generatorFunction,
  'a promise': () => Promise.resolve(),
  'an asynchronous generator, which never ends': asynchronousGenerator,
  'an iterator that nothing can be thrown into': () => [][Symbol.iterator](),
};

const runners: Record<string, (coroutine: Coroutine<void>) => unknown> = {
  runBlocking: (coroutine) => runBlocking(coroutine),
  AioFuture: (coroutine) => new AioFuture(coroutine),
  coAll: (coroutine) => runBlocking(coAll([coSleep(0), coroutine])),
  coRace: (coroutine) => runBlocking(coRace([coroutine])),
  coMap: (coroutine) => runBlocking(coMap([1], 1, () => coroutine)),
  coWithTimeout: (coroutine) => runBlocking(coWithTimeout(coroutine, 1000)),
  createTask: (coroutine) => new PollLoop().createTask(coroutine),
};

describe('what runs coroutines', () => {
  for (const [name, run] of Object.entries(runners)) {
    test(`(${name}) runs nothing else: TypeError`, () => {
      for (const [what, make] of Object.entries(noCoroutines)) {
        const refused = { name: 'TypeError', message: /needs a coroutine: call the generator function/ };
        assert.throws(() => run(make() as Coroutine<void>), refused, what);
      }
    });
  }

  test('runs none twice: TypeError', () => {
    const twice = { name: 'TypeError', message: /^the same coroutine was given twice/ };
    const coroutine = coSleep(0);
    assert.throws(() => runBlocking(coAll([coroutine, coroutine])), twice);
    assert.throws(() => runBlocking(coMap([1, 2], 1, () => coroutine)), twice);
    using loop = new PollLoop();
    const ended = coSleep(0);
    loop.runUntilComplete(loop.createTask(ended));
    assert.throws(() => loop.createTask(ended), twice);
    const shared = coSleep(0);
    assert.throws(() => runBlocking(coAll([coAll([shared]), shared])), twice);
  });

  test('runs no hole in an array: TypeError', () => {
    const sparse = [coSleep(0), undefined, coSleep(0)] as Coroutine<void>[];
    delete sparse[1];
    assert.throws(() => runBlocking(coAll(sparse)), { name: 'TypeError' });
    assert.throws(() => runBlocking(coAllSettled(sparse)), { name: 'TypeError' });
    assert.throws(() => runBlocking(coRace(sparse)), { name: 'TypeError' });
  });

  test('takes many as an array: a coroutine is an iterable itself, and would be run by being spread', () => {
    for (const many of [new Set([coSleep(0)]), coSleep(0), 5, undefined] as unknown as Coroutine<void>[][]) {
      assert.throws(() => runBlocking(coAll(many)), {
        name: 'TypeError',
        message: 'coAll needs an array of coroutines',
      });
      assert.throws(() => runBlocking(coAllSettled(many)), { name: 'TypeError' });
      assert.throws(() => runBlocking(coRace(many)), { name: 'TypeError' });
    }
  });

  test('completes tasks, and no coroutine, which would be run by being looked through', () => {
    using loop = new PollLoop();
    const message = 'runUntilComplete() needs a task, as createTask() returns it, or an array of tasks';
    for (const wrong of [coSleep(0), [coSleep(0)], [undefined], undefined, 5, new Set([loop.createTask(coSleep(0))])]) {
      assert.throws(() => loop.runUntilComplete(wrong as never), { name: 'TypeError', message });
    }
    assert.deepEqual(loop.runUntilComplete([]), []);
  });

  test('runs nothing any more when it was closed: StateError', () => {
    const loop = new PollLoop();
    loop.close();
    assert.throws(() => loop.createTask(coSleep(0)), { name: 'StateError', message: /^the loop was closed/ });
  });

  test('takes no limit of time but a number >= 0', () => {
    for (const timeout of [Number.NaN, -1, '5', null] as number[]) {
      const refused = { name: 'TypeError', message: /the timeout must be a number of milliseconds, got / };
      assert.throws(() => runBlocking(coSleep(0), { timeout }), refused);
      assert.throws(() => new AioFuture(coSleep(0), { timeout }), refused);
    }
    assert.throws(() => new AioFuture(coSleep(0), { signal: 5 } as unknown as AioFutureOptions), {
      name: 'TypeError',
      message: /the signal must be an AbortSignal/,
    });
  });

  test('(coMap) takes a whole number of coroutines at a time, or any number', () => {
    for (const limit of [0, -1, 1.5, Number.NaN, '2'] as number[]) {
      assert.throws(() => runBlocking(coMap([1], limit, () => coSleep(0))), {
        name: 'TypeError',
        message: /the limit/,
      });
    }
    assert.equal(runBlocking(coMap([1, 2, 3], Number.POSITIVE_INFINITY, () => coSleep(0))).length, 3);
  });
});
