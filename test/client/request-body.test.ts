import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import {
  BodyFollowing,
  FORM_TYPE,
  framingOfPieces,
  requestBody,
  withContentChecks,
  withContentType,
} from '../../src/client/request-body.ts';
import { HTTPHeaders } from '../../src/http1/headers.ts';

describe('a request body', () => {
  test('that is missing has no framing', () => {
    for (const body of [undefined, null]) assert.deepEqual(requestBody(body).framing, { kind: 'none' });
  });

  const whole: readonly (readonly [name: string, body: unknown, bytes: string, type?: string])[] = [
    ['a string, as UTF-8', 'ü', 'ü'],
    ['an empty string', '', ''],
    ['a Buffer', Buffer.from('12'), '12'],
    ['a part of an ArrayBuffer', new Uint8Array(Buffer.from('0123')).subarray(1, 3), '12'],
    ['an ArrayBuffer', new Uint8Array(Buffer.from('12')).buffer, '12'],
    ['a form', new URLSearchParams({ a: 'ü b' }), 'a=%C3%BC+b', FORM_TYPE],
  ];
  for (const [name, given, bytes, type] of whole) {
    test(`that is ${name} is sent whole, with its length`, () => {
      const { framing, body, pieces, ...rest } = requestBody(given);
      assert.deepEqual(framing, { kind: 'length', length: Buffer.byteLength(bytes) });
      assert.deepEqual(Buffer.from(body as Uint8Array).toString(), bytes);
      assert.deepEqual([pieces, rest.type], [undefined, type]);
    });
  }

  test('in pieces is chunked, and has its length if that is known: a Blob', () => {
    const pieces = ['a'];
    assert.deepEqual(requestBody(pieces), { framing: { kind: 'chunked' }, body: undefined, pieces, type: undefined });
    assert.deepEqual(requestBody(new Blob(['abc'])).framing, { kind: 'length', length: 3 });
  });

  test('that is FormData has its boundary as its type', () => {
    const { framing, type } = requestBody(new FormData());
    assert.equal(framing.kind, 'length');
    assert.match(String(type), /^multipart\/form-data; boundary=/);
  });

  test('that follows has the length that was announced, or is chunked', () => {
    assert.deepEqual(requestBody(new BodyFollowing(0)).framing, { kind: 'length', length: 0 });
    assert.deepEqual(requestBody(new BodyFollowing()).framing, { kind: 'chunked' });
    for (const length of [-1, 1.5, Number.NaN, 2 ** 53]) {
      assert.throws(() => new BodyFollowing(length), { name: 'TypeError', message: /whole number >= 0/ });
    }
  });

  for (const body of [1, true, {}, () => 'x', Symbol('x')]) {
    test(`that is ${typeof body} is a TypeError`, () => assert.throws(() => requestBody(body), TypeError));
  }
});

describe('the framing of pieces [RFC 9112 6.2]', () => {
  test('is by the Content-Length of the caller, if the length is not known otherwise', () => {
    const chunked = { kind: 'chunked' } as const;
    const length = { kind: 'length', length: 3 } as const;
    assert.deepEqual(framingOfPieces(chunked, { 'content-length': '12' }), { kind: 'length', length: 12 });
    assert.equal(framingOfPieces(length, { 'content-length': '12' }), length);
    assert.equal(framingOfPieces(chunked, undefined), chunked);
    assert.equal(framingOfPieces(chunked, {}), chunked);
    for (const other of ['', 'x', '-1', '1.5', '1, 1', '0x1', '1'.repeat(16)]) {
      assert.equal(framingOfPieces(chunked, { 'Content-Length': other }), chunked);
    }
  });
});

describe('the Content-Type that a form of body implies', () => {
  test('is added unless the caller has one', () => {
    const given = { a: '1' };
    assert.equal(withContentType(given, undefined), given);
    assert.deepEqual(
      [...(withContentType(given, 'x/y') as HTTPHeaders)],
      [
        ['a', '1'],
        ['Content-Type', 'x/y'],
      ],
    );
    const own = withContentType({ 'content-type': 'own' }, 'x/y') as HTTPHeaders;
    assert.deepEqual(own.getAll('Content-Type'), ['own']);
  });
});

describe('digests of a body', () => {
  const body = Buffer.from('body');
  const hash = (algorithm: string): string => createHash(algorithm).update(body).digest('base64');
  const fields = (checks: object, headers = {}): unknown => [
    ...new HTTPHeaders(withContentChecks(headers, checks, body)),
  ];

  test('are added as they are asked for [RFC 1864, RFC 9530]', () => {
    assert.deepEqual(fields({}), []);
    assert.deepEqual(fields({ contentMD5: true }), [['Content-MD5', hash('md5')]]);
    assert.deepEqual(fields({ contentDigest: 'sha-256' }), [['Content-Digest', `sha-256=:${hash('sha256')}:`]]);
    assert.deepEqual(fields({ contentDigest: 'sha-512' }), [['Content-Digest', `sha-512=:${hash('sha512')}:`]]);
  });

  test('of the caller stay', () => {
    const own = { 'content-md5': 'own', 'content-digest': 'own' };
    assert.deepEqual(fields({ contentMD5: true, contentDigest: 'sha-256' }, own), Object.entries(own));
  });

  test('need a whole body and an algorithm that is known', () => {
    assert.throws(() => withContentChecks({}, { contentMD5: true }, undefined), /given as a whole/);
    const unknown = { contentDigest: 'md5' as 'sha-256' };
    assert.throws(() => withContentChecks({}, unknown, body), { name: 'TypeError', message: /got "md5"/ });
    assert.equal(withContentChecks(undefined, {}, undefined), undefined);
  });
});
