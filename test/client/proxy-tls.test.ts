/** TLS with the proxy itself: what is sent inside of it, to which peer, and which certificate counts. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type Coroutine,
  coAll,
  type HTTPConnectionOptions,
  POLLIN,
  POLLOUT,
  ProxyError,
  runBlocking,
  select,
  TLSContext,
} from '../../src/index.ts';
import { native } from '../../src/io/native.ts';
import { opensslMissing } from '../support/certificates.ts';
import { dummyBytes } from '../support/dummy-bytes.ts';
import { ok, requestHead, response } from '../support/messages.ts';
import { startTLSFront } from '../support/proxy-server.ts';
import { expect, expectEnd, expectHead, send, startScriptedServer } from '../support/scripted-server.ts';
import { timeLimit } from '../support/time-limit.ts';
import { ProxyTrust, SecureChain } from '../support/tls-proxy.ts';
import { startRawServer } from '../support/tls-server.ts';
import { assertLike, connectHead } from '../support/tunnelled.ts';
import { thrownBy, waysOfWaiting } from '../support/waiting.ts';

const skip = opensslMissing();
const BASIC = `Basic ${Buffer.from('user:s3cret').toString('base64')}`;

describe('TLS with a proxy', { skip }, () => {
  const trust = new ProxyTrust();
  // For proxies that are given as a URL, which are verified as the defaults say.
  process.env.SSL_CERT_FILE = trust.authority.certFile;
  const { context } = trust;

  /** The option `proxy` as a URL. */
  function byURL({ port }: { readonly port: number }, credentials = ''): HTTPConnectionOptions {
    return { proxy: `https://${credentials}proxy.test:${port}` };
  }

  for (const { name, run } of waysOfWaiting) {
    for (const credentials of ['', 'user:s3cret@']) {
      const given = credentials === '' ? 'no credentials' : 'credentials';
      const basic = credentials === '' ? [] : [`Proxy-Authorization: ${BASIC}`];

      test(`has plain requests in it, in absolute-form, with ${given} [RFC 9112 3.2.2] (${name})`, async () => {
        const own = { own: [...basic, 'Authorization: Bearer origin'] };
        const heads = ['/1', '/2?x=y'].map((path) =>
          requestHead('origin.example', `GET http://origin.example${path}`, own),
        );
        const script = heads.flatMap((head) => [expect(head), send(ok('by proxy'))]);
        using behind = startScriptedServer([[...script, expectEnd()]]);
        using proxy = startTLSFront(behind, trust.ofProxy);
        const before = native.counts();
        using connection = trust.through(proxy, byURL(proxy, credentials));
        for (const path of ['/1', '/2?x=y']) {
          await run(connection.coSendRequest('GET', path, { headers: { Authorization: 'Bearer origin' } }));
          assert.equal((await run(connection.coReadResponse())).status, 200);
          assert.equal(await run(connection.coReadText()), 'by proxy');
        }
        // These are about the server, with which there is no TLS.
        assert.deepEqual(
          [connection.getPeerCertificate(), connection.getProtocol(), connection.getCipher()],
          [null, null, null],
        );
        connection.disconnect();
        behind.check();
        assert.deepEqual(native.counts(), before);
        assert.deepEqual(
          proxy.handshakes().map(({ servername }) => servername),
          ['proxy.test'],
        );
      });

      test(`has a tunnel in it, and TLS with the server in that, with ${given} (${name})`, async () => {
        const head = requestHead('origin.example', 'GET /x', { own: ['Authorization: Bearer origin'] });
        using chain = trust.serve([[expect(head), send(ok('through')), expectEnd()]]);
        const before = native.counts();
        using connection = trust.through(chain, { tls: context, ...byURL(chain, credentials) });
        await run(connection.coSendRequest('GET', '/x', { headers: { Authorization: 'Bearer origin' } }));
        assert.equal((await run(connection.coReadResponse())).status, 200);
        assert.equal(await run(connection.coReadText()), 'through');
        assert.equal(connection.getPeerCertificate()?.subject.CN, 'origin');
        connection.disconnect();
        // Nothing of the proxy's in what the origin got, and nothing of the origin's in what the proxy got.
        chain.origin.check();
        const asked = connectHead('origin.example:443', ...basic, 'Accept-Encoding: identity');
        assert.deepEqual(chain.tunnel.heads(), [asked]);
        assert.doesNotMatch(chain.tunnel.passed().toString('latin1'), /GET|Bearer|s3cret/);
        assert.deepEqual(native.counts(), before);
        assert.deepEqual(
          [chain.outer, chain.inner].flatMap((front) => front.handshakes().map(({ servername }) => servername)),
          ['proxy.test', 'origin.example'],
        );
      });
    }

    test(`carries megabytes of bodies through the tunnel, both ways, on one connection (${name})`, async () => {
      const body = dummyBytes(3_000_000);
      using chain = trust.serve([
        [expectHead(), send(ok(body)), expectHead(), expect(body), send(ok('got it')), expectEnd()],
      ]);
      using connection = trust.through(chain, { tls: context });
      await run(connection.coSendRequest('GET', '/'));
      await run(connection.coReadResponse());
      assert.ok((await run(connection.coReadAll())).equals(body));
      await run(connection.coSendRequest('PUT', '/', { body }));
      await run(connection.coReadResponse());
      assert.equal(await run(connection.coReadText()), 'got it');
      connection.disconnect();
      chain.origin.check();
    });
  }

  test('carries a body up while another one comes down, driven by select()', () => {
    const body = dummyBytes(2_000_000);
    using chain = trust.serve([
      [expectHead(), send(ok(body)), expectHead(), expect(body), send(ok('got it')), expectEnd()],
    ]);
    using connection = trust.through(chain, { tls: context });
    function* coSend(): Coroutine<void> {
      yield* connection.coSendRequest('GET', '/');
      yield* connection.coSendRequest('PUT', '/', { body });
    }
    function* coRead(): Coroutine<string> {
      yield* connection.coReadResponse();
      assert.ok((yield* connection.coReadAll()).equals(body));
      yield* connection.coReadResponse();
      return yield* connection.coReadText();
    }
    const sender = coSend();
    // The request is on its way before a response can be asked for.
    let sending = sender.next();
    const reader = coRead();
    for (;;) {
      const reading = reader.next();
      if (reading.done) {
        assert.equal(reading.value, 'got it');
        break;
      }
      if (!sending.done) sending = sender.next();
      const waits = sending.done ? [reading.value] : [reading.value, sending.value];
      const ready = select(
        waits.filter(({ mask }) => mask & POLLIN),
        waits.filter(({ mask }) => mask & POLLOUT),
        [],
        timeLimit(20_000),
      );
      assert.ok(ready.flat().length > 0, 'nothing was ready for too long');
    }
    connection.disconnect();
    chain.origin.check();
  });

  test('is made for 30 connections at once by one thread', () => {
    const script = [expectHead(), send(ok('through')), expectEnd()];
    using chain = trust.serve(Array.from({ length: 30 }, () => script));
    const before = native.counts();
    function* coFetch(): Coroutine<string> {
      using connection = trust.through(chain, { tls: context });
      yield* connection.coSendRequest('GET', '/');
      yield* connection.coReadResponse();
      return yield* connection.coReadText();
    }
    const texts = runBlocking(coAll(Array.from({ length: 30 }, coFetch)), { timeout: timeLimit(20_000) });
    assert.deepEqual(new Set(texts), new Set(['through']));
    assert.deepEqual(native.counts(), before);
    chain.origin.check();
  });

  test('leaves room for credentials that the proxy asks for: 407, or ProxyError with it', () => {
    const refusal = response(
      '407 Proxy Authentication Required',
      ['Proxy-Authenticate: Basic', 'Content-Length: 2'],
      'no',
    );
    using behind = startScriptedServer([
      [expectHead(), send(refusal)],
      [expectHead(), send(refusal)],
    ]);
    using proxy = startTLSFront(behind, trust.ofProxy);
    using plain = trust.through(proxy);
    plain.sendRequest('GET', '/');
    assert.equal(plain.readResponse().status, 407);
    assert.equal(plain.readText(), 'no');
    const error = thrownBy(() => trust.through(proxy, { tls: context }).connect());
    assert.ok(error instanceof ProxyError, String(error));
    assert.equal(error.answer?.status, 407);
    assert.equal(Buffer.from(error.answer.body).toString(), 'no');
  });

  test('is resumed, as TLS with the server is, each with its own sessions, though one context serve both', () => {
    const script = [expectHead(), send(ok('x')), expectEnd()];
    using chain = trust.serve([script, script, script]);
    using connection = trust.through(chain, { tls: context });
    for (let round = 0; round < 3; round++) {
      connection.sendRequest('GET', '/');
      connection.readResponse();
      connection.discard();
      connection.disconnect();
    }
    for (const front of [chain.outer, chain.inner]) {
      assert.deepEqual(
        front.handshakes().map(({ resumed }) => resumed),
        [false, true, true],
      );
    }
  });

  test('shows each of the two the certificate that is meant for it, and no other', () => {
    const [forProxy, forOrigin] = ['for the proxy', 'for the origin'].map((name) => {
      const { cert, key } = trust.certificate(name, 'DNS:client.test');
      return new TLSContext({ ca: trust.ca, cert, key });
    });
    const asking = { clientCA: trust.ca };
    const seen = (tls: TLSContext | undefined, proxyTLS: TLSContext | undefined): string[] => {
      using chain = trust.serve([[expectHead(), send(ok('x')), expectEnd()]], { inner: asking, outer: asking });
      using connection = trust.through(chain, { tls: tls ?? context }, { tls: proxyTLS ?? context });
      connection.sendRequest('GET', '/');
      connection.readResponse();
      connection.discard();
      return [chain.outer, chain.inner].map((front) => front.handshakes()[0]?.client ?? 'none');
    };
    assert.deepEqual(seen(forOrigin, forProxy), ['for the proxy', 'for the origin']);
    assert.deepEqual(seen(forOrigin, undefined), ['', 'for the origin']);
    assert.deepEqual(seen(undefined, forProxy), ['for the proxy', '']);
  });

  describe('is refused', () => {
    const wrongName = trust.certificate('other', 'DNS:other.test');
    const stranger = new ProxyTrust();
    const cases: readonly [name: string, certificate: typeof wrongName, code: string][] = [
      ['with a certificate of another name', wrongName, 'ERR_TLS_CERT_ALTNAME_INVALID'],
      ['with a certificate of the origin', trust.ofOrigin, 'ERR_TLS_CERT_ALTNAME_INVALID'],
      ['with a certificate of no known authority', stranger.ofProxy, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ];
    for (const [name, certificate, code] of cases) {
      const servers: readonly [to: string, tls: TLSContext | undefined][] = [
        ['http', undefined],
        ['https', context],
        ['https without verification', new TLSContext({ rejectUnauthorized: false })],
      ];
      for (const [to, tls] of servers) {
        test(`${name}, before anything is sent to it (${to})`, () => {
          using behind = startScriptedServer([]);
          using proxy = startTLSFront(behind, certificate);
          const before = native.counts();
          for (const form of [byURL(proxy, 'user:s3cret@'), {}]) {
            using connection = trust.through(proxy, { tls, ...form }, { headers: { 'Proxy-Authorization': BASIC } });
            const error = thrownBy(() => connection.sendRequest('GET', '/', { headers: { Cookie: 'a=b' } }));
            assertLike(error, { name: 'TLSError', code, peer: 'proxy', hostname: 'proxy.test' });
            assert.match(String(error), /the certificate of the proxy proxy\.test is not accepted/);
            assert.doesNotMatch(JSON.stringify([String(error), (error as Error).stack]), /s3cret/);
          }
          assert.deepEqual(native.counts(), before);
          // Without a handshake there is nothing that it could have been told.
          assert.deepEqual(proxy.handshakes(), []);
          assert.equal(behind.connections(), 0);
        });
      }
    }

    test('by a proxy that speaks none, to which nothing is sent in clear', async () => {
      for (const tls of [undefined, context]) {
        using proxy = startRawServer({ bytes: Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), ending: 'keep-open' });
        using connection = trust.through(proxy, { tls, ...byURL(proxy, 'user:s3cret@') });
        const error = thrownBy(() => connection.sendRequest('GET', '/'));
        assertLike(error, { name: 'TLSError', code: 'ERR_SSL_WRONG_VERSION_NUMBER', peer: 'proxy' });
        const [seen] = await proxy.seenAtLeast(1);
        assert.ok(seen?.received?.startsWith('\x16\x03'));
        assert.doesNotMatch(seen?.received ?? '', /GET|CONNECT|Basic/);
      }
    });

    test('of the server, if the tunnel ends at the certificate of the proxy [pitfalls: TLS 19]', () => {
      using chain = new SecureChain([], { ofOrigin: trust.ofProxy, ofProxy: trust.ofProxy });
      using connection = trust.through(chain, { tls: context });
      const error = thrownBy(() => connection.sendRequest('GET', '/'));
      assertLike(error, {
        name: 'TLSError',
        code: 'ERR_TLS_CERT_ALTNAME_INVALID',
        peer: 'server',
        hostname: 'origin.example',
      });
      assert.match(String(error), /the certificate of origin\.example is not accepted.*it is for DNS:proxy\.test/);
      assert.equal(chain.origin.connections(), 0);
      assert.doesNotMatch(chain.tunnel.passed().toString('latin1'), /GET/);
    });

    test('or accepted by its own options alone: they excuse no server', () => {
      const careless = { rejectUnauthorized: false };
      using chain = new SecureChain([], { ofOrigin: stranger.ofOrigin, ofProxy: stranger.ofProxy });
      using connection = trust.through(chain, { tls: context }, { tls: careless });
      const error = thrownBy(() => connection.connect());
      assertLike(error, { name: 'TLSError', code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', peer: 'server' });
      assert.equal(chain.tunnel.heads().length, 1);
    });
  });
});
