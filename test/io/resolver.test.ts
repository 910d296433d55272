import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { constants } from 'node:os';
import { describe, test } from 'node:test';
import { AioFuture, type Coroutine, PollNeeded, runBlocking } from '../../src/index.ts';
import { native } from '../../src/io/native.ts';
import { coResolve } from '../../src/io/resolver.ts';
import { runProgram } from '../support/run-program.ts';
import { waysOfWaiting } from '../support/waiting.ts';
import { available, failingGetaddrinfo } from './native-slow-getaddrinfo.ts';

describe('coResolve', () => {
  test('takes a numeric address for its own answer, without waiting', () => {
    for (const address of ['127.0.0.1', '::1', 'fe80::1%lo']) {
      assert.deepEqual(coResolve(address).next(), { done: true, value: [address] });
    }
  });

  for (const { name, run } of waysOfWaiting) {
    test(`gives the addresses of a name (${name})`, async () => {
      const addresses = await run(coResolve('localhost'));
      assert.ok(addresses.length > 0 && addresses.every((address) => isIP(address) !== 0), addresses.join());
      assert.ok(addresses.includes('127.0.0.1') || addresses.includes('::1'));
    });

    test(`raises for a name that has none, and says what the system said (${name})`, async () => {
      // "." at the end: no search domains; "invalid" never exists (RFC 6761 6.4). Without any resolver it cannot be found out.
      await assert.rejects(
        async () => run(coResolve('no-such-host.invalid.')),
        (error: Error & { code: string; hostname: string; cause: { code: string; syscall: string } }) => {
          assert.match(error.name, /^(HostnameNotResolvable|DNSUnavailable)$/);
          assert.equal(error.hostname, 'no-such-host.invalid.');
          assert.match(error.cause.code, /^EAI_/);
          assert.equal(error.cause.syscall, 'getaddrinfo');
          return true;
        },
      );
    });
  }

  test('frees its descriptor in every case: result, failure, interruption', async () => {
    const before = native.counts();
    runBlocking(coResolve('localhost'));
    assert.throws(() => runBlocking(coResolve('no-such-host.invalid.')));
    const given: Coroutine<unknown> = coResolve('localhost');
    given.next();
    given.return(undefined);
    const failed = coResolve('localhost');
    failed.next();
    assert.throws(() => failed.throw(new Error('enough')), /enough/);
    const future = new AioFuture(coResolve('localhost'));
    if (future.cancel()) await assert.rejects(future, { name: 'AbortError' });
    assert.deepEqual(native.counts(), before);
  });

  test('of many names at once finishes all of them', async () => {
    const futures = Array.from({ length: native.maxLookupThreads + 50 }, () => new AioFuture(coResolve('localhost')));
    for (const addresses of await Promise.all(futures)) assert.ok(addresses.length > 0);
  });

  test('may be resumed early as often as one likes', () => {
    const coroutine = coResolve('localhost');
    let step: IteratorResult<PollNeeded, readonly string[]> = coroutine.next();
    for (let count = 0; count < 3 && !step.done; count++) step = coroutine.next();
    while (!step.done) {
      assert.equal(step.value.poll(20_000), true);
      step = coroutine.next();
    }
    assert.ok(step.value.length > 0);
  });
});

describe('what getaddrinfo(3) says', { skip: !available && 'needs Linux and a C compiler' }, () => {
  const [AGAIN, FAIL, MEMORY, NONAME, NODATA, SYSTEM, FAMILY] = [3, 4, 10, 2, 5, 11, 6];
  const unknown = (code: string) => ['DNSUnavailable', 'DUGONG_DNS_UNAVAILABLE', true, `getaddrinfo ${code}`];
  const absent = (code: string) => [
    'HostnameNotResolvable',
    'DUGONG_HOSTNAME_NOT_RESOLVABLE',
    false,
    `getaddrinfo ${code}`,
  ];
  const failed = (code: string, temporary: boolean) => ['SystemError', code, temporary, null];
  type Verdict = ReturnType<typeof unknown> | ReturnType<typeof failed>;
  const rows: readonly [name: string, whereDNSWorks: Verdict, elsewhere: Verdict][] = [
    [`eai-${AGAIN}-0`, unknown('EAI_AGAIN'), unknown('EAI_AGAIN')],
    [`eai-${NONAME}-0`, absent('EAI_NONAME'), unknown('EAI_NONAME')],
    [`eai-${NODATA}-0`, absent('EAI_NODATA'), unknown('EAI_NODATA')],
    [`eai-${FAIL}-0`, absent('EAI_FAIL'), unknown('EAI_FAIL')],
    [`eai-${SYSTEM}-${constants.errno.EMFILE}`, failed('EMFILE', false), failed('EMFILE', false)],
    [`eai-${SYSTEM}-${constants.errno.ECONNREFUSED}`, failed('ECONNREFUSED', true), failed('ECONNREFUSED', true)],
    [`eai-${SYSTEM}-0`, unknown('EAI_SYSTEM'), unknown('EAI_SYSTEM')],
    [`eai-${MEMORY}-0`, failed('ENOMEM', false), failed('ENOMEM', false)],
    [`eai-${FAMILY}-0`, unknown('EAI_FAMILY'), unknown('EAI_FAMILY')],
    ['eai-77-0', unknown('EAI_UNKNOWN'), unknown('EAI_UNKNOWN')],
  ];

  test('is about the name only if DNS works, about the resolver, or about this machine', async () => {
    using failing = failingGetaddrinfo();
    const names = rows.map(([name]) => name);
    const env = { ...process.env, ...failing.environment };
    const { status, stdout, stderr } = await runProgram(
      'test/io/resolver-codes-program.ts',
      [`eai-${AGAIN}-0`, ...names],
      { env },
    );
    assert.equal(status, 0, stderr);
    const verdicts = JSON.parse(stdout.toString()) as unknown[];
    rows.forEach(([name, ...expected], index) => void assert.deepEqual(verdicts[index], expected, name));
  });
});

describe('a lookup of the user', () => {
  test('fails with its own error, whatever that is', () => {
    for (const error of [new Error('mine'), Object.assign(new Error('again'), { code: 'EAI_AGAIN' })]) {
      const lookup = () => {
        throw error;
      };
      assert.throws(
        () => runBlocking(coResolve('x.test', { lookup })),
        (thrown) => thrown === error,
      );
    }
  });

  test('gives addresses as they are, of the family that was asked for', () => {
    const asked: unknown[] = [];
    const lookup = (...given: unknown[]) => {
      asked.push(given);
      return ['192.0.2.1', '2001:db8::1'];
    };
    assert.deepEqual(runBlocking(coResolve('x.test', { lookup })), ['192.0.2.1', '2001:db8::1']);
    assert.deepEqual(runBlocking(coResolve('x.test', { lookup: () => ['::1'], family: 6 })), ['::1']);
    assert.deepEqual(coResolve('127.0.0.1', { lookup }).next(), { done: true, value: ['127.0.0.1'] });
    assert.deepEqual(asked, [['x.test', 0, 0]]);
    runBlocking(coResolve('x.test', { lookup, port: 80 }));
    assert.deepEqual(asked[1], ['x.test', 0, 80]);
  });

  test('that gives anything else gets an error that says what it must give', () => {
    function* coWrong(value: unknown): Coroutine<never> {
      yield new PollNeeded(-1, 0, { deadline: 0 });
      return value as never;
    }
    const wrong: readonly [given: unknown, message: RegExp][] = [
      [undefined, /must return an array of addresses or a coroutine, not undefined$/],
      [null, /must return an array of addresses or a coroutine, not null$/],
      ['127.0.0.1', /must return an array of addresses or a coroutine, not '127\.0\.0\.1'$/],
      [5, /must return an array/],
      [{}, /must return an array/],
      [Promise.resolve(['127.0.0.1']), /not Promise .*coAwait waits for a promise/],
      [new Set(['127.0.0.1']), /must return an array/],
      [['localhost'], /must return numeric addresses, not 'localhost'$/],
      [[5], /must return numeric addresses, not 5$/],
      [[undefined], /must return numeric addresses, not undefined$/],
      [[['127.0.0.1']], /must return numeric addresses, not \[/],
      [[{ address: '127.0.0.1', family: 4 }], /must return numeric addresses, not \{/],
      [coWrong('127.0.0.1'), /must return an array/],
    ];
    for (const [given, message] of wrong) {
      const lookup = () => given as string[];
      assert.throws(() => runBlocking(coResolve('x.test', { lookup })), { name: 'TypeError', message });
    }
    const lookup = () => ['127.0.0.1', '::1'];
    assert.throws(() => runBlocking(coResolve('x.test', { lookup, family: 4 })), {
      name: 'TypeError',
      message: "lookup() must return numeric addresses of IPv4, not '::1'",
    });
  });
});
