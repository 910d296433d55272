/** Real proxies, tinyproxy and squid: both forms, with and without authentication. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { HTTPConnection, type HTTPConnectionOptions, ProxyError } from '../../src/index.ts';
import { opensslMissing } from '../support/certificates.ts';
import { freePort, programMissing } from '../support/daemon.ts';
import { dummyBytes } from '../support/dummy-bytes.ts';
import { TestTrust } from '../support/https.ts';
import { ok } from '../support/messages.ts';
import type { Credentials, RealProxy } from '../support/real-proxy.ts';
import { expect, expectEnd, expectHead, type Script, send, startScriptedServer } from '../support/scripted-server.ts';
import { startSquid } from '../support/squid.ts';
import { timeLimit } from '../support/time-limit.ts';
import { startTinyproxy } from '../support/tinyproxy.ts';
import { thrownBy, waysOfWaiting } from '../support/waiting.ts';

const credentials: Credentials = { user: 'dugong', password: 'sea.cow1' };
const proxies = [
  { program: 'tinyproxy', start: startTinyproxy, persistent: false },
  { program: 'squid', start: startSquid, persistent: true },
];
const body = dummyBytes(2_000_000);

for (const { program, start, persistent } of proxies) {
  for (const wanted of [undefined, credentials]) {
    const title = `${program}, ${wanted ? 'with' : 'without'} authentication`;
    describe(title, { skip: programMissing(program) || opensslMissing() }, () => {
      const trust = new TestTrust();
      let proxy: RealProxy;
      before(async () => {
        proxy = await start(wanted);
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

      /** The origin is told its own credentials, and none of the proxy's. */
      function assertOwn(head: string, line: RegExp): void {
        assert.match(head, line);
        assert.doesNotMatch(head, /proxy-authorization/i);
        if (head.startsWith('GET')) assert.match(head, /Authorization: Bearer origin\r\n/);
      }

      test('says what is wrong when nobody listens behind it: a 5xx, or ProxyError with it', async () => {
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
        const error = thrownBy(() => through(server.front.port, { tls: true }).connect());
        assert.equal((error as { code?: string }).code, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
      });

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
}
