/** The real client in worlds with faults: TLS of every kind of end, no descriptors, names that fail, signals, fetch. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AioFuture,
  type Coroutine,
  createFetch,
  DugongError,
  HTTPConnection,
  type HTTPConnectionOptions,
  Interrupted,
  PollLoop,
  runBlocking,
  TLSContext,
} from './client.ts';
import { EMFILE } from './kernel/errno.ts';
import { kernel } from './kernel/install.ts';
import { failure, hosts, type Resolver } from './kernel/lookups.ts';
import { type Report, type Scene, type SimulationOptions, simulate } from './loop.ts';
import { drawnPath, path } from './network/network.ts';
import { Server, type ServerOptions } from './servers/servers.ts';
import { coSecure, type SecureOptions } from './tls/secure.ts';

const HOST = 'server.test';
const BODY = Buffer.from(Array.from({ length: 3000 }, (_, index) => index & 255));
const TLS = new TLSContext({ ca: 'simulated' });

const WAYS: Readonly<Record<string, (coroutine: Coroutine<unknown>) => unknown>> = {
  runBlocking: (coroutine) => runBlocking(coroutine),
  AioFuture: (coroutine) => new AioFuture(coroutine),
  PollLoop: (coroutine) => {
    using loop = new PollLoop();
    return loop.runUntilComplete(loop.createTask(coroutine));
  },
};

interface Given extends Partial<SimulationOptions> {
  readonly server?: Partial<ServerOptions>;
}

function optionsOf(seed: number, { server: given = {}, ...options }: Given = {}): SimulationOptions {
  const answer = (): { body: Buffer } => ({ body: BODY });
  const server = new Server({ name: 'server', answer, path: (random) => drawnPath(random), ...given });
  const prepare = ({ network }: Scene): void => {
    for (const place of ['192.0.2.1:80', '192.0.2.1:443', '/run/server']) network.serve(place, server);
  };
  return { seed, traced: true, resolver: hosts({ [HOST]: ['192.0.2.1'] }), prepare, ...options };
}

function* coGet(options: HTTPConnectionOptions = {}, hostname: string = HOST): Coroutine<Buffer> {
  using connection = new HTTPConnection(hostname, options);
  yield* connection.coSendRequest('GET', '/');
  yield* connection.coReadResponse();
  const body = yield* connection.coReadAll();
  assert.deepEqual(body, BODY);
  return body;
}

function assertClean({ world, leftovers }: Report<unknown>): void {
  assert.deepEqual(leftovers, { open: [], watched: 0, alarms: false });
  assert.deepEqual(kernel.counts(), { owned: 0, watched: 0 });
  assert.deepEqual(world.violations, []);
}

function assertFulfilled({ world, outcome }: Report<unknown>): void {
  assert.equal(
    outcome.status,
    'fulfilled',
    `${'reason' in outcome ? outcome.reason : ''}\n${world.trace.slice(-20).join('\n')}`,
  );
}

const HANDSHAKES: readonly SecureOptions[] = [
  { name: HOST },
  { name: HOST, flights: 4, padding: 5000, tickets: 2 },
  { name: HOST, largest: 1, tickets: 1 },
];

for (const [way, run] of Object.entries(WAYS)) {
  test(`TLS by ${way}, over 2 networks`, async () => {
    for (let seed = 1; seed <= 2; seed++) {
      for (const secure of HANDSHAKES) {
        const options = optionsOf(seed, { server: { secure: coSecure(secure) } });
        const report = await simulate(options, () => run(coGet({ tls: TLS, port: 443 })));
        assertFulfilled(report);
        assertClean(report);
      }
    }
  });

  test(`TLS that is refused, or ends without a word, by ${way}`, async () => {
    for (const secure of [{ name: 'other.test' }, { name: HOST, refuses: true }]) {
      const options = optionsOf(1, { server: { secure: coSecure(secure), path: () => path() } });
      const report = await simulate(options, () => run(coGet({ tls: TLS, port: 443 })));
      assert.ok('reason' in report.outcome && report.outcome.reason instanceof DugongError);
      assert.equal(report.outcome.reason.name, 'TLSError');
      assertClean(report);
    }
    const secure = coSecure({ name: HOST, truncates: true });
    const answer = (): object => ({ body: BODY, framing: 'close' });
    const report = await simulate(optionsOf(1, { server: { secure, answer } }), () =>
      run(coGet({ tls: TLS, port: 443 })),
    );
    assert.ok('reason' in report.outcome && report.outcome.reason instanceof DugongError);
    assert.equal(report.outcome.reason.name, 'ConnectionClosed');
    assertClean(report);
  });

  test(`TLS with a server inside of TLS with its proxy, by ${way}`, async () => {
    for (let seed = 1; seed <= 5; seed++) {
      const [secure, tunnel] = [coSecure({ name: HOST, largest: 1000 }), coSecure({ name: 'inner.test', tickets: 1 })];
      const proxy = { hostname: HOST, port: 443, tls: TLS };
      const report = await simulate(optionsOf(seed, { server: { secure, tunnel } }), () =>
        run(coGet({ tls: TLS, proxy }, 'inner.test')),
      );
      assertFulfilled(report);
      assertClean(report);
    }
  });

  test(`a Unix socket by ${way}`, async () => {
    const report = await simulate(optionsOf(1), () => run(coGet({ socketPath: '/run/server' })));
    assertFulfilled(report);
    assertClean(report);
  });

  test(`machines that are short of descriptors and buffers, by ${way}`, async () => {
    let failed = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const faults = { noDescriptor: 0.2, noBuffers: 0.1, lateness: { chance: 0.3, most: 20 } };
      const report = await simulate(optionsOf(seed, { faults }), () => run(coGet()));
      if (report.outcome.status === 'rejected') {
        failed++;
        assert.ok(report.outcome.reason instanceof DugongError, String(report.outcome.reason));
      } else assertFulfilled(report);
      assertClean(report);
    }
    assert.ok(failed > 5);
  });

  test(`names that do not resolve, in time or at all, by ${way}`, async () => {
    const answers = ['EAI_NONAME', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_SYSTEM'];
    for (const code of answers) {
      const resolver: Resolver = {
        resolve: () => ({ answer: failure(code, code === 'EAI_SYSTEM' ? EMFILE : 0), delay: 5 }),
      };
      const report = await simulate(optionsOf(1, { resolver }), () => run(coGet()));
      assert.ok('reason' in report.outcome && report.outcome.reason instanceof DugongError);
      assertClean(report);
    }
    const never: Resolver = { resolve: () => ({ answer: [], delay: Number.POSITIVE_INFINITY }) };
    const report = await simulate(optionsOf(1, { resolver: never }), () => run(coGet({ connectTimeout: 1000 })));
    assert.ok('reason' in report.outcome && report.outcome.reason instanceof DugongError);
    assertClean(report);
    assert.ok(report.world.now >= 1000 && report.world.now < 1010);
  });

  test(`addresses of which some hang, by ${way}`, async () => {
    const resolver = hosts({ [HOST]: ['192.0.2.9', '2001:db8::9', '192.0.2.1'] });
    const hole = { name: 'hole', path: () => path({ connect: 'hole' as const }), accept: () => {} };
    for (let seed = 1; seed <= 5; seed++) {
      const options = optionsOf(seed, { resolver });
      const report = await simulate(options, ({ network }) => {
        network.serve('192.0.2.9:80', hole);
        return run(coGet());
      });
      assertFulfilled(report);
      assertClean(report);
    }
  });
}

test('a signal ends a blocked wait', async () => {
  const report = await simulate(optionsOf(1, { server: { answer: () => ({ delay: 1000 }) } }), ({ world }) => {
    world.after(500, () => kernel.signals.raise(2));
    return runBlocking(coGet());
  });
  assert.ok('reason' in report.outcome && report.outcome.reason instanceof Interrupted);
  assert.equal(report.world.now, 500);
  assertClean(report);
});

test('an abort by a timer of the program', async () => {
  const report = await simulate(optionsOf(1, { server: { answer: () => ({ delay: 1000 }) } }), ({ later }) => {
    const controller = new AbortController();
    later(300, () => controller.abort());
    return new AioFuture(coGet(), { signal: controller.signal });
  });
  assert.equal(report.outcome.status, 'rejected');
  assert.equal(report.world.now, 300);
  assertClean(report);
});

test('createFetch, over 5 networks', async () => {
  for (let seed = 1; seed <= 5; seed++) {
    const report = await simulate(optionsOf(seed), async () => {
      const fetch = createFetch();
      try {
        const responses = await Promise.all([1, 2, 3].map((index) => fetch(`http://${HOST}/${index}`)));
        for (const response of responses) assert.deepEqual(Buffer.from(await response.arrayBuffer()), BODY);
      } finally {
        fetch.closeIdleConnections();
      }
    });
    assertFulfilled(report);
    assertClean(report);
  }
});
