import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { POLLIN, POLLOUT, PollNeeded } from '../../src/coroutine.ts';
import { SystemError } from '../../src/errors.ts';
import { addWait, type LoopWait, referenceChanged, removeWait } from '../../src/schedule/event-loop.ts';
import { SlotTaken } from '../../src/schedule/wait-table.ts';
import { Readiness } from '../support/readiness.ts';

/** A wait, and the promise that it is woken. */
function wait(need: PollNeeded): { wait: LoopWait; woken: Promise<void>; wakes(): number } {
  let count = 0;
  let resolve: () => void;
  const woken = new Promise<void>((settle) => {
    resolve = settle;
  });
  const wake = (): void => {
    count++;
    resolve();
  };
  return { wait: { need, referenced: true, wake }, woken, wakes: () => count };
}

/** The event loop has looked for events. */
async function turn(): Promise<void> {
  using other = new Readiness();
  other.begin();
  const marked = wait(other.need);
  addWait(marked.wait);
  await marked.woken;
}

describe('a wait on the event loop', () => {
  test('is woken once when its descriptor is ready', async () => {
    using ready = new Readiness();
    const reading = wait(ready.need);
    addWait(reading.wait);
    await turn();
    assert.equal(reading.wakes(), 0);
    ready.begin();
    await reading.woken;
    await turn();
    assert.equal(reading.wakes(), 1);
  });

  test('is not woken at once, even if its descriptor is ready', async () => {
    using ready = new Readiness();
    ready.begin();
    const reading = wait(ready.need);
    addWait(reading.wait);
    assert.equal(reading.wakes(), 0);
    await reading.woken;
  });

  test('is woken also if the process does not stay alive for it, at first or from some time on', async () => {
    using ready = new Readiness();
    const first = wait(ready.need);
    const second = wait(new PollNeeded(ready.fd, POLLOUT));
    const unreferenced = { ...first.wait, referenced: false };
    addWait(unreferenced);
    addWait(second.wait);
    Object.assign(unreferenced, { referenced: true });
    Object.assign(second.wait, { referenced: false });
    referenceChanged(ready.fd);
    ready.begin();
    await first.woken;
    removeWait(second.wait);
    await turn();
    assert.equal(first.wakes(), 1);
  });

  test('can be withdrawn, and another one take its slot', async () => {
    using ready = new Readiness();
    const [first, second] = [wait(ready.need), wait(ready.need)];
    addWait(first.wait);
    assert.throws(() => addWait(second.wait), SlotTaken);
    removeWait(first.wait);
    addWait(second.wait);
    ready.begin();
    await second.woken;
    assert.equal(first.wakes(), 0);
  });

  test('ends when its descriptor is closed, but not within that call', async () => {
    const ready = new Readiness();
    const reading = wait(ready.need);
    addWait(reading.wait);
    ready.close();
    assert.equal(reading.wakes(), 0);
    await reading.woken;
    assert.equal(reading.wakes(), 1);
  });

  test('cannot be for a descriptor that is not open', () => {
    assert.throws(() => addWait(wait(new PollNeeded(1_000_000, POLLIN)).wait), SystemError);
  });
});
