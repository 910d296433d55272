/** What a loop leaves in its poller for tasks that will wait again, and that it misleads no other task. */

import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { test } from 'node:test';
import { waitFor } from '../../src/coroutine.ts';
import { type Coroutine, POLLIN, POLLOUT, PollLoop, PollNeeded } from '../../src/index.ts';
import { closeDescriptor } from '../../src/io/descriptor.ts';
import { native } from '../../src/io/native.ts';
import { socketPair } from '../support/socket-pair.ts';

function* coWait(fd: number, times = 1): Coroutine<number> {
  const need = new PollNeeded(fd, POLLIN);
  for (let count = 0; count < times; count++) yield* waitFor(need);
  return times;
}

test('waiting for input again and again costs one call for it, and one for its end', (context) => {
  const changes = context.mock.method(native, 'changePoller');
  const fd = native.openBell();
  {
    using loop = new PollLoop();
    assert.equal(loop.runUntilComplete(loop.createTask(coWait(fd, 100))), 100);
    assert.equal(changes.mock.callCount(), 1);
    closeDescriptor(fd);
    assert.equal(changes.mock.callCount(), 2);
  }
});

test('a number that comes to mean another descriptor is waited for anew', () => {
  using loop = new PollLoop();
  const first = native.openBell();
  loop.runUntilComplete(loop.createTask(coWait(first)));
  closeDescriptor(first);
  // Nearly always the same number.
  const second = native.openBell();
  assert.equal(loop.runUntilComplete(loop.createTask(coWait(second))), 1);
  closeDescriptor(second);
});

test('a descriptor that is closed under a reader and a writer of it takes both waits with it', async () => {
  using pair = await socketPair();
  const full = Buffer.alloc(1 << 20);
  while (native.send(pair.fd, full, 0, full.length) > 0);
  using loop = new PollLoop();
  const both = [POLLIN, POLLOUT].map((mask) => loop.createTask(waitFor(new PollNeeded(pair.fd, mask))));
  loop.runOnce(0);
  closeDescriptor(pair.fd);
  loop.runUntilComplete(both);
  // The loop counts its waits right: it still has a descriptor for the next one.
  const bell = native.openBell();
  const next = loop.createTask(coWait(bell));
  loop.runOnce(0);
  assert.equal(loop.runUntilComplete(next), 1);
  closeDescriptor(bell);
});

test('what is ready, but without a waiter, keeps no loop busy', (context) => {
  using loop = new PollLoop();
  const ready = native.openBell();
  const never = native.openPoller();
  loop.runUntilComplete(loop.createTask(coWait(ready)));
  const idle = loop.createTask(coWait(never));
  loop.runOnce(0);
  const waits = context.mock.method(native, 'waitPoller');
  const start = performance.now();
  while (performance.now() - start < 20) loop.runOnce(20);
  // One finds it, and takes it out.
  assert.ok(waits.mock.callCount() <= 3, `${waits.mock.callCount()}`);
  assert.equal(idle.done(), false);
  closeDescriptor(ready);
  closeDescriptor(never);
});

const skip = process.platform !== 'linux' && 'opens a descriptor by way of /proc';

test("somebody else's descriptor, of whose end nobody hears, is not left there", { skip }, (context) => {
  using loop = new PollLoop();
  const path = `/proc/self/fd/${native.openBell()}`;
  const foreign = openSync(path, 'r');
  const changes = context.mock.method(native, 'changePoller');
  loop.runUntilComplete(loop.createTask(coWait(foreign)));
  assert.equal(changes.mock.callCount(), 2);
  closeSync(foreign);
  closeDescriptor(Number(path.slice('/proc/self/fd/'.length)));
});
