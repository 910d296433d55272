/** The pure parts of a bulk transfer: when to try again, what a body is checked for, what waits for a server. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { Attempt, firstRequest, Work } from '../../src/bulk/attempt.ts';
import { Host } from '../../src/bulk/host.ts';
import { Provisional, type Settled } from '../../src/bulk/provisional.ts';
import { RateLimit } from '../../src/bulk/rate-limit.ts';
import { backoff, canPass, isOverload, retryAfter } from '../../src/bulk/retry.ts';
import type { TransferJob } from '../../src/bulk/transfer-job.ts';
import { BodyCheck } from '../../src/bulk/verification.ts';
import type { HTTPResponse } from '../../src/client/http-response.ts';
import { Pipelining } from '../../src/client/pipelining.ts';
import { now } from '../../src/clock.ts';
import { endpointOf } from '../../src/fetch/endpoint.ts';
import { HTTPHeaders } from '../../src/index.ts';
import { runBlocking } from '../../src/schedule/run-blocking.ts';

/** What the checks look at of a response. */
function responseWith(fields: Record<string, string>, others: Partial<HTTPResponse> = {}): HTTPResponse {
  const shape = { method: 'GET', path: '/', status: 200, reason: '', httpVersion: '1.1', length: null, ...others };
  return { ...shape, headers: new HTTPHeaders(fields) } as unknown as HTTPResponse;
}

describe('retryAfter()', () => {
  const time = Date.UTC(2026, 0, 1);
  const cases: [Record<string, string>, number][] = [
    [{}, 0],
    [{ 'Retry-After': '2' }, 2000],
    [{ 'Retry-After': ' 120 ' }, 120_000],
    [{ 'Retry-After': '0' }, 0],
    [{ 'Retry-After': '999999999' }, 1e8],
    [{ 'Retry-After': '-5' }, 0],
    [{ 'Retry-After': '1e3' }, 0],
    [{ 'Retry-After': '5, 6' }, 0],
    [{ 'Retry-After': 'Thu, 01 Jan 2026 00:00:07 GMT' }, 7000],
    [{ 'Retry-After': 'Wed, 31 Dec 2025 23:59:00 GMT' }, 0],
    [{ 'Retry-After': 'Fri, 01 Jan 1999 00:00:30 GMT', Date: 'Fri, 01 Jan 1999 00:00:00 GMT' }, 30_000],
    [{ 'Retry-After': 'Thu, 01 Jan 2026 00:00:07 GMT', Date: 'nonsense' }, 7000],
    [{ 'Retry-After': 'tomorrow' }, 0],
  ];
  for (const [fields, expected] of cases) {
    test(JSON.stringify(fields), () => assert.equal(retryAfter(responseWith(fields), time), expected));
  }
});

test('backoff() is by chance below a bound that doubles, up to 30 s', () => {
  const bounds = [1, 2, 3, 4, 7, 8, 100].map((failures) => backoff(failures, () => 1));
  assert.deepEqual(bounds, [500, 1000, 2000, 4000, 30_000, 30_000, 30_000]);
  assert.equal(
    backoff(5, () => 0),
    0,
  );
});

test('statuses that can pass', () => {
  const statuses = Array.from({ length: 500 }, (_, index) => 100 + index);
  assert.deepEqual(
    statuses.filter((status) => canPass('GET', status)),
    [408, 425, 429, 500, 502, 503, 504],
  );
  assert.deepEqual(
    statuses.filter((status) => canPass('POST', status)),
    [408, 425, 429, 503],
  );
  assert.deepEqual(statuses.filter(isOverload), [429, 503]);
});

describe('BodyCheck', () => {
  const body = Buffer.from('the document');
  const value = createHash('sha256').update(body).digest();
  const announced = `sha-256=:${value.toString('base64')}:`;
  const other = `sha-256=:${createHash('sha256').digest('base64')}:`;

  function checked(job: Partial<TransferJob>, response: HTTPResponse): string {
    try {
      const check = new BodyCheck({ url: 'http://x/', ...job }, response);
      check.begin();
      if (response.method !== 'HEAD') for (const byte of body) check.update(Uint8Array.of(byte));
      return check.end();
    } catch (error) {
      assert.equal((error as Error).name, 'WrongDocument', String(error));
      return 'wrong';
    }
  }

  const known = { length: body.length };
  const cases: [string, Partial<TransferJob>, HTTPResponse, string][] = [
    ['an announced digest', {}, responseWith({ 'Repr-Digest': announced }), 'digest'],
    ['another announced digest', {}, responseWith({ 'Content-Digest': other }), 'wrong'],
    ['an unknown digest beside a known one', {}, responseWith({ 'Repr-Digest': `md5=:AA==:, ${announced}` }), 'digest'],
    ['a digest that is none', {}, responseWith({ 'Repr-Digest': 'sha-256=nonsense' }, known), 'length'],
    [
      'the digest of the whole with a part',
      {},
      responseWith({ 'Repr-Digest': other }, { status: 206, ...known }),
      'length',
    ],
    ['a given digest', { digest: { algorithm: 'sha-256', value } }, responseWith({}), 'digest'],
    ['another given digest', { digest: { algorithm: 'sha-1', value } }, responseWith({}), 'wrong'],
    ['the size', { size: 12 }, responseWith({}), 'size'],
    ['another size', { size: 13 }, responseWith({}), 'wrong'],
    ['a smaller size', { size: 11 }, responseWith({}), 'wrong'],
    ['another announced size', { size: 12 }, responseWith({}, { length: 13 }), 'wrong'],
    ['the size of the whole with a part', { size: 100 }, responseWith({}, { status: 206, ...known }), 'length'],
    ['the entity tag', { etag: '"a"' }, responseWith({ ETag: '"a"' }), 'validator'],
    ['another entity tag', { etag: '"a"' }, responseWith({ ETag: '"b"' }), 'wrong'],
    ['no entity tag', { etag: '"a"' }, responseWith({}), 'wrong'],
    ['a weak entity tag', { etag: 'W/"a"' }, responseWith({ ETag: 'W/"a"' }), 'wrong'],
    ['a length', {}, responseWith({}, known), 'length'],
    ['chunks', {}, responseWith({ 'Transfer-Encoding': 'chunked' }), 'length'],
    ['the end of the connection', {}, responseWith({}), 'none'],
    [
      'the size that HEAD gives',
      { size: 12 },
      responseWith({ 'Content-Length': '12' }, { method: 'HEAD', length: 0 }),
      'size',
    ],
    [
      'another size that HEAD gives',
      { size: 1 },
      responseWith({ 'Content-Length': '12' }, { method: 'HEAD', length: 0 }),
      'wrong',
    ],
    ['HEAD without a size', { size: 1 }, responseWith({}, { method: 'HEAD', length: 0 }), 'length'],
    [
      'a digest with HEAD',
      { digest: { algorithm: 'md5', value } },
      responseWith({}, { method: 'HEAD', length: 0 }),
      'length',
    ],
  ];
  for (const [what, job, response, expected] of cases) {
    test(`${what}: ${expected}`, () => assert.equal(checked(job, response), expected));
  }
});

function host(): Host {
  const url = new URL('http://127.0.0.1:1/');
  return new Host(endpointOf(url, { tls: undefined, proxy: false, connection: undefined }), url.origin, 32);
}

function attempts(of: Host, count: number): Attempt[] {
  return Array.from({ length: count }, (_, index) => {
    const job = { url: `http://127.0.0.1:1/${index}` };
    return new Attempt(new Work(job, index, undefined), firstRequest(job), { host: of, before: undefined });
  });
}

describe('Host', () => {
  test('gives attempts in order; those that are given back first', () => {
    const one = host();
    const [a, b, c, d] = attempts(one, 4) as [Attempt, Attempt, Attempt, Attempt];
    for (const attempt of [a, b, c]) one.add(attempt);
    assert.deepEqual([one.take(), one.take()], [a, b]);
    one.ended(2);
    one.addFirst([a, b]);
    one.add(d);
    assert.equal(one.load, 4);
    assert.deepEqual([one.take(), one.take(), one.take(), one.take(), one.take()], [a, b, c, d, undefined]);
    assert.equal(one.load, 4);
    one.ended(4);
    assert.equal(one.load, 0);
  });

  test('gives nothing while it pauses, and what is due later when it is due', () => {
    const one = host();
    const [a, b] = attempts(one, 2) as [Attempt, Attempt];
    one.addLater(b, now() + 1e6);
    assert.deepEqual([one.isReady, one.take()], [false, undefined]);
    assert.ok((one.readyAt ?? 0) > now());
    one.addLater(a, now() - 1);
    assert.equal(one.isReady, true);
    one.pause(1e5);
    assert.deepEqual([one.isReady, one.take()], [false, undefined]);
    one.pause(10);
    assert.ok((one.readyAt ?? 0) > now() + 9e4, 'a shorter pause ended a longer one');
    assert.deepEqual(one.drain(), [a, b]);
    assert.equal(one.readyAt, undefined);
  });

  test('shares its attempts among its connections', () => {
    const one = host();
    for (const attempt of attempts(one, 10)) one.add(attempt);
    one.lines = 4;
    assert.equal(one.share, 3);
    one.lines = 0;
    assert.equal(one.share, 10);
    one.drain();
    assert.equal(one.share, 1);
  });
});

test('Provisional is full by number, and by bytes in memory', () => {
  const one = host();
  const [attempt] = attempts(one, 1) as [Attempt];
  const provisional = new Provisional(2);
  const response = {} as HTTPResponse;
  const whole = (body?: Buffer): Settled => ({ attempt, response, verdict: { kind: 'whole', body } });
  for (let count = 0; count < 8; count++) {
    assert.equal(provisional.isFull, false);
    provisional.add(whole());
  }
  assert.equal(provisional.isFull, true);
  assert.equal(provisional.takeAll().length, 8);
  assert.deepEqual([provisional.isFull, provisional.any], [false, false]);
  provisional.add(whole(Buffer.allocUnsafe(1 << 24)));
  assert.equal(provisional.isFull, true);
  assert.equal(provisional.take()?.attempt, attempt);
  assert.deepEqual([provisional.isFull, provisional.bytes], [false, 0]);
});

test('RateLimit makes bytes wait until they are due', () => {
  const rate = new RateLimit(100_000);
  assert.ok(rate.portion <= 25_000);
  const begun = now();
  for (let count = 0; count < 5; count++) runBlocking(rate.coTake(4000));
  assert.ok(now() - begun >= 195, `${now() - begun} ms`);
  const unlimited = new RateLimit(0);
  assert.equal(unlimited.portion, Number.POSITIVE_INFINITY);
  runBlocking(unlimited.coTake(1e12));
});

describe('Pipelining', () => {
  const good = { persistent: true, number: 1 };
  const bare = { has: () => false };

  test('begins with one request, and goes on after a response that leaves the connection open', () => {
    const one = new Pipelining(32);
    assert.equal(one.depth, 1);
    one.answered({ persistent: false, number: 1 });
    assert.equal(one.depth, 1);
    one.answered(good);
    assert.equal(one.depth, 32);
  });

  test('degrades in steps, and takes each back after many good responses, later ones after more', () => {
    const one = new Pipelining(32);
    one.answered(good);
    const depths = [0, 1, 2].map(() => {
      one.suspect();
      return [one.depth, one.perConnection];
    });
    assert.deepEqual(depths, [
      [16, Number.POSITIVE_INFINITY],
      [1, Number.POSITIVE_INFINITY],
      [1, 1],
    ]);
    let responses = 0;
    for (; one.perConnection === 1; responses++) one.answered(good);
    assert.equal(responses, 256);
    for (responses = 0; one.depth < 32; responses++) one.answered(good);
    assert.equal(responses, 5 * 256);
  });

  test('learns how many requests a connection takes, and forgets that after a connection that took more', () => {
    const one = new Pipelining(32);
    for (let number = 1; number < 100; number++) one.answered({ persistent: true, number });
    one.answered({ persistent: false, number: 100 });
    assert.equal(one.perConnection, 100);
    for (let number = 1; number <= 99; number++) one.answered({ persistent: true, number });
    assert.equal(one.perConnection, 100);
    one.answered({ persistent: true, number: 100 });
    assert.equal(one.perConnection, Number.POSITIVE_INFINITY);
  });

  test('is not suspected for a connection that has served well', () => {
    const one = new Pipelining(8);
    one.broke(16);
    assert.equal(one.faults, 0);
    one.broke(15);
    assert.equal(one.faults, 1);
  });

  test('doubts an error status until it is confirmed, and again once it has vanished', () => {
    const one = new Pipelining(8);
    const doubts = (status: number): boolean => one.doubts({ status, headers: bare });
    assert.deepEqual([200, 304, 404, 429, 503].map(doubts), [false, false, true, false, true]);
    assert.equal(one.doubts({ status: 503, headers: { has: (name) => name === 'Retry-After' } }), false);
    one.confirmed(404, 404);
    assert.equal(doubts(404), true);
    one.confirmed(404, 404);
    assert.equal(doubts(404), false);
    one.confirmed(404, 200);
    assert.deepEqual([doubts(404), one.faults], [true, 1]);
  });
});
