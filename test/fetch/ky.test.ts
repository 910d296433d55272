/**
 * A library that accepts a fetch: what it does with the platform's, it does with that of createFetch.
 */

import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { createFetch } from 'dugong';
import ky, { HTTPError, TimeoutError } from 'ky';
import { dummyBytes, type EchoedRequest, startDummyServer } from '../support/dummy-server.ts';
import { ok, response } from '../support/messages.ts';
import { close, expectAnything, expectEnd, expectHead, send, startScriptedServer } from '../support/scripted-server.ts';
import { atSomePace } from '../support/time-limit.ts';

describe('ky on the fetch of createFetch', () => {
  const fetch = createFetch({ proxy: false });
  const client = ky.create({ fetch, retry: { limit: 2, delay: () => 0 } });
  // It is one for the platform's, by its type as well.
  const standard: typeof globalThis.fetch = fetch;

  afterEach(() => fetch.closeIdleConnections());

  test('gets and posts JSON, with its length, query and fields', async () => {
    using server = startDummyServer();
    const prefixUrl = `http://${server.authority}`;
    const headers = { 'X-Own': 'yes' };
    const echoed = await client
      .post('echo', { prefixUrl, searchParams: { a: 'b c' }, json: { d: ['é'] }, headers })
      .json<EchoedRequest>();
    const fields = new Headers(echoed.headers);
    assert.deepEqual([echoed.method, echoed.path], ['POST', '/echo?a=b+c']);
    assert.equal(Buffer.from(echoed.body, 'base64').toString(), '{"d":["é"]}');
    assert.deepEqual(
      ['content-type', 'content-length', 'x-own'].map((name) => fields.get(name)),
      ['application/json', '12', 'yes'],
    );
  });

  test('sends forms', async () => {
    using server = startDummyServer();
    const form = new FormData();
    form.set('file', new File(['content'], 'name.txt'));
    const echoed = await client.put(`http://${server.authority}/echo`, { body: form }).json<EchoedRequest>();
    const decoded = await new Response(Buffer.from(echoed.body, 'base64'), { headers: echoed.headers }).formData();
    assert.equal(await (decoded.get('file') as File).text(), 'content');
  });

  test('throws its HTTPError with the response', async () => {
    using server = startDummyServer();
    await assert.rejects(client(`http://${server.authority}/status/404`), (error) => {
      assert.ok(error instanceof HTTPError);
      assert.equal(error.response.status, 404);
      return true;
    });
  });

  test('tries again after a status that may go away and after a lost connection', async () => {
    using server = startScriptedServer([
      [
        expectHead(),
        send(response('503 Later', ['Content-Length: 5', 'Connection: close'], 'later')),
        expectAnything(),
      ],
      [expectHead(), close()],
      [expectHead(), send(ok('third'))],
    ]);
    assert.equal(await client(`http://${server.authority}/`).text(), 'third');
    assert.equal(server.connections(), 3);
  });

  test('times out, which closes the connection', () =>
    // The request has to leave in time.
    atSomePace(async (factor) => {
      using server = startScriptedServer([[expectHead(), expectEnd()]]);
      await assert.rejects(client(`http://${server.authority}/`, { timeout: 50 * factor, retry: 0 }), TimeoutError);
      server.check();
    }));

  test('follows the progress of a download', async () => {
    using server = startDummyServer();
    const size = 1_000_000;
    const seen: number[] = [];
    const bytes = await client(`http://${server.authority}/send_${size}_bytes`, {
      onDownloadProgress: ({ transferredBytes }) => {
        seen.push(transferredBytes);
      },
    }).arrayBuffer();
    assert.ok(dummyBytes(size).equals(Buffer.from(bytes)));
    assert.equal(seen.at(-1), size);
  });

  test('is one of many callers that take it for the platform’s', async () => {
    using server = startDummyServer();
    assert.equal(await (await standard(`http://${server.authority}/status/200`)).text(), 'status 200');
  });
});
