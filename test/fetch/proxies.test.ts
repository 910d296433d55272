/**
 * Proxies under fetchSync and createFetch. What the environment means is the affair of proxyFromEnvironment; here it is that it
 * is asked, for each URL, and which connections are shared.
 */

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createFetch } from 'dugong';
import { closeIdleConnections, type FetchSyncInit, fetchSync } from 'dugong/sync';
import { opensslMissing } from '../support/certificates.ts';
import { TestTrust } from '../support/https.ts';
import { ok, response } from '../support/messages.ts';
import { startTLSFront, startTunnelProxy } from '../support/proxy-server.ts';
import { expectHead, loop, send, startScriptedServer } from '../support/scripted-server.ts';
import { timeLimit } from '../support/time-limit.ts';

const LIMIT = timeLimit(20_000);
const VARIABLES = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy', 'REQUEST_METHOD'];
const NAMES = VARIABLES.flatMap((name) => [name, name.toUpperCase()]);

type Use = Pick<FetchSyncInit, 'proxy' | 'tls'>;

const faces: readonly { readonly name: string; text(url: string, use?: Use): Promise<string> }[] = [
  { name: 'fetchSync', text: async (url, use) => fetchSync(url, { timeout: LIMIT, ...use }).text() },
  {
    name: 'createFetch()',
    text: async (url, use) => (await createFetch(use)(url, { signal: AbortSignal.timeout(LIMIT) })).text(),
  },
];

for (const { name, text } of faces) {
  describe(`the environment's proxy, under ${name},`, () => {
    const before = new Map<string, string | undefined>();
    beforeEach(() => {
      for (const each of NAMES) {
        before.set(each, process.env[each]);
        delete process.env[each];
      }
    });
    afterEach(() => {
      closeIdleConnections();
      for (const [each, value] of before) {
        if (value === undefined) delete process.env[each];
        else process.env[each] = value;
      }
    });

    test('is used for http, with its credentials, which no server gets', async () => {
      using proxy = startScriptedServer([[loop(2, [expectHead(), send(ok('by proxy'))])]]);
      using server = startScriptedServer([[expectHead(), send(ok('directly'))]]);
      process.env.http_proxy = `http://user:secret@${proxy.authority}`;
      process.env.no_proxy = '127.0.0.1';
      assert.equal(await text('http://origin.example/path'), 'by proxy');
      const head = proxy.heads()[0] ?? '';
      assert.match(head, /^GET http:\/\/origin\.example\/path HTTP\/1\.1\r\nHost: origin\.example\r\n/);
      assert.match(head, /\r\nProxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n/);
      assert.equal(await text(`http://${server.authority}/`), 'directly');
      assert.doesNotMatch(server.heads()[0] ?? '', /proxy/i);
    });

    test('is asked for again after a redirect', async () => {
      using server = startScriptedServer([[expectHead(), send(ok('directly'))]]);
      const elsewhere = response('302 Found', [`Location: http://${server.authority}/`, 'Content-Length: 0']);
      using proxy = startScriptedServer([[expectHead(), send(elsewhere)]]);
      process.env.http_proxy = proxy.authority;
      process.env.no_proxy = server.authority;
      assert.equal(await text('http://origin.example/'), 'directly');
      assert.doesNotMatch(server.heads()[0] ?? '', /http:\/\//);
    });

    test('yields to the option proxy, also to false; connections are not shared between ways', async () => {
      using first = startScriptedServer([[expectHead(), send(ok('first'))]]);
      using second = startScriptedServer([[expectHead(), send(ok('second'))]]);
      process.env.http_proxy = first.authority;
      assert.equal(await text('http://127.0.0.1:10/'), 'first');
      assert.equal(await text('http://127.0.0.1:10/', { proxy: second.authority }), 'second');
      await assert.rejects(text('http://127.0.0.1:10/', { proxy: false }), (error: Error) =>
        /ECONNREFUSED/.test(String(error.cause ?? error)),
      );
    });

    test('makes a tunnel for https', { skip: opensslMissing() }, async () => {
      const trust = new TestTrust();
      using server = trust.serve([[expectHead(), send(ok('tunnelled'))]]);
      using proxy = startTunnelProxy(server.front);
      process.env.HTTPS_PROXY = `http://${proxy.authority}`;
      assert.equal(await text('https://origin.example/', { tls: trust.context }), 'tunnelled');
      assert.match(proxy.heads()[0] ?? '', /^CONNECT origin\.example:443 HTTP\/1\.1\r\n/);
    });
  });
}

describe('a proxy that speaks TLS', { skip: opensslMissing() }, () => {
  const trust = new TestTrust();
  const url = 'http://origin.example/';

  test('keeps its connection for calls with the same options', () => {
    using behind = startScriptedServer([1, 2].map(() => [loop(2, [expectHead(), send(ok('by proxy'))])]));
    using front = startTLSFront(behind, trust.certificate);
    const proxy = () => ({ hostname: 'localhost', port: front.port, tls: { ca: trust.ca } });
    const [first, second] = [proxy(), proxy()];
    for (const each of [first, first, second, second]) {
      // Its fields alone are not what makes them the same: options for TLS are when they are one object.
      assert.equal(fetchSync(url, { timeout: LIMIT, proxy: { ...each } }).text(), 'by proxy');
    }
    assert.equal(front.handshakes().length, 2);
    closeIdleConnections();
    behind.check();
  });

  test('is another one than that which speaks none on the same port', () => {
    using behind = startScriptedServer([[expectHead(), send(ok('over TLS'))]]);
    using front = startTLSFront(behind, trust.certificate);
    const options = { hostname: 'localhost', port: front.port };
    const secure = fetchSync(url, { timeout: LIMIT, proxy: { ...options, tls: trust.context } });
    assert.equal(secure.text(), 'over TLS');
    assert.throws(() => fetchSync(url, { timeout: LIMIT, proxy: options }), { name: 'ConnectionClosed' });
    closeIdleConnections();
  });

  test('is named in the error of createFetch when it cannot be trusted', async () => {
    using behind = startScriptedServer([]);
    using front = startTLSFront(behind, trust.certificate);
    const fetch = createFetch({ proxy: `https://user:s3cret@localhost:${front.port}` });
    await assert.rejects(fetch(url, { signal: AbortSignal.timeout(LIMIT) }), (error: Error) => {
      assert.match(
        String(error.cause),
        /^TLSError: GET http.*: the certificate of the proxy localhost is not accepted/,
      );
      return error instanceof TypeError;
    });
    assert.equal(behind.connections(), 0);
  });
});
