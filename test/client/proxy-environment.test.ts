import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HTTPConnection, proxyFromEnvironment } from '../../src/index.ts';
import { response } from '../support/messages.ts';
import { expectHead, send, startScriptedServer } from '../support/scripted-server.ts';

const PROXY = 'http://proxy.example:3128';

describe('the proxy that the environment asks for', () => {
  const rows: [title: string, url: string, env: Record<string, string>, expected: string | undefined][] = [
    ['none', 'http://a.example/', {}, undefined],
    ['none, by an empty variable', 'http://a.example/', { http_proxy: '' }, undefined],
    ['http_proxy for http', 'http://a.example/', { http_proxy: PROXY, https_proxy: 'http://x:1' }, PROXY],
    ['https_proxy for https', 'https://a.example/', { http_proxy: 'http://x:1', https_proxy: PROXY }, PROXY],
    ['nothing for https by http_proxy', 'https://a.example/', { http_proxy: PROXY }, undefined],
    ['all_proxy for the rest', 'https://a.example/', { http_proxy: 'http://x:1', all_proxy: PROXY }, PROXY],
    ['https_proxy before all_proxy', 'https://a.example/', { https_proxy: PROXY, all_proxy: 'http://x:1' }, PROXY],
    ['upper case', 'https://a.example/', { HTTPS_PROXY: PROXY }, PROXY],
    ['upper case for all', 'https://a.example/', { ALL_PROXY: PROXY }, PROXY],
    ['lower case before upper case', 'http://a.example/', { HTTP_PROXY: 'http://x:1', http_proxy: PROXY }, PROXY],
    ['credentials as they are', 'http://a/', { http_proxy: 'http://u:p%40@proxy:1' }, 'http://u:p%40@proxy:1'],
    ['http for a proxy without a scheme', 'http://a.example/', { http_proxy: 'proxy.example:3128' }, PROXY],
    ['http for it also when the server is https', 'https://a.example/', { https_proxy: 'proxy.example:3128' }, PROXY],
    ['one that speaks TLS', 'http://a/', { http_proxy: 'https://u:p@proxy' }, 'https://u:p@proxy'],
    ['one that speaks TLS, for https', 'https://a/', { all_proxy: 'HTTPS://proxy:1' }, 'HTTPS://proxy:1'],

    ['HTTP_PROXY outside CGI', 'http://a.example/', { HTTP_PROXY: PROXY }, PROXY],
    ['not HTTP_PROXY under CGI [CVE-2016-5385]', 'http://a/', { HTTP_PROXY: PROXY, REQUEST_METHOD: 'GET' }, undefined],
    ['not HTTP_PROXY with an empty method', 'http://a/', { HTTP_PROXY: PROXY, REQUEST_METHOD: '' }, undefined],
    ['http_proxy under CGI', 'http://a/', { http_proxy: PROXY, REQUEST_METHOD: 'GET' }, PROXY],
    ['HTTPS_PROXY under CGI', 'https://a/', { HTTPS_PROXY: PROXY, REQUEST_METHOD: 'GET' }, PROXY],

    ['none for a host of no_proxy', 'http://a.example/', { http_proxy: PROXY, no_proxy: 'b,a.example' }, undefined],
    ['none for a host of NO_PROXY', 'http://a.example/', { http_proxy: PROXY, NO_PROXY: 'b a.example' }, undefined],
    ['no_proxy in any case', 'http://A.Example/', { http_proxy: PROXY, no_proxy: 'a.EXAMPLE' }, undefined],
    ['none for all', 'http://a.example/', { http_proxy: PROXY, no_proxy: ' * ' }, undefined],
    ['none for a host of a domain', 'http://a.b.example/', { http_proxy: PROXY, no_proxy: 'b.example' }, undefined],
    ['none for a domain', 'http://a.b.example/', { http_proxy: PROXY, no_proxy: '.b.example' }, undefined],
    ['none for the domain itself', 'http://b.example/', { http_proxy: PROXY, no_proxy: '.b.example' }, undefined],
    ['none for an absolute name', 'http://b.example/', { http_proxy: PROXY, no_proxy: 'b.example.' }, undefined],
    ['none for a port of a domain', 'http://a.b:81/', { http_proxy: PROXY, no_proxy: 'b:81' }, undefined],
    [
      'none for a domain with an asterisk',
      'http://a.b.example/',
      { http_proxy: PROXY, no_proxy: '*.b.example' },
      undefined,
    ],
    ['it for a host that only ends alike', 'http://ab.example/', { http_proxy: PROXY, no_proxy: 'b.example' }, PROXY],
    ['it for a longer name', 'http://a.example.org/', { http_proxy: PROXY, no_proxy: 'a.example' }, PROXY],
    ['none for one port', 'http://a:8080/', { http_proxy: PROXY, no_proxy: 'a:8080' }, undefined],
    ['it for another port', 'http://a/', { http_proxy: PROXY, no_proxy: 'a:8080' }, PROXY],
    ['none for the default port', 'https://a/', { https_proxy: PROXY, no_proxy: 'a:443' }, undefined],
    ['none for an address', 'http://127.0.0.1/', { http_proxy: PROXY, no_proxy: 'localhost,127.0.0.1' }, undefined],
    ['none for an IPv6 address', 'http://[::1]/', { http_proxy: PROXY, no_proxy: '[::1]' }, undefined],
    ['none for an IPv6 address without brackets', 'http://[::1]/', { http_proxy: PROXY, no_proxy: '::1' }, undefined],
    ['it for the end of an address', 'http://127.0.0.1/', { http_proxy: PROXY, no_proxy: '0.0.1' }, PROXY],
    ['none for a network', 'http://10.1.2.3/', { http_proxy: PROXY, no_proxy: 'a, 10.0.0.0/8' }, undefined],
    ['it for another network', 'http://11.1.2.3/', { http_proxy: PROXY, no_proxy: '10.0.0.0/8' }, PROXY],
    ['none for an IPv6 network', 'http://[fd00::1]/', { http_proxy: PROXY, no_proxy: 'fd00::/8' }, undefined],
    ['it for an address of the other family', 'http://[::1]/', { http_proxy: PROXY, no_proxy: '0.0.0.0/0' }, PROXY],
    ['it for what is no network', 'http://10.1.2.3/', { http_proxy: PROXY, no_proxy: '10.0.0.0/33,x/8' }, PROXY],
    [
      'it for a name, whatever its addresses',
      'http://localhost/',
      { http_proxy: PROXY, no_proxy: '127.0.0.0/8' },
      PROXY,
    ],
  ];
  for (const [title, url, env, expected] of rows) {
    test(`is ${title}`, () => {
      assert.equal(proxyFromEnvironment(url, env), expected);
      assert.equal(proxyFromEnvironment(new URL(url), env), expected);
    });
  }

  test("is that of the process's own environment by default", () => {
    const saved = { ...process.env };
    try {
      for (const name of [
        'http_proxy',
        'HTTP_PROXY',
        'all_proxy',
        'ALL_PROXY',
        'no_proxy',
        'NO_PROXY',
        'REQUEST_METHOD',
      ])
        delete process.env[name];
      assert.equal(proxyFromEnvironment('http://a.example/'), undefined);
      process.env.http_proxy = PROXY;
      assert.equal(proxyFromEnvironment('http://a.example/'), PROXY);
    } finally {
      delete process.env.http_proxy;
      Object.assign(process.env, saved);
    }
  });

  test('is none that stands on a prototype', () => {
    const prototype = Object.prototype as Record<string, unknown>;
    const before = { ...process.env };
    for (const name of ['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY']) delete process.env[name];
    prototype.http_proxy = PROXY;
    try {
      assert.equal(proxyFromEnvironment('http://a.example/'), undefined);
      assert.equal(proxyFromEnvironment('http://a.example/', {}), undefined);
    } finally {
      delete prototype.http_proxy;
      Object.assign(process.env, before);
    }
  });

  test('cannot be told for what is no URL', () => {
    assert.throws(() => proxyFromEnvironment('a.example', {}), { name: 'TypeError' });
  });

  test('is refused if it is of a kind that is not supported, not passed over, and its credentials are not told', () => {
    const cases: [url: string, env: Record<string, string>, message: RegExp][] = [
      [
        'http://a/',
        { http_proxy: 'socks5://u:s3cret@proxy' },
        /^the proxy in http_proxy or all_proxy .*; socks5: is not/,
      ],
      [
        'https://a/',
        { all_proxy: 'socks4a://u:s3cret@proxy' },
        /^the proxy in https_proxy or all_proxy .*; socks4a: is/,
      ],
      ['http://a/', { http_proxy: 'http://u:s3cret@[proxy' }, /^the proxy in http_proxy or all_proxy is no URL/],
      ['http://a/', { http_proxy: 'u:s3cret@proxy:x' }, /^the proxy in http_proxy or all_proxy is no URL/],
      ['http://a/', { http_proxy: 'u:s3cret@proxy:1/path' }, /or all_proxy must not have a path, query or fragment/],
      ['http://a/', { http_proxy: 'http://proxy:1/?s3cret' }, /or all_proxy must not have a path, query or fragment/],
      ['http://a/', { http_proxy: 'http://proxy:1/#s3cret' }, /or all_proxy must not have a path, query or fragment/],
    ];
    for (const [url, env, message] of cases) {
      assert.throws(
        () => proxyFromEnvironment(url, env),
        (error: Error) => error instanceof TypeError && message.test(error.message) && !/s3cret/.test(error.message),
      );
      assert.equal(proxyFromEnvironment(url, { ...env, no_proxy: 'a' }), undefined);
    }
  });

  test('is what the option proxy takes', () => {
    using proxy = startScriptedServer([[expectHead(), send(response('204 No Content'))]]);
    const env = { http_proxy: `user:secret@${proxy.authority}` };
    using connection = new HTTPConnection('a.invalid', { proxy: proxyFromEnvironment('http://a.invalid/', env) });
    connection.sendRequest('GET', '/x');
    assert.equal(connection.readResponse().status, 204);
    assert.match(
      proxy.heads()[0] ?? '',
      /^GET http:\/\/a\.invalid\/x HTTP\/1\.1\r\n[\s\S]*Proxy-Authorization: Basic /,
    );
  });
});
