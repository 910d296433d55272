import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { suite, test } from 'node:test';
import { POLLIN, POLLOUT } from 'dugong';
import { native } from '../../src/io/native.ts';
import { Poller } from '../../src/io/poller.ts';
import { gate, mark, send, startScriptedServer } from '../support/scripted-server.ts';

/** A connected socket of ours; the server sends a byte when its gate is opened. */
function connected(port: number): number {
  const fd = native.socket(4);
  native.connect(fd, '127.0.0.1', port);
  assert.notEqual(native.pollOne(fd, POLLOUT, 10_000), 0);
  assert.equal(native.socketError(fd), 0);
  return fd;
}

suite('a poller', () => {
  test('tells which descriptors are ready, again as long as they are', () => {
    using server = startScriptedServer([[gate('go'), send('x'), mark('sent')]]);
    const fd = connected(server.port);
    using poller = new Poller();
    poller.add(fd, POLLIN | POLLOUT);
    assert.deepEqual(poller.wait(), [{ fd, events: POLLOUT }]);
    assert.deepEqual(poller.wait(0), [{ fd, events: POLLOUT }]);
    poller.modify(fd, POLLIN);
    assert.deepEqual(poller.wait(0), []);
    assert.deepEqual(poller.wait(20), []);
    server.open('go');
    assert.deepEqual(poller.wait(), [{ fd, events: POLLIN }]);
    assert.equal(poller.remove(fd), true);
    assert.equal(poller.remove(fd), false);
    assert.deepEqual(poller.wait(0), []);
    native.close(fd);
  });

  test('is readable itself while something in it is ready, also in another poller', () => {
    using server = startScriptedServer([[gate('go'), send('x')]]);
    const fd = connected(server.port);
    using inner = new Poller();
    using outer = new Poller();
    inner.add(fd, POLLIN);
    outer.add(inner.fd, POLLIN);
    assert.equal(native.pollOne(inner.fd, POLLIN, 0), 0);
    server.open('go');
    assert.deepEqual(outer.wait(), [{ fd: inner.fd, events: POLLIN }]);
    assert.equal(native.pollOne(inner.fd, POLLIN, 0), POLLIN);
    native.close(fd);
  });

  test('forgets what was closed, and takes the number again', () => {
    using server = startScriptedServer([[], []]);
    using poller = new Poller();
    const fd = connected(server.port);
    poller.add(fd, POLLOUT);
    native.close(fd);
    assert.deepEqual(poller.wait(0), []);
    assert.equal(poller.remove(fd), true);
    const again = connected(server.port);
    poller.add(again, POLLOUT);
    assert.equal(poller.size, 1);
    assert.deepEqual(poller.wait(), [{ fd: again, events: POLLOUT }]);
    native.close(again);
  });

  test('gives more events than fit into one wait with the next ones', () => {
    using poller = new Poller();
    const fds = Array.from({ length: 300 }, () => native.socket(4));
    // A socket that was never connected is hung up.
    for (const fd of fds) poller.add(fd, POLLIN);
    const seen = new Set<number>();
    for (let round = 0; round < 10 && seen.size < 300; round++) {
      for (const { fd } of poller.wait()) {
        seen.add(fd);
        poller.remove(fd);
      }
    }
    assert.equal(seen.size, 300);
    for (const fd of fds) native.close(fd);
  });

  test('refuses what cannot be waited for', () => {
    using poller = new Poller();
    const fd = native.socket(4);
    poller.add(fd, POLLIN);
    assert.throws(() => poller.add(fd, POLLIN), { code: 'EEXIST' });
    assert.throws(() => poller.modify(fd + 1000, POLLIN), { code: 'ENOENT' });
    assert.throws(() => poller.add(fd + 1000, POLLIN), { code: 'EBADF' });
    const file = openSync(import.meta.filename, 'r');
    assert.throws(() => poller.add(file, POLLIN), { code: 'EPERM' });
    closeSync(file);
    for (const mask of [0, 2, 64, Number.NaN]) assert.throws(() => poller.modify(fd, mask), TypeError);
    native.close(fd);
  });

  test('frees its descriptor, once', () => {
    const before = native.counts().owned;
    const poller = new Poller();
    assert.equal(native.counts().owned, before + 1);
    poller.close();
    poller.close();
    assert.equal(native.counts().owned, before);
    assert.throws(() => poller.wait(0), { code: 'EBADF' });
  });
});
