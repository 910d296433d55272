import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import zlib from 'node:zlib';
import { InvalidResponse } from '../../src/errors.ts';
import { decodedBy, decoderOf, explained, hasZstd } from '../../src/fetch/codec.ts';
import { ENCODERS } from '../support/content-codings.ts';

const TEXT = Buffer.from('a text, a text, and a text');
const use = { most: 1000, advice: 'ADVICE' };

describe('decoding at once', () => {
  for (const [coding, encode] of ENCODERS) {
    test(`gives what was encoded as ${coding}, up to a limit`, () => {
      assert.deepEqual(decodedBy(coding, encode(TEXT), { ...use, most: TEXT.length }), TEXT);
      assert.equal(decodedBy(coding, encode(TEXT), { ...use, most: TEXT.length - 1 }), undefined);
      assert.equal(decodedBy(coding, encode(TEXT), { ...use, most: 0 }), undefined);
      assert.deepEqual(decodedBy(coding, encode(Buffer.alloc(0)), { ...use, most: 0 }), Buffer.alloc(0));
    });

    test(`refuses ${coding} that is cut short or corrupt, with the advice`, () => {
      const whole = encode(TEXT);
      for (const bytes of [whole.subarray(0, -1), whole.subarray(0, 3), Buffer.alloc(20, 0xff)]) {
        assert.throws(
          () => decodedBy(coding, bytes, use),
          (error: InvalidResponse) => {
            assert.ok(error instanceof InvalidResponse);
            assert.match(error.message, new RegExp(`^the body cannot be decoded from ${coding} \\(.*ADVICE$`));
            assert.ok(error.cause instanceof Error);
            return true;
          },
        );
      }
    });
  }

  test('takes several members of gzip, and zeros behind them [RFC 1952 2.2]', () => {
    const members = Buffer.concat([zlib.gzipSync('a'), zlib.gzipSync('b'), Buffer.alloc(8)]);
    assert.equal(decodedBy('gzip', members, use)?.toString(), 'ab');
  });

  test('takes deflate without the wrapper of zlib', () => {
    assert.deepEqual(decodedBy('deflate', zlib.deflateRawSync(TEXT), use), TEXT);
  });
});

describe('decoding as a stream', () => {
  for (const [coding, encode] of ENCODERS) {
    test(`gives what was encoded as ${coding}, in parts of about the size`, async () => {
      const text = Buffer.alloc(10_000, 'x');
      const encoded = encode(text);
      const decoder = decoderOf(coding, encoded.at(0), 1024);
      decoder.end(encoded);
      const parts: Buffer[] = [];
      for await (const part of decoder) parts.push(part as Buffer);
      assert.deepEqual(Buffer.concat(parts), text);
      assert.ok(parts.every(({ length }) => length <= 1024));
    });
  }
});

test('what is not about the data stays as it is', () => {
  for (const error of [new Error('another'), undefined, 'text']) {
    assert.equal(explained('gzip', error, 'ADVICE'), error);
  }
});

test('zstd is there where Node has a decoder that notices cut data', () => {
  assert.equal(hasZstd(), ENCODERS.has('zstd'));
});
