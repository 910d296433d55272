/** Archives of what createFetch, and a pipeline, have done. */

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { HTTPConnection, type HTTPResponse } from 'dugong';
import { Har } from '../../src/cli/har.ts';
import { opensslMissing } from '../support/certificates.ts';
import { type HarEntry, parsedHar } from '../support/har.ts';
import { createFetch, direct } from '../support/held-fetches.ts';
import { TestTrust } from '../support/https.ts';
import { ok, response } from '../support/messages.ts';
import { close, expectHead, send, startScriptedServer } from '../support/scripted-server.ts';
import { publish, traced } from '../support/traced-pipeline.ts';

/** Records until it is read. */
function recorded(): { entries(): readonly HarEntry[] } {
  const har = new Har('1.2.3');
  har.start();
  return { entries: () => parsedHar(har.stop()).entries };
}

describe('an archive', () => {
  test('has the members of HAR 1.2, with the times of connecting at the first request only', async () => {
    using server = startScriptedServer([[expectHead(), send(ok('abc')), expectHead(), send(ok('de'))]]);
    const har = recorded();
    const fetch = createFetch(direct);
    for (const path of ['/1?a=b%20c', '/2']) await (await fetch(`http://${server.authority}${path}`)).text();
    const [first, second, ...others] = har.entries();
    assert.ok(first && second);
    assert.deepEqual(others, []);
    assert.equal(first.request.url, `http://${server.authority}/1?a=b%20c`);
    assert.deepEqual([first.response.status, first.response.bodySize, first.response.content.size], [200, 3, 3]);
    assert.deepEqual([first.connection, first.serverIPAddress], ['1', '127.0.0.1']);
    assert.ok(first.timings.dns >= 0 && first.timings.connect >= 0);
    assert.deepEqual([second.timings.dns, second.timings.connect, second.timings.ssl], [-1, -1, -1]);
    assert.ok(first.startedDateTime <= second.startedDateTime);
    assert.ok(first.request.headers.some(({ name, value }) => name === 'Host' && value === server.authority));
  });

  test('tells the time of TLS apart', { skip: opensslMissing() }, async () => {
    const trust = new TestTrust();
    using server = trust.serve([[expectHead(), send(ok('abc'))]]);
    const har = recorded();
    const fetch = createFetch({ ...direct, tls: trust.context });
    await (await fetch(`https://127.0.0.1:${server.front.port}/`)).text();
    const [{ timings }] = har.entries() as [HarEntry];
    assert.ok(timings.ssl > 0 && timings.connect > timings.ssl);
  });

  test('hides credentials and cookies', async () => {
    using server = startScriptedServer([
      [expectHead(), send(response('200 OK', ['Set-Cookie: a=hidden', 'Content-Length: 0']))],
    ]);
    const har = new Har('0');
    har.start();
    const headers = { Authorization: 'Basic hidden', Cookie: 'hidden' };
    await (await createFetch(direct)(`http://${server.authority}/`, { headers })).text();
    const archive = har.stop();
    assert.equal(parsedHar(archive).entries.length, 1);
    assert.doesNotMatch(archive, /hidden/);
    assert.match(archive, /"Set-Cookie","value":"\*\*\*"/);
  });

  test('shows a failed request with the status 0, also if its response had begun', async () => {
    const begun = response('200 OK', ['Content-Length: 9'], 'abc');
    using server = startScriptedServer([[expectHead(), send(begun), close()]]);
    const har = recorded();
    const fetch = createFetch(direct);
    await assert.rejects((await fetch(`http://${server.authority}/`)).text());
    await assert.rejects(fetch('http://127.0.0.1:10/'));
    const entries = har.entries();
    assert.deepEqual(
      entries.map(({ response }) => [response.status, response.bodySize]),
      [
        [0, -1],
        [0, -1],
      ],
    );
    assert.match(entries[1]?._error ?? '', /ECONNREFUSED/);
  });

  test('is empty if nothing has happened', () => {
    assert.deepEqual(recorded().entries(), []);
  });
});

describe('of known times', () => {
  let time = 0;
  beforeEach(() => {
    time = 0;
    mock.method(performance, 'now', () => time);
  });
  afterEach(() => mock.restoreAll());

  function at(since: number, ...message: Parameters<typeof publish>): void {
    time = since;
    publish(...message);
  }

  test('a response held behind an earlier one waits, and the archive says for how long it was held', () => {
    const origin = 'http://server.example';
    const connection = new HTTPConnection(origin);
    const har = recorded();
    const [one, two] = [traced(origin, '/1'), traced(origin, '/2')];
    for (const request of [one, two]) {
      at(0, 'dugong:request:create', { request });
      at(1, 'dugong:request:send', { request, connection, reused: false });
      at(2, 'dugong:request:sent', { request });
    }
    const response = { status: 200, reason: 'OK', httpVersion: '1.1' } as HTTPResponse;
    at(10, 'dugong:request:headers', { request: one, response });
    at(20, 'dugong:request:end', { request: one, response, bytes: 1 });
    at(21, 'dugong:request:headers', { request: two, response });
    at(25, 'dugong:request:end', { request: two, response, bytes: 1 });
    const [, { timings }] = har.entries() as [HarEntry, HarEntry];
    assert.deepEqual(
      { ...timings },
      { blocked: 1, dns: -1, connect: -1, ssl: -1, send: 1, wait: 19, receive: 4, _held: 18 },
    );
  });
});
