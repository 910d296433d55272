import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  currentRunner,
  type Driver,
  type Runner,
  runAs,
  runBlocked,
  runsBlocked,
  soon,
  wakeSoon,
} from '../../src/schedule/running.ts';

function runner(driver: Driver, wake: () => void = () => undefined): Runner {
  return { driver, wake };
}

const seen = (): unknown[] => [currentRunner(), runsBlocked()];

describe('what runs a coroutine', () => {
  const outer = runner('event loop');
  const inner = runner('own loop');

  test('is nothing known, unless a step is run as something', () => {
    assert.deepEqual(seen(), [undefined, false]);
    assert.deepEqual(runAs(undefined, seen), [undefined, false]);
    assert.deepEqual(runAs(outer, seen), [outer, false]);
    assert.deepEqual(runBlocked(seen), [undefined, true]);
  });

  test('is the innermost one, and after it the one around it again', () => {
    runAs(outer, () => {
      assert.deepEqual(runBlocked(seen), [undefined, true]);
      assert.deepEqual(seen(), [outer, false]);
      runBlocked(() => {
        assert.deepEqual(runAs(inner, seen), [inner, false]);
        assert.deepEqual(seen(), [undefined, true]);
      });
      assert.deepEqual(seen(), [outer, false]);
    });
    assert.deepEqual(seen(), [undefined, false]);
  });

  test('is over when its step throws', () => {
    const failure = new Error('thrown');
    for (const run of [runBlocked, (step: () => never) => runAs(outer, step)]) {
      const step = (): never => {
        throw failure;
      };
      assert.throws(() => run(step), failure);
      assert.deepEqual(seen(), [undefined, false]);
    }
  });
});

describe('waking', () => {
  test('a runner that awaits comes after what is going on now; another one is only marked, at once', async () => {
    const order: string[] = [];
    wakeSoon(runner('event loop', () => order.push('future')));
    wakeSoon(runner('own loop', () => order.push('member')));
    soon(() => order.push('microtask'));
    order.push('now');
    await Promise.resolve();
    assert.deepEqual(order, ['member', 'now', 'future', 'microtask']);
  });
});
