/** fetch, awaited and blocking, from a real nginx: content codings, redirects of uploads, bodies that are not read, idle connections. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { closeIdleConnections, fetchSync } from 'dugong/sync';
import { native } from '../../src/io/native.ts';
import { dummyBytes } from '../support/dummy-bytes.ts';
import { createFetch, direct } from '../support/held-fetches.ts';
import { type Nginx, nginxMissing, startNginx } from '../support/nginx.ts';

const text = 'All work and no play makes a dull client.\n'.repeat(20_000);
const large = dummyBytes(1_000_000);

describe('fetch from nginx', { skip: nginxMissing() }, () => {
  let nginx: Nginx;
  let origin: string;

  before(async () => {
    nginx = await startNginx({
      http: 'gzip on; gzip_types *; gzip_min_length 1; keepalive_timeout 1s; keepalive_requests 100000;',
      server: `
        location = /count { return 200 "$connection"; }
        location = /moved { return 307 /upload/file; }
        location = /seen { return 302 /text; }
        location = /encoding { return 200 "$http_accept_encoding"; }
        location /upload/ { dav_methods PUT; create_full_put_path on; client_max_body_size 2m; }`,
    });
    origin = `http://${nginx.hostname}:${nginx.port}`;
    writeFileSync(join(nginx.root, 'text'), text);
    writeFileSync(join(nginx.root, 'large'), large);
  });
  after(() => {
    closeIdleConnections();
    return nginx.stop();
  });

  test('undoes its gzip, and asks for it', async () => {
    const fetch = createFetch(direct);
    const answer = await fetch(`${origin}/text`);
    assert.equal(answer.headers.get('Content-Encoding'), 'gzip');
    assert.equal(await answer.text(), text);
    const parts: Uint8Array[] = [];
    for await (const part of (await fetch(`${origin}/text`)).body ?? []) parts.push(part);
    assert.equal(Buffer.concat(parts).toString(), text);
    assert.equal(fetchSync(`${origin}/text`, direct).text(), text);
    assert.match(await (await fetch(`${origin}/encoding`)).text(), /^gzip, deflate, br/);
    const plain = createFetch({ ...direct, decompress: false });
    assert.equal((await plain(`${origin}/text`)).headers.get('Content-Encoding'), null);
    assert.equal(fetchSync(`${origin}/seen`, direct).text(), text);
  });

  test('repeats an upload after a 307, whatever form its body has', async () => {
    const fetch = createFetch(direct);
    const url = `${origin}/moved`;
    for (const input of [
      [url, { method: 'PUT', body: large }],
      [url, { method: 'PUT', body: new Blob([large]) }],
      [new Request(url, { method: 'PUT', body: large })],
    ] as Parameters<typeof fetch>[]) {
      const answer = await fetch(...input);
      assert.ok([201, 204].includes(answer.status));
      assert.equal(answer.redirected, true);
      assert.deepEqual(Buffer.from(await (await fetch(`${origin}/upload/file`)).arrayBuffer()), large);
    }
    for (let count = 0; count < 20; count++) {
      assert.ok(fetchSync(url, { ...direct, method: 'PUT', body: large }).ok);
      assert.deepEqual(Buffer.from(fetchSync(`${origin}/large`, direct).bytes()), large);
    }
  });

  test('goes on when bodies are not read, one after the other and at once', async () => {
    const fetch = createFetch(direct);
    for (let count = 0; count < 200; count++) assert.equal((await fetch(`${origin}/count`)).status, 200);
    const answers = await Promise.all(Array.from({ length: 200 }, () => fetch(`${origin}/text`)));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  });

  test('leaves no descriptor when nginx closes what is idle, after a second', async () => {
    const before = native.counts().owned;
    const fetch = createFetch({ ...direct, idleTimeout: 60_000 });
    await Promise.all(Array.from({ length: 5 }, async () => (await fetch(`${origin}/count`)).text()));
    while (native.counts().owned > before) await delay(50);
    assert.match(await (await fetch(`${origin}/count`)).text(), /^\d+$/);
  });
});
