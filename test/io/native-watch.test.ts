/** Waiting on the event loop: watch() and onReady(). */

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import type net from 'node:net';
import { describe, it } from 'node:test';
import { native } from '../../src/io/native.ts';
import { program, run, worker } from './native-programs.ts';
import {
  EBADF,
  ECONNREFUSED,
  EPERM,
  fill,
  listen,
  loopTurns,
  POLLIN,
  POLLOUT,
  reopen,
  reports,
  untyped,
  watch,
} from './native-support.ts';

const delivered = (peer: net.Socket, bytes: string) =>
  new Promise<void>((resolve) => void peer.write(bytes, () => resolve()));
const reportsOf = (fd: number) => reports.filter(([each]) => each === fd).map(([, events]) => events);

describe('watch', () => {
  it('reports each direction once, until it is asked for again', async () => {
    await using server = await listen();
    await using pair = await server.pair();
    reports.length = 0;
    assert.equal(await watch(pair.fd, POLLOUT), POLLOUT);
    await loopTurns();
    assert.deepEqual(reportsOf(pair.fd), [POLLOUT]);
    assert.equal(await watch(pair.fd, POLLOUT), POLLOUT);
    await loopTurns();
    assert.deepEqual(reportsOf(pair.fd), [POLLOUT, POLLOUT]);
  });

  it('goes on waiting for the direction that was not reported', async () => {
    await using server = await listen();
    await using pair = await server.pair();
    assert.equal(await watch(pair.fd, POLLIN | POLLOUT), POLLOUT);
    assert.equal(native.counts().watched, 1);
    reports.length = 0;
    await loopTurns();
    assert.deepEqual(reportsOf(pair.fd), []);
    await delivered(pair.peer, 'x');
    await loopTurns();
    assert.deepEqual(reportsOf(pair.fd), [POLLIN]);
    assert.equal(native.counts().watched, 0);
  });

  it('withdraws, and reports afterwards what came meanwhile', async () => {
    await using server = await listen();
    await using pair = await server.pair();
    reports.length = 0;
    native.watch(pair.fd, POLLIN);
    native.watch(pair.fd, 0);
    await delivered(pair.peer, 'x');
    assert.equal(native.pollOne(pair.fd, POLLIN, -1), POLLIN);
    await loopTurns();
    assert.deepEqual(reportsOf(pair.fd), []);
    assert.equal(await watch(pair.fd, POLLIN), POLLIN);
  });

  it('replaces what was waited for', async () => {
    await using server = await listen();
    await using pair = await server.pair();
    reports.length = 0;
    native.watch(pair.fd, POLLOUT);
    native.watch(pair.fd, POLLIN);
    await loopTurns();
    assert.deepEqual(reportsOf(pair.fd), []);
    assert.equal(await watch(pair.fd, POLLOUT), POLLOUT);
  });

  it('reports a reset as every direction waited for', async () => {
    await using server = await listen();
    await using pair = await server.pair();
    fill(pair.fd);
    const ready = watch(pair.fd, POLLIN | POLLOUT);
    pair.peer.resetAndDestroy();
    assert.equal(await ready, POLLIN | POLLOUT);
    // And still does, when it is asked for again.
    assert.equal(await watch(pair.fd, POLLOUT), POLLOUT);
    assert.equal(await watch(pair.fd, POLLIN), POLLIN);
  });

  it('reports a refused connection to a wait for either direction', async () => {
    const server = await listen();
    await server[Symbol.asyncDispose]();
    for (const mask of [POLLIN, POLLOUT]) {
      const fd = native.socket(4);
      if (native.connect(fd, '127.0.0.1', server.port) !== -ECONNREFUSED) {
        assert.equal(await watch(fd, mask), mask);
        assert.equal(native.socketError(fd), -ECONNREFUSED);
      }
      native.close(fd);
    }
  });

  it('reports nothing that was closed in the same turn', async () => {
    await using server = await listen();
    const pairs = [await server.pair(), await server.pair(), await server.pair()];
    reports.length = 0;
    for (const { fd } of pairs) {
      void watch(fd, POLLOUT, () => {
        for (const each of pairs) native.close(each.fd);
      });
    }
    await loopTurns();
    assert.equal(reports.length, 1);
    assert.equal(native.counts().watched, 0);
  });

  it('serves a new socket that gets the number of one closed in the callback', async () => {
    await using server = await listen();
    for (let round = 0; round < 20; round++) {
      const first = await server.pair();
      const second = await new Promise<number>((resolve) => {
        void watch(first.fd, POLLOUT, () => {
          native.close(first.fd);
          const fd = reopen(first.fd, () => native.socket(4), native.close);
          native.connect(fd, '127.0.0.1', server.port);
          void watch(fd, POLLOUT, () => resolve(fd));
        });
      });
      assert.equal(native.socketError(second), 0);
      assert.equal(native.send(second, Buffer.from('x'), 0, 1), 1);
      native.close(second);
    }
  });

  it('refuses a regular file with -EPERM and what is not open with -EBADF', () => {
    const file = openSync(process.execPath, 'r');
    assert.equal(native.watch(file, POLLIN), process.platform === 'linux' ? -EPERM : 0);
    native.watch(file, 0);
    closeSync(file);
    assert.equal(native.watch(file, POLLIN), -EBADF);
    assert.equal(native.watch(-1, POLLIN), -EBADF);
    assert.equal(native.watch(2 ** 31 - 1, POLLIN), -EBADF);
    assert.equal(native.watch(file, 0), 0);
    assert.equal(native.counts().watched, 0);
  });

  it('names a wrong argument', () => {
    assert.throws(() => native.watch(1, 2), /^RangeError: watch: mask must be a combination of POLLIN and POLLOUT$/);
    assert.throws(() => native.watch(1, -1), /^RangeError: watch: mask must be a combination/);
    assert.throws(() => untyped.watch?.('1', 1), /^TypeError: watch: fd must be a number$/);
    assert.throws(() => untyped.release?.(1, '1'), /^TypeError: release: mask must be a number$/);
    assert.equal(native.release(2 ** 31 - 1, 1), 0);
    assert.throws(() => untyped.onReady?.(), /^TypeError: onReady: callback must be a function$/);
    assert.throws(() => untyped.onReady?.({}), /^TypeError: onReady: callback must be a function$/);
  });
});

describe('the callback', () => {
  it('may throw: that is an uncaught exception, and the others are reported all the same', async () => {
    await using server = await listen();
    const output = await run(`
      process.on('uncaughtException', (error, origin) => say(origin + ' ' + error.message));
      let reported = 0;
      native.onReady((fd) => { native.close(fd); reported++; throw new Error('from ' + reported); });
      for (let i = 0; i < 3; i++) native.watch(connect(${server.port}), 4);
      process.on('exit', () => say('reported ' + reported));
    `);
    const expected = [1, 2, 3].map((index) => `uncaughtException from ${index}`);
    assert.deepEqual(output.trim().split('\n'), [...expected, 'reported 3']);
  });

  it('may throw, which without a handler ends the process as usual', async () => {
    await using server = await listen();
    const outcome = await program(`
      native.onReady(() => { throw new Error('this is not caught'); });
      native.watch(connect(${server.port}), 4);
    `).ended;
    assert.equal(outcome.code, 1);
    assert.match(outcome.stderr, /this is not caught/);
  });

  it('may throw in a worker, whose error it then is', async () => {
    await using server = await listen();
    const thread = worker(
      `native.onReady(() => { throw new Error('in the worker'); }); native.watch(connect(workerData), 4);`,
      server.port,
    );
    const [error] = await once(thread, 'error');
    assert.equal(error.message, 'in the worker');
  });

  it('is followed by the promises and ticks that it leads to, before the next event', async () => {
    await using server = await listen();
    await using first = await server.pair();
    await using second = await server.pair();
    const order: string[] = [];
    const note = (name: string) => () => {
      order.push(name);
      process.nextTick(() => order.push(`${name} tick`));
      void Promise.resolve().then(() => order.push(`${name} promise`));
    };
    await Promise.all([watch(first.fd, POLLOUT, note('first')), watch(second.fd, POLLOUT, note('second'))]);
    await loopTurns();
    const [one, other] = order[0] === 'first' ? ['first', 'second'] : ['second', 'first'];
    assert.deepEqual(order, [one, `${one} tick`, `${one} promise`, other, `${other} tick`, `${other} promise`]);
  });

  it('resumes what awaits it in its own async context', async () => {
    await using server = await listen();
    const storage = new AsyncLocalStorage<number>();
    const seen = await Promise.all(
      [1, 2, 3].map((id) =>
        storage.run(id, async () => {
          await using pair = await server.pair();
          await watch(pair.fd, POLLOUT);
          return storage.getStore();
        }),
      ),
    );
    assert.deepEqual(seen, [1, 2, 3]);
  });

  it('can be replaced, and must be there before anything is watched', async () => {
    await using server = await listen();
    const output = await run(`
      const fd = connect(${server.port});
      try { native.watch(fd, 4); } catch (error) { say(String(error)); }
      native.onReady(() => say('old'));
      native.onReady(() => say('new'));
      native.watch(fd, 4);
    `);
    assert.equal(output, 'Error: watch: onReady() must be called first\nnew\n');
  });
});

describe('the event loop', () => {
  it('ends when nothing is waited for, though sockets are open', async () => {
    await using server = await listen();
    const output = await run(`
      listenToReadiness();
      const fds = [connect(${server.port}), connect(${server.port}), connect(${server.port})];
      Promise.all(fds.map((fd) => watch(fd, 4))).then(() => {
        native.watch(fds[0], 1);
        native.watch(fds[0], 0);
        say('done');
      });
    `);
    assert.equal(output, 'done\n');
  });

  it('ends when what is waited for was released, in all directions; watching anew holds it again', async () => {
    await using server = await listen();
    const output = await run(`
      listenToReadiness();
      const fd = connect(${server.port});
      watch(fd, 4).then(() => {
        native.watch(fd, 1);
        native.release(fd, 1);
        process.once('beforeExit', () => {
          say('released');
          native.watch(fd, 5);
          native.release(fd, 1);
          listeners.set(fd, (events) => say('reported ' + events));
        });
      });
    `);
    assert.equal(output, 'released\nreported 4\n');
  });

  it('goes on while something is waited for', async () => {
    await using server = await listen();
    const child = program(`
      listenToReadiness();
      const fd = connect(${server.port});
      watch(fd, 4).then(() => { say('connected'); return watch(fd, 1); }).then(() => say('readable'));
    `);
    assert.equal(await child.line(), 'connected');
    await loopTurns();
    await server[Symbol.asyncDispose]();
    assert.equal((await child.ended).stdout, 'connected\nreadable\n');
  });

  it('does not spin on what is ready and not waited for', async () => {
    await using server = await listen();
    await using pair = await server.pair();
    const turns = () =>
      (performance.nodeTiming as unknown as { uvMetricsInfo: { loopCount: number } }).uvMetricsInfo.loopCount;
    for (const mask of [POLLIN, 0]) {
      native.watch(pair.fd, POLLIN | POLLOUT);
      native.watch(pair.fd, mask);
      if (mask === 0) await delivered(pair.peer, 'x');
      const before = turns();
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.ok(turns() - before < 100, `${turns() - before} turns`);
    }
  });
});

it('leaves nothing behind', async () => {
  await loopTurns();
  assert.deepEqual(native.counts(), { owned: 0, watched: 0 });
});
