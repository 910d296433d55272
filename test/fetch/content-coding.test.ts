/** Content codings: the fields, and what is decoded, at once and as it comes. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import zlib from 'node:zlib';
import { InvalidResponse, UnsupportedResponse } from 'dugong';
import { HTTPHeaders } from 'dugong/http1';
import {
  acceptEncoding,
  type ContentCoding,
  contentCodings,
  decodeWhole,
  decodingReader,
} from '../../src/fetch/content-coding.ts';
import { allOf, ENCODERS, type Encode, inPieces } from '../support/content-codings.ts';

const headers = (...lines: string[]): HTTPHeaders =>
  new HTTPHeaders(lines.map((value) => ['Content-Encoding', value] as const));

type Decode = (bytes: Uint8Array, codings: readonly ContentCoding[]) => Promise<Uint8Array>;

const streamed =
  (size: number): Decode =>
  (bytes, codings) =>
    allOf(decodingReader(inPieces(bytes, size), codings));

/** Each way of decoding, which all come to the same. */
const WAYS: Readonly<Record<string, Decode>> = {
  'at once': async (bytes, codings) => decodeWhole(bytes, codings, { maxSize: 1e9 }),
  'in one part': streamed(Number.POSITIVE_INFINITY),
  'byte by byte': streamed(1),
};

describe('acceptEncoding', () => {
  test('asks for what can be decoded', () => {
    assert.match(acceptEncoding(new HTTPHeaders()) ?? '', /^gzip, deflate, br(, zstd)?$/);
    assert.equal(acceptEncoding(new HTTPHeaders())?.includes('zstd'), ENCODERS.has('zstd'));
  });

  test("adds nothing to the caller's", () => {
    for (const value of ['gzip;q=0.5', '']) {
      assert.equal(acceptEncoding(new HTTPHeaders({ 'accept-encoding': value })), undefined);
      assert.equal(acceptEncoding(new HTTPHeaders({ 'accept-encoding': value, Range: 'bytes=1-' })), undefined);
    }
  });

  test('asks for no coding of a range, which could not be decoded', () => {
    assert.equal(acceptEncoding(new HTTPHeaders({ range: 'bytes=1-' })), 'identity');
  });
});

describe('contentCodings', () => {
  test('names them in any case, in the order in which they were applied, over all field lines [RFC 9110 8.4]', () => {
    assert.deepEqual(contentCodings(headers()), []);
    assert.deepEqual(contentCodings(headers('gzip')), ['gzip']);
    assert.deepEqual(contentCodings(headers('GZip ,\tBR')), ['gzip', 'br']);
    assert.deepEqual(contentCodings(headers('deflate', 'br, gzip')), ['deflate', 'br', 'gzip']);
  });

  test('takes x-gzip for gzip [RFC 9110 8.4.1.3]', () => {
    assert.deepEqual(contentCodings(headers('X-Gzip')), ['gzip']);
  });

  test('leaves out empty elements and identity', () => {
    for (const value of ['', ' ', ',', 'identity', 'IDENTITY, ,']) {
      assert.deepEqual(contentCodings(headers(value)), [], value);
    }
    assert.deepEqual(contentCodings(headers(', gzip,, identity')), ['gzip']);
  });

  test('gives up where one is unknown, as no other can be undone then', () => {
    for (const value of ['compress', 'gzip, aes128gcm', 'x-br', 'gzip;q=1', 'gzip br', 'constructor', '__proto__']) {
      assert.equal(contentCodings(headers(value)), undefined, value);
    }
  });

  test('knows zstd where node:zlib notices cut zstd data', () => {
    assert.deepEqual(contentCodings(headers('zstd')), ENCODERS.has('zstd') ? ['zstd'] : undefined);
  });

  test('refuses more than five', () => {
    assert.equal(contentCodings(headers('gzip, gzip, gzip, gzip, gzip'))?.length, 5);
    assert.throws(() => contentCodings(headers('gzip, gzip, gzip', 'gzip, br, gzip')), {
      name: 'UnsupportedResponse',
      message:
        /^the body has 6 content codings, of which 5 are undone at most\. decompress: false gives it as it came$/,
    });
  });
});

const TEXT = Buffer.from('{"text":"wörter"}'.repeat(20));
const LARGE = Buffer.concat([randomBytes(150_000), Buffer.alloc(300_000, 'text '), randomBytes(10)]);

for (const [way, decode] of Object.entries(WAYS)) {
  describe(`decoding ${way}`, () => {
    const large = way === 'byte by byte' ? LARGE.subarray(149_500, 150_500) : LARGE;
    for (const [coding, encode] of ENCODERS) {
      test(`undoes ${coding}`, async () => {
        assert.deepEqual(Buffer.from(await decode(encode(TEXT), [coding])), TEXT);
        assert.deepEqual(Buffer.from(await decode(encode(large), [coding])), large);
      });

      test(`undoes ${coding} of nothing, and takes no bytes for nothing, as fetch does`, async () => {
        assert.equal((await decode(encode(Buffer.alloc(0)), [coding])).length, 0);
        assert.equal((await decode(Buffer.alloc(0), [coding])).length, 0);
      });

      test(`refuses ${coding} that is cut at any place`, async () => {
        const whole = encode(Buffer.from('a text, a text, and a text'));
        for (let length = 1; length < whole.length; length++) {
          await assert.rejects(decode(whole.subarray(0, length), [coding]), isBroken(coding, 'Z_BUF_ERROR'));
        }
      });

      test(`refuses large ${coding} that is cut`, async () => {
        await assert.rejects(decode(encode(large).subarray(0, -1), [coding]), isBroken(coding, 'Z_BUF_ERROR'));
      });

      test(`refuses what is no ${coding}`, async () => {
        await assert.rejects(decode(Buffer.from('<!doctype html>'), [coding]), isBroken(coding));
      });
    }

    test('undoes codings one on top of the other, the last one first', async () => {
      const codings = [...ENCODERS.keys()].slice(0, 5);
      const encoded = codings.reduce((bytes: Buffer, coding) => (ENCODERS.get(coding) as Encode)(bytes), TEXT);
      assert.deepEqual(Buffer.from(await decode(encoded, codings)), TEXT);
      await assert.rejects(decode(encoded.subarray(0, -1), codings), isBroken(codings.at(-1)));
      const cutInside = zlib.brotliCompressSync(zlib.gzipSync(TEXT).subarray(0, -1));
      await assert.rejects(decode(cutInside, ['gzip', 'br']), isBroken('gzip', 'Z_BUF_ERROR'));
    });

    test('undoes no coding where there is none', async () => {
      assert.deepEqual(Buffer.from(await decode(TEXT, [])), TEXT);
    });

    test('undoes deflate without the zlib wrapper, which servers send, too', async () => {
      for (const level of [0, 1, 9]) {
        assert.deepEqual(Buffer.from(await decode(zlib.deflateRawSync(large, { level }), ['deflate'])), large);
      }
      await assert.rejects(decode(zlib.deflateRawSync(TEXT).subarray(0, -1), ['deflate']), isBroken('deflate'));
    });

    test('undoes gzip of several members, and with zeros behind [RFC 1952 2.2]', async () => {
      const members = Buffer.concat([zlib.gzipSync('one, '), zlib.gzipSync(''), zlib.gzipSync('two')]);
      assert.equal(Buffer.from(await decode(members, ['gzip'])).toString(), 'one, two');
      assert.equal(
        Buffer.from(await decode(Buffer.concat([members, Buffer.alloc(512)]), ['gzip'])).toString(),
        'one, two',
      );
      await assert.rejects(decode(members.subarray(0, -3), ['gzip']), isBroken('gzip', 'Z_BUF_ERROR'));
    });

    test('refuses what follows the gzip data, as fetch does', async () => {
      const trailed = Buffer.concat([zlib.gzipSync(TEXT), Buffer.from('<html>')]);
      await assert.rejects(decode(trailed, ['gzip']), isBroken('gzip', 'Z_DATA_ERROR'));
    });

    test('ignores what follows the end of deflate and br, as fetch does', async () => {
      for (const coding of ['deflate', 'br'] as const) {
        const encoded = (ENCODERS.get(coding) as Encode)(TEXT);
        const trailed = Buffer.concat([encoded, Buffer.from('<html>')]);
        assert.deepEqual(Buffer.from(await decode(trailed, [coding])), TEXT);
        assert.deepEqual(Buffer.from(await decode(Buffer.concat([trailed, large]), [coding])), TEXT);
      }
    });

    test('refuses a wrong checksum', async () => {
      const encoded = zlib.gzipSync(TEXT);
      encoded[encoded.length - 6] = (encoded.at(-6) as number) ^ 1;
      await assert.rejects(decode(encoded, ['gzip']), isBroken('gzip', 'Z_DATA_ERROR'));
    });
  });
}

test('a body larger than maxSize is refused, one of that size is not', () => {
  for (const [coding, encode] of ENCODERS) {
    const encoded = encode(TEXT);
    assert.equal(decodeWhole(encoded, [coding], { maxSize: TEXT.length }).length, TEXT.length);
    assert.equal(decodeWhole(encode(Buffer.alloc(0)), [coding], { maxSize: 0 }).length, 0);
    for (const maxSize of [0, 1, TEXT.length - 1]) {
      assert.throws(
        () => decodeWhole(encoded, [coding], { maxSize }),
        (error) =>
          error instanceof UnsupportedResponse &&
          error.message.startsWith(
            `the body is larger than ${maxSize} bytes when it is decoded. Allow more; decompress:`,
          ),
      );
    }
  }
});

test('what lies between two codings may be larger than maxSize', () => {
  const text = randomBytes(100);
  const encoded = zlib.gzipSync(zlib.gzipSync(text));
  assert.deepEqual(decodeWhole(encoded, ['gzip', 'gzip'], { maxSize: text.length }), text);
});

function isBroken(coding: ContentCoding | undefined, code?: string): (error: unknown) => boolean {
  return (error) => {
    assert(error instanceof InvalidResponse, String(error));
    assert(error.message.startsWith(`the body cannot be decoded from ${coding} (`), error.message);
    assert(error.message.endsWith('. decompress: false gives it as it came'), error.message);
    assert(error.cause instanceof Error && 'code' in error.cause);
    if (code !== undefined) assert.equal(error.cause.code, code);
    return true;
  };
}
