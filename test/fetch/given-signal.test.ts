import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { givenSignal } from '../../src/fetch/given-signal.ts';

/** A signal of another library. */
class Foreign extends EventTarget {
  aborted = false;
  reason: unknown;

  abort(reason: unknown): void {
    this.aborted = true;
    this.reason = reason;
    this.dispatchEvent(new Event('abort'));
  }
}

describe('the signal of a fetch', () => {
  test('is the platform’s own, or none', () => {
    const { signal } = new AbortController();
    assert.equal(givenSignal(signal), signal);
    assert.equal(givenSignal(undefined), undefined);
    assert.equal(givenSignal(null), undefined);
  });

  test('follows one of another library, with its reason; there is one follower for each', () => {
    const foreign = new Foreign();
    const signal = givenSignal(foreign);
    assert.ok(signal instanceof AbortSignal);
    assert.equal(givenSignal(foreign), signal);
    assert.equal(signal.aborted, false);
    foreign.abort('reason');
    assert.deepEqual([signal.aborted, signal.reason], [true, 'reason']);
  });

  test('is aborted from the start if the other one is', () => {
    const foreign = new Foreign();
    foreign.abort('early');
    assert.equal(givenSignal(foreign)?.reason, 'early');
  });

  test('has an AbortError as its reason if the other one has none', () => {
    const old = { aborted: true, addEventListener: () => undefined };
    assert.equal(givenSignal(old)?.reason.name, 'AbortError');
  });

  test('is a TypeError if it is no signal', () => {
    const noSignals = [1, 'x', {}, { aborted: false }, { aborted: 1, addEventListener: () => {} }, new EventTarget()];
    for (const value of noSignals) assert.throws(() => givenSignal(value), TypeError);
  });
});
