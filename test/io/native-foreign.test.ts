/** Watching an fd that the addon does not own: a pipe, a file, what Node itself watches. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { native } from '../../src/io/native.ts';
import { EBADF, EEXIST, listen, loopTurns, POLLIN, POLLOUT, reopen, watch } from './native-support.ts';

describe('a foreign fd', () => {
  let folder = '';
  let pipe = '';
  const openPipe = () => openSync(pipe, 'r+');
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'dugong-'));
    pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
  });
  after(() => rmSync(folder, { recursive: true }));

  it('is reported, and left open', async () => {
    const fd = openPipe();
    const ready = watch(fd, POLLIN);
    writeSync(fd, 'x');
    assert.equal(await ready, POLLIN);
    assert.equal(native.close(fd), -EBADF);
    assert.equal(readSync(fd, Buffer.alloc(1)), 1);
    closeSync(fd);
  });

  it('stays blocking if it was', { skip: process.platform !== 'linux' }, async () => {
    const fd = openPipe();
    const flags = () => /flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1];
    const before = flags();
    assert.equal(await watch(fd, POLLOUT), POLLOUT);
    assert.equal(flags(), before);
    closeSync(fd);
  });

  it('may be closed when nothing is waited for, and its number used by Node', async () => {
    for (const when of ['in the callback', 'after it', 'withdrawn']) {
      const fd = openPipe();
      let again = -1;
      const replace = () => {
        closeSync(fd);
        again = reopen(fd, openPipe, closeSync);
      };
      if (when === 'withdrawn') {
        native.watch(fd, POLLIN);
        native.watch(fd, 0);
      } else {
        writeSync(fd, 'old');
        await watch(fd, POLLIN, when === 'in the callback' ? replace : undefined);
      }
      if (again < 0) replace();
      const stream = new net.Socket({ fd: again, readable: true, writable: true });
      stream.write('new');
      assert.equal(String((await once(stream, 'data'))[0]), 'new', when);
      stream.destroy();
      await once(stream, 'close');
    }
  });

  it('may be closed in the callback and its number watched again', async () => {
    const fd = openPipe();
    writeSync(fd, 'x');
    const ready = new Promise<number>((resolve) => {
      void watch(fd, POLLIN, () => {
        closeSync(fd);
        reopen(fd, openPipe, closeSync);
        writeSync(fd, 'y');
        void watch(fd, POLLIN, resolve);
      });
    });
    assert.equal(await ready, POLLIN);
    closeSync(fd);
  });

  it('closed while waited for gives its number to a new socket of ours', async () => {
    await using server = await listen();
    const stale = openPipe();
    native.watch(stale, POLLIN);
    await loopTurns();
    closeSync(stale);
    const fd = reopen(stale, () => native.socket(4), native.close);
    native.connect(fd, '127.0.0.1', server.port);
    assert.equal(native.pollOne(fd, POLLOUT, -1), POLLOUT);
    native.shutdown(fd, 0);
    assert.equal(await watch(fd, POLLIN), POLLIN);
    native.close(fd);
  });

  it('that Node watches is refused with -EEXIST', async () => {
    const fd = openPipe();
    const stream = new net.Socket({ fd, readable: true, writable: true });
    stream.resume();
    await loopTurns();
    assert.equal(native.watch(fd, POLLIN), -EEXIST);
    stream.write('x');
    assert.equal(String((await once(stream, 'data'))[0]), 'x');
    stream.destroy();
    await once(stream, 'close');
  });
});

it('leaves nothing behind', async () => {
  await loopTurns();
  assert.deepEqual(native.counts(), { owned: 0, watched: 0 });
});
