/** Signals in the middle of blocking waits, and names that resolve to many addresses, late, or not at first. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Coroutine, HTTPConnection, Interrupted, runBlocking } from './client.ts';
import { always, failure, hosts, inTurn } from './kernel/lookups.ts';
import { simulate } from './loop.ts';
import { drawnPath, path } from './network/network.ts';
import { Server } from './servers/servers.ts';
import { assertClean, assertFailed, assertFulfilled, HOST, runIn, WAYS, worldWith } from './trial.ts';

const BODY = Buffer.from(Array.from({ length: 900 }, (_, index) => (index * 11) & 255));

function serverOf(): Server {
  const answer = ({ body }: { body: Buffer }): object => ({ body: body.length > 0 ? body : BODY, delay: 20 });
  return new Server({ name: 'server', answer, path: (random) => drawnPath(random) });
}

function* coGet(connection: HTTPConnection): Coroutine<Buffer> {
  yield* connection.coSendRequest('GET', '/');
  yield* connection.coReadResponse();
  return yield* connection.coReadAll();
}

test('signals in the middle of waits: what was interrupted goes on, and nothing is lost', async () => {
  let interrupted = 0;
  const again = <T>(call: () => T): T => {
    for (;;) {
      try {
        return call();
      } catch (error) {
        if (!(error instanceof Interrupted)) throw error;
        interrupted++;
      }
    }
  };
  for (let seed = 1; seed <= 8; seed++) {
    const server = serverOf();
    const faults = { interruptions: { chance: 0.1, most: 5, signals: [2, 12] } };
    const report = await simulate(worldWith(server, { seed, faults }), () => {
      using connection = new HTTPConnection(HOST);
      again(() => connection.connect());
      for (const body of [undefined, BODY]) {
        try {
          connection.sendRequest(body === undefined ? 'GET' : 'PUT', '/', { body });
        } catch (error) {
          // The next calls send the rest.
          if (!(error instanceof Interrupted)) throw error;
          interrupted++;
        }
        again(() => connection.readResponse());
        assert.deepEqual(
          again(() => connection.readAll()),
          BODY,
        );
      }
    });
    assertFulfilled(report);
    assertClean(report);
    assert.equal(server.log.requests.length, 2);
  }
  assert.ok(interrupted > 4);
});

test('a signal ends a call by Interrupted, which names it', async () => {
  const faults = { interruptions: { chance: 1, most: 0, signals: [2] } };
  const report = await simulate(worldWith(serverOf(), { faults }), () => {
    using connection = new HTTPConnection(HOST);
    return runBlocking(coGet(connection));
  });
  const error = assertFailed(report, 'Interrupted');
  assert.equal(error instanceof Interrupted && error.signal, 'SIGINT');
  assertClean(report);
});

for (const way of Object.keys(WAYS)) {
  test(`names with many addresses, some of which work, by ${way}`, async () => {
    const addresses = ['2001:db8::7', '192.0.2.7', '2001:db8::8', '192.0.2.8', '192.0.2.1'];
    for (let seed = 1; seed <= 3; seed++) {
      const options = worldWith(serverOf(), { seed, resolver: hosts({ [HOST]: addresses }, 50) });
      const report = await runIn(options, way, function* ({ network }) {
        const kinds = ['hole', 'unreachable', 'refuse', 'unreachable-late'] as const;
        for (const [index, connect] of kinds.entries()) {
          const service = { name: connect, path: () => path({ connect, patience: 100 }), accept: () => {} };
          network.serve(`${addresses[index]}:80`, service);
        }
        using connection = new HTTPConnection(HOST);
        return yield* coGet(connection);
      });
      assertFulfilled(report);
    }
  });

  test(`names that resolve at last, by ${way}`, async () => {
    const resolver = inTurn(
      always(failure('EAI_AGAIN'), 3000),
      always(failure('EAI_FAIL')),
      hosts({ [HOST]: ['192.0.2.1'] }),
    );
    const report = await runIn(worldWith(serverOf(), { resolver }), way, function* () {
      using connection = new HTTPConnection(HOST);
      const failed: string[] = [];
      for (;;) {
        try {
          assert.deepEqual(yield* coGet(connection), BODY);
          return failed;
        } catch (error) {
          failed.push(error instanceof Error ? error.name : String(error));
          if (failed.length > 3) throw error;
        }
      }
    });
    assertFulfilled(report);
    assert.deepEqual('value' in report.outcome && report.outcome.value, ['DNSUnavailable', 'DNSUnavailable']);
  });

  test(`a name that does not exist, told from a resolver that does not work, by ${way}`, async () => {
    const known = { 'up.test': ['192.0.2.9'] };
    for (const [names, expected] of [
      [known, 'HostnameNotResolvable'],
      [{}, 'DNSUnavailable'],
    ] as const) {
      const options = worldWith(serverOf(), { resolver: hosts(names) });
      const report = await runIn(options, way, function* () {
        using connection = new HTTPConnection('unknown.test', { dnsTestHostnames: ['up.test'] });
        return yield* coGet(connection);
      });
      assertFailed(report, expected);
    }
  });
}
