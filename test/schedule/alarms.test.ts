import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { now } from '../../src/clock.ts';
import '../../src/schedule/event-loop.ts';
import { Alarm } from '../../src/schedule/alarms.ts';

/** Rings when `milliseconds` have passed; the process waits for it. */
function rings(milliseconds: number): Promise<void> {
  return new Promise((resolve) => new Alarm(now() + milliseconds, resolve).ref());
}

describe('an alarm', () => {
  test('rings once, from the event loop, not before its time', async () => {
    let count = 0;
    const at = now() + 5;
    const alarm = new Alarm(at, () => {
      count++;
      assert.ok(now() >= at);
    });
    assert.deepEqual([alarm.live, alarm.at], [true, at]);
    await rings(20);
    await rings(1);
    assert.deepEqual([count, alarm.live], [1, false]);
  });

  test('in the past rings, but not at once', async () => {
    const order: string[] = [];
    const rung = new Promise<void>((resolve) => {
      new Alarm(now() - 1000, () => {
        order.push('alarm');
        resolve();
      }).ref();
    });
    order.push('now');
    await rung;
    assert.deepEqual(order, ['now', 'alarm']);
  });

  test('that was cancelled does not ring, also by another one that is due with it', async () => {
    const rung: string[] = [];
    const at = now() + 2;
    new Alarm(at, () => {
      rung.push('first');
      second.cancel();
    });
    const second = new Alarm(at, () => rung.push('second'));
    const third = new Alarm(at, () => rung.push('third'));
    third.cancel();
    third.cancel();
    await rings(10);
    assert.deepEqual(rung, ['first']);
    assert.equal(second.live, false);
  });

  test('rings at its time though a later one was set before', async () => {
    const rung: number[] = [];
    const begin = now();
    await Promise.all(
      [30, 10, 20].map(async (delay) => {
        await new Promise<void>((resolve) => new Alarm(begin + delay, resolve).ref());
        rung.push(delay);
      }),
    );
    assert.deepEqual(rung, [10, 20, 30]);
  });

  test('that is set by one that rings has the next turn', async () => {
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      new Alarm(now() - 1, () => {
        new Alarm(now() - 2, () => {
          order.push('inner');
          resolve();
        }).ref();
        order.push('outer');
      }).ref();
    });
    assert.deepEqual(order, ['outer', 'inner']);
  });
});
