/** Names to addresses: lookup() and lookupResult(). */

import assert from 'node:assert/strict';
import net from 'node:net';
import { describe, it } from 'node:test';
import { type LookupFailure, native } from '../../src/io/native.ts';
import { openDescriptors } from '../support/open-descriptors.ts';
import { program, run } from './native-programs.ts';
import { available, slowGetaddrinfo } from './native-slow-getaddrinfo.ts';
import { loopTurns, POLLIN, untyped, watch } from './native-support.ts';

function blockingLookup(hostname: string, family: number): string[] | LookupFailure | undefined {
  const fd = native.lookup(hostname, family);
  assert.ok(fd >= 0);
  assert.equal((native.pollOne(fd, POLLIN, -1) ?? 0) & POLLIN, POLLIN);
  const result = native.lookupResult(fd);
  assert.equal(native.close(fd), 0);
  return result;
}

async function lookup(hostname: string, family: number): Promise<string[] | LookupFailure | undefined> {
  const fd = native.lookup(hostname, family);
  assert.ok(fd >= 0);
  await watch(fd, POLLIN);
  const result = native.lookupResult(fd);
  assert.equal(native.close(fd), 0);
  return result;
}

const addresses = (result: string[] | LookupFailure | undefined): string[] => {
  assert.ok(Array.isArray(result), JSON.stringify(result));
  return result;
};

describe('lookup', () => {
  it('finds localhost, for a blocked thread and for the event loop', async () => {
    const blocking = addresses(blockingLookup('localhost', 0));
    assert.ok(blocking.length > 0 && blocking.every((address) => net.isIP(address) !== 0));
    assert.ok(blocking.includes('127.0.0.1') || blocking.includes('::1'));
    assert.deepEqual(await lookup('localhost', 0), blocking);
  });

  it('keeps to the family asked for', async () => {
    assert.ok(addresses(await lookup('localhost', 4)).every(net.isIPv4));
    const six = await lookup('localhost', 6);
    if (Array.isArray(six)) assert.ok(six.every((address) => net.isIPv6(address.replace(/%.*/, ''))));
    assert.ok('code' in (blockingLookup('127.0.0.1', 6) as LookupFailure));
  });

  it('gives numeric addresses back, of any family, an IPv6 zone as its number', () => {
    assert.deepEqual(blockingLookup('127.0.0.1', 0), ['127.0.0.1']);
    assert.deepEqual(blockingLookup('0:0:0:0:0:0:0:1', 6), ['::1']);
    if (process.platform === 'linux') assert.match(addresses(blockingLookup('fe80::1%lo', 0)).join(), /^fe80::1%\d+$/);
  });

  it('fails with the code of getaddrinfo and its message', async () => {
    for (const name of ['foobar.invalid', 'a'.repeat(300), 'a'.repeat(100_000), 'not a name', '']) {
      const failure = (await lookup(name, 0)) as LookupFailure;
      assert.match(failure.code, /^EAI_[A-Z]+$/);
      assert.ok(failure.message.length > 5);
      assert.equal(typeof failure.errno, 'number');
    }
  });

  it('runs many at once', async () => {
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, index) => lookup(index % 2 === 0 ? 'localhost' : `127.0.0.${index}`, 4)),
    );
    results.forEach((result, index) => {
      assert.ok(addresses(result).includes(index % 2 === 0 ? '127.0.0.1' : `127.0.0.${index}`));
    });
  });

  it('may be abandoned at any time, and leaves no fd open', async () => {
    await lookup('localhost', 0);
    // Of other kinds, threads without a waiter may still have some: sockets to a name server, /etc/hosts.
    const before = openDescriptors('pipe:');
    for (let round = 0; round < 100; round++) {
      const fds = ['localhost', 'foobar.invalid', '127.0.0.1'].map((name) => native.lookup(name, 0));
      if (round % 2 === 0) native.watch(fds[0] as number, POLLIN);
      if (round % 3 === 0) await loopTurns();
      for (const fd of fds) assert.equal(native.close(fd), 0);
    }
    assert.equal(openDescriptors('pipe:'), before);
  });

  it('names a wrong argument', () => {
    assert.throws(() => native.lookup('a\0b', 0), /^TypeError: lookup: hostname must not contain a NUL$/);
    assert.throws(() => untyped.lookup?.(5, 0), /^TypeError: lookup: hostname must be a string$/);
    assert.throws(() => native.lookup('localhost', 5), /^RangeError: lookup: family must be 0, 4 or 6$/);
    assert.throws(() => untyped.lookup?.('localhost'), /^TypeError: lookup: family must be a number$/);
    const fd = native.socket(4);
    assert.throws(() => native.lookupResult(fd), /^TypeError: lookupResult: fd is not a lookup$/);
    native.close(fd);
    assert.throws(() => native.lookupResult(fd), /^TypeError: lookupResult: fd is not a lookup$/);
  });
});

const most = native.maxLookupThreads;

/** For programs: `most`, and `started(count)`, which waits until so many names have been asked for. */
const helpers = `
  const most = native.maxLookupThreads;
  const names = () => fs.readFileSync(process.env.SLOW_LOG, 'latin1').split('\\n').length - 1;
  const started = (count) => { while (names() < count) native.pollOne(-1, 0, 1); };
`;

describe('a slow lookup', { skip: !available && 'needs Linux and a C compiler' }, () => {
  it('has no result while it runs, and keeps the event loop alive only while it is waited for', async () => {
    using slow = slowGetaddrinfo();
    const child = program(
      `
      listenToReadiness();
      const fd = native.lookup('127.0.0.1', 0);
      say(String(native.lookupResult(fd)));
      watch(fd, 1).then(() => {
        say(String(native.lookupResult(fd)));
        say(JSON.stringify(native.counts()));
      });
      `,
      slow.environment,
    );
    assert.equal(await child.line(), 'undefined');
    slow.release();
    assert.equal(await child.line(), '127.0.0.1');
    assert.equal(await child.line(), '{"owned":1,"watched":0}');
    assert.equal((await child.ended).code, 0);
  });

  it('waits for a thread where many run, and is never started if it is abandoned before', async () => {
    using slow = slowGetaddrinfo();
    const child = program(
      `${helpers}
      const fds = Array.from({ length: most + 12 }, (_, index) => native.lookup('127.0.1.' + (index + 1), 0));
      started(most);
      for (const fd of fds.slice(most, -1)) native.close(fd);
      say('full');
      const last = fds.at(-1);
      native.pollOne(last, 1, -1);
      say(String(native.lookupResult(last)));
      `,
      slow.environment,
    );
    assert.equal(await child.line(), 'full');
    assert.equal(slow.names().length, most);
    slow.release();
    const last = `127.0.1.${most + 12}`;
    assert.equal(await child.line(), last);
    assert.equal((await child.ended).code, 0);
    const names = Array.from({ length: most }, (_, index) => `127.0.1.${index + 1}`);
    assert.deepEqual(slow.names().sort(), [...names, last].sort());
  });

  it('does not hold up those behind it once it is abandoned, though its thread hangs', async () => {
    using slow = slowGetaddrinfo();
    const child = program(
      `${helpers}
      const fds = Array.from({ length: most }, (_, index) => native.lookup('127.0.1.' + (index + 1), 0));
      const next = native.lookup('quick.127.0.0.2', 0);
      started(most);
      say(String(native.lookupResult(next)));
      native.close(fds[0]);
      native.pollOne(next, 1, -1);
      say(String(native.lookupResult(next)));
      say(String(native.pendingLookups() >= most));
      `,
      slow.environment,
    );
    assert.deepEqual([await child.line(), await child.line(), await child.line()], ['undefined', '127.0.0.2', 'true']);
    assert.equal((await child.ended).code, 0);
  });

  it('of other threads of JavaScript, however many, leaves one of this its own', async () => {
    using slow = slowGetaddrinfo();
    const inWorker = `const native = require(process.env.DUGONG_ADDON);
      for (let count = 0; count < 2 * native.maxLookupThreads; count++) native.lookup('127.0.0.1', 0);
      require('node:worker_threads').parentPort.postMessage('');
      setInterval(() => {}, 1000);`;
    const child = program(
      `${helpers}
      const { Worker } = require('node:worker_threads');
      const workers = Array.from({ length: 6 }, () => new Worker(${JSON.stringify(inWorker)}, { eval: true }));
      const asking = (worker) => new Promise((resolve) => worker.on('message', resolve));
      (async () => {
        await Promise.all(workers.map(asking));
        started(4 * most);
        const quick = native.lookup('quick.127.0.0.2', 0);
        native.pollOne(quick, 1, -1);
        say(String(native.lookupResult(quick)));
        const threads = fs.readdirSync('/proc/self/task').length;
        // Beside them Node has its own.
        say(String(threads < 4 * most + 6 + 100));
        await Promise.all(workers.map((worker) => worker.terminate()));
        say('ended');
        process.exit();
      })();
      `,
      slow.environment,
    );
    for (const expected of ['127.0.0.2', 'true', 'ended']) assert.equal(await child.line(), expected);
    assert.equal((await child.ended).code, 0);
  });

  it('that is abandoned again and again has a bounded number of threads, and memory for no more', async () => {
    using slow = slowGetaddrinfo();
    const child = program(
      `${helpers}
      for (let count = 0; count < 20 * most; count++) native.close(native.lookup('127.0.0.1', 0));
      const threads = fs.readdirSync('/proc/self/task').length;
      say(String(threads < 4 * most + 100));
      say(String(native.pendingLookups() <= 4 * most));
      `,
      slow.environment,
    );
    assert.deepEqual([await child.line(), await child.line()], ['true', 'true']);
    assert.equal((await child.ended).code, 0);
  });

  it('does not hold up the end of the process, whether it comes by itself or by process.exit()', async () => {
    for (const ending of ['', 'process.exit(0);', 'native.close(fd);']) {
      using slow = slowGetaddrinfo();
      const code = `
        const fd = native.lookup('127.0.0.1', 0);
        while (fs.readFileSync(process.env.SLOW_LOG, 'latin1') === '') native.pollOne(-1, 0, 1);
        ${ending}
      `;
      await run(code, slow.environment);
    }
  });
});

it('leaves nothing behind', async () => {
  await loopTurns();
  assert.deepEqual(native.counts(), { owned: 0, watched: 0 });
});
