import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Coroutine, coSleep, HTTPConnection, PollLoop, type Task } from 'dugong';
import { native } from '../../src/io/native.ts';
import { startDummyServer } from '../support/dummy-server.ts';
import { timeLimit } from '../support/time-limit.ts';

describe('a poll loop', () => {
  test('runs many connections in one blocked thread', () => {
    using server = startDummyServer();
    using loop = new PollLoop();
    let turns = 0;
    setImmediate(() => turns++);
    const tasks = Array.from({ length: 500 }, (_, size) =>
      loop.createTask(
        (function* (): Coroutine<number> {
          using connection = new HTTPConnection(server.hostname, { port: server.port });
          yield* connection.coSendRequest('GET', `/send_${size}_bytes`);
          yield* connection.coReadResponse();
          return (yield* connection.coReadAll()).length;
        })(),
      ),
    );
    assert.deepEqual(loop.runUntilComplete(tasks), [...tasks.keys()]);
    assert.equal(turns, 0, "Node's loop has stood still");
  });

  test('lets tasks make tasks, and wait for them', () => {
    using loop = new PollLoop();
    const order: string[] = [];
    function* coChild(name: string, ms: number): Coroutine<string> {
      yield* coSleep(ms);
      order.push(name);
      return name;
    }
    const parent = loop.createTask(
      (function* (): Coroutine<string[]> {
        const slow = loop.createTask(coChild('slow', 20));
        const fast = loop.createTask(coChild('fast', 1));
        return [yield* slow.join(), yield* fast.join()];
      })(),
    );
    assert.deepEqual(loop.runUntilComplete(parent), ['slow', 'fast']);
    assert.deepEqual(order, ['fast', 'slow']);
    assert.equal(loop.size, 0);
  });

  test('cancels a task by throwing into it, from inside and outside', () => {
    using loop = new PollLoop();
    const victim = loop.createTask(coSleep(1_000_000));
    assert.equal(victim.done(), false);
    assert.throws(() => victim.result(), { name: 'StateError' });
    assert.throws(() => victim.exception(), { name: 'StateError' });
    loop.createTask(
      (function* (): Coroutine<void> {
        yield* coSleep(1);
        victim.cancel(new Error('enough'));
      })(),
    );
    assert.throws(() => loop.runUntilComplete(victim), { message: 'enough' });
    assert.equal(victim.cancel(), false);
    assert.equal((victim.exception() as Error).message, 'enough');
    const never = loop.createTask(coSleep(1));
    never.cancel();
    assert.throws(() => loop.runUntilComplete(never), { name: 'AbortError' });
  });

  test('can be turned once at a time, and says whether there is more to do', () => {
    using loop = new PollLoop();
    assert.equal(loop.runOnce(), false);
    const task = loop.createTask(coSleep(5));
    while (loop.runOnce(1));
    assert.equal(task.done(), true);
    assert.equal(task.exception(), undefined);
  });

  test('does not wait for what can never come', () => {
    using loop = new PollLoop();
    const tasks: Task<void>[] = [];
    for (const other of [1, 0]) {
      tasks.push(
        loop.createTask(
          (function* (): Coroutine<void> {
            yield* coSleep(0);
            yield* (tasks[other] as Task<void>).join();
          })(),
        ),
      );
    }
    assert.throws(() => loop.runUntilComplete(tasks), { name: 'StateError', message: /waits for another/ });
  });

  test('frees its descriptor and ends its tasks when it is closed', () => {
    using server = startDummyServer();
    const before = native.counts();
    const loop = new PollLoop();
    const connection = new HTTPConnection(server.hostname, { port: server.port });
    loop.createTask(
      (function* (): Coroutine<void> {
        try {
          yield* connection.coConnect();
          yield* coSleep(1_000_000);
        } finally {
          connection.disconnect();
        }
      })(),
    );
    loop.runOnce();
    loop.runOnce(10_000);
    loop.close();
    loop.close();
    assert.deepEqual(native.counts(), before);
  });

  test('lets no code outside join', () => {
    using loop = new PollLoop();
    const task = loop.createTask(coSleep(1));
    assert.throws(() => task.join().next(), { name: 'StateError', message: /runUntilComplete/ });
  });

  test('ends all of its tasks when it is closed, also when a cleanup fails or wants to wait', () => {
    const log: string[] = [];
    const loop = new PollLoop();
    function* coBad(): Coroutine<void> {
      try {
        yield* coSleep(1_000_000);
      } finally {
        log.push('bad');
        // biome-ignore lint/correctness/noUnsafeFinally: this is what is tested
        throw new Error('cleanup');
      }
    }
    function* coSlow(depth: number): Coroutine<void> {
      try {
        yield* depth > 0 ? coSlow(depth - 1) : coSleep(1_000_000);
      } finally {
        log.push(`slow ${depth}`);
        yield* coSleep(1);
        log.push('not reached');
      }
    }
    const tasks = [loop.createTask(coBad()), loop.createTask(coSlow(3))];
    loop.runOnce(0);
    assert.throws(() => loop.close(), { message: 'cleanup' });
    assert.deepEqual(log, ['bad', 'slow 0', 'slow 1', 'slow 2', 'slow 3']);
    assert.deepEqual(
      tasks.map((task) => (task.exception() as Error).message),
      ['cleanup', 'The operation was cancelled'],
    );
    assert.throws(() => loop.runUntilComplete(tasks[1] as Task<void>), { name: 'AbortError' });
  });

  test('may be closed by one of its tasks, which ends when it wants to wait', () => {
    const log: string[] = [];
    const before = native.counts();
    const loop = new PollLoop();
    const task = loop.createTask(
      (function* (): Coroutine<void> {
        try {
          loop.close();
          log.push('closed');
          yield* coSleep(1);
          log.push('not reached');
        } finally {
          log.push('finally');
        }
      })(),
    );
    assert.equal(loop.runOnce(), false);
    assert.deepEqual(log, ['closed', 'finally']);
    assert.throws(() => task.result(), { name: 'AbortError' });
    assert.deepEqual(native.counts(), before);
  });

  test('does not wait for a task that it does not run', () => {
    using loop = new PollLoop();
    using other = new PollLoop();
    const task = other.createTask(coSleep(1));
    assert.throws(() => loop.runUntilComplete(task), { name: 'StateError', message: /not one of this loop/ });
  });

  test('starts and ends very many tasks in time that grows with their number', () => {
    using loop = new PollLoop();
    const tasks = Array.from({ length: 200_000 }, () => loop.createTask(coSleep(0.01)));
    const begun = process.cpuUsage();
    loop.runUntilComplete(tasks);
    const { user, system } = process.cpuUsage(begun);
    // About a second of processor time; minutes when each start or end costs by the number of the others.
    assert.ok((user + system) / 1000 < timeLimit(20_000));
  });
});
