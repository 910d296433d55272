import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { waitFor } from '../../src/coroutine.ts';
import { type Coroutine, POLLIN, POLLOUT, PollNeeded, runBlocking } from '../../src/index.ts';
import { runWaiting } from '../../src/schedule/run-blocking.ts';
import { socketPair } from '../support/socket-pair.ts';

describe('runBlocking', () => {
  test('returns what the coroutine returns, after as many waits as it wants', async () => {
    using pair = await socketPair();
    function* coCount(): Coroutine<number> {
      let count = 0;
      for (; count < 5; count++) yield* waitFor(new PollNeeded(pair.fd, POLLOUT));
      return count;
    }
    assert.equal(runBlocking(coCount()), 5);
  });

  test('blocks: the event loop stands still', async () => {
    let turned = false;
    setImmediate(() => {
      turned = true;
    });
    runBlocking(waitFor(new PollNeeded(-1, 0, { deadline: performance.now() + 20 })));
    assert.equal(turned, false);
    await new Promise(setImmediate);
    assert.equal(turned, true);
  });

  test('raises what the coroutine raises', () => {
    function* coFail(): Coroutine<void> {
      yield* waitFor(new PollNeeded(-1, 0, { deadline: 0 }));
      throw new RangeError('no');
    }
    assert.throws(() => runBlocking(coFail()), { name: 'RangeError', message: 'no' });
  });

  test('throws ConnectionTimedOut into a coroutine that waits too long; it may go on', async () => {
    using pair = await socketPair();
    const need = new PollNeeded(pair.fd, POLLIN);
    const timedOut = { name: 'ConnectionTimedOut', phase: undefined, timeout: 10 };
    assert.throws(() => runBlocking(waitFor(need), { timeout: 10 }), timedOut);
    const caught: unknown[] = [];
    function* coPersist(): Coroutine<string> {
      for (let count = 0; count < 3; count++) {
        try {
          yield* waitFor(need);
        } catch (error) {
          caught.push(error);
        }
      }
      return 'done';
    }
    assert.equal(runBlocking(coPersist(), { timeout: 5 }), 'done');
    assert.equal(caught.length, 3);
  });

  test('takes waits for a time alone for no activity, however short each of them is', () => {
    const lefts: number[] = [];
    const wait = (_: PollNeeded, left: number | undefined): boolean => {
      lefts.push(left as number);
      const before = performance.now();
      while (performance.now() === before);
      return left !== 0;
    };
    const nap = new PollNeeded(-1, 0, { deadline: 0 });
    function* coNaps(): Coroutine<void> {
      for (const need of [nap, nap, nap, new PollNeeded(0, POLLIN), nap]) yield* waitFor(need);
    }
    runWaiting(coNaps(), 100_000, wait);
    const [first = 0, second = 0, third = 0, ...others] = lefts;
    assert.deepEqual([first, ...others], [100_000, 100_000, 100_000]);
    assert.ok(first > second && second > third, `${lefts}`);

    function* coNapForEver(): Coroutine<void> {
      for (;;) yield* waitFor(nap);
    }
    assert.throws(() => runWaiting(coNapForEver(), 5, wait), { name: 'ConnectionTimedOut', timeout: 5 });
  });

  test('with a timeout of 0 or undefined has no limit', () => {
    for (const timeout of [0, undefined]) {
      runBlocking(waitFor(new PollNeeded(-1, 0, { deadline: performance.now() + 10 })), { timeout });
    }
  });

  for (const [what, value] of [
    ['a Object', {}],
    ['a FakeGenerator', new (class FakeGenerator {})()],
    ['a Promise', Promise.resolve()],
    ['null', null],
    ['undefined', undefined],
    ['number', 3],
  ] as const) {
    test(`throws a TypeError into a coroutine that yields ${what}, and goes on with what that makes of it`, () => {
      const message = `the coroutine yielded ${what} instead of a PollNeeded: did you mean yield*?`;
      function* coWrong(): Coroutine<string> {
        yield value as unknown as PollNeeded;
        return 'unreached';
      }
      assert.throws(() => runBlocking(coWrong()), { name: 'TypeError', message });
      function* coRepentant(): Coroutine<string> {
        try {
          yield value as unknown as PollNeeded;
        } catch (error) {
          return (error as Error).message;
        }
        return 'unreached';
      }
      assert.equal(runBlocking(coRepentant()), message);
    });
  }

  test('throws the TypeError at a forgotten asterisk', () => {
    function* coInner(): Coroutine<void> {
      yield* waitFor(new PollNeeded(-1, 0, { deadline: 0 }));
    }
    function* coOuter(): Coroutine<void> {
      yield coInner() as unknown as PollNeeded;
    }
    assert.throws(() => runBlocking(coOuter()), { name: 'TypeError', message: /did you mean yield\*\?/ });
  });

  test('waits with the function that it is given, whose errors go to the coroutine', () => {
    const need = new PollNeeded(0, POLLIN);
    const waits: unknown[] = [];
    const wait = (given: PollNeeded, timeout: number | undefined): boolean => {
      waits.push([given, timeout]);
      if (waits.length === 2) throw new Error('cannot wait');
      return true;
    };
    function* coTwice(): Coroutine<string> {
      yield* waitFor(need);
      try {
        yield* waitFor(need);
      } catch (error) {
        return (error as Error).message;
      }
      return 'unreached';
    }
    assert.equal(runWaiting(coTwice(), 7, wait), 'cannot wait');
    assert.deepEqual(waits, [
      [need, 7],
      [need, 7],
    ]);
  });
});
