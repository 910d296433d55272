/** The real client in simulated worlds: each way of waiting, a few faults, and the same story for the same seed. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AioFuture,
  ConnectionClosed,
  ConnectionTimedOut,
  type Coroutine,
  HTTPConnection,
  PollLoop,
  runBlocking,
} from './client.ts';
import { kernel } from './kernel/install.ts';
import { hosts } from './kernel/lookups.ts';
import { type Report, type Scene, type SimulationOptions, simulate } from './loop.ts';
import type { Cut } from './network/direction.ts';
import { drawnPath, path } from './network/network.ts';
import { type Answer, type SeenRequest, Server, type ServerOptions } from './servers/servers.ts';

const HOST = 'server.test';
const RESOLVER = hosts({ [HOST]: ['192.0.2.1', '2001:db8::1'] });

/** The document under a path: "/1000" is 1000 bytes. */
function bodyOf(target: string): Buffer {
  const length = Number(target.slice(1)) || 0;
  return Buffer.from(Array.from({ length }, (_, index) => (index * 7 + length) & 255));
}

function answer({ target, body, method }: SeenRequest, index: number): Answer {
  if (method === 'PUT') return { body };
  return { body: bodyOf(target), framing: index % 2 === 0 ? 'length' : 'chunked', chunks: [1, 100, 17] };
}

/** Ways of waiting: each runs a coroutine to its end. */
const WAYS: Readonly<Record<string, (coroutine: Coroutine<unknown>) => unknown>> = {
  runBlocking: (coroutine) => runBlocking(coroutine, { timeout: 5000 }),
  AioFuture: (coroutine) => new AioFuture(coroutine, { timeout: 60_000 }),
  PollLoop: (coroutine) => {
    using loop = new PollLoop();
    return loop.runUntilComplete(loop.createTask(coroutine));
  },
};

interface World {
  readonly server: Server;
  readonly options: SimulationOptions;
}

function worldOf(seed: number, given: Partial<ServerOptions> = {}): World {
  const drawn: ServerOptions['path'] = (random) => drawnPath(random);
  const server = new Server({ name: 'server', answer, path: drawn, ...given });
  const prepare = ({ network }: Scene): void => {
    network.serve('192.0.2.1:80', server);
    network.serve('2001:db8::1:80', server);
  };
  return { server, options: { seed, traced: true, resolver: RESOLVER, prepare } };
}

function cutDown(cut: Cut): NonNullable<ServerOptions['path']> {
  const quiet = path();
  return () => path({ down: { ...quiet.down, segment: [1, 100], cut } });
}

function* coGet(connection: HTTPConnection, target: string): Coroutine<Buffer> {
  yield* connection.coSendRequest('GET', target);
  const response = yield* connection.coReadResponse();
  assert.equal(response.status, 200);
  return yield* connection.coReadAll();
}

function* coPipeline(connection: HTTPConnection): Coroutine<Buffer[]> {
  const targets = ['/10', '/1000', '/0'];
  for (const target of targets) yield* connection.coSendRequest('GET', target);
  const bodies: Buffer[] = [];
  for (const _ of targets) {
    yield* connection.coReadResponse();
    bodies.push(yield* connection.coReadAll());
  }
  return bodies;
}

function* coUpload(connection: HTTPConnection): Coroutine<Buffer> {
  yield* connection.coSendRequest('PUT', '/upload', { body: bodyOf('/5000') });
  yield* connection.coReadResponse();
  return yield* connection.coReadAll();
}

function* coProgram(connection: HTTPConnection): Coroutine<void> {
  assert.deepEqual(yield* coGet(connection, '/5'), bodyOf('/5'));
  assert.deepEqual(yield* coPipeline(connection), ['/10', '/1000', '/0'].map(bodyOf));
  assert.deepEqual(yield* coUpload(connection), bodyOf('/5000'));
}

async function run(
  world: World,
  way: string,
  coProgramOf: (connection: HTTPConnection) => Coroutine<unknown>,
): Promise<Report<unknown>> {
  return await simulate(world.options, async () => {
    using connection = new HTTPConnection(HOST);
    return await WAYS[way]?.(coProgramOf(connection));
  });
}

function assertClean({ world, leftovers }: Report<unknown>): void {
  assert.deepEqual(leftovers, { open: [], watched: 0, alarms: false });
  assert.deepEqual(kernel.counts(), { owned: 0, watched: 0 });
  assert.deepEqual(world.violations, []);
}

for (const way of Object.keys(WAYS)) {
  test(`requests, a pipeline and an upload by ${way}, over 5 networks`, async () => {
    for (let seed = 1; seed <= 5; seed++) {
      const world = worldOf(seed);
      const report = await run(world, way, coProgram);
      assert.deepEqual(
        report.outcome,
        { status: 'fulfilled', value: undefined },
        `seed ${seed}\n${report.world.trace.slice(-20).join('\n')}`,
      );
      assertClean(report);
      const { requests } = world.server.log;
      assert.deepEqual(
        requests.map(({ target }) => target),
        ['/5', '/10', '/1000', '/0', '/upload'],
      );
      assert.ok(requests.every(({ complete }) => complete));
    }
  });

  test(`a response that is cut at any byte is never taken for whole by ${way}`, async () => {
    // With 0 bytes the reset would come before the connection is established.
    for (let after = 1; after <= 150; after += 3) {
      for (const how of ['fin', 'rst'] as const) {
        const report = await run(worldOf(after, { path: cutDown({ after, how }) }), way, (one) => coGet(one, '/200'));
        assert.equal(report.outcome.status, 'rejected');
        assert.ok(
          'reason' in report.outcome && report.outcome.reason instanceof ConnectionClosed,
          String((report.outcome as { reason: unknown }).reason),
        );
        assertClean(report);
      }
    }
  });

  test(`the same seed tells the same story by ${way}`, async () => {
    for (let seed = 1; seed <= 5; seed++) {
      const [one, other] = [await run(worldOf(seed), way, coProgram), await run(worldOf(seed), way, coProgram)];
      assert.ok(one.world.trace.length > 50);
      assert.deepEqual(one.world.trace, other.world.trace);
    }
  });
}

test('a stalled response ends with the time limit, and not before', async () => {
  const stalled = { path: cutDown({ after: 20, how: 'hole' }) };
  for (const way of ['runBlocking', 'AioFuture']) {
    const report = await run(worldOf(1, stalled), way, (one) => coGet(one, '/200'));
    assert.ok('reason' in report.outcome && report.outcome.reason instanceof ConnectionTimedOut);
    assertClean(report);
    assert.ok(report.world.now >= 5000);
  }
});

test('a wait that nothing can end is an error of the world', async () => {
  const stalled = { path: cutDown({ after: 20, how: 'hole' }) };
  const report = await run(worldOf(1, stalled), 'PollLoop', (one) => coGet(one, '/200'));
  assert.equal(report.outcome.status, 'stuck');
  assertClean(report);
});
