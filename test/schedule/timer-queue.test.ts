import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Timed, TimerQueue } from '../../src/schedule/timer-queue.ts';

class Entry implements Timed {
  readonly at: number;
  live = true;

  constructor(at: number) {
    this.at = at;
  }
}

describe('a timer queue', () => {
  test('gives what is due, the earliest first, and not what is no longer wanted', () => {
    const queue = new TimerQueue<Entry>();
    const entries = Array.from({ length: 500 }, (_, index) => new Entry((index * 7919) % 500));
    for (const entry of entries) {
      queue.add(entry);
      // Among what is added later, much is dropped already.
      entry.live = entry.at % 3 !== 0;
    }
    const taken: number[] = [];
    for (let entry = queue.takeDue(400); entry !== undefined; entry = queue.takeDue(400)) taken.push(entry.at);
    assert.deepEqual(
      taken,
      [...entries.keys()].filter((at) => at <= 400 && at % 3 !== 0),
    );
    assert.equal(queue.next, 401);
  });

  test('does not keep what is no longer wanted behind an entry that stays', () => {
    const queue = new TimerQueue<Entry>();
    queue.add(new Entry(0));
    let asked = 0;
    for (let count = 0; count < 100_000; count++) {
      const entry = new Entry(1);
      queue.add(entry);
      Object.defineProperty(entry, 'live', { get: () => ++asked < 0 });
    }
    // Each is looked at once or so, and dropped then: with all of them kept it would be many times.
    assert.ok(asked < 300_000, `asked ${asked} times`);
    assert.equal(queue.next, 0);
  });
});
