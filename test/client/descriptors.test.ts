/**
 * That no way of connecting leaves a descriptor behind: interrupted wherever it can be, failed in every way, and with the
 * system's descriptors used up at any point of it.
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { type Coroutine, HTTPConnection, type HTTPConnectionOptions, PollNeeded } from '../../src/index.ts';
import { native } from '../../src/io/native.ts';
import { opensslMissing } from '../support/certificates.ts';
import { TestTrust } from '../support/https.ts';
import { openDescriptors } from '../support/open-descriptors.ts';
import { runProgram } from '../support/run-program.ts';
import { expectAnything, type Script, startScriptedServer } from '../support/scripted-server.ts';
import { stalledListenersEnded, startBesideStalled, startStalledListener } from '../support/stalled-listener.ts';
import { atSomePace, timeLimit } from '../support/time-limit.ts';
import { startRawServer } from '../support/tls-server.ts';

const skip = opensslMissing();
const folder = mkdtempSync(join(tmpdir(), 'dugong-'));
after(() => rmSync(folder, { recursive: true }));

/** Enough for every test here. */
const scripts: readonly Script[] = Array.from({ length: 200 }, () => [expectAnything()]);

let made: TestTrust | undefined;
function testTrust(): TestTrust {
  made ??= new TestTrust();
  return made;
}

/** What connecting could leave open: sockets of ours, pipes, pollers, watchers. Sockets of the servers are not among it. */
function state(): object {
  return { ...native.counts(), pipes: openDescriptors('pipe:'), pollers: openDescriptors('anon_inode:[eventpoll]') };
}

// The threads of the tests before have pipes and pollers as well.
beforeEach(stalledListenersEnded);

interface Way extends Disposable {
  readonly connection: () => HTTPConnection;
}

function way(hostname: string, options: HTTPConnectionOptions, ...servers: readonly Disposable[]): Way {
  return {
    connection: () => new HTTPConnection(hostname, options),
    [Symbol.dispose]() {
      for (const server of servers) server[Symbol.dispose]();
    },
  };
}

/** Each has suspensions of its own. */
const ways: Record<string, () => Way> = {
  'a name, and TLS'() {
    const trust = testTrust();
    const server = trust.serve(scripts);
    return way('localhost', { family: 4, port: server.front.port, tls: trust.context }, server);
  },
  'the second of two addresses, by a lookup of the user'() {
    const both = startBesideStalled(() => startScriptedServer(scripts, { host: '127.0.0.2' }));
    function* lookup(): Coroutine<string[]> {
      for (let count = 0; count < 2; count++) yield new PollNeeded(-1, 0, { deadline: performance.now() + 1 });
      return ['127.0.0.1', '127.0.0.2'];
    }
    return way('x.test', { port: both.port, lookup, attemptDelay: 10 }, both);
  },
  'three addresses, of which none answers'() {
    const stalled = startStalledListener();
    const lookup = (): string[] => ['127.0.0.1', '127.0.0.1', '127.0.0.1'];
    return way('x.test', { port: stalled.port, lookup, attemptDelay: 5 }, stalled);
  },
  'a Unix socket whose queue is full'() {
    const socketPath = join(folder, 'stalled.sock');
    return way('x.test', { socketPath }, startStalledListener(socketPath));
  },
  'a server that does not shake hands'() {
    const server = startRawServer({ bytes: Buffer.alloc(0), ending: 'keep-open' });
    return way('127.0.0.1', { port: server.port, tls: true }, server);
  },
};

/** How a coroutine that waits can end. */
const endings: Record<string, (coroutine: Coroutine<void>, connection: HTTPConnection) => void> = {
  'return()': (coroutine) => coroutine.return(),
  'throw()': (coroutine) => assert.throws(() => coroutine.throw(new Error('enough')), { message: 'enough' }),
  'disconnect()'(coroutine, connection) {
    connection.disconnect();
    assert.throws(() => coroutine.next(), { name: 'ConnectionClosed' });
  },
};

/** More suspensions than any way has, but for those that wait for ever. */
const MOST_STEPS = 12;

/** Steps so many times; false if the coroutine has ended, or waits for what does not come. */
function stepped(coroutine: Coroutine<void>, steps: number): boolean {
  for (let count = 0; count < steps; count++) {
    const step = coroutine.next();
    if (step.done) return false;
    if (count < steps - 1 && !step.value.poll(timeLimit(200))) return false;
  }
  return true;
}

describe('connecting leaves nothing', { skip }, () => {
  for (const [name, start] of Object.entries(ways)) {
    for (const [ending, end] of Object.entries(endings)) {
      test(`when it is ended by ${ending}, wherever it waits: ${name}`, () => {
        using way = start();
        const before = state();
        let interrupted = 0;
        for (let steps = 1; steps <= MOST_STEPS; steps++) {
          const connection = way.connection();
          const coroutine = connection.coConnect();
          if (!stepped(coroutine, steps)) {
            connection.disconnect();
            break;
          }
          end(coroutine, connection);
          interrupted++;
          connection.disconnect();
          assert.deepEqual(state(), before, `after ${steps} steps`);
        }
        assert.ok(interrupted > 0);
        assert.deepEqual(state(), before);
      });
    }
  }
});

interface Failure {
  readonly error: RegExp;
  /** Its last element is what must stay there meanwhile. */
  readonly prepare: () => readonly [hostname: string, options: HTTPConnectionOptions, server?: Disposable];
}

const both = (): string[] => ['127.0.0.1', '127.0.0.2'];

const failures: Record<string, Failure> = {
  'ports on which no server listens': {
    error: /ECONNREFUSED/,
    prepare() {
      const { port, stop } = startListener();
      stop();
      return ['x.test', { port, lookup: both }];
    },
  },
  'an address that is not ours to connect from': {
    error: /EADDRNOTAVAIL/,
    prepare: () => ['x.test', { lookup: both, localAddress: '192.0.2.1' }],
  },
  'no address of the right family': {
    error: /TypeError/,
    prepare: () => ['x.test', { lookup: both, localAddress: '::1' }],
  },
  'a lookup that finds nothing': {
    error: /HostnameNotResolvable/,
    prepare: () => ['x.test', { lookup: () => [] }],
  },
  'a lookup that gives what is no address': {
    error: /TypeError/,
    prepare: () => ['x.test', { lookup: () => ['x'] }],
  },
  'a lookup that throws when it goes on': {
    error: /no idea/,
    prepare() {
      function* lookup(): Coroutine<never> {
        yield new PollNeeded(-1, 0, { deadline: performance.now() + 1 });
        throw new Error('no idea');
      }
      return ['x.test', { lookup }];
    },
  },
  'a zone that is no interface': { error: /ENODEV/, prepare: () => ['fe80::1%none', {}] },
  'a Unix socket that is not there': {
    error: /ENOENT/,
    prepare: () => ['x.test', { socketPath: join(folder, 'none') }],
  },
  'a file that is no Unix socket': {
    error: /ECONNREFUSED/,
    prepare() {
      writeFileSync(join(folder, 'file'), '');
      return ['x.test', { socketPath: join(folder, 'file') }];
    },
  },
  'the end of its time, at two addresses': {
    error: /ConnectionTimedOut/,
    prepare() {
      const stalled = startStalledListener();
      const lookup = (): string[] => ['127.0.0.1', '127.0.0.1'];
      return ['x.test', { port: stalled.port, lookup, attemptDelay: 5, connectTimeout: 30 }, stalled];
    },
  },
  'a certificate of no trusted authority': {
    error: /UNABLE_TO_VERIFY_LEAF_SIGNATURE/,
    prepare: () => secured('localhost', () => true),
  },
  'a certificate for others': {
    error: /ALTNAME_INVALID/,
    prepare: () => secured('other.example', ({ context }) => context),
  },
  'a check of the user that throws': {
    error: /no idea/,
    prepare() {
      const checkServerIdentity = (): never => {
        throw new Error('no idea');
      };
      return secured('localhost', ({ ca }) => ({ ca, checkServerIdentity }));
    },
  },
  'an answer that is no TLS': {
    error: /WRONG_VERSION_NUMBER/,
    prepare: () => unsecured('HTTP/1.1 400 No\r\n\r\n', 'end'),
  },
  'an alert': { error: /HANDSHAKE_FAILURE/, prepare: () => unsecured('\x15\x03\x03\x00\x02\x02\x28', 'keep-open') },
  'an end in place of a handshake': { error: /CONNECTION_CLOSED/, prepare: () => unsecured('', 'end') },
  'a reset in place of a handshake': { error: /CONNECTION_CLOSED/, prepare: () => unsecured('', 'reset') },
};

function startListener(): { port: number; stop: () => void } {
  const server = startScriptedServer([]);
  return { port: server.port, stop: () => server.stop() };
}

function secured(
  hostname: string,
  tls: (trust: TestTrust) => NonNullable<HTTPConnectionOptions['tls']>,
): ReturnType<Failure['prepare']> {
  const trust = testTrust();
  const server = trust.serve(scripts);
  return [hostname, { port: server.front.port, lookup: () => ['127.0.0.1'], tls: tls(trust) }, server];
}

function unsecured(bytes: string, ending: 'end' | 'reset' | 'keep-open'): ReturnType<Failure['prepare']> {
  const server = startRawServer({ bytes: Buffer.from(bytes, 'latin1'), ending });
  return ['localhost', { family: 4, port: server.port, tls: true }, server];
}

describe('connecting that fails leaves nothing', { skip }, () => {
  for (const [name, { error, prepare }] of Object.entries(failures)) {
    test(`of ${name}`, async () => {
      const [hostname, options, server] = prepare();
      try {
        const fails = (given: Error & { code?: string }): true => {
          assert.match(`${given.name} ${given.code} ${given.message}`, error);
          return true;
        };
        const connection = new HTTPConnection(hostname, options);
        assert.throws(() => connection.connect(), fails);
        const before = state();
        assert.throws(() => connection.connect(), fails);
        assert.throws(() => connection.sendRequest('GET', '/'), fails);
        await assert.rejects(connection.promises.connect(), fails);
        await Promise.all([
          assert.rejects(connection.promises.sendRequest('GET', '/'), fails),
          assert.rejects(connection.promises.connect(), fails),
        ]);
        assert.deepEqual(state(), before);
      } finally {
        server?.[Symbol.dispose]();
      }
    });
  }
});

test('connecting without any reference left leaves nothing, once the garbage is collected', async () => {
  const path = join(folder, 'forgotten.sock');
  using port = startStalledListener();
  using unix = startStalledListener(path);
  const result = await runProgram('test/client/forgotten-program.ts', [`${port.port}`, path]);
  // A lookup, a socket, two of them with a poller, a Unix socket; and for each way but the socket two that stand in for them. The
  // lookup may have ended before it is waited for: then there is a second socket in its place.
  assert.equal(result.stderr, '');
  assert.match(result.stdout.toString(), /^1[02] 0\n$/);
  assert.ok(unix);
});

describe('connecting without enough descriptors', {
  skip: process.platform !== 'linux' && 'counts them as Linux does',
}, () => {
  const enough = 100;

  /** What the program says of each number of descriptors that were left to it. */
  async function outcomes(options: object): Promise<string[]> {
    const argument = JSON.stringify(options);
    const result = await runProgram('test/client/descriptors-program.ts', [argument], { mostDescriptors: enough });
    assert.equal(result.stderr, '');
    return result.stdout.toString().trimEnd().split('\n');
  }

  function assertOutcomes(lines: readonly string[], expected: readonly RegExp[]): void {
    assert.equal(lines.length, expected.length);
    lines.forEach((line, free) => {
      // As many are free afterwards as were before.
      assert.match(line, new RegExp(`^${free} .*, ${free} free$`));
      assert.match(line, expected[free] as RegExp);
    });
  }

  const connected = /^\d connected/;

  test('to two addresses gives all back: one is tried if there is one, two need a third for waiting', () =>
    atSomePace(async (factor) => {
      using both = startBesideStalled(() => startScriptedServer(scripts, { host: '127.0.0.2' }));
      const addresses = ['127.0.0.1', '127.0.0.2'];
      const times = { attemptDelay: 20, connectTimeout: 500 * factor };
      assertOutcomes(await outcomes({ hostname: 'x.test', addresses, port: both.port, ...times }), [
        /SystemError socket EMFILE/,
        /ConnectionTimedOut/,
        /SystemError epoll_create1 EMFILE/,
        ...Array.from({ length: 4 }, () => connected),
      ]);
    }));

  test('to a name gives all back: two are for the lookup, one more is for the resolver', async () => {
    using server = startScriptedServer(scripts);
    const options = { hostname: 'localhost', family: 4, port: server.port, dnsTestHostnames: ['localhost'] };
    assertOutcomes(await outcomes(options), [
      /SystemError getaddrinfo EMFILE/,
      /SystemError getaddrinfo EMFILE/,
      /SystemError getaddrinfo EMFILE/,
      ...Array.from({ length: 4 }, () => connected),
    ]);
  });
});
