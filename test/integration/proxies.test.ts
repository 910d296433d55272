/**
 * Real proxies: both forms, with and without authentication, in clear and over TLS, which squid has from GnuTLS, and tinyproxy
 * by a stunnel before it from OpenSSL.
 */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { HTTPConnection, type HTTPConnectionOptions, ProxyError, TLSError } from '../../src/index.ts';
import { native } from '../../src/io/native.ts';
import { makeAuthority, makeCertificate, opensslMissing } from '../support/certificates.ts';
import { freePort, programMissing } from '../support/daemon.ts';
import { dummyBytes } from '../support/dummy-bytes.ts';
import { startDummyServer } from '../support/dummy-server.ts';
import { TestTrust } from '../support/https.ts';
import { ok } from '../support/messages.ts';
import { startTLSFront } from '../support/proxy-server.ts';
import type { Credentials, RealProxy } from '../support/real-proxy.ts';
import { expect, expectEnd, expectHead, type Script, send, startScriptedServer } from '../support/scripted-server.ts';
import { startSquid } from '../support/squid.ts';
import { timeLimit } from '../support/time-limit.ts';
import { startTinyproxy } from '../support/tinyproxy.ts';
import { thrownBy, waysOfWaiting } from '../support/waiting.ts';

const credentials: Credentials = { user: 'dugong', password: 'sea.cow1' };
const proxies = [
  { program: 'tinyproxy', start: startTinyproxy, persistent: false, tls: 'stunnel' },
  { program: 'squid', start: startSquid, persistent: true, tls: 'squid' },
];
const body = dummyBytes(2_000_000);

/** Made once. The default trust of this process includes it, since proxies are given as URLs here. */
let made: TestTrust | undefined;
function testTrust(): TestTrust {
  made ??= new TestTrust();
  process.env.SSL_CERT_FILE = made.authority.certFile;
  return made;
}

const kinds = proxies.flatMap((each) =>
  [undefined, credentials].flatMap((wanted) => [false, true].map((secure) => ({ ...each, wanted, secure }))),
);

for (const { program, start, persistent, tls, wanted, secure } of kinds) {
  const title = `${program}, ${secure ? 'over TLS, ' : ''}${wanted ? 'with' : 'without'} authentication`;
  const missing = programMissing(program) || (secure && programMissing(tls)) || opensslMissing();
  describe(title, { skip: missing }, () => {
    const trust = testTrust();
    let proxy: RealProxy;
    before(async () => {
      const certificate = secure ? makeCertificate({ san: 'IP:127.0.0.1', issuer: trust.authority }) : undefined;
      proxy = await start({ credentials: wanted, certificate });
    });
    after(async () => {
      await proxy[Symbol.asyncDispose]();
    });

    function through(port: number, options: HTTPConnectionOptions = {}): HTTPConnection {
      return new HTTPConnection('127.0.0.1', {
        port,
        proxy: proxy.url(wanted),
        timeout: timeLimit(20_000),
        ...options,
      });
    }

    for (const { name, run } of waysOfWaiting) {
      test(`hands on plain requests (${name})`, async () => {
        const script: Script = [expectHead(), send(ok(body, 'Connection: close')), expectEnd()];
        using origin = startScriptedServer([
          script,
          [expectHead(), expect('up'), send(ok('got it', 'Connection: close'))],
        ]);
        using connection = through(origin.port);
        await run(connection.coSendRequest('GET', '/x?y', { headers: { Authorization: 'Bearer origin' } }));
        assert.equal((await run(connection.coReadResponse())).status, 200);
        assert.ok((await run(connection.coReadAll())).equals(body));
        if (!persistent) connection.disconnect();
        await run(connection.coSendRequest('PUT', '/z', { body: 'up' }));
        await run(connection.coReadResponse());
        assert.equal(await run(connection.coReadText()), 'got it');
        assertOwn(origin.heads()[0] ?? '', /^GET \/x\?y HTTP\/1\.1\r\n/);
        assertOwn(origin.heads(1)[0] ?? '', /^PUT \/z HTTP\/1\.1\r\n/);
      });

      test(`makes tunnels for HTTPS (${name})`, async () => {
        const script = [expectHead(), send(ok(body)), expectHead(), expect(body), send(ok('got it')), expectEnd()];
        using server = trust.serve([script]);
        using connection = through(server.front.port, { tls: trust.context });
        await run(connection.coSendRequest('GET', '/x', { headers: { Authorization: 'Bearer origin' } }));
        assert.equal((await run(connection.coReadResponse())).status, 200);
        assert.ok((await run(connection.coReadAll())).equals(body));
        await run(connection.coSendRequest('PUT', '/z', { body }));
        await run(connection.coReadResponse());
        assert.equal(await run(connection.coReadText()), 'got it');
        assert.equal(connection.getPeerCertificate()?.subject.CN, 'server');
        assertOwn(server.origin.heads()[0] ?? '', /^GET \/x HTTP\/1\.1\r\n/);
      });
    }

    /** The origin gets its own credentials, and none of the proxy's. */
    function assertOwn(head: string, line: RegExp): void {
      assert.match(head, line);
      assert.doesNotMatch(head, /proxy-authorization/i);
      if (head.startsWith('GET')) assert.match(head, /Authorization: Bearer origin\r\n/);
    }

    test('says what is wrong when no server listens behind it: a 5xx, or ProxyError with it', async () => {
      const port = await freePort();
      using plain = through(port);
      plain.sendRequest('GET', '/');
      assert.ok(plain.readResponse().status >= 500);
      plain.discard();
      const error = thrownBy(() => through(port, { tls: true }).connect());
      assert.ok(error instanceof ProxyError, String(error));
      assert.ok((error.answer?.status ?? 0) >= 500);
      assert.match(Buffer.from(error.answer?.body ?? []).toString(), /<html/i);
    });

    test('does not hide whose certificate it is', () => {
      using server = trust.serve([]);
      const stranger = { ca: makeAuthority('somebody else').cert };
      const error = thrownBy(() => through(server.front.port, { tls: stranger }).connect());
      assert.ok(error instanceof TLSError, String(error));
      assert.deepEqual([error.code, error.peer], ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'server']);
    });

    test('may be left at any moment, and no descriptor stays', async () => {
      using server = startDummyServer();
      using front = startTLSFront(server, trust.certificate);
      const before = native.counts();
      for (let index = 0; index < 10; index++) {
        const connection = through(front.port, { tls: trust.context });
        const controller = new AbortController();
        const exchange = connection.promises.sendRequest('GET', '/send_2000000_bytes', { signal: controller.signal });
        if (index < 5) {
          for (let turn = 0; turn < index; turn++) await new Promise(setImmediate);
          controller.abort();
          // It may have come to its end before.
          await Promise.allSettled([exchange]);
        } else {
          await exchange;
          await connection.promises.readResponse();
          for (let turn = 5; turn < index; turn++) await connection.promises.read();
        }
        connection.disconnect();
        assert.deepEqual(native.counts(), before);
      }
    });

    if (secure) {
      test('is refused if its certificate is not trusted, or for another name', () => {
        const cases = [
          ['127.0.0.1', { ca: makeAuthority('somebody else').cert }, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
          ['localhost', { ca: trust.ca }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
        ] as const;
        for (const [hostname, proxyTLS, code] of cases) {
          for (const tls of [false, true]) {
            const headers = { 'Proxy-Authorization': 'Basic s3cret' };
            const options = {
              tls,
              family: 4,
              proxy: { hostname, port: proxy.port, tls: proxyTLS, headers },
            } as const;
            const error = thrownBy(() => through(1, options).connect());
            assert.ok(error instanceof TLSError, String(error));
            assert.deepEqual([error.code, error.peer, error.hostname], [code, 'proxy', hostname]);
          }
        }
      });
    }

    if (wanted === undefined) return;
    for (const [name, wrong] of [
      ['without credentials', undefined],
      ['with wrong ones', { user: wanted.user, password: 'wrong' }],
    ] as const) {
      test(`refuses ${name}: 407, or ProxyError with it`, () => {
        using origin = startScriptedServer([]);
        using plain = through(origin.port, { proxy: proxy.url(wrong) });
        plain.sendRequest('GET', '/');
        const { status, headers } = plain.readResponse();
        // tinyproxy has 401 for plain requests with wrong credentials.
        assert.ok(status === 407 || (program === 'tinyproxy' && status === 401), `${status}`);
        assert.ok(headers.has('Proxy-Authenticate') || status === 401);
        plain.discard();
        const tunnel = through(origin.port, { proxy: proxy.url(wrong), tls: true });
        const error = thrownBy(() => tunnel.connect());
        assert.ok(error instanceof ProxyError, String(error));
        assert.ok(error.answer?.status === 407 || error.answer?.status === 401, error.message);
        assert.ok(Buffer.from(error.answer.body).length > 0);
        assert.doesNotMatch(error.message, /wrong/);
        assert.equal(origin.connections(), 0);
      });
    }
  });
}
