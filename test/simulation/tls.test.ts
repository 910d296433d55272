/** The simulated TLS: sessions, ALPN, certificates, handshakes and updates in between, and ends of every kind. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BodyFollowing, type Coroutine, HTTPConnection, type HTTPConnectionOptions, TLSContext } from './client.ts';
import type { Report } from './loop.ts';
import { drawnPath, path } from './network/network.ts';
import { proxy } from './servers/proxies.ts';
import { Server, type ServerOptions } from './servers/servers.ts';
import { coSecure, type SecureOptions } from './tls/secure.ts';
import { assertFailed, assertFulfilled, HOST, runIn, WAYS, worldWith } from './trial.ts';

const BODY = Buffer.from(Array.from({ length: 3000 }, (_, index) => (index * 13) & 255));

function serverOf(secure: Partial<SecureOptions>, options: Partial<ServerOptions> = {}): Server {
  const answer: ServerOptions['answer'] = ({ body }) => ({ body: body.length > 0 ? body : BODY });
  return new Server({ name: 'server', answer, secure: coSecure({ name: HOST, ...secure }), ...options });
}

function* coGet(connection: HTTPConnection): Coroutine<Buffer> {
  yield* connection.coSendRequest('GET', '/');
  yield* connection.coReadResponse();
  return yield* connection.coReadAll();
}

function* coGetBy(options: HTTPConnectionOptions): Coroutine<Buffer> {
  using connection = new HTTPConnection(HOST, options);
  return yield* coGet(connection);
}

function handshakesIn({ world }: Report<unknown>): string[] {
  return world.trace.filter((line) => line.includes('shakes hands'));
}

/** Small segments and buffers, so that a reader has to write, and both have to wait. */
const SMALL: Partial<ServerOptions> = {
  path: (random) => {
    const direction = { ...path().up, segment: [1, random.pick([40, 400, 1460])] as const };
    const client = { send: random.size(100, 5000), receive: random.size(1000, 5000) };
    return path({ up: direction, down: direction, client, server: client });
  },
};

const DRAWN: Required<Pick<ServerOptions, 'path'>> = { path: (random) => drawnPath(random) };

for (const way of Object.keys(WAYS)) {
  test(`sessions by ${way}`, async () => {
    for (const [secure, expected] of [
      [{ tickets: 2 }, [false, true, true]],
      [{ tickets: 0 }, [false, false, false]],
      [{ tickets: 1, resumes: () => false }, [false, false, false]],
    ] as const) {
      const tls = new TLSContext({ ca: 'simulated' });
      const server = serverOf(secure, { path: () => path() });
      const report = await runIn(worldWith(server), way, function* () {
        let session: Buffer | null = null;
        for (let count = 0; count < 3; count++) {
          using connection = new HTTPConnection(HOST, { tls, port: 443 });
          assert.deepEqual(yield* coGet(connection), BODY);
          session = connection.getSession();
        }
        assert.equal(session === null, secure.tickets === 0);
      });
      assertFulfilled(report);
      assert.deepEqual(
        handshakesIn(report).map((line) => line.endsWith('again')),
        expected,
      );
    }
    assert.throws(() => new TLSContext({ ca: 'simulated', session: Buffer.from('none') }));
  });

  test(`ALPN by ${way}`, async () => {
    const tls = new TLSContext({ ca: 'simulated', ALPNProtocols: ['x', 'http/1.1'] });
    for (const [protocols, expected] of [
      [['http/1.1', 'x'], ' for http/1.1'],
      [undefined, ''],
      [['h2'], 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL'],
    ] as const) {
      const server = serverOf(protocols === undefined ? {} : { protocols });
      const report = await runIn(worldWith(server), way, () => coGetBy({ tls, port: 443 }));
      if (!expected.startsWith('ERR')) {
        assertFulfilled(report);
        assert.ok(handshakesIn(report)[0]?.endsWith(`shakes hands${expected}`));
      } else assert.equal(assertFailed(report, 'TLSError').code, expected);
    }
  });

  test(`certificates that are not in order, by ${way}`, async () => {
    for (const [secure, code] of [
      [{ name: 'other.test' }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
      [{ fault: 9 }, 'CERT_NOT_YET_VALID'],
      [{ fault: 10, name: 'other.test' }, 'CERT_HAS_EXPIRED'],
      [{ fault: 26 }, 'INVALID_PURPOSE'],
      [{ fault: 18 }, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ] as const) {
      const options = worldWith(serverOf(secure));
      const strict = await runIn(options, way, () => coGetBy({ tls: true, port: 443 }));
      assert.equal(assertFailed(strict, 'TLSError').code, code);
      const lax = await runIn(options, way, () => coGetBy({ tls: { rejectUnauthorized: false }, port: 443 }));
      assertFulfilled(lax);
    }
  });

  test(`handshakes and updates in between, by ${way}`, async () => {
    const kinds: Partial<SecureOptions>[] = [
      { again: 500, largest: 200 },
      { again: 1000, flights: 4, padding: 3000, largest: 100 },
      { updates: { every: 100, requested: true }, largest: 50, tickets: 1 },
    ];
    for (const secure of kinds) {
      for (let seed = 1; seed <= 2; seed++) {
        const report = await runIn(worldWith(serverOf(secure, SMALL), { seed }), way, function* () {
          using connection = new HTTPConnection(HOST, { tls: true, port: 443 });
          assert.deepEqual(yield* coGet(connection), BODY);
          yield* connection.coSendRequest('PUT', '/', { body: BODY });
          yield* connection.coReadResponse();
          assert.deepEqual(yield* connection.coReadAll(), BODY);
        });
        assertFulfilled(report);
      }
    }
    const report = await runIn(worldWith(serverOf({ again: 10, largest: 10 })), way, () =>
      coGetBy({ tls: true, port: 443 }),
    );
    assert.equal(assertFailed(report, 'TLSError').code, 'ERR_TLS_TOO_MANY_RENEGOTIATIONS');
  });

  test(`handshakes that a sender has to wait for, by ${way}`, async () => {
    const early: ServerOptions['early'] = () => ({ echo: true });
    const client = { send: 1000, receive: 65536 };
    for (let seed = 1; seed <= 2; seed++) {
      const server = serverOf({ again: 300 }, { early, pace: { size: 100, pause: 1 }, path: () => path({ client }) });
      const report = await runIn(worldWith(server, { seed }), way, function* () {
        using connection = new HTTPConnection(HOST, { tls: true, port: 443 });
        yield* connection.coSendRequest('PUT', '/', { body: new BodyFollowing(BODY.length) });
        for (let start = 0; start < BODY.length; start += 500)
          yield* connection.coWrite(BODY.subarray(start, start + 500));
        yield* connection.coReadResponse();
        return yield* connection.coReadAll();
      });
      assertFulfilled(report);
      assert.deepEqual('value' in report.outcome ? report.outcome.value : [], BODY);
    }
  });

  test(`a proxy's TLS that shakes hands anew under a server's, by ${way}`, async () => {
    for (let seed = 1; seed <= 2; seed++) {
      const origin = serverOf({ name: 'origin.test', tickets: 1 });
      const secure = coSecure({ name: HOST, again: 700, largest: 300 });
      const between = proxy({ name: 'proxy', origins: () => origin, secure, ...DRAWN });
      const report = await runIn(worldWith(between, { seed }), way, function* () {
        const to = { hostname: HOST, port: 443, tls: true };
        using connection = new HTTPConnection('origin.test', { tls: true, proxy: to });
        return yield* coGet(connection);
      });
      assertFulfilled(report);
      assert.deepEqual('value' in report.outcome ? report.outcome.value : [], BODY);
    }
  });

  test(`ends without a word, and alerts, by ${way}`, async () => {
    const framings = ['length', 'close'] as const;
    for (const framing of framings) {
      const answer: ServerOptions['answer'] = () => ({ body: BODY, framing, cut: { after: 500, how: 'unannounced' } });
      const report = await runIn(worldWith(serverOf({ truncates: true }, { answer })), way, () =>
        coGetBy({ tls: true, port: 443 }),
      );
      assertFailed(report, 'ConnectionClosed');
    }
    for (const [alert, code] of [
      [80, 'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR'],
      [48, 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'],
    ] as const) {
      for (const after of [0, 100, 2000]) {
        const report = await runIn(worldWith(serverOf({ fatal: { after, alert } })), way, () =>
          coGetBy({ tls: true, port: 443 }),
        );
        assert.equal(assertFailed(report, 'TLSError').code, code);
      }
    }
    const clear = new Server({ name: 'clear', answer: () => ({}), greeting: () => Buffer.from('220 hello\r\n') });
    const report = await runIn(worldWith(clear), way, () => coGetBy({ tls: true, port: 443 }));
    assert.equal(assertFailed(report, 'TLSError').code, 'ERR_SSL_WRONG_VERSION_NUMBER');
    const endless = await runIn(worldWith(serverOf({ tickets: 20_000 })), way, () => coGetBy({ tls: true, port: 443 }));
    assert.equal(assertFailed(endless, 'TLSError').code, 'ERR_TLS_TOO_MUCH_WITHOUT_CONTENT');
  });
}
