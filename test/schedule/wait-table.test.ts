import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { POLLIN, POLLOUT, PollNeeded, SharedNeed } from '../../src/coroutine.ts';
import { directionsOf, SlotTaken, type Wait, WaitTable } from '../../src/schedule/wait-table.ts';

const FD = 7;
const POLLERR = 8;
const POLLHUP = 16;

function wait(mask: number, Need: typeof PollNeeded = PollNeeded): Wait {
  return { need: new Need(FD, mask), wake: () => assert.fail('a table wakes nothing') };
}

/** A table, and the directions that its watcher was told, one for each change. */
function table(): { waits: WaitTable<Wait>; watched: number[] } {
  const watched: number[] = [];
  const waits = new WaitTable<Wait>({
    watch(fd, all) {
      assert.equal(fd, FD);
      watched.push(directionsOf(all));
    },
  });
  return { waits, watched };
}

describe('the two slots of a descriptor', () => {
  test('are one for reading and one for writing', () => {
    const { waits, watched } = table();
    waits.add(wait(POLLIN));
    waits.add(wait(POLLOUT));
    assert.deepEqual(watched, [POLLIN, POLLIN | POLLOUT]);
    assert.equal(waits.size, 2);
  });

  for (const [mask, taken, verb] of [
    [POLLIN, POLLIN, 'reading'],
    [POLLOUT, POLLOUT, 'writing'],
    [POLLIN | POLLOUT, POLLOUT, 'writing'],
    [POLLIN, POLLIN | POLLOUT, 'reading'],
  ] as const) {
    test(`are taken once: ${taken} beside ${mask} is refused, and changes nothing`, () => {
      const { waits, watched } = table();
      const first = wait(mask);
      waits.add(first);
      assert.throws(() => waits.add(wait(taken)), {
        constructor: SlotTaken,
        message: `another coroutine is already waiting for ${verb} on fd ${FD}`,
      });
      assert.deepEqual(waits.waitsFor(FD), [first]);
      assert.deepEqual([waits.size, watched], [1, [mask]]);
    });
  }

  test('are free for waits that share, and for one more beside them', () => {
    const { waits } = table();
    waits.add(wait(POLLIN, SharedNeed));
    waits.add(wait(POLLIN, SharedNeed));
    waits.add(wait(POLLIN));
    assert.equal(waits.size, 3);
    assert.throws(() => waits.add(wait(POLLIN)), SlotTaken);
  });

  test('are free again when the wait was removed; what is not there is removed without a word to the watcher', () => {
    const { waits, watched } = table();
    const first = wait(POLLIN);
    waits.remove(first);
    waits.add(first);
    waits.remove(first);
    waits.remove(first);
    waits.add(wait(POLLIN));
    assert.deepEqual([waits.size, watched], [1, [POLLIN, 0, POLLIN]]);
  });
});

describe('events of a descriptor', () => {
  test('take out the waits for them, and leave the others', () => {
    const { waits, watched } = table();
    const [reading, writing] = [wait(POLLIN), wait(POLLOUT)];
    waits.add(reading);
    waits.add(writing);
    assert.deepEqual(waits.take(FD, POLLOUT), [writing]);
    assert.deepEqual(waits.waitsFor(FD), [reading]);
    assert.deepEqual([waits.size, watched.at(-1)], [1, POLLIN]);
    assert.deepEqual(waits.take(FD, POLLOUT), []);
  });

  for (const events of [POLLERR, POLLHUP, POLLERR | POLLOUT]) {
    test(`that are an error or a hang-up (${events}) take out all waits`, () => {
      const { waits, watched } = table();
      const both = [wait(POLLIN), wait(POLLOUT)];
      for (const each of both) waits.add(each);
      assert.deepEqual(waits.take(FD, events), both);
      assert.deepEqual([waits.size, watched.at(-1)], [0, 0]);
    });
  }

  test('that nothing waits for take out nothing', () => {
    const { waits } = table();
    assert.deepEqual(waits.take(FD, POLLIN), []);
    assert.equal(waits.size, 0);
  });
});

test('a descriptor that was closed has no waits, and its watcher is not told: the number may be another descriptor’s', () => {
  const { waits, watched } = table();
  const both = [wait(POLLIN), wait(POLLOUT)];
  for (const each of both) waits.add(each);
  assert.deepEqual(waits.closed(FD), both);
  assert.deepEqual(waits.closed(FD), []);
  assert.deepEqual([waits.size, watched], [0, [POLLIN, POLLIN | POLLOUT]]);
});

test('a wait that cannot be watched is not in the table', () => {
  const failure = new Error('not watched');
  const waits = new WaitTable<Wait>({
    watch() {
      throw failure;
    },
  });
  assert.throws(() => waits.add(wait(POLLIN)), failure);
  assert.deepEqual([waits.size, waits.waitsFor(FD)], [0, []]);
});
