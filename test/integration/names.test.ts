/**
 * Names, by the C library's own resolver and a real DNS server: both in a network of the test's own (private-network.ts), in
 * which this whole file runs.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { before, beforeEach, describe, test } from 'node:test';
import {
  AioFuture,
  coAll,
  type DNSUnavailable,
  HTTPConnection,
  type HTTPConnectionOptions,
  isTempNetworkError,
  runBlocking,
} from '../../src/index.ts';
import { native } from '../../src/io/native.ts';
import { type AddressFamily, coResolve, dnsTestHostnames } from '../../src/io/resolver.ts';
import { message, worker } from '../io/native-programs.ts';
import { type Answer, type NameServer, startNameServer } from '../support/dns-server.ts';
import { ok } from '../support/messages.ts';
import { openDescriptors } from '../support/open-descriptors.ts';
import { configureResolver, enterPrivateNetwork, ip } from '../support/private-network.ts';
import { expectEnd, expectHead, send, startScriptedServer } from '../support/scripted-server.ts';
import { atSomePace, timeLimit } from '../support/time-limit.ts';
import { suspend, thrownBy, waysOfWaiting } from '../support/waiting.ts';

const skip = enterPrivateNetwork(import.meta.url);

/** The resolver waits for an answer as long as a test may take. */
const PATIENT = ['nameserver 127.0.0.1', 'options timeout:30 attempts:1'];
/** It gives up soon: glibc knows no time below a second. */
const IMPATIENT = ['nameserver 127.0.0.1', 'options timeout:1 attempts:1'];

let dns: NameServer;
before(() => {
  if (skip === false) dns = startNameServer();
});
beforeEach(() => {
  if (skip === false) configureResolver(PATIENT);
});

/** The questions about names that are looked up only to see whether DNS works. */
function checks(): string[] {
  return dns.questions().filter((question) => question.includes('check'));
}

/** Threads of this process, as the kernel counts them. */
function threads(): number {
  return readdirSync('/proc/self/task').length;
}

/** Settles when it holds: for what cannot be waited for otherwise. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

describe('a name', { skip }, () => {
  for (const { name, run } of waysOfWaiting) {
    test(`has the addresses of both families, or of the one that is asked for (${name})`, async () => {
      const A = ['127.0.0.1', '127.0.0.2'];
      dns.serve({ 'both.test': { A, AAAA: ['::1'] } });
      const addresses = async (family: AddressFamily) => [...(await run(coResolve('both.test', { family })))].sort();
      assert.deepEqual(await addresses(0), [...A, '::1']);
      assert.deepEqual(dns.questions().sort(), ['A both.test', 'AAAA both.test']);
      dns.serve({ 'both.test': { A, AAAA: ['::1'] } });
      assert.deepEqual(await addresses(4), A);
      assert.deepEqual(await addresses(6), ['::1']);
      assert.deepEqual(dns.questions(), ['A both.test', 'AAAA both.test']);
    });
  }

  test('may have one address only, and another one the next time', () => {
    for (const A of [['127.0.0.1'], ['127.0.0.2'], Array.from({ length: 20 }, (_, index) => `127.0.1.${index}`)]) {
      dns.serve({ 'one.test': { A } });
      assert.deepEqual([...runBlocking(coResolve('one.test'))].sort(), [...A].sort());
    }
  });

  test('is what a connection is made to, and what Host says', () => {
    using server = startScriptedServer([[expectHead(), send(ok('x')), expectEnd()]]);
    dns.serve({ 'origin.test': { A: ['127.0.0.1'] } });
    using connection = new HTTPConnection('origin.test', { port: server.port });
    connection.sendRequest('GET', '/');
    connection.readResponse();
    assert.equal(connection.readText(), 'x');
    assert.match(server.heads()[0] ?? '', /\r\nHost: origin\.test:/);
  });

  test('of /etc/hosts is not asked for, and has each address once', () => {
    dns.serve({});
    assert.deepEqual([...runBlocking(coResolve('localhost'))].sort(), ['127.0.0.1', '::1']);
    assert.deepEqual(runBlocking(coResolve('localhost', { family: 4 })), ['127.0.0.1']);
    assert.deepEqual(dns.questions(), []);
  });
});

interface Verdict {
  readonly answer: Answer | { readonly A: Answer; readonly AAAA: Answer };
  readonly family?: AddressFamily;
  /** Of getaddrinfo(3), as glibc gives it. */
  readonly code: string;
  /** Whether names are tried that must exist if DNS works. */
  readonly checked: boolean;
  /** Whether it may go away by itself, though DNS works. */
  readonly passing?: boolean;
}

const verdicts: readonly Verdict[] = [
  { answer: 'NXDOMAIN', code: 'EAI_NONAME', checked: true },
  { answer: 'NXDOMAIN', family: 4, code: 'EAI_NONAME', checked: true },
  // Says nothing of the name, whatever becomes of others.
  { answer: 'SERVFAIL', code: 'EAI_AGAIN', checked: false, passing: true },
  { answer: 'SERVFAIL', family: 6, code: 'EAI_AGAIN', checked: false, passing: true },
  { answer: 'REFUSED', code: 'EAI_AGAIN', checked: false, passing: true },
  { answer: 'silence', code: 'EAI_AGAIN', checked: false, passing: true },
  // Of the two answers, one says nothing: that the name has no address is not known.
  { answer: { A: 'SERVFAIL', AAAA: [] }, code: 'EAI_NODATA', checked: true },
  { answer: { A: [], AAAA: 'SERVFAIL' }, code: 'EAI_NODATA', checked: true },
  { answer: { A: 'SERVFAIL', AAAA: 'NXDOMAIN' }, code: 'EAI_NONAME', checked: true },
  // For both families together, this looks like the case above.
  { answer: [], code: 'EAI_NODATA', checked: true },
  { answer: [], family: 4, code: 'EAI_NODATA', checked: false },
  { answer: [], family: 6, code: 'EAI_NODATA', checked: false },
  { answer: { A: ['127.0.0.1'], AAAA: [] }, family: 6, code: 'EAI_NODATA', checked: false },
];

describe('a name without an address', { skip }, () => {
  const options = { dnsTestHostnames: ['check1.test', 'check2.test'] };

  for (const { answer, family = 0, code, checked, passing = false } of verdicts) {
    const given = JSON.stringify(answer);
    for (const [state, check2] of [
      ['works', { A: ['127.0.0.1'] }],
      ['does not work', 'SERVFAIL'],
    ] as const) {
      const unknown = passing || (checked && check2 === 'SERVFAIL');
      const name = unknown ? 'DNSUnavailable' : 'HostnameNotResolvable';
      test(`(${given}, family ${family}) is ${name} where DNS ${state} [python-dugong: dns_one, dns_two]`, async () => {
        // Elsewhere an answer comes, however late.
        if (answer === 'silence') configureResolver(IMPATIENT);
        dns.serve({ 'host.test': answer, 'check1.test': 'SERVFAIL', 'check2.test': check2 });
        const before = native.counts();
        const connect = () => new HTTPConnection('host.test', { family, ...options }).connect();
        const error = thrownBy(connect) as DNSUnavailable & { cause: { code: string } };
        assert.deepEqual([error.name, error.hostname, error.cause.code], [name, 'host.test', code]);
        assert.equal(isTempNetworkError(error), name === 'DNSUnavailable');
        const asked = ['A check1.test', 'AAAA check1.test', 'A check2.test', 'AAAA check2.test'];
        assert.deepEqual([...new Set(checks())].sort(), checked ? asked.sort() : []);
        assert.deepEqual(native.counts(), before);
      });
    }
  }

  test('is checked with as many names as it takes, in their order, and by default with those of dnsTestHostnames', () => {
    dns.serve({ 'check1.test': { A: ['127.0.0.1'] } });
    assert.throws(() => runBlocking(coResolve('host.test', options)), { name: 'HostnameNotResolvable' });
    assert.deepEqual(checks().sort(), ['A check1.test', 'AAAA check1.test']);
    dns.serve({ 'check3.test': { A: ['127.0.0.1'] } });
    const usual = dnsTestHostnames.splice(0, Number.POSITIVE_INFINITY, 'check3.test');
    assert.throws(() => runBlocking(coResolve('host.test')), { name: 'HostnameNotResolvable' });
    assert.deepEqual(checks().sort(), ['A check3.test', 'AAAA check3.test']);
    dnsTestHostnames.splice(0, Number.POSITIVE_INFINITY, ...usual);
    assert.throws(() => runBlocking(coResolve('host.test', { dnsTestHostnames: [] })), { name: 'DNSUnavailable' });
  });

  for (const { name, run } of waysOfWaiting) {
    test(`is found in each way of waiting (${name})`, async () => {
      dns.serve({ 'check1.test': { A: ['127.0.0.1'] } });
      await assert.rejects(async () => run(coResolve('host.test', options)), { name: 'HostnameNotResolvable' });
      dns.serve({ 'host.test': 'SERVFAIL' });
      await assert.rejects(async () => run(coResolve('host.test', options)), { name: 'DNSUnavailable' });
    });
  }
});

describe('while a lookup takes its time', { skip }, () => {
  const slow = { 'slow.test': { A: ['127.0.0.1'], held: true } };

  test('the thread goes on: timers fire, numeric addresses and other names are resolved', async () => {
    dns.serve({ ...slow, 'other.test': { A: ['127.0.0.2'] } });
    const future = new AioFuture(coResolve('slow.test'));
    await dns.asked('A slow.test');
    for (let tick = 0; tick < 3; tick++) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(await new AioFuture(coResolve('other.test')), ['127.0.0.2']);
    assert.deepEqual(coResolve('127.0.0.3').next(), { done: true, value: ['127.0.0.3'] });
    assert.equal(future.done(), false);
    dns.release();
    assert.deepEqual(await future, ['127.0.0.1']);
  });

  test('a loop of one’s own waits for a descriptor that becomes readable', async () => {
    dns.serve(slow);
    const coroutine = coResolve('slow.test');
    const need = suspend(coroutine);
    await dns.asked('A slow.test');
    assert.equal(need.poll(0), false);
    dns.release();
    assert.equal(need.poll(timeLimit(20_000)), true);
    assert.deepEqual(coroutine.next(), { done: true, value: ['127.0.0.1'] });
  });

  test('it can be given up in every way, and leaves nothing, whatever becomes of the answer', async () => {
    dns.serve(slow);
    const before = { ...native.counts(), pipes: openDescriptors('pipe:') };
    const connection = (options?: HTTPConnectionOptions) => new HTTPConnection('slow.test', options);
    const returned = coResolve('slow.test');
    const thrown = coResolve('slow.test');
    for (const coroutine of [returned, thrown]) suspend(coroutine);
    const cancelled = connection().promises.connect();
    const aborter = new AbortController();
    const aborted = connection().promises.sendRequest('GET', '/', { signal: aborter.signal });
    const left = connection();
    const disconnected = left.promises.connect();
    assert.equal(native.counts().owned, before.owned + 5);
    await until(() => dns.questions().length === 10);
    returned.return([]);
    assert.throws(() => thrown.throw(new Error('thrown')), { message: 'thrown' });
    cancelled.cancel();
    aborter.abort(new Error('aborted'));
    left.disconnect();
    await assert.rejects(cancelled, { name: 'AbortError' });
    await assert.rejects(aborted, { message: 'aborted' });
    await assert.rejects(disconnected, { name: 'ConnectionClosed', phase: 'resolve' });
    assert.deepEqual({ ...native.counts(), pipes: openDescriptors('pipe:') }, before);
    dns.release();
    dns.serve({ 'next.test': { A: ['127.0.0.4'] } });
    assert.deepEqual(await new AioFuture(coResolve('next.test')), ['127.0.0.4']);
    assert.deepEqual({ ...native.counts(), pipes: openDescriptors('pipe:') }, before);
  });

  test('time limits of every form name the phase "resolve"', async () => {
    dns.serve(slow);
    const before = native.counts();
    const expected = { name: 'ConnectionTimedOut', phase: 'resolve', timeout: 40 };
    const connection = (options?: HTTPConnectionOptions) => new HTTPConnection('slow.test', options);
    assert.throws(() => connection({ timeout: 40 }).connect(), expected);
    assert.throws(() => connection({ connectTimeout: 40 }).sendRequest('GET', '/'), expected);
    await assert.rejects(connection({ connectTimeout: 40 }).promises.connect(), expected);
    await assert.rejects(connection().promises.connect({ timeout: 40 }), expected);
    assert.deepEqual(native.counts(), before);
    dns.release();
  });

  test('time limits go for the check of the resolver as well', () =>
    // The time is to be over when the check is under way, not before.
    atSomePace((factor) => {
      dns.serve({ 'host.test': 'NXDOMAIN', 'check.test': { A: ['127.0.0.1'], held: true } });
      const options = { dnsTestHostnames: ['check.test'], connectTimeout: timeLimit(100) * factor };
      assert.throws(() => new HTTPConnection('host.test', options).connect(), {
        name: 'ConnectionTimedOut',
        phase: 'resolve',
      });
      const asked = [...new Set(checks())].sort();
      dns.release();
      assert.deepEqual(asked, ['A check.test', 'AAAA check.test']);
    }));

  for (const ending of ['process.exit()', 'parentPort.postMessage("end me")']) {
    test(`a worker may end (${ending.replace(/\(.*/, '')}), and the threads end after their answers`, async () => {
      dns.serve(slow);
      const before = { threads: threads(), pipes: openDescriptors('pipe:') };
      const thread = worker(`
        native.onReady(() => {});
        for (let count = 0; count < 3; count++) native.watch(native.lookup('slow.test', 4), 1);
        parentPort.postMessage('looking up');
        parentPort.once('message', () => { ${ending}; });
      `);
      const exited = once(thread, 'exit');
      assert.equal(await message(thread), 'looking up');
      await until(() => dns.questions().length === 3);
      thread.postMessage('go on');
      if (!ending.startsWith('process')) {
        await message(thread);
        await thread.terminate();
      }
      await exited;
      dns.release();
      await until(() => threads() <= before.threads && openDescriptors('pipe:') <= before.pipes);
    });
  }
});

describe('many lookups at once', { skip }, () => {
  const count = 200;
  const addressOf = (index: number) => `127.1.${index >> 6}.${(index & 63) + 1}`;
  const names = (held: boolean) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [`host${index}.test`, { A: [addressOf(index)], held }]),
    );
  const coroutines = () => Array.from({ length: count }, (_, index) => coResolve(`host${index}.test`));
  const expected = Array.from({ length: count }, (_, index) => [addressOf(index)]);

  test('all find their own address: as futures, and in one blocked thread', async () => {
    dns.serve(names(false));
    const before = native.counts();
    assert.deepEqual(await Promise.all(coroutines().map((coroutine) => new AioFuture(coroutine))), expected);
    assert.deepEqual(runBlocking(coAll(coroutines())), expected);
    assert.deepEqual(native.counts(), before);
  });

  test('run on a bounded number of threads, which numeric addresses do not need; all finish', async () => {
    dns.serve(names(true));
    // Those of the lookups before come to their end.
    let before = threads();
    let looks = 0;
    await until(() => {
      const now = threads();
      looks = now === before ? looks + 1 : 0;
      before = now;
      return looks > 20;
    });
    const futures = coroutines().map((coroutine) => new AioFuture(coroutine));
    const asked = () => new Set(dns.questions().map((question) => question.split(' ')[1])).size;
    await until(() => asked() === native.maxLookupThreads);
    using server = startScriptedServer([[expectHead(), send(ok('x'))]]);
    using connection = new HTTPConnection('127.0.0.1', { port: server.port });
    await connection.promises.sendRequest('GET', '/');
    assert.equal((await connection.promises.readResponse()).status, 200);
    assert.equal(asked(), native.maxLookupThreads);
    // One of those before may end only now.
    assert.ok(threads() <= before + native.maxLookupThreads);
    const all = Promise.all(futures);
    let finished = false;
    const done = all.finally(() => {
      finished = true;
    });
    dns.release();
    await until(() => {
      assert.ok(threads() <= before + native.maxLookupThreads);
      return finished;
    });
    await done;
    assert.deepEqual(await all, expected);
    await until(() => threads() <= before);
  });

  test('that are given up before their turn are never made', async () => {
    dns.serve(names(true));
    const futures = coroutines().map((coroutine) => new AioFuture(coroutine));
    await until(() => dns.questions().length === 2 * native.maxLookupThreads);
    // Those that have not had their turn first: a place that becomes free would be theirs.
    for (const future of [...futures].reverse()) future.cancel();
    await Promise.allSettled(futures);
    const asked = dns.questions();
    dns.release();
    dns.serve({ 'next.test': { A: ['127.0.0.4'] } });
    assert.deepEqual(runBlocking(coResolve('next.test')), ['127.0.0.4']);
    assert.equal(asked.length, 2 * native.maxLookupThreads);
    assert.deepEqual(dns.questions().sort(), ['A next.test', 'AAAA next.test']);
  });
});

describe('an IPv6 address with a zone', { skip }, () => {
  before(() => {
    if (skip !== false) return;
    ip('link add v0 type veth peer name v1');
    ip('link set v1 up');
    ip('link set v0 up');
    ip('-6 address add fe80::77/64 dev v0 nodad');
  });

  test('is resolved as it is, connected to, and named in Host without the zone [RFC 6874]', () => {
    using server = startScriptedServer(
      Array.from({ length: 2 }, () => [expectHead(), send(ok('x'))]),
      { host: 'fe80::77%v0' },
    );
    for (const hostname of ['fe80::77%v0', '[fe80::77%v0]']) {
      using connection = new HTTPConnection(hostname, { port: server.port });
      connection.sendRequest('GET', '/');
      assert.equal(connection.readResponse().status, 200);
    }
    assert.match(server.heads(1)[0] ?? '', new RegExp(`\r\nHost: \\[fe80::77\\]:${server.port}\r\n`));
  });

  test('is given by getaddrinfo with the number of its interface', () => {
    const fd = native.lookup('fe80::77%v0', 6);
    native.pollOne(fd, 1, -1);
    assert.match(String(native.lookupResult(fd)), /^fe80::77%\d+$/);
    native.close(fd);
  });

  test('of no interface is an error of the system', () => {
    const before = native.counts();
    assert.throws(() => new HTTPConnection('fe80::77%none').connect(), { code: 'ENODEV', address: 'fe80::77%none' });
    assert.deepEqual(native.counts(), before);
  });
});
