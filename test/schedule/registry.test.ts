import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { now } from '../../src/clock.ts';
import { POLLIN, PollNeeded } from '../../src/coroutine.ts';
import { Registry, TimedWait } from '../../src/schedule/registry.ts';
import { SlotTaken } from '../../src/schedule/wait-table.ts';
import { openDescriptors } from '../support/open-descriptors.ts';
import { isReady, Readiness } from '../support/readiness.ts';
import { timeLimit } from '../support/time-limit.ts';

class Wait extends TimedWait {
  wakes = 0;

  wake(): void {
    this.wakes++;
  }
}

const past = (): PollNeeded => new PollNeeded(-1, 0, { deadline: now() - 1 });
const later = (): PollNeeded => new PollNeeded(-1, 0, { deadline: now() + timeLimit(60_000) });

describe('a registry', () => {
  test('has a descriptor only while one is waited for, which is ready as that is', () => {
    using ready = new Readiness();
    const registry = new Registry();
    registry.add(new Wait(later()));
    assert.equal(registry.fd, -1);
    const wait = new Wait(ready.need);
    registry.add(wait);
    const { fd } = registry;
    assert.ok(fd >= 0);
    assert.equal(isReady(new PollNeeded(fd, POLLIN)), false);
    ready.begin();
    assert.equal(isReady(new PollNeeded(fd, POLLIN)), true);
    registry.collect();
    assert.deepEqual([wait.wakes, wait.live, registry.fd], [1, false, -1]);
    registry.close();
  });

  test('wakes what is due, once, and knows when the next one is', () => {
    const registry = new Registry();
    const [due, next] = [new Wait(past()), new Wait(later())];
    registry.add(next);
    registry.add(due);
    assert.equal(registry.deadline, due.at);
    registry.collect();
    registry.collect();
    assert.deepEqual([due.wakes, next.wakes, registry.deadline], [1, 0, next.at]);
    registry.close();
  });

  test('wakes a wait once if its descriptor is ready and its time has come', () => {
    using ready = new Readiness();
    const registry = new Registry();
    const wait = new Wait(ready.need.before(now() - 1));
    registry.add(wait);
    ready.begin();
    registry.collect();
    assert.deepEqual([wait.wakes, registry.deadline, registry.fd], [1, undefined, -1]);
    registry.close();
  });

  test('does not wake what was removed', () => {
    using ready = new Readiness();
    const registry = new Registry();
    const [reading, timed] = [new Wait(ready.need), new Wait(past())];
    for (const wait of [reading, timed]) {
      registry.add(wait);
      registry.remove(wait);
      registry.remove(wait);
    }
    ready.begin();
    registry.collect();
    assert.deepEqual([reading.wakes, timed.wakes, registry.fd, registry.deadline], [0, 0, -1, undefined]);
    registry.close();
  });

  test('keeps one wait for each slot of a descriptor', () => {
    using ready = new Readiness();
    const registry = new Registry();
    registry.add(new Wait(ready.need));
    assert.throws(() => registry.add(new Wait(ready.need.before(now() - 1))), SlotTaken);
    assert.equal(registry.deadline, undefined);
    registry.close();
  });

  test('wakes the waits for a descriptor that is closed', () => {
    const ready = new Readiness();
    const registry = new Registry();
    const wait = new Wait(ready.need);
    registry.add(wait);
    ready.close();
    assert.deepEqual([wait.wakes, wait.live, registry.fd], [1, false, -1]);
    registry.close();
  });

  test('waits for the same descriptor again after it was ready', () => {
    using ready = new Readiness();
    const registry = new Registry();
    ready.begin();
    for (let turn = 0; turn < 3; turn++) {
      const wait = new Wait(ready.need);
      registry.add(wait);
      registry.collect();
      assert.equal(wait.wakes, 1);
    }
    ready.end();
    const wait = new Wait(ready.need);
    registry.add(wait);
    registry.collect();
    assert.equal(wait.wakes, 0);
    registry.close();
  });

  test('blocks until a descriptor is ready, or the time is over', () => {
    using ready = new Readiness();
    const registry = new Registry();
    const begin = now();
    registry.collectBlocking(5);
    assert.ok(now() - begin >= 5);
    const wait = new Wait(ready.need);
    registry.add(wait);
    registry.collectBlocking(0);
    assert.equal(wait.wakes, 0);
    ready.begin();
    registry.collectBlocking(timeLimit(60_000));
    assert.equal(wait.wakes, 1);
    registry.close();
  });

  test('frees its descriptor when it is closed, more than once', () => {
    using ready = new Readiness();
    const before = openDescriptors();
    const registry = new Registry();
    registry.add(new Wait(ready.need));
    registry.close();
    registry.close();
    assert.equal(openDescriptors(), before);
    assert.equal(registry.fd, -1);
  });
});
