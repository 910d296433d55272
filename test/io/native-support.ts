/**
 * What the tests of the addon share: a server in this process, and waiting on the event loop as promises. It takes the place of
 * `AioFuture` in hearing of readiness, so that the two cannot be used together.
 */

import assert from 'node:assert/strict';
import net from 'node:net';
import { constants } from 'node:os';
import { native } from '../../src/io/native.ts';

export const EAGAIN: number = constants.errno.EAGAIN;
export const EBADF: number = constants.errno.EBADF;
export const ECONNREFUSED: number = constants.errno.ECONNREFUSED;
export const EEXIST: number = constants.errno.EEXIST;
export const EINPROGRESS: number = constants.errno.EINPROGRESS;
export const ENODEV: number = constants.errno.ENODEV;
export const EPERM: number = constants.errno.EPERM;
export const EPIPE: number = constants.errno.EPIPE;
export const POLLIN = 1;
export const POLLOUT = 4;
export const POLLHUP = 16;
export const POLLNVAL = 32;

/** The addon with its types taken away, to call it wrongly. */
export const untyped: Record<string, (...values: unknown[]) => unknown> = native as never;

const listeners = new Map<number, (events: number) => void>();

/** Every report of this process, in order. */
export const reports: [fd: number, events: number][] = [];

native.onReady((fd, events) => {
  reports.push([fd, events]);
  listeners.get(fd)?.(events);
});

/** Waits for `mask` on the event loop; `then` runs inside the addon's callback. */
export function watch(fd: number, mask: number, then?: (events: number) => void): Promise<number> {
  return new Promise((resolve) => {
    listeners.set(fd, (events) => {
      listeners.delete(fd);
      resolve(events);
      then?.(events);
    });
    assert.equal(native.watch(fd, mask), 0);
  });
}

/** A few whole turns of the event loop, in which whatever is ready is reported. */
export async function loopTurns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

export interface Pair extends AsyncDisposable {
  readonly fd: number;
  readonly peer: net.Socket;
}

export interface Listener extends AsyncDisposable {
  readonly port: number;
  /** A connected socket of ours and the server's end of it. */
  pair(): Promise<Pair>;
}

export async function listen(address = '127.0.0.1'): Promise<Listener> {
  const accepted: ((peer: net.Socket) => void)[] = [];
  const peers = new Set<net.Socket>();
  const server = net.createServer({ pauseOnConnect: true }, (peer) => {
    peers.add(peer);
    peer.on('error', () => {});
    accepted.shift()?.(peer);
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const { port } = server.address() as net.AddressInfo;
  return {
    port,
    async pair() {
      const arrival = new Promise<net.Socket>((resolve) => accepted.push(resolve));
      const fd = native.socket(net.isIPv6(address) ? 6 : 4);
      assert.ok(fd >= 0);
      assert.ok([0, -EINPROGRESS].includes(native.connect(fd, address, port)));
      await watch(fd, POLLOUT);
      assert.equal(native.socketError(fd), 0);
      const peer = await arrival;
      return {
        fd,
        peer,
        async [Symbol.asyncDispose]() {
          native.close(fd);
          peer.destroy();
        },
      };
    },
    async [Symbol.asyncDispose]() {
      for (const peer of peers) peer.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/**
 * Opens until the fd is that number. Lower numbers may be free, too, and are taken meanwhile; another thread of Node may use
 * the number for a moment after it was closed: then it is tried again.
 */
export function reopen(number: number, open: () => number, close: (fd: number) => unknown): number {
  for (let attempt = 0; attempt < 1000; attempt++) {
    const lower: number[] = [];
    let fd = open();
    for (; fd >= 0 && fd < number; fd = open()) lower.push(fd);
    for (const each of lower) close(each);
    assert.ok(fd >= 0);
    if (fd === number) return fd;
    close(fd);
  }
  throw new Error(`fd ${number} does not become free`);
}

/** Sends until the kernel takes no more. */
export function fill(fd: number): void {
  const block = Buffer.alloc(1 << 20);
  while (native.send(fd, block, 0, block.length) > 0);
}
