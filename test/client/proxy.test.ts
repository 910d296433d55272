import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { proxyFrom } from '../../src/client/proxy.ts';
import { HTTPConnection, type HTTPConnectionOptions, type ProxyOptions, TLSContext } from '../../src/index.ts';
import { expect, type ScriptedServer, send, startScriptedServer } from '../support/scripted-server.ts';

type HTTPProxySource = Parameters<typeof proxyFrom>[0];

const OK = 'HTTP/1.1 204 No Content\r\n\r\n';

/** A proxy that is sent just `head`, and answers 204. */
function proxyExpecting(head: string): ScriptedServer {
  return startScriptedServer([[expect(head), send(OK)]]);
}

function request(options: HTTPConnectionOptions, path = '/someurl?barf'): void {
  // The name has no address: only the proxy is ever resolved.
  using connection = new HTTPConnection('origin.invalid', options);
  connection.sendRequest('GET', path, { headers: { Authorization: 'Bearer origin' } });
  const response = connection.readResponse();
  assert.deepEqual([response.status, response.path], [204, path]);
}

describe('plain HTTP through a proxy', () => {
  for (const port of [undefined, 8080]) {
    test(`is sent in absolute-form, port ${port ?? 'none'} [RFC 9112 3.2.2; python-dugong: http_proxy]`, () => {
      const authority = port === undefined ? 'origin.invalid' : `origin.invalid:${port}`;
      using proxy = proxyExpecting(
        `GET http://${authority}/someurl?barf HTTP/1.1\r\nHost: ${authority}\r\nAuthorization: Bearer origin\r\n` +
          'Accept-Encoding: identity\r\n\r\n',
      );
      request({ port, proxy: { hostname: proxy.hostname, port: proxy.port } });
      proxy.check();
    });
  }

  test('gives the proxy the credentials of its URL and its own fields [RFC 7617]', () => {
    const withCredentials = (line: string): string =>
      `GET http://origin.invalid/ HTTP/1.1\r\nHost: origin.invalid\r\n${line}\r\nAuthorization: Bearer origin\r\n` +
      'Accept-Encoding: identity\r\n\r\n';
    // The user is "Jörg", the password "a:b@c".
    const basic = Buffer.from('Jörg:a:b@c').toString('base64');
    using first = proxyExpecting(withCredentials(`Proxy-Authorization: Basic ${basic}`));
    request({ proxy: `http://J%C3%B6rg:a%3Ab%40c@${first.authority}` }, '/');
    first.check();
    using second = proxyExpecting(withCredentials('X-Proxy: y'));
    request({ proxy: { hostname: second.hostname, port: second.port, headers: { 'X-Proxy': 'y' } } }, '/');
    second.check();
  });

  test("gives a request's own field in place of the proxy's", () => {
    using proxy = proxyExpecting(
      'GET http://origin.invalid/ HTTP/1.1\r\nHost: origin.invalid\r\nX-Proxy: y\r\nAuthorization: Bearer origin\r\n' +
        'Accept-Encoding: identity\r\n\r\n',
    );
    const headers = { 'X-Proxy': 'y', authorization: 'of the proxy' };
    request({ proxy: { hostname: proxy.hostname, port: proxy.port, headers } }, '/');
    proxy.check();
  });

  test('cannot be led elsewhere by a path', () => {
    for (const path of ['@evil.example/', '.evil.example/', ':81/']) {
      using connection = new HTTPConnection('host', { proxy: 'http://127.0.0.1:1' });
      assert.throws(() => connection.sendRequest('GET', path), { name: 'TypeError' });
    }
  });
});

describe('a proxy that can be', () => {
  test('has the default port of its scheme, and TLS with https:// only', () => {
    const rows: [HTTPProxySource, port: number, tls: boolean][] = [
      ['http://proxy', 80, false],
      ['https://proxy', 443, true],
      [new URL('HTTPS://proxy:3129'), 3129, true],
      [{ hostname: 'proxy', port: 3128 }, 3128, false],
      [{ hostname: 'proxy', port: 443 }, 443, false],
      [{ hostname: 'proxy', port: 3128, tls: false }, 3128, false],
      [{ hostname: 'proxy', port: 3129, tls: true }, 3129, true],
      [{ hostname: 'proxy', port: 3129, tls: {} }, 3129, true],
    ];
    for (const [source, port, tls] of rows) {
      const proxy = proxyFrom(source);
      assert.deepEqual([proxy.hostname, proxy.port, proxy.tls !== undefined], ['proxy', port, tls]);
    }
    const context = new TLSContext();
    assert.equal(proxyFrom({ hostname: 'proxy', port: 1, tls: context }).tls, context);
    // A URL of another realm.
    const foreign = runInNewContext(
      '({ get href() { return "https://proxy:3129/"; }, toString() { return this.href; } })',
    );
    assert.deepEqual([proxyFrom(foreign).port, proxyFrom(foreign).tls !== undefined], [3129, true]);
    assert.equal(proxyFrom('https://proxy').tls, proxyFrom({ hostname: 'proxy', port: 1, tls: true }).tls);
  });
});

test("a request's own Proxy-Authorization does not go through a tunnel to the server [RFC 9110 11.7.2]", () => {
  using connection = new HTTPConnection('host', { proxy: 'http://127.0.0.1:1', tls: true });
  for (const headers of [
    { 'proxy-authorization': 'Basic s3cret' },
    [['Proxy-Authorization', 'Basic s3cret']] as const,
  ]) {
    assert.throws(() => connection.sendRequest('GET', '/', { headers }), {
      name: 'TypeError',
      message: /^Proxy-Authorization would go through the tunnel to the server: [^3]*$/,
    });
  }
});

test('a CONNECT of the user is for another proxy, which has credentials of its own', () => {
  using connection = new HTTPConnection('proxy.example', { proxy: 'http://127.0.0.1:1', tls: true });
  const headers = { 'Proxy-Authorization': 'Basic s3cret' };
  assert.throws(() => connection.sendRequest('CONNECT', 'host:443', { headers }), { name: 'SystemError' });
});

test('a proxy without a scheme is one that speaks no TLS, whatever else looks like a scheme [curl(1), --proxy]', () => {
  const rows: readonly [given: string, hostname: string, port: number, credentials: string | undefined][] = [
    ['proxy.example:3128', 'proxy.example', 3128, undefined],
    ['localhost:3128', 'localhost', 3128, undefined],
    ['proxy.example', 'proxy.example', 80, undefined],
    [' proxy.example:3128/ ', 'proxy.example', 3128, undefined],
    ['[::1]:3128', '::1', 3128, undefined],
    ['user:secret@[::1]:3128', '::1', 3128, 'user:secret'],
    ['user:sec%3Aret@proxy.example:3128', 'proxy.example', 3128, 'user:sec:ret'],
  ];
  for (const [given, hostname, port, credentials] of rows) {
    const { tls, headers, ...proxy } = proxyFrom(given);
    assert.deepEqual(proxy, { hostname, port });
    assert.equal(tls, undefined);
    const basic = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`;
    assert.equal(headers.get('Proxy-Authorization') ?? undefined, basic);
  }
});

describe('a proxy that cannot be', () => {
  test('is refused before any I/O, with no credentials in the message', () => {
    const wrong: [HTTPConnectionOptions['proxy'], RegExp][] = [
      ...[null, [], ['http://user:s3cret@proxy'], Number.NaN, true].map(
        (value): [HTTPConnectionOptions['proxy'], RegExp] => [value as unknown as string, /^proxy must be a URL like/],
      ),
      ['', /is no URL/],
      ['not a URL', /is no URL/],
      ['user:s3cret@proxy:port', /is no URL: it should be like .* or proxy\.example:3128$/],
      ['::1:3128', /is no URL/],
      ['proxy:3128/s3cret', /must not have a path, query or fragment/],
      ['http://proxy:3128/?s3cret', /must not have a path, query or fragment/],
      [new URL('http://proxy:3128/#s3cret'), /must not have a path, query or fragment/],
      ['socks5://user:s3cret@proxy:1080', /begins with http:\/\/ or https:\/\/; socks5: is not supported$/],
      ['http://user:%E0@proxy', /not percent-encoded/],
      [{ hostname: 'a b', port: 1 }, /no host name/],
      [{ hostname: 'a', port: 0 }, /port must be/],
      [{ hostname: 'a', port: 1, headers: { A: 'b\r\nc' } }, /field A holds/],
      // Of one message each: they would stand in all of them.
      ...['Content-Length', 'transfer-encoding', 'HOST', 'Expect', 'Upgrade', 'TE'].map(
        (name): [HTTPConnectionOptions['proxy'], RegExp] => [
          { hostname: 'a', port: 1, headers: { [name]: '5' } },
          /cannot be among the proxy's headers/,
        ],
      ),
      ['http://us%3Aer:s3cret@proxy', /user name holds a colon/],
      ['http://user:s3cret%0D%0A@proxy', /control character \(RFC 7617 2\)/],
      ['http://us%00er@proxy', /control character/],
      [Object.create({ hostname: 'proxy', port: 1 }) as ProxyOptions, /reads no inherited option, such as "hostname"/],
      // What looks like TLS, and would be none.
      [{ hostname: 'a', port: 1, ssl: true } as ProxyOptions, /no option "ssl"/],
      [
        { hostname: 'a', port: 1, tls: null } as unknown as ProxyOptions,
        /tls must be true, TLS options or a TLSContext/,
      ],
      [
        { hostname: 'a', port: 1, tls: { rejectUnauthorised: false } } as ProxyOptions,
        /tls has no option "rejectUnauth/,
      ],
    ];
    for (const [proxy, message] of wrong) {
      assert.throws(
        () => new HTTPConnection('x', { proxy }),
        (error: Error) =>
          error instanceof TypeError && message.test(error.message) && !error.message.includes('s3cret'),
      );
    }
    assert.throws(() => new HTTPConnection('x', { proxy: 'http://y', socketPath: '/z' }), /exclude each other/);
  });
});
