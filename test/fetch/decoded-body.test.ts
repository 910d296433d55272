import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import zlib from 'node:zlib';
import { InvalidResponse } from '../../src/errors.ts';
import { DecodedBody } from '../../src/fetch/decoded-body.ts';
import type { BodyReader } from '../../src/fetch/incoming-body.ts';
import { allOf, inPieces } from '../support/content-codings.ts';

const TEXT = Buffer.from('a text, a text, and a text');

/** A body that is there as a whole, or comes in parts. */
function encoded(bytes: Uint8Array, how: 'whole' | 'in parts'): BodyReader & { cancelled: boolean } {
  const source = inPieces(bytes, 100);
  return Object.assign(source, {
    takeWhole(): Uint8Array | undefined {
      if (how !== 'whole' || source.taken > 0) return undefined;
      source.taken = bytes.length;
      return bytes;
    },
  });
}

/** The body, and the sizes that it has reported. */
function decoding(source: BodyReader): { body: DecodedBody; sizes: number[] } {
  const sizes: number[] = [];
  const told = (error: unknown): unknown => new Error('told', { cause: error });
  const body = new DecodedBody(source, ['gzip'], { onWhole: (size) => sizes.push(size), told });
  return { body, sizes };
}

describe('a small body that is there', () => {
  test('is decoded at once, in memory of its own', () => {
    const { body, sizes } = decoding(encoded(zlib.gzipSync(TEXT), 'whole'));
    const whole = body.takeWhole();
    assert.deepEqual(Buffer.from(whole ?? []), TEXT);
    assert.equal(whole?.buffer.byteLength, TEXT.length);
    assert.deepEqual(sizes, [TEXT.length]);
  });

  test('is one part for a reader; then it has ended', async () => {
    const { body, sizes } = decoding(encoded(zlib.gzipSync(TEXT), 'whole'));
    assert.deepEqual(Buffer.from((await body.read()) ?? []), TEXT);
    assert.equal(body.takeWhole(), undefined);
    assert.deepEqual([await body.read(), await body.read()], [undefined, undefined]);
    assert.deepEqual(sizes, [TEXT.length]);
  });

  test('may be empty', async () => {
    const { body, sizes } = decoding(encoded(zlib.gzipSync(''), 'whole'));
    assert.deepEqual([await body.read(), sizes], [undefined, [0]]);
  });
});

describe('another body', () => {
  const large = randomBytes(20_000);
  const becomesLarge = Buffer.alloc(300_000);

  for (const [name, bytes, how] of [
    ['comes in parts', TEXT, 'in parts'],
    ['is large', large, 'whole'],
    ['becomes large', becomesLarge, 'whole'],
  ] as const) {
    test(`is decoded as it is read if it ${name}`, async () => {
      const { body, sizes } = decoding(encoded(zlib.gzipSync(bytes), how));
      assert.equal(body.takeWhole(), undefined);
      assert.deepEqual(await allOf(body), Buffer.from(bytes));
      assert.deepEqual(sizes, [bytes.length]);
    });
  }
});

describe('a body that cannot be decoded', () => {
  for (const how of ['whole', 'in parts'] as const) {
    test(`fails with one TypeError, whose cause is told (${how})`, async () => {
      const { body, sizes } = decoding(encoded(zlib.gzipSync(TEXT).subarray(0, -3), how));
      const error = await allOf(body).catch((reason: unknown) => reason);
      assert.ok(error instanceof TypeError && error.cause instanceof Error);
      assert.deepEqual([error.message, error.cause.message], ['terminated', 'told']);
      assert.ok(error.cause.cause instanceof InvalidResponse);
      await assert.rejects(body.read(), (again) => again === error);
      assert.deepEqual(sizes, []);
    });
  }

  test('fails as it is received, if that fails', async () => {
    const failure = new TypeError('terminated');
    const source: BodyReader = { takeWhole: () => undefined, read: () => Promise.reject(failure), cancel: () => {} };
    await assert.rejects(decoding(source).body.read(), (error) => error === failure);
  });
});

test('a body that is cancelled gives up its source', async () => {
  const source = encoded(zlib.gzipSync(TEXT), 'in parts');
  const { body } = decoding(source);
  await body.read();
  body.cancel();
  assert.equal(source.cancelled, true);
});
