/**
 * What the tests of the addon share: a server in this process, waiting on the event loop as promises, and programs that
 * use the bare addon in a child process or a worker (as CommonJS text: neither then depends on a TypeScript loader).
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import { constants } from 'node:os';
import { Worker } from 'node:worker_threads';
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

/** The file that native.ts has loaded. */
export const addonPath: string = Object.keys(createRequire(import.meta.url).cache).find((path) =>
  path.endsWith('.node'),
) as string;

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

const prelude = `
const native = require(process.env.DUGONG_ADDON);
const net = require('node:net');
const fs = require('node:fs');
const say = (text) => fs.writeSync(1, text + '\\n');
const listeners = new Map();
const listenToReadiness = () => native.onReady((fd, events) => listeners.get(fd)?.(events));
const watch = (fd, mask) => new Promise((resolve, reject) => {
  listeners.set(fd, resolve);
  const status = native.watch(fd, mask);
  if (status !== 0) reject(new Error('watch: ' + status));
});
const connect = (port) => { const fd = native.socket(4); native.connect(fd, '127.0.0.1', port); return fd; };
`;

export interface Outcome {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Program {
  kill(signal: NodeJS.Signals): void;
  /** The next line of its output. */
  line(): Promise<string>;
  ended: Promise<Outcome>;
}

function environment(more: Record<string, string>): Record<string, string> {
  return { ...(process.env as Record<string, string>), DUGONG_ADDON: addonPath, ...more };
}

/** Runs `code` in a process of its own. In it are `native`, `net`, `fs`, `say(line)`, `watch`, `connect(port)`. */
export function program(code: string, more: Record<string, string> = {}, start: string = prelude): Program {
  const child = spawn(process.execPath, ['-e', start + code], {
    env: environment(more),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  let read = 0;
  const waiting: (() => void)[] = [];
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
    for (const wake of waiting.splice(0)) wake();
  });
  const ended = new Promise<Outcome>((resolve) => {
    child.on('close', (code, signal) => {
      resolve({ code, signal, stdout, stderr });
      for (const wake of waiting.splice(0)) wake();
    });
  });
  return {
    kill: (signal) => void child.kill(signal),
    ended,
    async line() {
      for (;;) {
        const end = stdout.indexOf('\n', read);
        if (end >= 0) {
          const line = stdout.slice(read, end);
          read = end + 1;
          return line;
        }
        if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the program has ended: ${stderr}`);
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
  };
}

/** As {@link program}, for a program that is to end well. Returns its output. */
export async function run(code: string, more: Record<string, string> = {}, start: string = prelude): Promise<string> {
  const outcome = await program(code, more, start).ended;
  assert.deepEqual({ ...outcome, stdout: '' }, { code: 0, signal: null, stdout: '', stderr: '' });
  return outcome.stdout;
}

/** Runs `code` in a worker, with the same names as {@link program} and `parentPort`, `workerData`. */
export function worker(code: string, workerData?: unknown): Worker {
  const start = `const { parentPort, workerData } = require('node:worker_threads');${prelude}`;
  return new Worker(start + code, { eval: true, env: environment({}), workerData });
}

/** The worker's prelude as text, for programs that start workers themselves. */
export const workerPrelude: string = `const { parentPort, workerData } = require('node:worker_threads');${prelude}`;

/** The next message of a worker; its failure if it fails. */
export function message(from: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    from.once('message', resolve);
    from.once('error', reject);
  });
}

/** How many descriptors this process has open, of that kind (Linux; else NaN, which is equal to itself for assert.equal). */
export function openDescriptors(kind = ''): number {
  if (process.platform !== 'linux') return Number.NaN;
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(kind);
    } catch {
      // It is the one by which the folder was read.
      return false;
    }
  }).length;
}
