/** What a body that is decoded as it comes costs: nothing is read or decoded ahead without a bound, and what is flushed is given. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import zlib from 'node:zlib';
import { InvalidResponse, UnsupportedResponse } from 'dugong';
import { decoderOf } from '../../src/fetch/codec.ts';
import { type ByteReader, type ContentCoding, decodeWhole, decodingReader } from '../../src/fetch/content-coding.ts';
import { allOf, ENCODERS, inPieces } from '../support/content-codings.ts';
import { readsOnPrototype, withPollution } from '../support/pollution.ts';

const MIB = 1024 * 1024;
const ZEROS = Buffer.alloc(4 * MIB);

describe('what is decoded as it comes', () => {
  for (const [coding, encode] of ENCODERS) {
    test(`${coding} is read when more is asked for, and decoded in parts of bounded size`, async () => {
      const text = Buffer.concat([ZEROS, randomBytes(200_000)]);
      const encoded = encode(text);
      const source = inPieces(encoded, 10_000);
      const reader = decodingReader(source, [coding]);
      assert.equal(source.taken, 0);
      const first = await reader.read();
      assert((first?.length ?? 0) > 0 && (first?.length ?? 0) <= 131_072, `${first?.length}`);
      assert(source.taken <= 30_000, `${source.taken}`);
      assert.equal((await allOf(reader)).length, text.length - (first?.length ?? 0));
    });
  }

  const event = 'data: 1\n\n';
  const flushed: Readonly<Partial<Record<ContentCoding, Buffer>>> = {
    gzip: zlib.gzipSync(event, { finishFlush: zlib.constants.Z_SYNC_FLUSH }),
    deflate: zlib.deflateSync(event, { finishFlush: zlib.constants.Z_SYNC_FLUSH }),
    br: zlib.brotliCompressSync(event, { finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH }),
  };
  for (const [coding, part] of Object.entries(flushed)) {
    test(`${coding} that the server has flushed is given before more comes`, async () => {
      const source = new Awaited();
      const reader = decodingReader(source, [coding as ContentCoding]);
      source.give(part);
      assert.equal(Buffer.from((await reader.read()) ?? []).toString(), event);
      reader.cancel();
    });
  }

  test('each part is in memory of its own, which its reader may take over', async () => {
    const text = Buffer.alloc(300_000, 'a text');
    const reader = decodingReader(inPieces(zlib.gzipSync(text), 100), ['gzip']);
    let size = 0;
    for (;;) {
      const part = await reader.read();
      if (part === undefined) break;
      const taken = structuredClone(part, { transfer: [part.buffer as ArrayBuffer] });
      assert.equal(taken.byteLength, taken.buffer.byteLength);
      size += taken.length;
    }
    assert.equal(size, text.length);
  });

  test('the end is that of the source, however early the data ends', async () => {
    const source = new Awaited();
    const reader = decodingReader(source, ['deflate']);
    source.give(zlib.deflateSync('a text'));
    assert.equal(Buffer.from((await reader.read()) ?? []).toString(), 'a text');
    let ended = false;
    const end = reader.read().finally(() => {
      ended = true;
    });
    await new Promise(setImmediate);
    assert.equal(ended, false);
    source.give(undefined);
    assert.equal(await end, undefined);
    assert.equal(await reader.read(), undefined);
  });
});

describe('a reader that is given up', () => {
  test('gives nothing more, also to a read that waits', async () => {
    for (const codings of [['gzip'], ['br', 'gzip']] as const) {
      const source = new Awaited();
      const reader = decodingReader(source, codings);
      const waiting = reader.read();
      reader.cancel();
      assert.equal(await waiting, undefined);
      assert.equal(await reader.read(), undefined);
      assert(source.cancelled);
      reader.cancel();
    }
  });

  test('closes its decoders, as one that has come to its end or has failed does', async (context) => {
    const made = context.mock.method(zlib, 'createGunzip');
    const encoded = zlib.gzipSync(zlib.gzipSync(randomBytes(300_000)));
    const reader = decodingReader(inPieces(encoded, 1000), ['gzip', 'gzip']);
    await reader.read();
    reader.cancel();
    await drained(decodingReader(inPieces(encoded, 1000), ['gzip', 'gzip']));
    await assert.rejects(drained(decodingReader(inPieces(encoded.subarray(0, -1), 1000), ['gzip', 'gzip'])));
    await assert.rejects(drained(decodingReader(inPieces(randomBytes(100), 10), ['gzip'])));
    const decoders = made.mock.calls.map(({ result }) => result as zlib.Gunzip);
    assert.equal(decoders.length, 7);
    for (const decoder of decoders) if (!decoder.closed) await once(decoder, 'close');
    assert(decoders.every(({ destroyed }) => destroyed));
  });

  test('is one that has failed, too: each read fails with the same, and the source is given up', async () => {
    const source = inPieces(Buffer.from('no gzip data, no gzip data'), 5);
    const reader = decodingReader(source, ['gzip']);
    const first = await reader.read().catch((error: unknown) => error);
    assert(first instanceof InvalidResponse);
    assert.equal(await reader.read().catch((error: unknown) => error), first);
    assert(source.cancelled);
  });

  test('has the error of its source as it is', async () => {
    const lost = new Error('lost');
    const source = inPieces(zlib.gzipSync('a text'), 10);
    const read = source.read.bind(source);
    source.read = () => (source.taken > 0 ? Promise.reject(lost) : read());
    const reader = decodingReader(source, ['gzip']);
    await assert.rejects(allOf(reader), (error) => error === lost);
  });
});

describe('a bomb', () => {
  // More zeros than are always fine, of which brotli makes some hundred bytes, and gzip 80 KB, but of that gzip less than 1 KB.
  const zeros = Buffer.alloc(80 * MIB);
  const bombs: readonly (readonly [readonly ContentCoding[], Buffer])[] = [
    [['br'], zlib.brotliCompressSync(zeros, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } })],
    [['gzip', 'gzip'], zlib.gzipSync(zlib.gzipSync(zeros))],
  ];

  for (const [codings, bytes] of bombs) {
    test(`of ${codings.join(' and ')} is refused`, async () => {
      const refused = (error: unknown): boolean =>
        error instanceof UnsupportedResponse &&
        /^the body becomes more than 67108864 bytes when it is decoded, of \d+: it may be a bomb\. decompress: false/.test(
          error.message,
        );
      assert.throws(() => decodeWhole(bytes, codings, { maxSize: 1024 * MIB }), refused);
      const source = inPieces(bytes, 100);
      await assert.rejects(drained(decodingReader(source, codings)), refused);
      assert(source.cancelled);
    });
  }

  test('is not what one gzip coding can be', async () => {
    const encoded = zlib.gzipSync(zeros, { level: 9 });
    assert.equal(decodeWhole(encoded, ['gzip'], { maxSize: zeros.length }).length, zeros.length);
    assert.equal(await drained(decodingReader(inPieces(encoded, 65_536), ['gzip'])), zeros.length);
  });
});

describe('nothing on Object.prototype is taken for an option', () => {
  test('of a decoder that decodes at once', () => {
    const strange = { chunkSize: 1, dictionary: 1, info: true, params: 1, maxOutputLength: 2, finishFlush: 0 };
    for (const [coding, encode] of ENCODERS) {
      const encoded = encode(Buffer.from('a text'));
      const whole = withPollution(strange, () => decodeWhole(encoded, [coding], { maxSize: 100 }));
      assert.equal(whole.toString(), 'a text');
      assert.throws(() =>
        withPollution(strange, () => decodeWhole(encoded.subarray(0, -1), [coding], { maxSize: 100 })),
      );
    }
  });

  test('of the stream that it is otherwise', () => {
    const names = [
      ...['construct', 'decodeStrings', 'defaultEncoding', 'destroy', 'dictionary', 'emitClose', 'encoding', 'final'],
      ...[
        'finishFlush',
        'flush',
        'highWaterMark',
        'info',
        'maxOutputLength',
        'objectMode',
        'params',
        'read',
        'readable',
      ],
      ...['readableHighWaterMark', 'readableObjectMode', 'signal', 'transform', 'windowBits', 'writable', 'write'],
      ...['writableHighWaterMark', 'writableObjectMode', 'writev'],
    ];
    for (const coding of ENCODERS.keys()) {
      assert.deepEqual(
        readsOnPrototype(names, () => void decoderOf(coding, 0x78, 65_536).destroy()),
        [],
        coding,
      );
    }
  });
});

/** A source that waits for what it is given. */
class Awaited implements ByteReader {
  cancelled = false;
  readonly #given: (Uint8Array | undefined)[] = [];
  #wake: (() => void) | undefined;

  give(part: Uint8Array | undefined): void {
    this.#given.push(part);
    this.#wake?.();
  }

  async read(): Promise<Uint8Array | undefined> {
    while (this.#given.length === 0 && !this.cancelled) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#given.shift();
  }

  cancel(): void {
    this.cancelled = true;
    this.#wake?.();
  }
}

/** How many bytes a reader gives. */
async function drained(reader: ByteReader): Promise<number> {
  for (let size = 0; ; ) {
    const part = await reader.read();
    if (part === undefined) return size;
    size += part.length;
  }
}
