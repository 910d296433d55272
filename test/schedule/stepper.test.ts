import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Coroutine, POLLIN, PollNeeded, waitFor } from '../../src/coroutine.ts';
import { endNow, isCoroutine, resultOf, Stepper } from '../../src/schedule/stepper.ts';

const FIRST = new PollNeeded(1, POLLIN);
const SECOND = new PollNeeded(2, POLLIN);

function* coTwoWaits(): Coroutine<string> {
  yield* waitFor(FIRST);
  yield* waitFor(SECOND);
  return 'result';
}

/** The errors that arrive at its waits, until it is resumed without one. */
function* coCollecting(): Coroutine<unknown[]> {
  const caught: unknown[] = [];
  for (;;) {
    try {
      yield* waitFor(FIRST);
      return caught;
    } catch (error) {
      caught.push(error);
    }
  }
}

describe('a stepper', () => {
  test('runs to each wait, and then to the outcome', () => {
    const steps = new Stepper('the test', coTwoWaits());
    assert.equal(steps.run(), undefined);
    assert.equal(steps.need, FIRST);
    assert.equal(steps.run(), undefined);
    assert.equal(steps.need, SECOND);
    assert.deepEqual(steps.run(), { status: 'fulfilled', value: 'result' });
  });

  test('goes on without a wait as long as its caller says so', () => {
    const needs: PollNeeded[] = [];
    const steps = new Stepper('the test', coTwoWaits());
    const outcome = steps.run((need) => {
      needs.push(need);
      return 'go on';
    });
    assert.deepEqual(outcome, { status: 'fulfilled', value: 'result' });
    assert.deepEqual(needs, [FIRST, SECOND]);
  });

  test('gives what the coroutine throws as the reason', () => {
    const reason = new Error('thrown');
    const steps = new Stepper(
      'the test',
      (function* (): Coroutine<void> {
        yield* waitFor(FIRST);
        throw reason;
      })(),
    );
    steps.run();
    const outcome = steps.run();
    assert.ok(outcome?.status === 'rejected');
    assert.equal(outcome.reason, reason);
    assert.throws(() => resultOf(outcome), reason);
  });

  test('throws interruptions into the coroutine one a step, in their order, undefined too', () => {
    const steps = new Stepper('the test', coCollecting());
    steps.run();
    for (const error of ['a', undefined, 'b']) steps.interrupt(error);
    assert.equal(steps.run(), undefined);
    assert.deepEqual(steps.run(), { status: 'fulfilled', value: ['a', undefined, 'b'] });
  });

  test('does not ask whether to wait while there is an interruption', () => {
    const steps = new Stepper('the test', coCollecting());
    let asked = 0;
    const ask = (): 'wait' => {
      asked++;
      return 'wait';
    };
    steps.run(ask);
    steps.interrupt('a');
    steps.interrupt('b');
    steps.run(ask);
    assert.equal(asked, 2);
  });

  test('ends a coroutine that was interrupted before its first step without running it', () => {
    const steps = new Stepper('the test', coTwoWaits());
    steps.interrupt('early');
    assert.deepEqual(steps.run(), { status: 'rejected', reason: 'early' });
  });

  test('throws into the coroutine why it cannot wait', () => {
    const failure = new Error('cannot wait');
    const steps = new Stepper('the test', coCollecting());
    let first = true;
    const outcome = steps.run(() => {
      if (!first) return 'go on';
      first = false;
      throw failure;
    });
    assert.deepEqual(outcome, { status: 'fulfilled', value: [failure] });
  });
});

describe('what a coroutine yields', () => {
  class PollNeededOfAnotherCopy {}
  Object.defineProperty(PollNeededOfAnotherCopy, 'name', { value: 'PollNeeded' });
  const cases: readonly (readonly [value: unknown, message: RegExp])[] = [
    [undefined, /yielded undefined instead of a PollNeeded: did you mean yield\*\?/],
    [null, /yielded null instead/],
    [5, /yielded number instead/],
    [[], /yielded a Array instead/],
    [Object.create(null), /yielded a Object instead/],
    [coTwoWaits(), /yielded a .* instead/],
    [new PollNeededOfAnotherCopy(), /PollNeeded of another copy of dugong/],
  ];
  for (const [value, message] of cases) {
    test(`is an error in it unless it is a PollNeeded: ${message}`, () => {
      const coroutine = (function* () {
        yield value;
      })();
      const outcome = new Stepper('the test', coroutine as unknown as Coroutine<void>).run();
      assert.ok(outcome?.status === 'rejected' && outcome.reason instanceof TypeError);
      assert.match(outcome.reason.message, message);
    });
  }
});

describe('what can be run', () => {
  async function* asynchronous(): AsyncGenerator<number> {
    yield 1;
  }
  const others = [undefined, null, 1, {}, [], coTwoWaits, asynchronous(), [1].values(), Promise.resolve()];

  test('is a generator, or what behaves like one', () => {
    assert.ok(isCoroutine(coTwoWaits()));
    assert.ok(isCoroutine({ next() {}, throw() {} }));
  });

  for (const other of others) {
    test(`is not ${Object.prototype.toString.call(other)} ${typeof other}`, () => {
      assert.equal(isCoroutine(other), false);
      assert.throws(() => new Stepper('the test', other as Coroutine<void>), {
        name: 'TypeError',
        message: 'the test needs a coroutine: call the generator function and pass what it returns',
      });
    });
  }
});

describe('the end of a coroutine', () => {
  test('runs its cleanups, of which one that waits is cut off there', () => {
    const done: string[] = [];
    const steps = new Stepper(
      'the test',
      (function* (): Coroutine<void> {
        try {
          try {
            yield* waitFor(FIRST);
          } finally {
            done.push('inner');
            yield* waitFor(SECOND);
            done.push('behind the wait');
          }
        } finally {
          done.push('outer');
        }
      })(),
    );
    steps.run();
    steps.end();
    assert.deepEqual(done, ['inner', 'outer']);
  });

  test('is given up if cleanups never end', () => {
    let ends = 0;
    const endless = { next: () => ({}), throw: () => ({}), return: () => ({ done: ends++ < 0 }) };
    endNow(endless as unknown as Coroutine<void>);
    assert.equal(ends, 1000);
  });

  test('throws what a cleanup throws', () => {
    const failure = new Error('cleanup');
    const steps = new Stepper(
      'the test',
      (function* (): Coroutine<void> {
        try {
          yield* waitFor(FIRST);
        } finally {
          // biome-ignore lint/correctness/noUnsafeFinally: what the test is about
          throw failure;
        }
      })(),
    );
    steps.run();
    assert.throws(() => steps.end(), failure);
  });
});
