/**
 * The simulated kernel against the real one, as kernel.test.ts: arguments that are wrong, buffers that are full, descriptors that are
 * closed, signals, and lookups.
 */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { test } from 'node:test';
import type { Native } from '../../src/io/native.ts';
import { ADDON, type Bench, connected, realBench, simulatedBench } from './kernel/bench.ts';

const IN = 1;
const OUT = 4;
const BOTH = 5;
const { EAGAIN } = constants.errno;

/** The class and the message of what a call throws. */
function thrown(call: () => unknown): string {
  try {
    return `returned ${call()}`;
  } catch (error) {
    return String(error);
  }
}

const BUFFER = Buffer.alloc(10);

/** Calls with a wrong argument each. */
const CALLS: readonly ((native: Native, fd: number) => unknown)[] = [
  (native) => native.socket(5),
  (native, fd) => native.connect(fd, 'localhost', 80),
  (native, fd) => native.connect(fd, '127.0.0.1', -1),
  (native, fd) => native.connect(fd, '127.0.0.1', 65536),
  (native, fd) => native.connect(fd, '::1%nosuch', 80),
  (native, fd) => native.connectUnix(fd, ''),
  (native, fd) => native.connectUnix(fd, 'x'.repeat(200)),
  (native, fd) => native.bind(fd, 'nowhere', 0),
  (native, fd) => native.keepAlive(fd, 0),
  (native, fd) => native.recv(fd, BUFFER, 0, 0),
  (native, fd) => native.recv(fd, BUFFER, 5, 6),
  (native, fd) => native.recv(fd, BUFFER, -1, 6),
  (native, fd) => native.send(fd, BUFFER, 11, 0),
  (native, fd) => native.send(fd, BUFFER, 0, 1.5),
  (native, fd) => native.sendv(fd, [BUFFER], 11),
  (native, fd) => native.sendv(fd, [BUFFER], -1),
  (native, fd) => native.sendv(fd, [], 1),
  (native, fd) => native.shutdown(fd, 3),
  (native) => native.poll(new Int32Array(4), 0),
  (native, fd) => native.pollOne(fd, IN, Number.NaN),
  (native, fd) => native.waitPoller(fd, new Int32Array(3), 0),
  (native, fd) => native.waitPoller(fd, new Int32Array(0), 0),
  (native, fd) => native.watch(fd, 8),
  (native) => native.setAlarm(0),
  (native) => native.setAlarm(1.5),
  (native) => native.setAlarm(2 ** 31),
  (native) => native.lookup('localhost', 5),
  (native, fd) => native.lookupResult(fd),
  (native, fd) => native.tlsHandshake(fd),
  (native, fd) => native.tlsRecv(fd, BUFFER, 0, 0),
  (native, fd) => native.tlsRecv(fd, BUFFER, 0, 5),
  (native, fd) => native.tlsSend(fd, [BUFFER], 11),
  (native, fd) => native.tlsShutdown(fd),
];

type Script = (bench: Bench) => Promise<unknown[]>;

const SCRIPTS: Readonly<Record<string, Script>> = {
  'arguments that are wrong': async ({ native }) => {
    const fd = native.socket(4);
    const results = CALLS.map((call) => thrown(() => call(native, fd)));
    return [...results, native.close(fd)];
  },
  'a buffer that is full': async (bench) => {
    const { native, peer, settle } = bench;
    const fd = await connected(bench);
    const bytes = Buffer.alloc(1_000_000);
    const fill = (): number => {
      for (;;) {
        const count = native.sendv(fd, [bytes, bytes], 7);
        if (count < 0) return count;
      }
    };
    // Autotuned buffers grow while they are filled.
    for (let round = 0; round < 3; round++) {
      fill();
      await settle();
    }
    const results = [fill() === -EAGAIN, native.pollOne(fd, BOTH, 0), native.watch(fd, OUT), await bench.reports()];
    peer().take();
    for (let round = 0; round < 100 && native.pollOne(fd, OUT, 0) === 0; round++) await settle();
    results.push(await bench.reports(), native.pollOne(fd, BOTH, 0), native.send(fd, bytes, 0, 5));
    await settle();
    return [...results, native.close(fd)];
  },
  'descriptors that were closed': async (bench) => {
    const { native } = bench;
    const [fd, poller] = [await connected(bench), native.openPoller()];
    const results: unknown[] = [native.changePoller(poller, fd, IN, 0), native.watch(fd, BOTH), native.close(fd)];
    const entries = Int32Array.from([fd, BOTH, 0]);
    results.push(native.pollOne(fd, BOTH, 0), native.poll(entries, 0), entries[2], native.watch(fd, IN));
    results.push(native.send(fd, BUFFER, 0, 1), native.shutdown(fd, 2), native.socketError(fd), native.owns(fd));
    results.push(native.changePoller(poller, fd, IN, 0), native.waitPoller(poller, new Int32Array(2), 0));
    return [...results, native.close(poller), native.pollOne(poller, IN, 0), native.counts()];
  },
  'signals: each ends one wait, and only one that heeds it': async ({ native, signal, settle }) => {
    const bell = native.openBell();
    const poller = native.openPoller();
    native.changePoller(poller, bell, IN, 0);
    const [socket, events] = [native.socket(4), new Int32Array(2)];
    const waits = [
      () => native.pollOne(socket, IN, 1, 0),
      () => native.pollOne(bell, IN, -1, 0),
      () => native.poll(Int32Array.from([bell, IN, 0]), 1000, 0),
      () => native.waitPoller(poller, events, 0, 0),
    ];
    const results: unknown[] = [];
    for (const wait of waits) {
      signal();
      results.push(native.pollOne(bell, IN, 0), native.pollOne(bell, IN, 0, constants.signals.SIGWINCH));
      results.push(wait(), native.caughtSignals(), wait(), native.caughtSignals());
      signal();
      results.push(wait(), wait());
      await settle();
      results.push(wait(), native.caughtSignals());
    }
    return [...results, native.close(socket), native.close(bell), native.close(poller)];
  },
  'reports that no longer keep the loop alive come all the same': async (bench) => {
    const { native, peer, reports } = bench;
    const fd = await connected(bench);
    const results: unknown[] = [native.watch(fd, IN), native.release(fd, IN), native.counts(), await reports()];
    peer().write('x');
    results.push(await reports(), native.counts(), native.setAlarm(3), await reports());
    return [...results, native.close(fd)];
  },
  'lookups: numbers, abandoned ones, and names of the wrong family': async ({ native, settle }) => {
    const abandoned = native.lookup('localhost', 0);
    const results: unknown[] = [native.close(abandoned), native.owns(abandoned)];
    for (const [name, family] of [
      ['127.0.0.1', 0],
      ['127.0.0.1', 4],
      ['::1', 6],
      ['::1', 4],
      ['127.0.0.1', 6],
    ] as const) {
      const fd = native.lookup(name, family);
      let result: ReturnType<typeof native.lookupResult>;
      // The real kernel answers when a thread has had its turn.
      for (let turn = 0; result === undefined && turn < 1000; turn++) {
        await settle();
        result = native.lookupResult(fd);
      }
      results.push(Array.isArray(result) ? result : result?.code, native.pollOne(fd, BOTH, 0), native.close(fd));
    }
    return [...results, native.pendingLookups()];
  },
};

const skip = process.platform !== 'linux' || !existsSync(ADDON) ? 'needs Linux and the addon' : false;

for (const [name, script] of Object.entries(SCRIPTS)) {
  test(`as the real kernel: ${name}`, { skip }, async () => {
    const real = await realBench();
    const simulated = simulatedBench();
    try {
      const expected = await script(real);
      assert.deepEqual(await script(simulated), expected);
    } finally {
      real.close();
      simulated.close();
    }
  });
}
