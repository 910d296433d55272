import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, test } from 'node:test';
import { SharedNeed, waitFor } from '../../src/coroutine.ts';
import { AioFuture, type Coroutine, POLLIN, POLLOUT, PollNeeded } from '../../src/index.ts';
import { native } from '../../src/io/native.ts';
import { type SocketPair, socketPair } from '../support/socket-pair.ts';

/** Reads `count` messages of three bytes, one per readiness. */
function* coMessages({ fd }: SocketPair, count: number, log: string[] = []): Coroutine<string[]> {
  const buffer = Buffer.alloc(3);
  while (log.length < count) {
    yield* waitFor(new PollNeeded(fd, POLLIN));
    if (native.recv(fd, buffer, 0, 3) === 3) log.push(buffer.toString());
  }
  return log;
}

function* coForever(fd: number, mask: number = POLLIN, ended?: () => void): Coroutine<void> {
  try {
    for (;;) yield* waitFor(new PollNeeded(fd, mask));
  } finally {
    ended?.();
  }
}

describe('AioFuture', () => {
  test('starts by itself, goes on only when its descriptor is ready, and runs beside other tasks', async () => {
    using pair = await socketPair();
    const log: string[] = [];
    const future = new AioFuture(coMessages(pair, 3, log));
    let settled = false;
    future.then(() => {
      settled = true;
    });
    for (const message of ['000', '001', '002']) {
      await new Promise(setImmediate);
      assert.equal(future.done(), false);
      assert.equal(settled, false);
      await pair.send(message);
    }
    assert.deepEqual(await future, ['000', '001', '002']);
    assert.equal(settled, true);
    assert.equal(future.done(), true);
    assert.deepEqual(native.counts().watched, 0);
  });

  test('runs its first part at once, and may end in it', async () => {
    let started = false;
    // biome-ignore lint/correctness/useYield: a coroutine that needs not wait
    function* coQuick(): Coroutine<number> {
      started = true;
      return 42;
    }
    const future = new AioFuture(coQuick());
    assert.deepEqual([started, future.done(), future.result(), future.exception()], [true, true, 42, undefined]);
    assert.equal(await future, 42);
  });

  test('gives result() and exception() when it is done, and a StateError before', async () => {
    using pair = await socketPair();
    const future = new AioFuture(coForever(pair.fd));
    assert.throws(() => future.result(), { name: 'StateError' });
    assert.throws(() => future.exception(), { name: 'StateError' });
    const reason = new Error('enough');
    assert.equal(future.cancel(reason), true);
    await assert.rejects(future, reason);
    assert.throws(() => future.result(), reason);
    assert.equal(future.exception(), reason);
    assert.equal(future.cancel(), false);
  });

  test('is a Promise whose then() gives plain promises', async () => {
    const future = new AioFuture(waitFor(new PollNeeded(-1, 0, { deadline: 0 })));
    assert.ok(future instanceof Promise);
    const then = future.then(() => 1);
    assert.ok(!(then instanceof AioFuture));
    assert.equal(await then, 1);
    assert.equal((await Promise.all([future]))[0], undefined);
  });

  test('of a special type is one of a more general type, as with promises', async () => {
    const numbers: AioFuture<number> = new AioFuture(
      // biome-ignore lint/correctness/useYield: a coroutine that needs not wait
      (function* (): Coroutine<number> {
        return 1;
      })(),
    );
    const anything: readonly AioFuture<unknown>[] = [numbers];
    assert.deepEqual(await Promise.all(anything), [1]);
  });

  test('throws cancellation, abort and time-out into the coroutine, so that its finally runs', async () => {
    using pair = await socketPair();
    const controller = new AbortController();
    const ended: string[] = [];
    const cancelled = new AioFuture(coForever(pair.fd, POLLIN, () => ended.push('cancelled')));
    cancelled.cancel();
    await assert.rejects(cancelled, { name: 'AbortError' });
    const { signal } = controller;
    const aborted = new AioFuture(
      coForever(pair.fd, POLLIN, () => ended.push('aborted')),
      { signal },
    );
    controller.abort(new Error('by signal'));
    await assert.rejects(aborted, { message: 'by signal' });
    const late = new AioFuture(
      coForever(pair.fd, POLLIN, () => ended.push('timed out')),
      { timeout: 10 },
    );
    await assert.rejects(late, { name: 'ConnectionTimedOut', timeout: 10, phase: undefined });
    assert.deepEqual(ended, ['cancelled', 'aborted', 'timed out']);
    assert.equal(native.counts().watched, 0);
  });

  test('with a signal that is aborted already runs nothing', async () => {
    let started = false;
    // biome-ignore lint/correctness/useYield: a coroutine that needs not wait
    function* coStart(): Coroutine<void> {
      started = true;
    }
    const signal = AbortSignal.abort(new Error('before'));
    await assert.rejects(new AioFuture(coStart(), { signal }), { message: 'before' });
    assert.equal(started, false);
  });

  test('hears of an abort that comes while its first part runs', async () => {
    const controller = new AbortController();
    function* coAborting(): Coroutine<void> {
      controller.abort(new Error('from inside'));
      yield* waitFor(new PollNeeded(-1, 0, { deadline: performance.now() + 10_000 }));
    }
    await assert.rejects(new AioFuture(coAborting(), { signal: controller.signal }), { message: 'from inside' });
  });

  test('waits as long as its timeout says, also for longer than a timer of Node can', async () => {
    for (const timeout of [2 ** 31, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY]) {
      const need = new PollNeeded(-1, 0, { deadline: performance.now() + 20 });
      await new AioFuture(waitFor(need), { timeout });
    }
    for (const timeout of [-1, Number.NaN]) {
      assert.throws(() => new AioFuture(waitFor(new PollNeeded(-1, 0)), { timeout }), TypeError);
    }
  });

  test('goes on with a coroutine that catches what is thrown into it', async () => {
    using pair = await socketPair();
    function* coStubborn(): Coroutine<string> {
      try {
        yield* coForever(pair.fd);
      } catch {
        yield* waitFor(new PollNeeded(pair.fd, POLLOUT));
      }
      return 'ended in its own way';
    }
    const future = new AioFuture(coStubborn());
    assert.equal(future.cancel(), true);
    assert.equal(await future, 'ended in its own way');
  });

  test('leaves neither timer nor listener behind', async () => {
    using pair = await socketPair();
    const { signal } = new AbortController();
    let listeners = 0;
    const spied = new Proxy(signal, {
      get(target, name) {
        if (name === 'addEventListener') listeners++;
        if (name === 'removeEventListener') listeners--;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const future = new AioFuture(waitFor(new PollNeeded(pair.fd, POLLIN)), { signal: spied, timeout: 100_000 });
    assert.equal(listeners, 1);
    await pair.send('x');
    await future;
    assert.equal(listeners, 0);
    assert.deepEqual(
      process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout'),
      [],
    );
  });

  test('waits for a deadline: of a descriptor, or of none', async () => {
    using pair = await socketPair();
    for (const fd of [pair.fd, -1]) {
      const deadline = performance.now() + 20;
      await new AioFuture(waitFor(new PollNeeded(fd, fd < 0 ? 0 : POLLIN, { deadline })));
      assert.ok(performance.now() >= deadline - 1);
    }
    assert.equal(native.counts().watched, 0);
  });

  test('rejects what is no coroutine, and throws a TypeError into one that yields something else', async () => {
    for (const wrong of [undefined, null, {}, function* () {}, [].values()]) {
      assert.throws(() => new AioFuture(wrong as unknown as Coroutine<void>), TypeError);
    }
    function* coWrong(): Coroutine<void> {
      yield waitFor(new PollNeeded(-1, 0)) as unknown as PollNeeded;
    }
    await assert.rejects(new AioFuture(coWrong()), { name: 'TypeError', message: /did you mean yield\*\?/ });
  });

  test('reports a descriptor that cannot be watched to the coroutine', async () => {
    await assert.rejects(new AioFuture(coForever(999_999)), { name: 'SystemError', code: 'EBADF' });
  });

  test('keeps the context of AsyncLocalStorage over its waits', async () => {
    using pair = await socketPair();
    const storage = new AsyncLocalStorage<string>();
    function* coLook(): Coroutine<(string | undefined)[]> {
      const seen = [storage.getStore()];
      yield* waitFor(new PollNeeded(pair.fd, POLLIN));
      seen.push(storage.getStore());
      yield* waitFor(new PollNeeded(-1, 0, { deadline: 0 }));
      return [...seen, storage.getStore()];
    }
    const future = storage.run('mine', () => new AioFuture(coLook()));
    await pair.send('x');
    assert.deepEqual(await future, ['mine', 'mine', 'mine']);
  });
});

describe('two futures on one descriptor', () => {
  test('may wait for different directions; a turn from one to the other withdraws the first', async () => {
    using pair = await socketPair();
    function* coTurn(): Coroutine<string> {
      yield* waitFor(new PollNeeded(pair.fd, POLLIN));
      yield* waitFor(new PollNeeded(pair.fd, POLLOUT));
      return 'turned';
    }
    const reader = new AioFuture(coTurn());
    await new AioFuture(waitFor(new PollNeeded(pair.fd, POLLOUT)));
    assert.equal(reader.done(), false);
    await pair.send('x');
    assert.equal(await reader, 'turned');
    assert.equal(native.counts().watched, 0);
  });

  for (const [verb, mask] of [
    ['reading', POLLIN],
    ['writing', POLLOUT],
    ['reading', POLLIN | POLLOUT],
  ] as const) {
    test(`(${verb}, ${mask}): a StateError is thrown into the second, the first goes on`, async () => {
      using pair = await socketPair();
      const first = new AioFuture(waitFor(new PollNeeded(pair.fd, mask)));
      let caught: unknown;
      function* coSecond(): Coroutine<string> {
        try {
          yield* waitFor(new PollNeeded(pair.fd, mask));
        } catch (error) {
          caught = error;
        }
        return 'went on';
      }
      assert.equal(await new AioFuture(coSecond()), 'went on');
      assert.equal((caught as Error).name, 'StateError');
      assert.match((caught as Error).message, new RegExp(`already waiting for ${verb} on fd ${pair.fd}`));
      await pair.send('x');
      await first;
      await new AioFuture(waitFor(new PollNeeded(pair.fd, mask)));
    });
  }

  test('may wait for the same direction where all but one of them only look on', async () => {
    using pair = await socketPair();
    const shared = SharedNeed.of(new PollNeeded(pair.fd, POLLIN));
    const futures = [1, 2, 3].map(() => new AioFuture(waitFor(shared)));
    const reader = new AioFuture(waitFor(new PollNeeded(pair.fd, POLLIN)));
    const late = new AioFuture(waitFor(shared));
    await assert.rejects(new AioFuture(waitFor(new PollNeeded(pair.fd, POLLIN))), { name: 'StateError' });
    futures[1]?.cancel(new Error('not this one'));
    await assert.rejects(futures[1] as AioFuture<void>, /not this one/);
    await pair.send('x');
    await Promise.all([futures[0], futures[2], reader, late]);
    assert.equal(native.counts().watched, 0);
  });

  test('wake both when the peer is gone', async () => {
    using pair = await socketPair();
    // Fills the socket, so that it is not writable.
    const block = Buffer.alloc(1 << 20);
    while (native.send(pair.fd, block, 0, block.length) > 0);
    pair.peer.pause();
    const futures = [POLLIN, POLLOUT].map((mask) => new AioFuture(waitFor(new PollNeeded(pair.fd, mask))));
    await new Promise(setImmediate);
    assert.deepEqual(
      futures.map((future) => future.done()),
      [false, false],
    );
    pair.peer.resetAndDestroy();
    await Promise.all(futures);
  });
});
