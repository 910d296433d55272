import assert from 'node:assert/strict';
import { closeSync, constants, openSync } from 'node:fs';
import { constants as os } from 'node:os';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Coroutine, POLLIN, PollNeeded, SharedNeed } from '../../src/coroutine.ts';
import { native } from '../../src/io/native.ts';
import { type Runner, runAs, runBlocked } from '../../src/schedule/running.ts';
import { UNTIL_NOTIFIED, WaitList } from '../../src/schedule/wait-list.ts';
import { MemoryClock } from '../support/memory-clock.ts';
import { openDescriptors } from '../support/open-descriptors.ts';
import { isReady, Readiness } from '../support/readiness.ts';
import { suspend } from '../support/waiting.ts';

/** A member of a task set, as far as a list sees it. */
class Told implements Runner {
  readonly driver = 'own loop';
  wakes = 0;

  wake(): void {
    this.wakes++;
  }
}

/** The coroutine has nothing more to wait for. */
function assertOver(coroutine: Coroutine<void>): void {
  assert.equal(coroutine.next().done, true);
}

describe('a coroutine that a runner runs', () => {
  test('waits for its descriptor without a slot, and is woken by notify()', () => {
    const list = new WaitList();
    const runner = new Told();
    const need = new PollNeeded(5, POLLIN, { deadline: 9 });
    const waiting = list.coWait(need);
    const yielded = runAs(runner, () => suspend(waiting));
    assert.ok(yielded instanceof SharedNeed);
    assert.deepEqual({ ...yielded }, { ...need });
    assert.deepEqual([list.waiting, list.untold], [true, false]);
    list.notify();
    assert.equal(runner.wakes, 1);
    runAs(runner, () => assertOver(waiting));
    assert.equal(list.waiting, false);
    list.notify();
    assert.equal(runner.wakes, 1);
  });

  test('may wait for notify() alone', () => {
    const list = new WaitList();
    assert.equal(
      runAs(new Told(), () => suspend(list.coWait())),
      UNTIL_NOTIFIED,
    );
    assert.deepEqual({ ...UNTIL_NOTIFIED }, { fd: -1, mask: 0, deadline: undefined });
  });

  test('is one of many, all of which notify() wakes', () => {
    const list = new WaitList();
    const runners = [new Told(), new Told(), new Told()];
    for (const runner of runners) runAs(runner, () => suspend(list.coWait()));
    list.notify();
    assert.deepEqual(
      runners.map(({ wakes }) => wakes),
      [1, 1, 1],
    );
  });

  for (const [name, stop] of [
    ['given up', (waiting: Coroutine<void>) => waiting.return()],
    ['interrupted', (waiting: Coroutine<void>) => assert.throws(() => waiting.throw(new Error('stopped')), /stopped/)],
  ] as const) {
    test(`waits no longer when it is ${name}`, () => {
      const list = new WaitList();
      const runner = new Told();
      const waiting = list.coWait();
      runAs(runner, () => suspend(waiting));
      stop(waiting);
      list.notify();
      assert.deepEqual([list.waiting, runner.wakes], [false, 0]);
    });
  }
});

test('a coroutine that blocks the thread waits for its descriptor alone: nothing else acts meanwhile', () => {
  const before = openDescriptors();
  const list = new WaitList();
  const need = new PollNeeded(5, POLLIN);
  const waiting = list.coWait(need);
  assert.equal(runBlocked(() => suspend(waiting)).fd, need.fd);
  assert.equal(openDescriptors(), before);
  assert.ok(list.waiting && list.untold !== undefined);
  runBlocked(() => assertOver(waiting));
  assert.equal(list.waiting, false);
});

describe('a coroutine of a loop written by hand', () => {
  test('gets a descriptor of its own, ready as the real one is', () => {
    using real = new Readiness();
    const list = new WaitList();
    const yielded = suspend(list.coWait(real.need));
    assert.ok(yielded instanceof SharedNeed);
    assert.notEqual(yielded.fd, real.fd);
    assert.equal(yielded.mask, POLLIN);
    assert.equal(isReady(yielded), false);
    real.begin();
    assert.equal(isReady(yielded), true);
    real.end();
    assert.equal(isReady(yielded), false);
    list.close();
  });

  test('is woken by notify(): its descriptor stays ready until it has gone on, and the next one is new', () => {
    const before = openDescriptors();
    using real = new Readiness();
    const list = new WaitList();
    const first = list.coWait(real.need);
    const second = list.coWait(real.need);
    const needs = [suspend(first), suspend(second)];
    assert.equal(needs[0]?.fd, needs[1]?.fd);
    list.notify();
    assert.deepEqual(needs.map(isReady), [true, true]);
    assertOver(first);
    assert.ok(isReady(needs[1] as PollNeeded));
    const third = list.coWait(real.need);
    const next = suspend(third);
    assert.deepEqual([isReady(needs[1] as PollNeeded), isReady(next)], [true, false]);
    assertOver(second);
    assertOver(third);
    list.close();
    real.close();
    assert.equal(openDescriptors(), before);
  });

  test('has its own deadline, though others share its descriptor', () => {
    using real = new Readiness();
    const list = new WaitList();
    const { fd, mask } = real.need;
    const deadlines = [undefined, 5, 7].map((deadline) => suspend(list.coWait(new PollNeeded(fd, mask, { deadline }))));
    assert.deepEqual(
      deadlines.map(({ deadline }) => deadline),
      [undefined, 5, 7],
    );
    list.close();
  });

  test('waits for another descriptor from hold() on, whatever becomes of the first', () => {
    using real = new Readiness();
    using other = new Readiness();
    const list = new WaitList();
    const yielded = suspend(list.coWait(real.need));
    list.hold(other.need);
    real.begin();
    assert.equal(isReady(yielded), false);
    other.begin();
    assert.equal(isReady(yielded), true);
    list.hold(UNTIL_NOTIFIED);
    assert.equal(isReady(yielded), false);
    list.notify();
    assert.equal(isReady(yielded), true);
    list.close();
  });

  test('may wait for a regular file, which is always ready', { skip: process.platform !== 'linux' }, () => {
    const file = openSync(fileURLToPath(import.meta.url), constants.O_RDONLY);
    const list = new WaitList();
    assert.ok(isReady(suspend(list.coWait(new PollNeeded(file, POLLIN)))));
    list.close();
    closeSync(file);
  });

  test('is no longer waited for when the list is closed', () => {
    const before = openDescriptors();
    using real = new Readiness();
    const list = new WaitList();
    const waiting = list.coWait(real.need);
    const yielded = suspend(waiting);
    list.close();
    list.close();
    // poll(2) reports a closed descriptor (POLLNVAL).
    assert.ok(isReady(yielded));
    assertOver(waiting);
    list.notify();
    real.close();
    assert.equal(openDescriptors(), before);
  });

  test('is one, whatever was dropped before it', () => {
    const list = new WaitList();
    suspend(list.coWait());
    suspend(list.coWait());
    assert.deepEqual([list.waiting, list.untold], [true, true]);
    list.close();
  });
});

describe('a coroutine that may have been dropped', () => {
  /** Looks once a second, `count` times. */
  function look(list: WaitList, clock: MemoryClock, count: number): void {
    for (; count > 0; count--) {
      clock.pass(1000);
      list.look();
    }
  }

  for (const [what, runner, counts] of [
    ['in a loop written by hand', undefined, false],
    ['in a set that such a loop runs', new Told(), false],
    ['in a set that a future runs', { driver: 'event loop', wake: () => undefined }, true],
    ['in a set that a blocking call runs', { driver: 'blocked thread', wake: () => undefined }, true],
  ] as const) {
    test(`counts ${counts ? 'still' : 'no longer'} when it was ready at three looks, ${what}`, () => {
      using clock = new MemoryClock();
      using ready = new Readiness();
      ready.begin();
      const list = new WaitList();
      const entry = runAs(runner, () => list.enter(ready.need));
      look(list, clock, 2);
      assert.equal(list.waiting, true);
      look(list, clock, 1);
      assert.deepEqual([list.waiting, list.untold], [counts, false]);
      list.leave(entry);
      assert.equal(list.waiting, false);
    });
  }

  test('is not given up for looks that come at once, nor if it was not ready in between', () => {
    using clock = new MemoryClock();
    using ready = new Readiness();
    const list = new WaitList();
    list.enter(ready.need);
    ready.begin();
    for (let count = 0; count < 10; count++) list.look();
    look(list, clock, 1);
    ready.end();
    look(list, clock, 1);
    ready.begin();
    look(list, clock, 2);
    assert.ok(list.waiting);
    look(list, clock, 1);
    assert.ok(!list.waiting);
  });

  test('is one without a descriptor, too, which has been notified and is not resumed', () => {
    using clock = new MemoryClock();
    const list = new WaitList();
    list.enter(UNTIL_NOTIFIED);
    look(list, clock, 3);
    assert.equal(list.waiting, false);
  });

  test('is looked at by a coroutine that relies on it, and by no other one', () => {
    using clock = new MemoryClock();
    assert.ok(clock);
    const need = new PollNeeded(5, POLLIN);
    const due = (list: WaitList, runner?: Runner): boolean =>
      runAs(runner, () => list.reliedOnBy(need)).deadline !== undefined;
    const future: Runner = { driver: 'event loop', wake: () => undefined };
    const list = new WaitList();
    assert.deepEqual([due(list), due(list, future)], [true, false]);
    runAs(future, () => list.enter(need));
    assert.deepEqual([due(list), due(list, future)], [true, false]);
    list.enter(need);
    assert.deepEqual([due(list), due(list, future)], [true, true]);
    assert.equal(
      runBlocked(() => new WaitList().reliedOnBy(need)),
      need,
    );
  });
});

test('futures go on while other futures wait, but not while a thread is blocked, or in a loop written by hand', () => {
  const future: Runner = { driver: 'event loop', wake: () => undefined };
  const list = new WaitList();
  const reliable = (): boolean[] => [
    runAs(future, () => list.reliable),
    runBlocked(() => list.reliable),
    list.reliable,
  ];
  assert.deepEqual(reliable(), [false, false, false]);
  const entry = runAs(future, () => list.enter(UNTIL_NOTIFIED));
  assert.deepEqual(reliable(), [true, false, false]);
  assert.ok(list.waiting);
  list.leave(entry);
  list.enter(UNTIL_NOTIFIED);
  assert.deepEqual(reliable(), [true, false, true]);
});

describe('without descriptors for a stand-in', () => {
  for (const missing of ['openPoller', 'openBell'] as const) {
    test(`(${missing}), a coroutine waits for the real one, and nothing stays open`, (context) => {
      using real = new Readiness();
      const before = openDescriptors();
      context.mock.method(native, missing, () => -os.errno.EMFILE);
      const list = new WaitList();
      const waiting = list.coWait(real.need);
      assert.equal(suspend(waiting).fd, real.fd);
      assert.equal(openDescriptors(), before);
      list.notify();
      assertOver(waiting);
    });
  }
});
