/** Proxies of the world, and the client's results. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Coroutine, HTTPConnection, type HTTPConnectionOptions, ProxyError, TLSContext } from './client.ts';
import { drawnPath } from './network/network.ts';
import { type ProxyOptions, proxy } from './servers/proxies.ts';
import { Server, type ServerOptions } from './servers/servers.ts';
import { coSecure } from './tls/secure.ts';
import { assertFailed, assertFulfilled, HOST, runIn, WAYS, worldWith } from './trial.ts';

const BODY = Buffer.alloc(2000, 'body');
const ORIGIN = 'origin.test';
const TLS = new TLSContext({ ca: 'simulated' });

function originOf(options: Partial<ServerOptions> = {}): Server {
  return new Server({ name: 'origin', answer: () => ({ body: BODY }), ...options });
}

function proxyTo(origin: Server, options: Partial<ProxyOptions> = {}): Server {
  const origins: ProxyOptions['origins'] = (authority) => (authority.startsWith(`${ORIGIN}:`) ? origin : undefined);
  return proxy({ name: 'proxy', origins, path: (random) => drawnPath(random), ...options });
}

function* coGet(target: string, options: HTTPConnectionOptions): Coroutine<[number, Buffer]> {
  using connection = new HTTPConnection(target, options);
  yield* connection.coSendRequest('GET', '/a?b');
  const { status } = yield* connection.coReadResponse();
  return [status, yield* connection.coReadAll()];
}

for (const way of Object.keys(WAYS)) {
  test(`requests by a proxy, by ${way}`, async () => {
    const origin = originOf();
    const between = proxyTo(origin);
    for (const [host, status] of [
      [ORIGIN, 200],
      ['unknown.test', 502],
    ] as const) {
      const report = await runIn(worldWith(between), way, () => coGet(host, { proxy: { hostname: HOST, port: 80 } }));
      assertFulfilled(report);
      const [got] = 'value' in report.outcome ? (report.outcome.value as [number, Buffer]) : [0];
      assert.equal(got, status);
    }
    assert.deepEqual(
      between.log.requests.map(({ target }) => target),
      [`http://${ORIGIN}/a?b`, 'http://unknown.test/a?b'],
    );
    assert.deepEqual(
      origin.log.requests.map(({ target }) => target),
      ['/a?b'],
    );
  });

  test(`tunnels by ${way}`, async () => {
    for (let seed = 1; seed <= 3; seed++) {
      for (const status of [200, 204]) {
        const origin = originOf({ secure: coSecure({ name: ORIGIN, tickets: 1 }) });
        const between = proxyTo(origin, { tunnel: () => ({ status, delay: 30, headers: ['Via: 1.1 proxy'] }) });
        const report = await runIn(worldWith(between, { seed }), way, () =>
          coGet(ORIGIN, { tls: TLS, proxy: { hostname: HOST, port: 3128 } }),
        );
        assertFulfilled(report);
        assert.deepEqual('value' in report.outcome ? report.outcome.value : [], [200, BODY]);
        assert.equal(origin.log.requests[0]?.connection, 'proxy 1');
        assert.equal(between.log.requests[0]?.target, `${ORIGIN}:443`);
      }
    }
  });

  test(`tunnels that are refused, by ${way}`, async () => {
    const challenge = 'Proxy-Authenticate: Basic realm="x"';
    for (const refusal of [
      { status: 407, headers: [challenge] },
      { status: 407, headers: [challenge], close: 'announced' },
      { status: 502, body: BODY, framing: 'chunked' },
      { status: 403, body: BODY, cut: { after: 1000, how: 'silence' } },
      { status: 403, body: BODY, cut: { after: 1000, how: 'reset' } },
    ] as const) {
      const origin = originOf();
      const report = await runIn(worldWith(proxyTo(origin, { refuse: () => refusal })), way, () =>
        coGet(ORIGIN, { tls: TLS, proxy: { hostname: HOST, port: 3128 } }),
      );
      const error = assertFailed(report, 'ProxyError');
      assert.equal(error instanceof ProxyError && error.answer?.status, refusal.status);
      assert.equal(origin.log.requests.length, 0);
    }
  });

  test(`credentials that a proxy asks for, by ${way}`, async () => {
    const refuse: ProxyOptions['refuse'] = ({ headers }) =>
      headers.has('proxy-authorization') ? undefined : { status: 407 };
    for (const tls of [TLS, undefined]) {
      const origin = originOf(tls === undefined ? {} : { secure: coSecure({ name: ORIGIN }) });
      const report = await runIn(worldWith(proxyTo(origin, { refuse })), way, () =>
        coGet(ORIGIN, { tls, proxy: `http://a:b@${HOST}:3128` }),
      );
      assertFulfilled(report);
      assert.deepEqual(
        origin.log.requests.map(({ headers }) => headers.has('proxy-authorization')),
        [false],
      );
    }
  });

  test(`tunnels that go wrong, by ${way}`, async () => {
    const wrong = [{ stray: Buffer.from('stray') }, ...[0, 1, 40, 90, 1000].map((after) => ({ after }))];
    for (const one of wrong) {
      for (const how of ['announced', 'abrupt', 'reset'] as const) {
        const tunnel = 'stray' in one ? one : { cut: { after: one.after, how } };
        const between = proxyTo(originOf({ secure: coSecure({ name: ORIGIN }) }), { tunnel: () => tunnel });
        const report = await runIn(worldWith(between), way, () =>
          coGet(ORIGIN, { tls: TLS, proxy: { hostname: HOST, port: 3128 } }),
        );
        assertFailed(report, 'ConnectionClosed', 'ProxyError', 'TLSError', 'InvalidResponse');
      }
    }
  });
}
