/** What every descriptor of the addon's is, and what cannot be done with others. */

import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { native } from '../../src/io/native.ts';
import { openDescriptors } from '../support/open-descriptors.ts';
import { EBADF, POLLHUP, POLLIN } from './native-support.ts';

const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

/** The flags of an open file, by Linux. */
function flagsOf(fd: number): number {
  return Number.parseInt(/flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1] ?? '', 8);
}

const OPEN: Readonly<Record<string, () => number>> = {
  'an IPv4 socket': () => native.socket(4),
  'an IPv6 socket': () => native.socket(6),
  'a Unix socket': () => native.socket(0),
  'a lookup': () => native.lookup('127.0.0.1', 4),
  'a bell': () => native.openBell(),
};

describe('descriptors of the addon', { skip: process.platform !== 'linux' && 'this is about /proc' }, () => {
  for (const [name, open] of Object.entries(OPEN)) {
    it(`${name} does not block, and is closed in child processes`, () => {
      const fd = open();
      try {
        assert.ok(fd >= 0);
        assert.equal(flagsOf(fd) & O_NONBLOCK, O_NONBLOCK);
        assert.equal(flagsOf(fd) & O_CLOEXEC, O_CLOEXEC);
      } finally {
        native.close(fd);
      }
    });
  }

  it('a poller is closed in child processes', () => {
    const fd = native.openPoller();
    assert.equal(flagsOf(fd) & O_CLOEXEC, O_CLOEXEC);
    native.close(fd);
  });

  it('a bell is always ready, and all that is open of its pipe', () => {
    const before = openDescriptors();
    const fd = native.openBell();
    assert.equal(native.pollOne(fd, POLLIN, 0), POLLHUP);
    assert.equal(openDescriptors(), before + 1);
    native.close(fd);
  });

  it('descriptors of others are refused, whatever is to be done with them', () => {
    const fd = openSync('/dev/zero', 'r+');
    const bytes = Buffer.alloc(4);
    try {
      const calls: Readonly<Record<string, () => number>> = {
        recv: () => native.recv(fd, bytes, 0, 4),
        send: () => native.send(fd, bytes, 0, 4),
        sendv: () => native.sendv(fd, [bytes], 0),
        connect: () => native.connect(fd, '127.0.0.1', 1),
        connectUnix: () => native.connectUnix(fd, '/nowhere'),
        bind: () => native.bind(fd, '127.0.0.1', 0),
        keepAlive: () => native.keepAlive(fd, 1),
        socketError: () => native.socketError(fd),
        shutdown: () => native.shutdown(fd, 2),
        changePoller: () => native.changePoller(fd, fd, 1, 0),
        waitPoller: () => native.waitPoller(fd, new Int32Array(2), 0),
        tlsHandshake: () => native.tlsHandshake(fd),
        tlsRecv: () => native.tlsRecv(fd, bytes, 0, 4),
        tlsSend: () => native.tlsSend(fd, [bytes], 0),
        tlsShutdown: () => native.tlsShutdown(fd),
        close: () => native.close(fd),
      };
      const results = Object.entries(calls).map(([name, call]) => [name, call()]);
      assert.deepEqual(
        results,
        Object.keys(calls).map((name) => [name, -EBADF]),
      );
    } finally {
      closeSync(fd);
    }
  });
});
