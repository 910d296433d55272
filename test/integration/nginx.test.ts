import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  AioFuture,
  BodyFollowing,
  ConnectionClosed,
  type Coroutine,
  type HTTPConnection,
  POLLIN,
  type PollNeeded,
  runBlocking,
  select,
} from '../../src/index.ts';
import { dummyBytes } from '../support/dummy-bytes.ts';
import { type Nginx, nginxMissing, startNginx } from '../support/nginx.ts';
import { timeLimit } from '../support/time-limit.ts';
import { connectionTo, waysOfWaiting } from '../support/waiting.ts';

const documents = 2000;

/** A few empty and some large ones among many small ones. */
function documentOf(index: number): Buffer {
  const size = index % 100 === 0 ? 0 : index % 50 === 7 ? 100_000 + index : index * 3;
  return dummyBytes(size).fill(`${index},`, 0, Math.min(size, 64));
}

function pathOf(index: number): string {
  return `/documents/${index}.txt`;
}

describe('2,000 pipelined GETs over one connection to nginx', { skip: nginxMissing() }, () => {
  let nginx: Nginx;

  before(async () => {
    nginx = await startNginx({ http: 'keepalive_requests 10000;' });
    mkdirSync(join(nginx.root, 'documents'));
    for (let index = 0; index < documents; index++) writeFileSync(join(nginx.root, pathOf(index)), documentOf(index));
  });
  after(() => nginx.stop());

  function* coSendAll(connection: HTTPConnection): Coroutine<void> {
    for (let index = 0; index < documents; index++) yield* connection.coSendRequest('GET', pathOf(index));
  }

  function* coReadAll(connection: HTTPConnection): Coroutine<number> {
    for (let index = 0; index < documents; index++) {
      const { status, path } = yield* connection.coReadResponse();
      assert.deepEqual([status, path], [200, pathOf(index)]);
      assert.ok((yield* connection.coReadAll()).equals(documentOf(index)), path);
    }
    return documents;
  }

  test('blocking: all sends, then all reads', () => {
    using connection = connectionTo(nginx, { maxReadAhead: 2 ** 26 });
    runBlockingSends(connection);
    assert.equal(runBlocking(coReadAll(connection)), documents);
    assert.equal(connection.responsePending(), false);
  });

  function runBlockingSends(connection: HTTPConnection): void {
    for (let index = 0; index < documents; index++) connection.sendRequest('GET', pathOf(index));
  }

  test('in a loop written by hand: a sending and a reading coroutine, and select()', () => {
    using connection = connectionTo(nginx);
    connection.connect();
    const waiting = new Map<Coroutine<unknown>, PollNeeded>();
    const advance = (coroutine: Coroutine<unknown>): void => {
      const step = coroutine.next();
      if (step.done) waiting.delete(coroutine);
      else waiting.set(coroutine, step.value);
    };
    advance(coSendAll(connection));
    advance(coReadAll(connection));
    while (waiting.size > 0) {
      const entries = [...waiting];
      const needs = (mask: number) =>
        entries.filter(([, need]) => (need.mask & mask) !== 0).map(([coroutine, { fd }]) => ({ fd, coroutine }));
      const [readers, writers] = select(needs(POLLIN), needs(4), [], timeLimit(20_000));
      assert.ok(readers.length + writers.length > 0, 'nothing is ready');
      for (const coroutine of new Set([...readers, ...writers].map(({ coroutine }) => coroutine))) advance(coroutine);
    }
    assert.equal(connection.responsePending(), false);
  });

  test('as two futures: a sender and a reader', async () => {
    using connection = connectionTo(nginx);
    const sender = new AioFuture(coSendAll(connection));
    assert.equal(await new AioFuture(coReadAll(connection)), documents);
    await sender;
  });

  test('collected by cork(), blocking', () => {
    using connection = connectionTo(nginx, { maxReadAhead: 2 ** 26 });
    connection.cork();
    runBlockingSends(connection);
    connection.uncork();
    assert.equal(runBlocking(coReadAll(connection)), documents);
  });
});

describe('nginx', { skip: nginxMissing() }, () => {
  let nginx: Nginx;
  const text = dummyBytes(10_000);

  before(async () => {
    nginx = await startNginx({
      server: `
        location /upload/ { dav_methods PUT DELETE; create_full_put_path on; client_max_body_size 2m; }
        location /refuse/ { return 403 "no"; }`,
    });
    writeFileSync(join(nginx.root, 'text.txt'), text);
  });
  after(() => nginx.stop());

  test('closes after its default limit of 1,000 requests: what was sent behind them is lost, and said to be', () => {
    using connection = connectionTo(nginx);
    const requests = 1100;
    for (let index = 0; index < requests; index++) connection.sendRequest('GET', `/text.txt?${index}`);
    for (let index = 0; index < 1000; index++) {
      const { path, headers } = connection.readResponse();
      assert.equal(path, `/text.txt?${index}`);
      assert.equal(headers.get('connection'), index < 999 ? 'keep-alive' : 'close');
      assert.ok(connection.readAll().equals(text));
    }
    const lost = Array.from({ length: requests - 1000 }, (_, index) => `/text.txt?${1000 + index}`);
    for (const call of [() => connection.readResponse(), () => connection.sendRequest('GET', '/text.txt')]) {
      assert.throws(call, (error: unknown) => {
        assert.ok(error instanceof ConnectionClosed);
        assert.deepEqual(
          error.lostRequests.map(({ path }) => path),
          lost,
        );
        assert.ok(error.lostRequests.every(({ mayHaveBeenProcessed }) => mayHaveBeenProcessed));
        return true;
      });
    }
    connection.disconnect();
    for (const path of lost) connection.sendRequest('GET', path);
    for (const path of lost) {
      assert.equal(connection.readResponse().path, path);
      connection.discard();
    }
  });

  test('answers HEAD, ranges (206, 416), conditions (304) and 404 on one connection [RFC 9110 13, 14]', () => {
    using connection = connectionTo(nginx);
    connection.sendRequest('HEAD', '/text.txt');
    const head = connection.readResponse();
    assert.deepEqual([head.status, head.length, head.headers.get('content-length')], [200, 0, '10000']);
    const etag = head.headers.get('etag') ?? '';
    connection.sendRequest('GET', '/text.txt', { headers: { 'If-None-Match': etag } });
    connection.sendRequest('GET', '/text.txt', { headers: { Range: 'bytes=100-199' } });
    connection.sendRequest('GET', '/text.txt', { headers: { Range: 'bytes=20000-' } });
    connection.sendRequest('GET', '/missing');
    connection.sendRequest('GET', '/text.txt');
    assert.deepEqual([connection.readResponse().status, connection.responsePending()], [304, true]);
    const range = connection.readResponse();
    assert.deepEqual(
      [range.status, range.length, range.headers.get('content-range')],
      [206, 100, 'bytes 100-199/10000'],
    );
    assert.ok(connection.readAll().equals(text.subarray(100, 200)));
    assert.equal(connection.readResponse().status, 416);
    connection.discard();
    assert.equal(connection.readResponse().status, 404);
    assert.match(connection.readText(), /404 Not Found/);
    assert.equal(connection.readResponse().status, 200);
    assert.ok(connection.readAll().equals(text));
  });

  for (const { name, run } of waysOfWaiting) {
    test(`takes uploads: whole, of announced length, chunked (${name})`, async () => {
      using connection = connectionTo(nginx);
      const body = dummyBytes(1_500_000);
      const file = `/upload/${name.replaceAll(' ', '-')}`;
      const check = async (kind: string) => {
        assert.equal((await run(connection.coReadResponse())).status, 201);
        await run(connection.coDiscard());
        assert.ok(readFileSync(join(nginx.root, `${file}-${kind}`)).equals(body), kind);
      };
      await run(connection.coSendRequest('PUT', `${file}-whole`, { body }));
      await check('whole');
      await run(connection.coSendRequest('PUT', `${file}-length`, { body: new BodyFollowing(body.length) }));
      for (let at = 0; at < body.length; at += 100_000) await run(connection.coWrite(body.subarray(at, at + 100_000)));
      await check('length');
      await run(connection.coSendRequest('PUT', `${file}-chunked`, { body: new BodyFollowing(), expect100: true }));
      assert.equal((await run(connection.coReadResponse())).reason, 'Continue');
      for (let at = 0; at < body.length; at += 90_000) await run(connection.coWrite(body.subarray(at, at + 90_000)));
      await run(connection.coEndBody());
      await check('chunked');
    });

    test(`refuses an upload by 413 instead of 100: no body is sent (${name}) [RFC 9110 10.1.1]`, async () => {
      using connection = connectionTo(nginx);
      const body = new BodyFollowing(3_000_000);
      await run(connection.coSendRequest('PUT', '/upload/large', { body, expect100: true }));
      const answer = await run(connection.coReadResponse());
      assert.equal(answer.status, 413);
      assert.match(await run(connection.coReadText()), /413 Request Entity Too Large/);
      await assert.rejects(async () => run(connection.coWrite(Buffer.alloc(1))), /StateError|ConnectionClosed/);
      assert.equal(answer.headers.get('connection'), 'close');
      await assert.rejects(async () => run(connection.coSendRequest('GET', '/text.txt')), { name: 'ConnectionClosed' });
    });
  }
});
