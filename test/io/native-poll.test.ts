/** Waiting with the thread blocked: pollOne() and poll(). */

import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { describe, it } from 'node:test';
import { native } from '../../src/io/native.ts';
import { program } from './native-programs.ts';
import { EBADF, fill, listen, POLLHUP, POLLIN, POLLNVAL, POLLOUT, untyped } from './native-support.ts';

const elapsed = (call: () => void) => {
  const start = performance.now();
  call();
  return performance.now() - start;
};

describe('pollOne', () => {
  it('returns what is ready among what was asked for', async () => {
    await using server = await listen();
    await using pair = await server.pair();
    assert.equal(native.pollOne(pair.fd, POLLIN, 0), 0);
    assert.equal(native.pollOne(pair.fd, POLLIN | POLLOUT, 0), POLLOUT);
    await new Promise<void>((resolve) => void pair.peer.write('x', () => resolve()));
    assert.equal(native.pollOne(pair.fd, POLLIN, -1), POLLIN);
    assert.equal(native.pollOne(pair.fd, POLLIN | POLLOUT, Number.POSITIVE_INFINITY), POLLIN | POLLOUT);
    fill(pair.fd);
    assert.equal(native.pollOne(pair.fd, POLLOUT, 0), 0);
  });

  it('waits for its timeout, never less, whatever its fraction', async () => {
    await using server = await listen();
    await using pair = await server.pair();
    for (const timeout of [0.2, 1, 7.5, 60, 300]) {
      assert.ok(elapsed(() => assert.equal(native.pollOne(pair.fd, POLLIN, timeout), 0)) >= timeout);
    }
  });

  it('is a timer for a negative fd', () => {
    assert.ok(elapsed(() => assert.equal(native.pollOne(-1, POLLIN, 20), 0)) >= 20);
  });

  it('reports POLLNVAL for a closed fd', () => {
    const fd = native.socket(4);
    native.close(fd);
    assert.equal(native.pollOne(fd, POLLIN, -1), POLLNVAL);
  });

  it('takes any fd', () => {
    const fd = openSync('/dev/null', 'r');
    assert.equal(native.pollOne(fd, POLLIN, -1), POLLIN);
    closeSync(fd);
  });

  it('reports a hang-up that was not asked for', () => {
    const fd = native.lookup('127.0.0.1', 0);
    assert.equal(native.pollOne(fd, 0, -1), POLLHUP);
    native.close(fd);
  });

  it('goes on after a signal, with the time that is left', async () => {
    const timeout = 400;
    const child = program(`
      let signals = 0;
      process.on('SIGALRM', () => { signals++; });
      say('ready');
      const measure = () => {
        const start = performance.now();
        const ready = native.pollOne(-1, 1, ${timeout});
        const waited = performance.now() - start;
        const entries = new Int32Array([-1, 1, 0]);
        const again = native.poll(entries, ${timeout});
        const both = performance.now() - start;
        setImmediate(() => {
          // The sender may get to it late: until some have come meanwhile.
          if (signals === 0) return measure();
          say(JSON.stringify({ ready, again, waited, both, signals }));
          process.exit();
        });
      };
      measure();
    `);
    assert.equal(await child.line(), 'ready');
    const shower = setInterval(() => child.kill('SIGALRM'), 15);
    const result = JSON.parse(await child.line());
    clearInterval(shower);
    await child.ended;
    assert.equal(result.ready, 0);
    assert.equal(result.again, 0);
    assert.ok(result.waited >= timeout, `waited ${result.waited}`);
    assert.ok(result.both >= 2 * timeout, `waited ${result.both}`);
    assert.ok(result.signals >= 1);
  });

  it('names a wrong argument', () => {
    assert.throws(() => native.pollOne(0, POLLIN, Number.NaN), /^RangeError: pollOne: timeoutMs must not be NaN$/);
    assert.throws(() => untyped.pollOne?.(0, POLLIN), /^TypeError: pollOne: timeoutMs must be a number$/);
    assert.throws(() => untyped.pollOne?.(0, '1', 0), /^TypeError: pollOne: mask must be a number$/);
    assert.throws(() => untyped.pollOne?.('0', 1, 0), /^TypeError: pollOne: fd must be a number$/);
  });
});

describe('poll', () => {
  it('writes what is ready for each fd, and returns how many are', async () => {
    await using server = await listen();
    await using quiet = await server.pair();
    await using busy = await server.pair();
    await new Promise<void>((resolve) => void busy.peer.write('x', () => resolve()));
    const entries = new Int32Array([quiet.fd, POLLIN, 99, busy.fd, POLLIN, 99, -1, POLLIN, 99, busy.fd, POLLOUT, 99]);
    assert.equal(native.poll(entries, -1), 2);
    assert.deepEqual([entries[2], entries[5], entries[8], entries[11]], [0, POLLIN, 0, POLLOUT]);
  });

  it('returns 0 after the timeout, with nothing ready', async () => {
    await using server = await listen();
    await using pair = await server.pair();
    const entries = new Int32Array([pair.fd, POLLIN, 99]);
    assert.equal(native.poll(entries, 0), 0);
    assert.equal(entries[2], 0);
    assert.ok(elapsed(() => assert.equal(native.poll(entries, 25), 0)) >= 25);
  });

  it('of nothing is a timer', () => {
    assert.ok(elapsed(() => assert.equal(native.poll(new Int32Array(0), 15), 0)) >= 15);
  });

  it('takes more than 1024 fds, and fds beyond 1024', async () => {
    await using server = await listen();
    const fds = Array.from({ length: 1500 }, () => native.socket(4));
    await using last = await server.pair();
    assert.ok(last.fd > 1024);
    await new Promise<void>((resolve) => void last.peer.write('x', () => resolve()));
    const entries = Int32Array.from([...fds.flatMap((fd) => [-fd, POLLIN, 0]), last.fd, POLLIN, 0]);
    assert.equal(native.poll(entries, -1), 1);
    assert.equal(entries.at(-1), POLLIN);
    // A socket that was never connected has hung up.
    fds.forEach((fd, index) => {
      entries[3 * index] = fd;
    });
    assert.equal(native.poll(entries, -1), process.platform === 'linux' ? fds.length + 1 : 1);
    for (const fd of fds) assert.equal(native.close(fd), 0);
    assert.equal(native.close(fds[0] as number), -EBADF);
  });

  it('polls the part of a larger array that it is given', () => {
    const memory = new Int32Array([7, 7, 7, -1, POLLIN, 5, 8, 8, 8]);
    assert.equal(native.poll(memory.subarray(3, 6), 0), 0);
    assert.deepEqual([...memory], [7, 7, 7, -1, POLLIN, 0, 8, 8, 8]);
  });

  it('names a wrong argument', () => {
    const message = /^TypeError: poll: entries must be an Int32Array$/;
    for (const wrong of [[0, 1, 0], new Uint32Array(3), new Float64Array(3), null, 'x']) {
      assert.throws(() => untyped.poll?.(wrong, 0), message);
    }
    assert.throws(() => native.poll(new Int32Array(4), 0), /^RangeError: poll: entries must hold triples/);
    assert.throws(() => native.poll(new Int32Array(3), Number.NaN), /^RangeError: poll: timeoutMs must not be NaN$/);
    const detached = new Int32Array([-1, 1, 0]);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    assert.equal(native.poll(detached, 0), 0);
  });
});
