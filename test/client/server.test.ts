/** The first argument of HTTPConnection: a host name, or the URL of an origin. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import { serverFrom } from '../../src/client/server.ts';
import { HTTPConnection, type HTTPConnectionOptions, TLSContext } from '../../src/index.ts';
import { opensslMissing } from '../support/certificates.ts';
import { TestTrust } from '../support/https.ts';
import { ok } from '../support/messages.ts';
import { expectHead, type ScriptedServer, send, startScriptedServer } from '../support/scripted-server.ts';
import { thrownBy, waysOfWaiting } from '../support/waiting.ts';

const context = new TLSContext();

describe('a server', () => {
  const good: readonly [given: string | URL, options: HTTPConnectionOptions, taken: [string, number, tls: boolean]][] =
    [
      ['localhost', {}, ['localhost', 80, false]],
      ['localhost', { port: 8080 }, ['localhost', 8080, false]],
      ['localhost', { tls: true }, ['localhost', 443, true]],
      ['127.0.0.1', {}, ['127.0.0.1', 80, false]],
      ['::1', {}, ['::1', 80, false]],
      ['[::1]', { tls: context }, ['::1', 443, true]],
      ['http://localhost', {}, ['localhost', 80, false]],
      ['http://localhost/', { port: 80 }, ['localhost', 80, false]],
      ['http://localhost:8080', { tls: false }, ['localhost', 8080, false]],
      ['http://localhost:443', {}, ['localhost', 443, false]],
      ['http://[::1]:8080/', {}, ['::1', 8080, false]],
      ['HTTPS://Server.Example', {}, ['server.example', 443, true]],
      ['https://server.example:8443', { port: 8443, tls: true }, ['server.example', 8443, true]],
      ['https://server.example', { tls: context }, ['server.example', 443, true]],
      ['https://server.example', { tls: {} }, ['server.example', 443, true]],
      ['http://bücher.example', {}, ['xn--bcher-kva.example', 80, false]],
      [new URL('http://127.0.0.1:8080'), {}, ['127.0.0.1', 8080, false]],
      [new URL('https://[::1]'), {}, ['::1', 443, true]],
      [runInNewContext('new URL("https://localhost")', { URL }), {}, ['localhost', 443, true]],
      [{ href: 'http://localhost:8080/' } as URL, {}, ['localhost', 8080, false]],
    ];
  for (const [given, options, [hostname, port, secure]] of good) {
    test(`may be ${inspect(given, { depth: 0, compact: true }).slice(0, 40)} with ${inspect(options, { depth: 0 })}`, () => {
      const { tls, ...server } = serverFrom(given, options);
      assert.deepEqual({ ...server, defaultPort: undefined }, { hostname, port, defaultPort: undefined });
      assert.equal(tls !== undefined, secure);
      if (options.tls === context) assert.equal(tls, context);
      const connection = new HTTPConnection(given, options);
      assert.deepEqual([connection.hostname, connection.port], [hostname, port]);
    });
  }

  const bad: readonly [given: unknown, options: HTTPConnectionOptions, message: RegExp][] = [
    ['http://user:secret@localhost', {}, /has credentials: .*Authorization/],
    ['http://secret@localhost', {}, /has credentials: /],
    ['http://localhost/secret', {}, /has a path: .*sendRequest\(\)/],
    ['http://localhost?secret', {}, /has a query: /],
    ['http://localhost#secret', {}, /has a fragment: /],
    ['http://a:secret@localhost/secret?secret#secret', {}, /has credentials and a path and a query and a fragment: /],
    [new URL('http://localhost//'), {}, /has a path: /],
    ['ftp://localhost/secret', {}, /must begin with http:\/\/ or https:\/\/; ftp: is not supported$/],
    [new URL('file:///secret'), {}, /file: is not supported$/],
    ['http://', {}, /is none: it should be like/],
    ['http://secret[', {}, /is none: it should be like/],
    ['http://ex!ample/', {}, /is no host name/],
    ['http://localhost:0', {}, /port must be a whole number/],
    ['http://localhost', { tls: true }, /tls contradicts http: .*: write https:, or leave tls out$/],
    ['http://localhost', { tls: context }, /tls contradicts http:/],
    ['https://localhost', { tls: false }, /tls contradicts https: .*: write http:, or leave tls out$/],
    ['https://localhost', { tls: null as unknown as false }, /^tls must be true/],
    ['http://localhost', { port: 8080 }, /\(8080\) contradicts .*, whose port is 80: /],
    ['https://localhost:8443', { port: 443 }, /\(443\) contradicts .*, whose port is 8443: /],
    ['http://localhost:80', { port: '80' as unknown as number }, /port must be a whole number/],
    ['localhost:8080', {}, /"localhost:8080" is no host name: .* port, or write http:\/\/localhost:8080$/],
    ['[::1]:8080', {}, /is no host name: .* write http:\/\/\[::1\]:8080$/],
    ['127.0.0.1:', {}, /is no host name: .* port/],
    ['http:localhost', {}, /is no host name/],
    ['localhost/secret', {}, /is no host name/],
    [5, {}, /must be a host name or a URL, got number$/],
    [undefined, {}, /must be a host name or a URL, got undefined$/],
    [{ hostname: 'localhost' }, {}, /must be a host name or a URL, got object$/],
  ];
  for (const [given, options, message] of bad) {
    test(`cannot be ${inspect(given, { depth: 0, compact: true }).slice(0, 60)} with ${inspect(options, { depth: 0 })}`, () => {
      const error = thrownBy(() => new HTTPConnection(given as string, options));
      assert.ok(error instanceof TypeError, `${error}`);
      assert.match(error.message, message);
      if (String(given).includes('://')) assert.doesNotMatch(error.message, /secret/);
    });
  }
});

const answering = (): ScriptedServer => startScriptedServer([[expectHead(), send(ok('x'))]]);

describe('the URL of a server', () => {
  for (const { name, run } of waysOfWaiting) {
    test(`says where to connect to (${name})`, async () => {
      using server = answering();
      using connection = new HTTPConnection(new URL(`http://${server.authority}`));
      await run(connection.coSendRequest('GET', '/path'));
      assert.equal((await run(connection.coReadResponse())).status, 200);
      assert.match(server.heads()[0] ?? '', new RegExp(`^GET /path HTTP/1.1\r\nHost: ${server.authority}\r\n`));
    });
  }

  test('begins with https: for TLS, of which the option tls says how', { skip: opensslMissing() }, () => {
    const trust = new TestTrust();
    using server = trust.serve([[expectHead(), send(ok('x'))]]);
    using connection = new HTTPConnection(`https://localhost:${server.front.port}`, {
      tls: { ca: trust.ca },
      lookup: () => ['127.0.0.1'],
    });
    connection.sendRequest('GET', '/');
    assert.equal(connection.readResponse().status, 200);
    assert.notEqual(connection.getProtocol(), null);
  });

  test('names the server to a proxy', () => {
    using proxy = answering();
    using connection = new HTTPConnection('http://origin.invalid', { proxy: proxy.authority });
    connection.sendRequest('GET', '/path');
    connection.readResponse();
    assert.match(proxy.heads()[0] ?? '', /^GET http:\/\/origin.invalid\/path HTTP\/1.1\r\nHost: origin.invalid\r\n/);
  });

  test('is what Host says over a Unix socket', () => {
    const socketPath = `/tmp/dugong-server-${process.pid}.sock`;
    using server = startScriptedServer([[expectHead(), send(ok('x'))]], { socketPath });
    using connection = new HTTPConnection('http://api.example:8080', { socketPath });
    connection.sendRequest('GET', '/');
    connection.readResponse();
    assert.match(server.heads()[0] ?? '', /\r\nHost: api.example:8080\r\n/);
  });
});
