import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { coWait, either, inPhase } from '../../src/client/wait.ts';
import { POLLIN, POLLOUT, PollNeeded } from '../../src/coroutine.ts';
import { ConnectionTimedOut } from '../../src/errors.ts';
import { suspend, thrownBy } from '../support/waiting.ts';

const NEED = new PollNeeded(3, POLLIN);

describe('a wait with a phase', () => {
  test('suspends once for what is needed', () => {
    const waiting = coWait(NEED, 'tunnel');
    assert.equal(suspend(waiting), NEED);
    assert.equal(waiting.next().done, true);
  });

  test('gives its phase to a time-out that has none', () => {
    const waiting = coWait(NEED, 'tunnel');
    suspend(waiting);
    const error = thrownBy(() => waiting.throw(new ConnectionTimedOut(5)));
    assert.ok(error instanceof ConnectionTimedOut);
    assert.deepEqual([error.phase, error.timeout], ['tunnel', 5]);
  });

  test('leaves other errors, and a time-out that has a phase, as they are', () => {
    for (const error of [new Error('other'), new ConnectionTimedOut(5, 'connect'), undefined]) {
      const waiting = coWait(NEED, 'tunnel');
      suspend(waiting);
      assert.equal(
        thrownBy(() => waiting.throw(error)),
        error,
      );
      assert.equal(inPhase(error, 'tunnel'), error);
    }
  });
});

test('either of two needs is one for both directions and the earlier time', () => {
  const writing = new PollNeeded(3, POLLOUT, { deadline: 9 });
  assert.deepEqual({ ...either(NEED, writing) }, { fd: 3, mask: POLLIN | POLLOUT, deadline: 9 });
  assert.equal(either(writing, new PollNeeded(3, POLLIN, { deadline: 8 })).deadline, 8);
  assert.equal(either(NEED, NEED).deadline, undefined);
});
