import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HTTPConnection, HTTPHeaders, type SendRequestOptions } from '../../src/index.ts';
import { ok, requestHead, response } from '../support/messages.ts';
import { expect, expectEnd, expectHead, send, startScriptedServer } from '../support/scripted-server.ts';
import { connectionTo } from '../support/waiting.ts';

type Headers = SendRequestOptions['headers'];

describe('the head of a request [RFC 9112 3, 5]', () => {
  const cases: readonly { name: string; headers: Headers; own: readonly string[] }[] = [
    { name: 'a record', headers: { 'X-b': 'v', 'x-A': 2 }, own: ['X-b: v', 'x-A: 2'] },
    {
      name: 'pairs',
      headers: [
        ['X-B', '1'],
        ['x-a', ''],
        ['X-b', '2'],
      ],
      own: ['X-B: 1', 'x-a: ', 'X-b: 2'],
    },
    { name: 'lists', headers: { Cookie: ['a=1', 'b=2'], 'X-None': [] }, own: ['Cookie: a=1', 'Cookie: b=2'] },
    { name: 'HTTPHeaders', headers: new HTTPHeaders({ One: '1', tWO: '2' }), own: ['One: 1', 'tWO: 2'] },
    { name: 'Headers of the web', headers: new Headers({ One: '1' }), own: ['one: 1'] },
    { name: 'latin1', headers: { 'X-L': 'caf\u00e9 \u00ff\u0080' }, own: ['X-L: caf\u00e9 \u00ff\u0080'] },
    { name: 'undefined', headers: { A: undefined, B: 'b' }, own: ['B: b'] },
  ];
  for (const { name, headers, own } of cases) {
    test(`has the caller's fields, given as ${name}, in their order and case`, () => {
      using server = startScriptedServer(({ authority }) => [
        [expect(requestHead(authority, 'GET /', { own })), send(ok('')), expectEnd()],
      ]);
      using connection = connectionTo(server);
      connection.sendRequest('GET', '/', { headers });
      connection.readResponse();
      connection.disconnect();
      server.check();
    });
  }

  test('does not change what the caller gave, which can be used again', () => {
    using server = startScriptedServer([[expectHead(), expectHead(), send(ok('') + ok(''))]]);
    using connection = connectionTo(server);
    const headers = new HTTPHeaders({ A: 'b' });
    connection.sendRequest('PUT', '/', { headers, body: 'x', contentMD5: true });
    connection.sendRequest('GET', '/', { headers });
    assert.deepEqual([...headers], [['A', 'b']]);
    connection.readResponse();
    connection.readResponse();
  });

  test('has the target as given, in origin- or asterisk-form; "?q" becomes "/?q" [RFC 9112 3.2]', () => {
    using server = startScriptedServer(({ authority }) => [
      [
        expect(requestHead(authority, 'GET /a%20b?c=d/e')),
        expect(requestHead(authority, 'GET //x/../y')),
        expect(requestHead(authority, 'GET /?q')),
        expect(requestHead(authority, 'GET /')),
        expect(requestHead(authority, 'OPTIONS *')),
        expect(requestHead(authority, 'M-SEARCH /')),
        send(ok('').repeat(6)),
        expectEnd(),
      ],
    ]);
    using connection = connectionTo(server);
    const paths = ['/a%20b?c=d/e', '//x/../y', '?q', ''];
    for (const path of paths) connection.sendRequest('GET', path);
    connection.sendRequest('OPTIONS', '*');
    connection.sendRequest('M-SEARCH', '/');
    // A response carries them as they were given.
    for (const path of [...paths, '*', '/']) assert.equal(connection.readResponse().path, path);
    connection.disconnect();
    server.check();
  });

  test('lets the caller choose Accept-Encoding, and repeat what the client would say anyway', () => {
    using server = startScriptedServer(({ authority }) => [
      [
        expect(`GET / HTTP/1.1\r\nHost: ${authority}\r\naccept-encoding: gzip\r\n\r\n`),
        expect(`${requestHead(authority, 'PUT /', { framing: ['Content-Length: 3'] })}abc`),
        send(ok('').repeat(2)),
        expectEnd(),
      ],
    ]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/', { headers: { 'accept-encoding': 'gzip' } });
    connection.sendRequest('PUT', '/', { headers: { 'content-length': 3, HOST: server.authority }, body: 'abc' });
    connection.readResponse();
    connection.readResponse();
    connection.disconnect();
    server.check();
  });

  test('has the Host of the option in place of the connection’s, for that one request [RFC 9110 7.2]', () => {
    using server = startScriptedServer(({ authority }) => [
      [
        ...[expect(requestHead('other.example:8', 'GET /1')), send(ok('1'))],
        ...[expect(requestHead('other.example', 'GET /2')), send(ok('2'))],
        ...[expect(requestHead(authority, 'GET /3')), send(ok('3'))],
      ],
    ]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/1', { host: 'other.example:8' });
    connection.sendRequest('GET', '/2', { host: 'other.example', headers: { Host: 'other.example' } });
    connection.sendRequest('GET', '/3');
    for (const text of ['1', '2', '3']) {
      connection.readResponse();
      assert.equal(connection.readText(), text);
    }
    server.check();
  });

  test('that cannot be sent is a TypeError before a byte is sent, and leaves the connection as it was', () => {
    using server = startScriptedServer([[expectHead(), send(ok('1')), expectHead(), send(ok('2')), expectEnd()]]);
    using connection = connectionTo(server);
    const bad: [string, string, SendRequestOptions?][] = [
      ['GET', '/a b'],
      ['GET', 'relative'],
      ['GET', 'http://other.example/'],
      ['GET', '*'],
      ['GET\r\n', '/'],
      ['', '/'],
      ['GET', '/', { headers: { 'A\r\nB': 'x' } }],
      ['GET', '/', { headers: { A: 'x\r\nB: y' } }],
      ['GET', '/', { headers: { A: '\u0100' } }],
      ['GET', '/', { headers: { 'Content-Length': '3' } }],
      ['PUT', '/', { headers: { 'Content-Length': '4' }, body: 'abc' }],
      ['PUT', '/', { headers: { 'Transfer-Encoding': 'chunked' }, body: 'abc' }],
      ['CONNECT', '/'],
      ['CONNECT', 'a.example:1', { host: 'b.example' }],
      ['GET', '/', { host: 'a b' }],
      ['GET', '/', { host: '' }],
      ['GET', '/', { host: 'a.example', headers: { Host: 'b.example' } }],
    ];
    for (const [method, path, options] of bad) {
      assert.throws(() => connection.sendRequest(method, path, options), { name: 'TypeError' }, `${method} ${path}`);
    }
    assert.equal(server.connections(), 0);
    connection.sendRequest('GET', '/');
    for (const [method, path, options] of bad) {
      assert.throws(() => connection.sendRequest(method, path, options), { name: 'TypeError' }, `${method} ${path}`);
    }
    connection.readResponse();
    assert.equal(connection.readText(), '1');
    connection.sendRequest('GET', '/');
    connection.readResponse();
    assert.equal(connection.readText(), '2');
    connection.disconnect();
    server.check();
  });

  test('omits the default port from Host [RFC 9110 7.2]', () => {
    assert.equal(new HTTPConnection('localhost').port, 80);
    assert.equal(new HTTPConnection('[::1]').hostname, '::1');
  });
});

describe('the head of a response', () => {
  test('has its fields in order and case, in latin1, any number of lines per name [RFC 9110 5.3]', () => {
    const fields = ['X-B: 1', 'x-a:  spaced\t', 'X-b: 2', 'Set-Cookie: a=1', 'Set-Cookie: b=2', 'X-L: caf\u00e9\u0080'];
    using server = startScriptedServer([
      [expectHead(), send(response('299 Tr\u00e8s bien', [...fields, 'Content-Length: 0']))],
    ]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/');
    const { status, reason, httpVersion, headers } = connection.readResponse();
    assert.deepEqual([status, reason, httpVersion], [299, 'Tr\u00e8s bien', '1.1']);
    assert.deepEqual(headers.raw(), [
      ...['X-B', '1', 'x-a', 'spaced', 'X-b', '2', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'],
      ...['X-L', 'caf\u00e9\u0080', 'Content-Length', '0'],
    ]);
    assert.equal(headers.get('x-b'), '1, 2');
    assert.deepEqual(headers.getAll('set-cookie'), ['a=1', 'b=2']);
  });

  test('may lack a reason', () => {
    using server = startScriptedServer([
      [
        expectHead(),
        expectHead(),
        send('HTTP/1.1 200\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n'),
      ],
    ]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/');
    connection.sendRequest('GET', '/');
    assert.equal(connection.readResponse().reason, '');
    assert.equal(connection.readResponse().reason, '');
  });

  for (const [bytes, name] of [
    ['SSH-2.0-OpenSSH_9.2\r\n', 'InvalidResponse'],
    ['HTTP/2.0 200 OK\r\n\r\n', 'UnsupportedResponse'],
    ['HTTP/1.1 20 OK\r\n\r\n', 'InvalidResponse'],
    ['HTTP/1.1 200 OK\r\nA : b\r\n\r\n', 'InvalidResponse'],
    [`HTTP/1.1 200 OK\r\nA: ${'x'.repeat(65_535)}\r\n\r\n`, 'InvalidResponse'],
    ['HTTP/1.1 101 Switching Protocols\r\n\r\n', 'UnsupportedResponse'],
    [response('100 Continue', [`A: ${'x'.repeat(1000)}`]).repeat(70), 'InvalidResponse'],
  ] as const) {
    test(`that is ${JSON.stringify(bytes.slice(0, 30))} raises ${name}, and ends the connection's use`, () => {
      using server = startScriptedServer([[expectHead(), send(bytes), expectEnd()]]);
      using connection = connectionTo(server);
      connection.sendRequest('GET', '/');
      assert.throws(() => connection.readResponse(), { name });
      assert.throws(() => connection.readResponse(), { name: 'ConnectionClosed', phase: 'receive' });
      assert.throws(() => connection.sendRequest('GET', '/'), { name: 'ConnectionClosed', phase: 'send' });
      connection.disconnect();
      server.check();
    });
  }

  test('that never ends is refused within its limit', () => {
    for (const start of ['HTTP/1.1 200 ', 'HTTP/1.1 200 OK\r\nA: ']) {
      using server = startScriptedServer([
        [expectHead(), send(start), { do: 'sendForever', bytes: Buffer.from('x'), pace: {}, limit: 2 ** 26 }],
      ]);
      using connection = connectionTo(server);
      connection.sendRequest('GET', '/');
      assert.throws(() => connection.readResponse(), { name: 'InvalidResponse', message: /longer than 65535|65535/ });
      connection.disconnect();
      server.check();
    }
  });
});
