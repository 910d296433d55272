import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { now } from '../../src/clock.ts';
import { type Coroutine, PollNeeded, waitFor } from '../../src/coroutine.ts';
import { StateError } from '../../src/errors.ts';
import { runAs, runBlocked } from '../../src/schedule/running.ts';
import type { Outcome } from '../../src/schedule/stepper.ts';
import { type Member, TaskSet } from '../../src/schedule/task-set.ts';
import { UNTIL_NOTIFIED } from '../../src/schedule/wait-list.ts';
import { openDescriptors } from '../support/open-descriptors.ts';
import { isReady, Readiness } from '../support/readiness.ts';
import { timeLimit } from '../support/time-limit.ts';
import { suspend } from '../support/waiting.ts';

/** Waits once, and notes what happens. */
function* coNoting(notes: string[], name: string, need: PollNeeded = UNTIL_NOTIFIED): Coroutine<string> {
  notes.push(`${name} begins`);
  try {
    yield* waitFor(need);
    notes.push(`${name} goes on`);
    return name;
  } finally {
    notes.push(`${name} ends`);
  }
}

/** A set whose members note what they do; `outcomes` has those that have ended, by name. */
class Observed {
  readonly set = new TaskSet();
  readonly notes: string[] = [];
  readonly outcomes = new Map<string, Outcome<string>>();

  add(name: string, need?: PollNeeded): Member {
    const member = this.set.add(coNoting(this.notes, name, need), (outcome) => this.outcomes.set(name, outcome));
    return member as Member;
  }

  reason(name: string): unknown {
    const outcome = this.outcomes.get(name);
    assert.equal(outcome?.status, 'rejected');
    return outcome.reason;
  }
}

const soon = (): PollNeeded => new PollNeeded(-1, 0, { deadline: now() - 1 });

describe('the members of a set', () => {
  test('run in the order in which they were added, when the set runs', () => {
    const observed = new Observed();
    const a = observed.add('a');
    observed.add('b');
    assert.deepEqual([observed.set.size, observed.set.ready, observed.notes], [2, 2, []]);
    observed.set.run();
    assert.deepEqual(observed.notes, ['a begins', 'b begins']);
    assert.deepEqual([observed.set.ready, a.state], [0, 'waiting']);
    observed.set.close();
  });

  test('go on when their descriptors are ready, or their times have come', () => {
    using ready = new Readiness();
    const { set, notes, outcomes } = withMembers({ reader: ready.need, sleeper: soon(), other: UNTIL_NOTIFIED });
    set.run();
    set.run();
    assert.deepEqual(outcomes.get('sleeper'), { status: 'fulfilled', value: 'sleeper' });
    ready.begin();
    set.run();
    assert.deepEqual([...outcomes.keys()], ['sleeper', 'reader']);
    assert.ok(!notes.includes('other goes on'));
    set.close();
  });

  test('go on when they are woken, once, and not while they are ready already', () => {
    const observed = new Observed();
    const member = observed.add('a');
    member.wake();
    assert.equal(observed.set.ready, 1);
    observed.set.run();
    member.wake();
    member.wake();
    assert.equal(observed.set.ready, 1);
    observed.set.run();
    member.wake();
    assert.deepEqual([observed.set.ready, observed.set.size, member.state], [0, 0, 'ended']);
    observed.set.close();
  });

  test('are given once: the same coroutine again is a TypeError, in another set, too', () => {
    const coroutine = coNoting([], 'a');
    const set = new TaskSet();
    set.add(coroutine, () => undefined);
    for (const again of [set, new TaskSet()]) {
      assert.throws(() => again.add(coroutine, () => undefined), { name: 'TypeError', message: /given twice/ });
    }
    assert.equal(set.size, 1);
    set.close();
  });

  test('that wait for the slot of another one get the error thrown into them', () => {
    using ready = new Readiness();
    const { set, outcomes } = withMembers({ first: ready.need, second: ready.need });
    set.run();
    const second = outcomes.get('second');
    assert.ok(second?.status === 'rejected' && second.reason instanceof StateError);
    assert.equal(set.size, 1);
    set.close();
  });
});

describe('an interruption', () => {
  test('is thrown into a member that waits, with the next run', () => {
    using ready = new Readiness();
    const observed = new Observed();
    const member = observed.add('a', ready.need);
    observed.set.run();
    const error = new Error('stop');
    observed.set.interrupt(member, error);
    assert.deepEqual(observed.notes, ['a begins']);
    observed.set.run();
    assert.equal(observed.reason('a'), error);
    assert.deepEqual(observed.notes, ['a begins', 'a ends']);
    observed.set.interrupt(member, error);
    assert.equal(observed.set.ready, 0);
    observed.set.close();
  });

  test('of all members ends the set; one that has not begun does not run', () => {
    const observed = new Observed();
    observed.add('a');
    observed.set.run();
    observed.add('b');
    observed.set.interruptAll('stop');
    assert.equal(observed.set.ending, true);
    observed.set.run();
    assert.deepEqual([observed.reason('a'), observed.reason('b')], ['stop', 'stop']);
    assert.deepEqual(observed.notes, ['a begins', 'a ends']);
    observed.set.close();
  });

  test('by the end of the set is one AbortError for each, however often the end is asked for', () => {
    const caught: unknown[] = [];
    const set = new TaskSet();
    const member = set.add(
      (function* (): Coroutine<void> {
        for (let waits = 0; waits < 2; waits++) {
          try {
            yield* waitFor(UNTIL_NOTIFIED);
          } catch (error) {
            caught.push((error as Error).name);
          }
        }
      })(),
      () => undefined,
    );
    set.run();
    set.endAll();
    set.endAll();
    set.run();
    assert.deepEqual([caught, member.state], [['AbortError'], 'waiting']);
    set.close();
  });
});

describe('a set that is closed', () => {
  test('throws what the first cleanup threw, when all members have ended', () => {
    const set = new TaskSet();
    for (const name of ['first', 'second']) {
      set.add(
        (function* (): Coroutine<void> {
          try {
            yield* waitFor(UNTIL_NOTIFIED);
          } finally {
            // biome-ignore lint/correctness/noUnsafeFinally: a cleanup that fails is the case.
            throw new Error(name);
          }
        })(),
        () => undefined,
      );
    }
    set.run();
    assert.throws(() => set.close(), { message: 'first' });
    assert.equal(set.size, 0);
  });

  test('ends its members at once, frees its descriptor, and may be closed again', () => {
    using ready = new Readiness();
    const before = openDescriptors();
    const observed = withMembers({ a: ready.need, b: UNTIL_NOTIFIED });
    observed.set.run();
    observed.set.close();
    assert.deepEqual(observed.notes.slice(2), ['a ends', 'b ends']);
    assert.equal((observed.reason('a') as Error).name, 'AbortError');
    assert.deepEqual([observed.set.size, observed.set.ending], [0, true]);
    observed.set.close();
    assert.equal(openDescriptors(), before);
  });

  test('throws what a cleanup threw, after the other members have ended', () => {
    const observed = new Observed();
    const failure = new Error('cleanup');
    let outcome: Outcome<void> | undefined;
    observed.set.add(
      (function* (): Coroutine<void> {
        try {
          yield* waitFor(UNTIL_NOTIFIED);
        } finally {
          // biome-ignore lint/correctness/noUnsafeFinally: what the test is about
          throw failure;
        }
      })(),
      (ended) => {
        outcome = ended;
      },
    );
    observed.add('b');
    observed.set.run();
    assert.throws(() => observed.set.close(), failure);
    assert.deepEqual(outcome, { status: 'rejected', reason: failure });
    assert.ok(observed.outcomes.has('b'));
  });

  test('by one of its members ends that one when it waits', () => {
    const set = new TaskSet();
    const notes: string[] = [];
    const outcomes: Outcome<void>[] = [];
    set.add(
      (function* (): Coroutine<void> {
        set.close();
        notes.push('closed');
        try {
          yield* waitFor(UNTIL_NOTIFIED);
          notes.push('went on');
        } finally {
          notes.push('ended');
        }
      })(),
      (outcome) => outcomes.push(outcome),
    );
    set.run();
    assert.deepEqual(notes, ['closed', 'ended']);
    assert.equal(outcomes[0]?.status, 'rejected');
  });
});

describe('what a set waits for', () => {
  test('is ready when one of its members can go on', () => {
    using ready = new Readiness();
    const { set } = withMembers({ reader: ready.need });
    set.run();
    const need = suspend(set.coWait());
    assert.equal(isReady(need), false);
    ready.begin();
    assert.equal(isReady(need), true);
    set.close();
  });

  test('is the earliest time, if no descriptor is waited for', () => {
    const deadline = now() + timeLimit(60_000);
    const { set } = withMembers({
      late: new PollNeeded(-1, 0, { deadline: deadline + 1 }),
      early: new PollNeeded(-1, 0, { deadline }),
    });
    set.run();
    assert.equal(suspend(set.coWait()).deadline, deadline);
    set.close();
  });

  test('is ready when a member is woken', () => {
    const observed = new Observed();
    const member = observed.add('a');
    observed.set.run();
    const need = suspend(observed.set.coWait());
    assert.equal(isReady(need), false);
    member.wake();
    assert.equal(isReady(need), true);
    observed.set.close();
  });

  test('blocks the thread until one can go on, at most for so long', () => {
    using ready = new Readiness();
    const observed = withMembers({ reader: ready.need });
    observed.set.runBlocking(-1);
    observed.set.runBlocking(2);
    assert.deepEqual(observed.notes, ['reader begins']);
    ready.begin();
    observed.set.runBlocking(-1);
    assert.ok(observed.outcomes.has('reader'));
    observed.set.close();
  });

  test('is looked at, but not waited for, while a member is ready: both run', () => {
    using ready = new Readiness();
    const observed = withMembers({ reader: ready.need });
    observed.set.run();
    ready.begin();
    observed.add('new');
    observed.set.runBlocking(-1);
    assert.deepEqual([...observed.outcomes.keys()], ['reader']);
    assert.ok(observed.notes.includes('new begins'));
    observed.set.close();
  });

  test('is nothing if each member waits for another one: StateError instead of a block for ever', () => {
    const { set } = withMembers({ a: UNTIL_NOTIFIED });
    set.run();
    set.runBlocking(0);
    assert.throws(() => set.runBlocking(-1), { constructor: StateError, message: /nothing can ever wake them/ });
    set.close();
  });
});

test('what runs the set in the end is what runs its members', () => {
  const observed = withMembers({ a: UNTIL_NOTIFIED });
  const member = observed.add('b');
  observed.set.run();
  assert.deepEqual([observed.set.driver, member.driver], ['own loop', 'own loop']);
  runAs({ driver: 'event loop', wake: () => undefined }, () => observed.set.run());
  assert.deepEqual([observed.set.driver, member.driver], ['event loop', 'event loop']);
  runBlocked(() => observed.set.run());
  assert.equal(member.driver, 'blocked thread');
  observed.set.close();
});

describe('a set inside another one', () => {
  /** An inner set with one member, run by a member of an outer one. */
  function nested(need: PollNeeded): { outer: TaskSet; inner: Observed; innermost: Member } {
    const outer = new TaskSet();
    const inner = new Observed();
    const innermost = inner.add('inner', need);
    outer.add(
      (function* (): Coroutine<void> {
        inner.set.run();
        while (inner.set.size > 0) {
          yield* inner.set.coWait();
          inner.set.run();
        }
      })(),
      () => undefined,
    );
    outer.run();
    return { outer, inner, innermost };
  }

  test('has its waits in the outer one’s registry: one descriptor for both', () => {
    using ready = new Readiness();
    const before = openDescriptors('anon_inode:[eventpoll]');
    const { outer, inner } = nested(ready.need);
    assert.equal(openDescriptors('anon_inode:[eventpoll]'), before + 1);
    ready.begin();
    outer.run();
    assert.ok(inner.outcomes.has('inner'));
    assert.equal(outer.size, 0);
    outer.close();
    inner.set.close();
  });

  test('goes on in its turn when a member of it is woken', () => {
    const { outer, inner, innermost } = nested(UNTIL_NOTIFIED);
    innermost.wake();
    assert.equal(outer.ready, 1);
    outer.run();
    assert.ok(inner.outcomes.has('inner'));
    outer.close();
    inner.set.close();
  });
});

function withMembers(needs: Readonly<Record<string, PollNeeded>>): Observed {
  const observed = new Observed();
  for (const [name, need] of Object.entries(needs)) observed.add(name, need);
  return observed;
}
