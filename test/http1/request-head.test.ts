import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { HTTPHeaders } from '../../src/http1/headers.ts';
import { encodeRequestHead, type RequestHead } from '../../src/http1/request-head.ts';

const IDENTITY = 'Accept-Encoding: identity\r\n';

function encode(head: Partial<RequestHead>): string {
  return encodeRequestHead({ method: 'GET', target: '/', host: 'x', framing: { kind: 'none' }, ...head }).text;
}

function assertRefused(head: Partial<RequestHead>, message: RegExp): void {
  assert.throws(() => encode(head), { name: 'TypeError', message });
}

suite('the request line [RFC 9112 3]', () => {
  test('has the method, the target in origin-form and the version', () => {
    assert.equal(encode({ target: '/a?b=c' }), `GET /a?b=c HTTP/1.1\r\nHost: x\r\n${IDENTITY}\r\n`);
  });

  test('has "/" where the path is empty [RFC 9112 3.2.1]', () => {
    assert.match(encode({ target: '' }), /^GET \/ HTTP/);
    assert.match(encode({ target: '?q' }), /^GET \/\?q HTTP/);
  });

  test('has "*" for OPTIONS only [RFC 9112 3.2.4]', () => {
    assert.match(encode({ method: 'OPTIONS', target: '*' }), /^OPTIONS \* HTTP/);
    assertRefused({ target: '*' }, /must begin with "\/"/);
  });

  test('has the authority for CONNECT [RFC 9112 3.2.3]', () => {
    assert.match(encode({ method: 'CONNECT', target: 'a.example:443' }), /^CONNECT a\.example:443 HTTP/);
    assert.match(encode({ method: 'CONNECT', target: '[::1]:443' }), /^CONNECT \[::1\]:443 HTTP/);
    for (const target of ['/', 'a.example', 'a:b', '', 'user@a:1', 'a:', 'a:0', 'a:65536', '[::1%25lo]:1', 'a:1/'])
      assertRefused({ method: 'CONNECT', target }, /host:port/);
  });

  test('has the same authority in Host, which CONNECT names itself [RFC 9112 3.2]', () => {
    const connect = (headers: Record<string, string>): string =>
      encode({ method: 'CONNECT', target: 'a.example:443', host: 'proxy:3128', headers });
    assert.equal(connect({}), `CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n${IDENTITY}\r\n`);
    assert.equal(connect({ Host: 'A.example:443' }), connect({}));
    assert.throws(() => connect({ Host: 'proxy:3128' }), { name: 'TypeError', message: /which is "a\.example:443"/ });
  });

  test('has the target in absolute-form for a proxy, except for CONNECT [RFC 9112 3.2.2]', () => {
    const absolute = 'http://x:81';
    assert.match(encode({ absolute, target: '/a?b' }), /^GET http:\/\/x:81\/a\?b HTTP\/1\.1\r\n/);
    assert.match(encode({ absolute, target: '' }), /^GET http:\/\/x:81\/ HTTP/);
    assert.match(encode({ absolute, method: 'OPTIONS', target: '*' }), /^OPTIONS http:\/\/x:81 HTTP/);
    assert.match(encode({ absolute, method: 'CONNECT', target: 'a:1' }), /^CONNECT a:1 HTTP/);
    for (const target of ['@evil', '.evil', ':81/']) assertRefused({ absolute, target }, /must begin with "\/"/);
  });

  test('cannot be broken out of', () => {
    for (const target of ['/a b', '/a\r\nX: y', '/\0', '/\x7f', '/é', '/日', '/#fragment', '/\ud800']) {
      assertRefused({ target }, /percent-encode it/);
    }
    for (const target of ['@evil', '.evil', ':81/', 'http://evil/']) assertRefused({ target }, /must begin with "\/"/);
    for (const method of ['', 'GET ', 'G\r\nX', 'GET\u010a', 'GE:T']) assertRefused({ method }, /is no token/);
    for (const host of ['', 'a\r\nX: y', 'a b', 'user@a', 'a/', 'a:b', 'é', '[::1', undefined as unknown as string]) {
      assertRefused({ host }, /^host .* is not of the form host:port/);
    }
    for (const absolute of ['http://', 'http://a\r\nX: y', 'http://user@a', 'http://a/b', 'ftp://a', 'a']) {
      assertRefused({ absolute }, /is not of the form http:/);
    }
    assertRefused({ method: 5 as unknown as string }, /is no token/);
    assertRefused({ target: undefined as unknown as string }, /must be a string/);
  });
});

suite('the fields', () => {
  test("are the caller's, in their order and case, between Host and what this client adds", () => {
    const text = encode({
      headers: [
        ['b', '1'],
        ['A', '2'],
        ['b', '3'],
      ],
      framing: { kind: 'length', length: 5 },
    });
    assert.equal(text, `GET / HTTP/1.1\r\nHost: x\r\nb: 1\r\nA: 2\r\nb: 3\r\n${IDENTITY}Content-Length: 5\r\n\r\n`);
  });

  test('are read where they are, if they are HTTPHeaders', () => {
    const headers = new HTTPHeaders({ 'X-a': '1', Accept: '*/*' });
    assert.equal(encode({ headers }), encode({ headers: [...headers] }));
    assert.deepEqual(headers.raw(), ['X-a', '1', 'Accept', '*/*']);
  });

  test('that all requests have come before those of this one', () => {
    const fixed = new HTTPHeaders({ 'Proxy-Authorization': 'Basic eA==' });
    const text = encode({ fixed, headers: { A: 'b' } });
    assert.equal(text, `GET / HTTP/1.1\r\nHost: x\r\nProxy-Authorization: Basic eA==\r\nA: b\r\n${IDENTITY}\r\n`);
    assert.match(encode({ fixed }), /\r\nProxy-Authorization: Basic eA==\r\n/);
  });

  test('that all requests have give way to those of this one, and must agree with it as well', () => {
    const fixed = (name: string, value: string): Partial<RequestHead> => ({
      fixed: new HTTPHeaders({ [name]: value }),
    });
    const text = encode({ ...fixed('User-Agent', 'all'), headers: { 'user-agent': 'this' } });
    assert.deepEqual(text.match(/user-agent: .*/gi), ['user-agent: this']);
    assertRefused(fixed('Content-Length', '5'), /contradicts the body \(none\)/);
    assertRefused(fixed('Transfer-Encoding', 'chunked'), /contradicts the body/);
    assertRefused(fixed('Host', 'other'), /not this connection's/);
    const { fixed: close } = fixed('Connection', 'close');
    assert.ok(
      encodeRequestHead({ method: 'GET', target: '/', host: 'x', framing: { kind: 'none' }, fixed: close }).close,
    );
  });

  test("have the caller's Accept-Encoding in place of identity", () => {
    const text = encode({ headers: { 'accept-encoding': 'gzip' } });
    assert.equal(text, 'GET / HTTP/1.1\r\nHost: x\r\naccept-encoding: gzip\r\n\r\n');
  });

  test('say that there is no body only for methods that expect one [RFC 9110 8.6]', () => {
    for (const method of ['POST', 'PUT', 'PATCH']) assert.match(encode({ method }), /Content-Length: 0\r\n/);
    for (const method of ['GET', 'HEAD', 'DELETE', 'OPTIONS'])
      assert.doesNotMatch(encode({ method }), /Content-Length/);
  });

  test('announce a chunked body and an expectation', () => {
    const text = encode({ method: 'PUT', framing: { kind: 'chunked' }, expectContinue: true });
    assert.equal(
      text,
      `PUT / HTTP/1.1\r\nHost: x\r\n${IDENTITY}Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n`,
    );
  });

  test('that this client writes itself may be given if they agree, and are written once', () => {
    const length = encode({ headers: { Host: 'X', 'content-length': '5' }, framing: { kind: 'length', length: 5 } });
    assert.equal(length.match(/content-length/gi)?.length, 1);
    assert.equal(length.match(/host:/gi)?.length, 1);
    const chunked = encode({
      headers: { 'transfer-encoding': 'Chunked', expect: '100-Continue' },
      framing: { kind: 'chunked' },
      expectContinue: true,
    });
    assert.equal(chunked.match(/transfer-encoding/gi)?.length, 1);
    assert.equal(chunked.match(/expect/gi)?.length, 1);
    assert.equal(encode({ method: 'POST', headers: { 'Content-Length': 0 } }).match(/content-length/gi)?.length, 1);
    assert.match(encode({ method: 'DELETE', headers: { 'Content-Length': 0 } }), /Content-Length: 0\r\n/);
    const twice = encode({ method: 'DELETE', headers: { 'Content-Length': ['0', '0'] } });
    assert.equal(twice.match(/content-length/gi)?.length, 1, 'a sender writes it once [RFC 9110 5.3]');
  });

  test('that contradict the body are refused', () => {
    assertRefused({ headers: { 'Content-Length': 5 } }, /contradicts the body \(none\)/);
    assertRefused({ headers: { 'Content-Length': '05' }, framing: { kind: 'length', length: 5 } }, /\(5 bytes\)/);
    assertRefused({ headers: { 'Content-Length': 5 }, framing: { kind: 'chunked' } }, /\(chunked\)/);
    assertRefused({ headers: { 'Transfer-Encoding': 'chunked' } }, /contradicts the body/);
    assertRefused({ headers: { 'Transfer-Encoding': 'gzip' }, framing: { kind: 'chunked' } }, /contradicts the body/);
  });

  test('that are not for the caller to write are refused, with the way out', () => {
    assertRefused({ headers: { Host: 'other' } }, /not this connection's/);
    assertRefused({ headers: { Expect: '100-continue' } }, /option expect100/);
    assertRefused({ headers: { Upgrade: 'h2c' } }, /use the option upgrade/);
  });

  test('ask for trailers, and for no coding, with TE; and say that the field is for the next hop [RFC 9110 10.1.4]', () => {
    for (const value of ['chunked', 'trailers, chunked;q=1', 'gzip', 'trailers;q=0.5']) {
      assertRefused({ headers: { TE: value } }, /it may say "trailers"/);
    }
    const fields = (headers: RequestHead['headers']): string =>
      encode({ headers }).slice('GET / HTTP/1.1\r\nHost: x\r\n'.length);
    assert.equal(fields({ te: 'Trailers' }), `te: Trailers\r\nConnection: TE\r\n${IDENTITY}\r\n`);
    assert.equal(
      fields({ TE: 'trailers', Connection: 'close' }),
      `TE: trailers\r\nConnection: close\r\nConnection: TE\r\n${IDENTITY}\r\n`,
    );
    assert.equal(
      fields({ Connection: 'close, te', TE: 'trailers' }),
      `Connection: close, te\r\nTE: trailers\r\n${IDENTITY}\r\n`,
    );
  });

  test('with credentials do not go with TRACE, whose response would show them [RFC 9110 9.3.8]', () => {
    for (const name of ['Authorization', 'cookie', 'PROXY-AUTHORIZATION']) {
      assertRefused({ method: 'TRACE', headers: { [name]: 's3cret' } }, /^\S+ must not be sent with TRACE/);
    }
    assert.match(encode({ method: 'TRACE', headers: { 'Max-Forwards': 0 } }), /Max-Forwards: 0/);
  });

  test('cannot be broken out of', () => {
    assertRefused({ headers: { A: 'b\r\nX: y' } }, /field A holds/);
    assertRefused({ headers: [['A\r\nX', 'y']] }, /no field name/);
  });

  test('tell whether the connection is to be closed, in any place of a list [RFC 9112 9.6]', () => {
    const closes = (value: string): boolean =>
      encodeRequestHead({
        method: 'GET',
        target: '/',
        host: 'x',
        framing: { kind: 'none' },
        headers: { Connection: value },
      }).close;
    assert.ok(closes('close'));
    assert.ok(closes('keep-alive, CLOSE'));
    assert.equal(closes('keep-alive'), false);
  });
});

suite('an upgrade [RFC 9110 7.8]', () => {
  test('is asked for with its field and the option in Connection', () => {
    assert.match(encode({ upgrade: 'a/1, b' }), /\r\nConnection: upgrade\r\nUpgrade: a\/1, b\r\n\r\n$/);
  });

  test('names protocols, and has no body before it', () => {
    for (const upgrade of ['', ',', 'a b', 'a\r\nX: y', 'a/b/c d']) assertRefused({ upgrade }, /no list of protocols/);
    assertRefused({ upgrade: 'a', framing: { kind: 'chunked' } }, /cannot have a body/);
  });
});

suite('bodies that cannot be', () => {
  test('have a length that is none', () => {
    for (const length of [-1, 1.5, Number.NaN, 2 ** 53, '5' as unknown as number]) {
      assertRefused({ framing: { kind: 'length', length } }, /must be a whole number/);
    }
  });

  test('TRACE has none [RFC 9110 9.3.8]', () => {
    assertRefused({ method: 'TRACE', framing: { kind: 'length', length: 1 } }, /TRACE request has no body/);
  });

  test('CONNECT has none, not even one of no bytes [RFC 9110 9.3.6]', () => {
    for (const framing of [
      { kind: 'length', length: 0 },
      { kind: 'length', length: 1 },
      { kind: 'chunked' },
    ] as const) {
      assertRefused({ method: 'CONNECT', target: 'a:1', framing }, /CONNECT request has no body/);
    }
    assert.match(encode({ method: 'constructor', framing: { kind: 'chunked' } }), /chunked/);
  });

  test('100-continue is expected only with content [RFC 9110 10.1.1]', () => {
    assertRefused({ expectContinue: true }, /without a body/);
    assertRefused({ expectContinue: true, framing: { kind: 'length', length: 0 } }, /without a body/);
  });
});
