/** How the body of a response is taken, from a server that sends faster than the body is read. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createFetch } from '../../src/index.ts';
import { type DummyServer, startDummyServer } from '../support/dummy-server.ts';

/** It takes far longer than a turn of the event loop to come. */
const ENDLESS = 500_000_000;

describe('the body of a response that comes faster than it is read', () => {
  let server: DummyServer;
  before(() => {
    server = startDummyServer();
  });
  after(() => server[Symbol.dispose]());

  test('leaves the event loop its turns, and ends with an abort', async () => {
    const controller = new AbortController();
    const reason = new Error('aborted');
    const fetch = createFetch();
    const { body } = await fetch(`http://${server.authority}/send_${ENDLESS}_bytes`, { signal: controller.signal });
    assert.ok(body);
    let received = 0;
    setImmediate(() => controller.abort(reason));
    await assert.rejects(async () => {
      for await (const part of body as ReadableStream<Uint8Array>) received += part.length;
    }, reason);
    assert.ok(received < ENDLESS);
  });
});
