import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { describe, test } from 'node:test';
import { POLLIN, POLLOUT, PollNeeded, poll, select } from '../../src/index.ts';
import { native } from '../../src/io/native.ts';
import { type SocketPair, socketPair } from '../support/socket-pair.ts';

const POLLERR = 8;
const POLLHUP = 16;
const POLLNVAL = 32;

/** A number that is no open descriptor. */
function closedDescriptor(): number {
  const fd = openSync('/dev/null', 'r');
  closeSync(fd);
  return fd;
}

function elapsed(call: () => void): number {
  const before = performance.now();
  call();
  return performance.now() - before;
}

describe('poll()', () => {
  test('gives the requests that are ready, themselves, with what poll(2) says of them', async () => {
    using a = await socketPair();
    using b = await socketPair();
    const requests = [
      { fd: a.fd, mask: POLLIN, name: 'a' },
      { fd: b.fd, mask: POLLIN | POLLOUT, name: 'b' },
    ];
    assert.deepEqual(poll(requests), [{ request: requests[1], events: POLLOUT }]);
    await a.send('x');
    await b.send('x');
    const ready = poll(requests);
    assert.deepEqual(ready, [
      { request: requests[0], events: POLLIN },
      { request: requests[1], events: POLLIN | POLLOUT },
    ]);
    assert.equal(ready[0]?.request, requests[0]);
  });

  test('takes PollNeeded as they are, in any iterable, and several for one descriptor', async () => {
    using pair = await socketPair();
    const needs = new Set([new PollNeeded(pair.fd, POLLIN), new PollNeeded(pair.fd, POLLOUT)]);
    assert.deepEqual(
      poll(needs, 0).map(({ request }) => request.mask),
      [POLLOUT],
    );
  });

  test('takes nothing that is no descriptor or no mask for descriptor 0', () => {
    for (const wrong of [Number.NaN, 'x', 2 ** 32, 1.5, undefined, null] as number[]) {
      const refused = { name: 'TypeError', message: /must be a whole number, got / };
      assert.throws(() => poll([{ fd: wrong, mask: POLLIN }], 0), refused);
      assert.throws(() => poll([{ fd: 0, mask: wrong }], 0), refused);
    }
  });

  test('is empty when the time is up, which 0 is at once', async () => {
    using pair = await socketPair();
    const request = { fd: pair.fd, mask: POLLIN };
    assert.deepEqual(poll([request], 0), []);
    assert.ok(elapsed(() => assert.deepEqual(poll([request], 20), [])) >= 19.9);
    assert.ok(elapsed(() => assert.deepEqual(poll([], 10), [])) >= 9.9);
  });

  test('ends at the earliest deadline of its requests', async () => {
    using pair = await socketPair();
    const now = performance.now();
    const needs = [
      new PollNeeded(pair.fd, POLLIN, { deadline: now + 100_000 }),
      new PollNeeded(-1, 0, { deadline: now + 20 }),
      new PollNeeded(pair.fd, POLLIN),
    ];
    assert.deepEqual(poll(needs), []);
    assert.ok(performance.now() >= now + 19.9);
    assert.deepEqual(poll(needs), []);
  });

  test('reports errors, hang-ups and closed descriptors unasked, and never a negative one', async () => {
    using pair = await socketPair();
    pair.peer.resetAndDestroy();
    const [reset] = poll([{ fd: pair.fd, mask: POLLIN }]);
    assert.equal((reset?.events ?? 0) & (POLLERR | POLLHUP), POLLERR | POLLHUP);
    assert.deepEqual(
      poll([{ fd: closedDescriptor(), mask: POLLIN }]).map(({ events }) => events),
      [POLLNVAL],
    );
    assert.deepEqual(poll([{ fd: -5, mask: POLLIN }], 1), []);
  });
});

describe('select()', () => {
  test('gives the caller’s own objects in three lists: numbers, and whatever has an fd', async () => {
    using a = await socketPair();
    using b = await socketPair();
    await a.send('x');
    const [reader, writer] = [{ fd: a.fd, who: 'reader' }, new PollNeeded(b.fd, POLLIN)];
    const [readers, writers, exceptional] = select([reader, b.fd], [writer, a.fd], [a.fd], 1000);
    assert.deepEqual([readers, writers, exceptional], [[reader], [writer, a.fd], []]);
    assert.equal(readers[0], reader);
    assert.equal(writers[0], writer);
  });

  test('is empty when the time is up', async () => {
    using pair = await socketPair();
    assert.deepEqual(select([pair.fd], [], [], 0), [[], [], []]);
    assert.ok(elapsed(() => select([pair], [], [], 20)) >= 19.9);
    assert.ok(elapsed(() => select([], [], [], 10)) >= 9.9);
  });

  test('calls the end of a stream, an error and a hang-up readable, as select(2) does', async () => {
    using ended = await socketPair();
    using reset = await socketPair();
    await ended.closePeer();
    reset.peer.resetAndDestroy();
    assert.deepEqual(select([ended.fd, reset.fd], [reset.fd])[0], [ended.fd, reset.fd]);
    assert.deepEqual(select([], [reset.fd], [])[1], [reset.fd]);
  });

  test('raises EBADF for a closed descriptor, and a TypeError for what is none', async () => {
    using pair = await socketPair();
    assert.throws(() => select([pair.fd, closedDescriptor()], []), {
      name: 'SystemError',
      code: 'EBADF',
      syscall: 'select',
    });
    for (const wrong of [-1, 1.5, Number.NaN, {}, { fd: '3' }, null, 2 ** 32]) {
      assert.throws(() => select([wrong as number], [], [], 0), {
        name: 'TypeError',
        message: /is no file descriptor/,
      });
    }
  });

  test('has no limit of 1024 descriptors, neither in number nor in value', async () => {
    const pairs: SocketPair[] = [];
    const extra: number[] = [];
    try {
      using pair = await socketPair();
      while (extra.length < 1500) extra.push(openSync('/dev/null', 'r'));
      for (let count = 0; count < 3; count++) pairs.push(await socketPair());
      const last = pairs[2] as SocketPair;
      assert.ok(last.fd > 1024, `fd ${last.fd}`);
      await last.send('x');
      const idle = Array.from({ length: 1500 }, () => pair.fd);
      assert.deepEqual(select([...idle, last.fd], [], [], 1000)[0], [last.fd]);
      assert.equal(select(extra, [], [], 1000)[0].length, extra.length);
      assert.equal(
        poll(
          extra.map((fd) => ({ fd, mask: POLLIN })),
          1000,
        ).length,
        extra.length,
      );
    } finally {
      for (const pair of pairs) pair[Symbol.dispose]();
      for (const fd of extra) closeSync(fd);
    }
    assert.equal(native.counts().owned, 0);
  });
});
