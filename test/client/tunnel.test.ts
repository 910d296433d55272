import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AioFuture, type Coroutine, HTTPConnection, type HTTPConnectionOptions, ProxyError } from '../../src/index.ts';
import { native } from '../../src/io/native.ts';
import { makeAuthority, makeCertificate, opensslMissing } from '../support/certificates.ts';
import { ok, requestHead, response } from '../support/messages.ts';
import { startTLSFront, startTunnelProxy } from '../support/proxy-server.ts';
import {
  expect,
  expectEnd,
  expectHead,
  type ScriptedServer,
  send,
  startScriptedServer,
} from '../support/scripted-server.ts';
import { assertLike, connectHead, ESTABLISHED, failure, through } from '../support/tunnelled.ts';
import { thrownBy, waysOfWaiting } from '../support/waiting.ts';

describe('CONNECT [RFC 9110 9.3.6, RFC 9112 3.2.3]', () => {
  const refuse = send(response('403 Forbidden', ['Content-Length: 0']));

  for (const [name, hostname, port, authority] of [
    ['the default port', 'origin.invalid', undefined, 'origin.invalid:443'],
    ['another port', 'origin.invalid', 8080, 'origin.invalid:8080'],
    ['port 80', 'origin.invalid', 80, 'origin.invalid:80'],
    ['an IPv6 address', '2001:db8::1', 8443, '[2001:db8::1]:8443'],
    ['an IPv6 address in brackets', '[::1]', undefined, '[::1]:443'],
  ] as const) {
    test(`names host and port, and is HTTP/1.1 with Host: ${name} [python-dugong: connect_proxy]`, () => {
      using proxy = startScriptedServer([[expect(connectHead(authority, 'Accept-Encoding: identity')), refuse]]);
      const { port: proxyPort } = proxy;
      using connection = new HTTPConnection(hostname, {
        port,
        tls: true,
        proxy: { hostname: '127.0.0.1', port: proxyPort },
      });
      assert.ok(thrownBy(() => connection.connect()) instanceof ProxyError);
      proxy.check();
    });
  }

  test("has the credentials of the proxy's URL, and nothing of the requests [CVE-2015-3153]", () => {
    const basic = `Basic ${Buffer.from('user:pass word').toString('base64')}`;
    using proxy = startScriptedServer([
      [expect(connectHead('origin.invalid:443', `Proxy-Authorization: ${basic}`, 'Accept-Encoding: identity')), refuse],
    ]);
    using connection = through(proxy, { proxy: `http://user:pass%20word@${proxy.authority}` });
    const headers = { Authorization: 'Bearer s3cret', Cookie: 's=1' };
    const error = thrownBy(() => connection.sendRequest('POST', '/', { headers, body: 'x' }));
    assert.ok(error instanceof ProxyError);
    assert.ok(!JSON.stringify([error.message, error.stack]).includes('pass'));
    proxy.check();
  });
});

describe('a tunnel', { skip: opensslMissing() }, () => {
  const authority = makeAuthority('dugong test CA');
  const { cert: ca } = authority;
  const certificate = makeCertificate({ san: 'DNS:origin.invalid', issuer: authority });
  const ofProxy = makeCertificate({ san: 'DNS:proxy.invalid,IP:127.0.0.1', issuer: authority });

  function originExpecting(head: string): ScriptedServer {
    return startScriptedServer([[expect(head), send(ok('through')), expectEnd()]]);
  }

  function fetch(proxy: { readonly port: number }, options: HTTPConnectionOptions = {}): void {
    using connection = through(proxy, { tls: { ca }, ...options });
    connection.sendRequest('GET', '/x', { headers: { Authorization: 'Bearer origin' } });
    assert.equal(connection.readResponse().status, 200);
    assert.equal(connection.readText(), 'through');
  }

  const answers: readonly [name: string, answer: string, chunk?: number][] = [
    ['200', ESTABLISHED],
    ['204 (No Content)', response('204 No Content')],
    ['299', response('299 Whatever', ['X-Proxy: y'])],
    ['200 whose Content-Length is to be ignored', response('200 OK', ['Content-Length: 1000'])],
    ['200 whose Transfer-Encoding is to be ignored', response('200 OK', ['Transfer-Encoding: chunked'])],
    ['200 that says close', response('200 OK', ['Connection: close', 'Proxy-Connection: close'])],
    ['200 of HTTP/1.0', 'HTTP/1.0 200 Connection established\r\n\r\n'],
    ['200 after a 103', response('103 Early Hints', ['Link: x']) + ESTABLISHED],
    ['200 that comes byte by byte', response('200 OK', ['X-Proxy: slow']), 1],
  ];
  for (const [name, answer, chunk] of answers) {
    test(`is opened by ${name}; inside there is nothing of the proxy's [RFC 9112 6.3 rule 2]`, () => {
      const own = { own: ['Authorization: Bearer origin'] };
      using origin = originExpecting(requestHead('origin.invalid', 'GET /x', own));
      using front = startTLSFront(origin, certificate);
      using proxy = startTunnelProxy(front, { answer, ...(chunk && { chunk }) });
      const before = native.counts();
      fetch(proxy, { proxy: `http://user:s3cret@${proxy.authority}` });
      assert.deepEqual(native.counts(), before);
      origin.check();
      const basic = `Proxy-Authorization: Basic ${Buffer.from('user:s3cret').toString('base64')}`;
      assert.deepEqual(proxy.heads(), [connectHead('origin.invalid:443', basic, 'Accept-Encoding: identity')]);
    });
  }

  for (const { name, run } of waysOfWaiting) {
    test(`leads to an HTTPS server, for several requests, again after disconnect() (${name})`, async () => {
      const scripts = [1, 2].map(() => [expectHead(), expectHead(), send(ok('one') + ok('two')), expectEnd()]);
      using origin = startScriptedServer(scripts);
      using front = startTLSFront(origin, certificate);
      using proxy = startTunnelProxy(front);
      const before = native.counts();
      using connection = through(proxy, { tls: { ca } });
      for (let round = 0; round < 2; round++) {
        for (const path of ['/1', '/2']) await run(connection.coSendRequest('GET', path));
        for (const body of ['one', 'two']) {
          await run(connection.coReadResponse());
          assert.equal(await run(connection.coReadText()), body);
        }
        assert.equal(connection.getPeerCertificate()?.subjectaltname, 'DNS:origin.invalid');
        connection.disconnect();
      }
      assert.deepEqual(native.counts(), before);
      origin.check();
      assert.equal(proxy.heads().length, 2);
    });
  }

  test("is refused if it ends at the proxy's own certificate; nothing is sent in clear [pitfalls: TLS 19]", () => {
    using origin = startScriptedServer([]);
    using front = startTLSFront(origin, ofProxy);
    using proxy = startTunnelProxy(front);
    const error = failure(through(proxy, { tls: { ca }, proxy: { hostname: '127.0.0.1', port: proxy.port } }));
    assertLike(error, { name: 'TLSError', code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    assert.doesNotMatch(proxy.passed().toString('latin1'), /GET|s3cret|secret-path/);
    assert.equal(origin.connections(), 0);
  });

  test('of 50 connections at once takes one thread', async () => {
    const script = [expectHead(), send(ok('through')), expectEnd()];
    using origin = startScriptedServer(Array.from({ length: 50 }, () => script));
    using front = startTLSFront(origin, certificate);
    using proxy = startTunnelProxy(front, { chunk: 5 });
    function* coFetch(): Coroutine<string> {
      using connection = through(proxy, { tls: { ca } });
      yield* connection.coSendRequest('GET', '/');
      yield* connection.coReadResponse();
      return yield* connection.coReadText();
    }
    const before = native.counts();
    const texts = await Promise.all(Array.from({ length: 50 }, () => new AioFuture(coFetch())));
    assert.deepEqual(new Set(texts), new Set(['through']));
    assert.deepEqual(native.counts(), before);
    origin.check();
  });
});
