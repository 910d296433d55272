import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SharedNeed, waitFor } from '../src/coroutine.ts';
import { POLLIN, POLLOUT, PollNeeded } from '../src/index.ts';
import { native } from '../src/io/native.ts';
import { socketPair } from './support/socket-pair.ts';

describe('PollNeeded', () => {
  test('has the numbers of poll.h, and nothing shared or due unless said', () => {
    assert.deepEqual([POLLIN, POLLOUT], [1, 4]);
    const need = new PollNeeded(7, POLLIN | POLLOUT);
    assert.deepEqual([need.fd, need.mask, need.deadline], [7, 5, undefined]);
    assert.ok(!(need instanceof SharedNeed || need.before(1) instanceof SharedNeed));
  });

  test('is shared, with what it waits for, by a need that stays shared with an earlier deadline', () => {
    const own = new PollNeeded(7, POLLIN, { deadline: 5 });
    const shared = SharedNeed.of(own);
    assert.ok(shared instanceof SharedNeed);
    assert.deepEqual([shared.fd, shared.mask, shared.deadline], [7, POLLIN, 5]);
    assert.equal(SharedNeed.of(shared), shared);
    for (const [deadline, earlier] of [
      [3, 3],
      [9, 5],
    ] as const) {
      const before = shared.before(deadline);
      assert.ok(before instanceof SharedNeed);
      assert.deepEqual([before.fd, before.mask, before.deadline], [7, POLLIN, earlier]);
    }
    const timer = new PollNeeded(-1, 0, { deadline: 5 });
    assert.equal(SharedNeed.of(timer), timer, 'a time alone claims nothing');
  });

  test('poll() is true when the descriptor is ready, false when the time is up before', async () => {
    using pair = await socketPair();
    assert.equal(new PollNeeded(pair.fd, POLLIN).poll(0), false);
    assert.equal(new PollNeeded(pair.fd, POLLIN).poll(10), false);
    assert.equal(new PollNeeded(pair.fd, POLLOUT).poll(), true);
    assert.equal(new PollNeeded(pair.fd, POLLIN | POLLOUT).poll(), true);
    await pair.send('x');
    assert.equal(new PollNeeded(pair.fd, POLLIN).poll(), true);
  });

  test('poll() waits for as long as it says', async () => {
    using pair = await socketPair();
    for (const limit of [1, 15.5, 40]) {
      const before = performance.now();
      assert.equal(new PollNeeded(pair.fd, POLLIN).poll(limit), false);
      assert.ok(performance.now() - before >= limit - 0.1, `${performance.now() - before} of ${limit}`);
    }
  });

  test('poll() is true at the deadline, and a deadline alone is a timer', async () => {
    using pair = await socketPair();
    for (const fd of [pair.fd, -1]) {
      const deadline = performance.now() + 20;
      const need = new PollNeeded(fd, fd < 0 ? 0 : POLLIN, { deadline });
      assert.equal(need.poll(1), false);
      assert.equal(need.poll(), true);
      assert.ok(performance.now() >= deadline - 0.1);
      assert.equal(need.poll(0), true);
      assert.equal(new PollNeeded(fd, 0, { deadline: performance.now() + 5 }).poll(5000), true);
    }
  });

  test('poll() is true for a hang-up and for a closed descriptor: the next call finds the reason', async () => {
    using pair = await socketPair();
    await pair.closePeer();
    assert.equal(new PollNeeded(pair.fd, POLLIN).poll(), true);
    native.close(pair.fd);
    assert.equal(new PollNeeded(pair.fd, POLLIN).poll(), true);
  });
});

test('waitFor() suspends once, with what it was given', () => {
  const need = new PollNeeded(-1, 0);
  const coroutine = waitFor(need);
  assert.equal(coroutine.next().value, need);
  assert.deepEqual(coroutine.next(), { done: true, value: undefined });
});
