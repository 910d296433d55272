/**
 * The simulated kernel against the real one: the same calls, of the built addon on the loopback interface and of the simulation, must
 * have the same results. (On Linux, whose kernel is the one that is simulated.)
 */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import type { Native } from '../../src/io/native.ts';
import { ADDON, type Bench, connected, realBench, simulatedBench } from './kernel/bench.ts';

const IN = 1;
const OUT = 4;
const BOTH = 5;

function send(native: Native, fd: number, text: string): number {
  return native.send(fd, Buffer.from(text), 0, text.length);
}

function recv(native: Native, fd: number, length: number = 100): number | string {
  const buffer = Buffer.alloc(length);
  const count = native.recv(fd, buffer, 0, length);
  return count > 0 ? buffer.toString('latin1', 0, count) : count;
}

/** The results of all calls that show a socket's state, and change little. */
function state(native: Native, fd: number): unknown[] {
  return [native.pollOne(fd, BOTH, 0), native.pollOne(fd, 0, 0), native.owns(fd)];
}

type Script = (bench: Bench) => Promise<unknown[]>;

const SCRIPTS: Readonly<Record<string, Script>> = {
  'a socket that was never connected': async ({ native }) => {
    const fd = native.socket(4);
    const results = [...state(native, fd), recv(native, fd), send(native, fd, 'x'), native.shutdown(fd, 1)];
    return [...results, native.socketError(fd), ...state(native, fd), native.close(fd), native.close(fd)];
  },
  'a connection that is refused': async ({ native, refusing, settle }) => {
    const fd = native.socket(4);
    const results: unknown[] = [native.connect(fd, '127.0.0.1', refusing)];
    await settle();
    results.push(...state(native, fd), native.socketError(fd), native.socketError(fd), ...state(native, fd));
    return [...results, recv(native, fd), send(native, fd, 'x'), native.close(fd)];
  },
  'a refused connection whose error is not asked for': async ({ native, refusing, settle }) => {
    const fd = native.socket(4);
    native.connect(fd, '127.0.0.1', refusing);
    await settle();
    const results = [send(native, fd, 'x'), send(native, fd, 'x'), recv(native, fd)];
    return [...results, native.connect(fd, '127.0.0.1', refusing), native.close(fd)];
  },
  'calls of the wrong time': async ({ native, port, settle }) => {
    const fd = native.socket(4);
    const results: unknown[] = [native.bind(fd, '127.0.0.1', 0), native.bind(fd, '127.0.0.1', 0)];
    results.push(native.connect(fd, '127.0.0.1', port));
    await settle();
    results.push(native.socketError(fd), native.connect(fd, '127.0.0.1', port), native.keepAlive(fd, 5));
    results.push(native.connect(fd, '127.0.0.1', port));
    return [...results, native.keepAlive(fd, 40_000), native.bind(fd, '127.0.0.1', 0), native.close(fd)];
  },
  'bytes in both directions': async (bench) => {
    const { native, settle, peer } = bench;
    const fd = await connected(bench);
    const results = [...state(native, fd), recv(native, fd), send(native, fd, 'hello')];
    results.push(
      native.sendv(fd, [Buffer.from('abc'), Buffer.alloc(0), Buffer.from('def')], 1),
      native.sendv(fd, [], 0),
    );
    results.push(native.send(fd, Buffer.alloc(3), 1, 0));
    peer().write('world');
    await settle();
    results.push(...state(native, fd), recv(native, fd, 3), ...state(native, fd), recv(native, fd), recv(native, fd));
    return [...results, ...state(native, fd), native.close(fd)];
  },
  'the end of the stream': async (bench) => {
    const { native, settle, peer } = bench;
    const fd = await connected(bench);
    peer().write('last');
    peer().end();
    await settle();
    const results = [...state(native, fd), recv(native, fd), recv(native, fd), recv(native, fd), ...state(native, fd)];
    results.push(send(native, fd, 'x'), native.shutdown(fd, 1), ...state(native, fd), send(native, fd, 'x'));
    await settle();
    return [...results, recv(native, fd), native.shutdown(fd, 1), native.socketError(fd), native.close(fd)];
  },
  'a reset behind data': async (bench) => {
    const { native, settle, peer } = bench;
    const fd = await connected(bench);
    peer().write('last');
    await settle();
    peer().reset();
    await settle();
    const results = [...state(native, fd), recv(native, fd), recv(native, fd), recv(native, fd), ...state(native, fd)];
    return [...results, send(native, fd, 'x'), native.shutdown(fd, 1), native.close(fd)];
  },
  'a reset, then a send': async (bench) => {
    const { native, settle, peer } = bench;
    const fd = await connected(bench);
    peer().reset();
    await settle();
    return [send(native, fd, 'x'), send(native, fd, 'x'), recv(native, fd), native.socketError(fd), native.close(fd)];
  },
  'a reset, then a look at the error': async (bench) => {
    const { native, settle, peer } = bench;
    const fd = await connected(bench);
    peer().reset();
    await settle();
    return [native.socketError(fd), ...state(native, fd), recv(native, fd), send(native, fd, 'x'), native.close(fd)];
  },
  'sending to a peer that has closed': async (bench) => {
    const { native, settle, peer } = bench;
    const fd = await connected(bench);
    peer().close();
    await settle();
    const results = [...state(native, fd), send(native, fd, 'x')];
    await settle();
    results.push(...state(native, fd), recv(native, fd), send(native, fd, 'x'), send(native, fd, 'x'));
    return [...results, ...state(native, fd), native.close(fd)];
  },
  'closing with bytes that were not read': async (bench) => {
    const { native, settle, peer } = bench;
    const fd = await connected(bench);
    send(native, fd, 'unread by the server');
    await settle();
    peer().close();
    await settle();
    return [...state(native, fd), recv(native, fd), recv(native, fd), send(native, fd, 'x'), native.close(fd)];
  },
  'half a close': async (bench) => {
    const { native, settle, peer } = bench;
    const fd = await connected(bench);
    const results = [native.shutdown(fd, 1), ...state(native, fd), send(native, fd, 'x'), recv(native, fd)];
    peer().write('still');
    await settle();
    results.push(...state(native, fd), recv(native, fd));
    peer().end();
    await settle();
    results.push(...state(native, fd), recv(native, fd), native.shutdown(fd, 1), send(native, fd, 'x'));
    return [...results, native.socketError(fd), native.close(fd)];
  },
  'descriptors that are none, or of another kind': async ({ native }) => {
    const [poller, bell, socket] = [native.openPoller(), native.openBell(), native.socket(4)];
    const events = new Int32Array(4);
    const results: unknown[] = [native.close(999_999), native.owns(999_999), native.pollOne(999_999, IN, 0)];
    results.push(recv(native, 999_999), send(native, poller, 'x'), recv(native, bell), native.socketError(bell));
    results.push(
      native.changePoller(socket, bell, IN, 0),
      native.waitPoller(socket, events, 0),
      native.pollOne(-1, IN, 0),
    );
    results.push(native.waitPoller(999_999, events, 0), native.changePoller(999_999, bell, IN, 0));
    results.push(native.watch(999_999, IN), native.watch(999_999, 0), native.release(999_999, IN));
    return [...results, ...[poller, bell, socket].map((fd) => native.close(fd))];
  },
  pollers: async (bench) => {
    const { native, settle, peer } = bench;
    const fd = await connected(bench);
    const poller = native.openPoller();
    const events = new Int32Array(8);
    const wait = (): unknown[] => {
      const count = native.waitPoller(poller, events, 0);
      return [count, ...Array.from({ length: Math.max(0, count) }, (_, index) => events[2 * index + 1])];
    };
    const results: unknown[] = [native.pollOne(poller, BOTH, 0), ...wait(), native.changePoller(poller, fd, IN, 0)];
    results.push(
      native.changePoller(poller, fd, IN, 0),
      ...wait(),
      native.changePoller(poller, fd, BOTH, IN),
      ...wait(),
    );
    peer().write('x');
    await settle();
    results.push(...wait(), native.pollOne(poller, BOTH, 0), native.changePoller(poller, fd, 0, BOTH));
    results.push(native.changePoller(poller, fd, 0, BOTH), native.changePoller(poller, fd, IN, OUT));
    results.push(native.changePoller(poller, 999_999, IN, 0), native.changePoller(poller, poller, IN, 0), ...wait());
    native.changePoller(poller, fd, IN, 0);
    results.push(
      ...wait(),
      native.close(fd),
      ...wait(),
      native.pollOne(poller, BOTH, 0),
      native.changePoller(poller, fd, 0, IN),
    );
    return [...results, native.close(poller)];
  },
  'a number that is used again is not what the poller holds': async (bench) => {
    const { native } = bench;
    const [poller, first] = [native.openPoller(), native.openBell()];
    const events = new Int32Array(4);
    const results: unknown[] = [native.changePoller(poller, first, IN, 0), native.waitPoller(poller, events, 0)];
    native.close(first);
    const second = native.openBell();
    results.push(second - first, native.waitPoller(poller, events, 0), native.changePoller(poller, second, IN, IN));
    results.push(native.changePoller(poller, second, IN, 0), native.waitPoller(poller, events, 0), events[1]);
    return [...results, native.close(second), native.close(poller)];
  },
  'pollers in pollers': async ({ native }) => {
    const pollers = Array.from({ length: 8 }, () => native.openPoller());
    const bell = native.openBell();
    const results: unknown[] = [];
    for (let index = 0; index + 1 < pollers.length; index++) {
      results.push(native.changePoller(pollers[index + 1] as number, pollers[index] as number, IN, 0));
    }
    const [lowest, second, third] = pollers as [number, number, number];
    results.push(native.changePoller(lowest, second, IN, 0), native.changePoller(lowest, third, IN, 0));
    results.push(native.changePoller(lowest, bell, IN, 0), ...pollers.map((fd) => native.pollOne(fd, IN, 0)));
    return [...results, ...[...pollers, bell].map((fd) => native.close(fd))];
  },
  'many at a time': async (bench) => {
    const { native } = bench;
    const [fd, bell] = [await connected(bench), native.openBell()];
    const entries = Int32Array.from([fd, BOTH, -1, bell, IN, -1, -5, IN, -1, 999_999, IN, -1, fd, IN, -1]);
    return [
      native.poll(entries, 0),
      ...entries.filter((_, index) => index % 3 === 2),
      native.close(fd),
      native.close(bell),
    ];
  },
  'a lookup': async ({ native, settle }) => {
    const fd = native.lookup('localhost', 4);
    await settle();
    const events = new Int32Array(2);
    const poller = native.openPoller();
    native.changePoller(poller, fd, IN, 0);
    const results: unknown[] = [
      native.waitPoller(poller, events, 0),
      events[1],
      native.pollOne(fd, BOTH, 0),
      native.lookupResult(fd),
    ];
    results.push(recv(native, fd), native.close(fd), native.close(poller), native.pendingLookups());
    assert.throws(() => native.lookupResult(fd), TypeError);
    return results;
  },
  'watchers: one report for each direction that is asked for': async (bench) => {
    const { native, reports, peer } = bench;
    const fd = await connected(bench);
    const results: unknown[] = [native.watch(fd, BOTH), native.counts(), await reports(), native.counts()];
    peer().write('x');
    results.push(await reports(), native.counts(), await reports(), native.watch(fd, IN), await reports());
    results.push(native.watch(fd, IN), native.watch(fd, 0), await reports(), native.watch(fd, IN), native.close(fd));
    return [...results, await reports(), native.counts()];
  },
  'watchers: ends and errors': async (bench) => {
    const { native, reports, peer, settle } = bench;
    const [one, bell] = [await connected(bench), native.openBell()];
    peer().end();
    await settle();
    const results: unknown[] = [native.watch(one, IN), await reports(), native.watch(one, BOTH), await reports()];
    native.shutdown(one, 1);
    results.push(native.watch(one, IN), await reports(), native.watch(one, OUT), await reports(), native.close(one));
    results.push(
      native.watch(bell, IN),
      await reports(),
      native.watch(bell, BOTH),
      await reports(),
      native.close(bell),
    );
    const other = await connected(bench);
    native.watch(other, IN);
    peer().reset();
    results.push(
      await reports(),
      native.watch(other, BOTH),
      await reports(),
      native.watch(other, OUT),
      await reports(),
    );
    return [...results, native.close(other)];
  },
  'the alarm': async ({ native, reports }) => {
    const results: unknown[] = [native.setAlarm(1), native.holdAlarm(1), await reports(), await reports()];
    results.push(native.setAlarm(5000), native.setAlarm(2), await reports(), native.holdAlarm(0), await reports());
    return results;
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
