import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { InvalidResponse } from '../../src/errors.ts';
import { type ByteReader, CodingReader } from '../../src/fetch/coding-reader.ts';
import { allOf, ENCODERS, inPieces } from '../support/content-codings.ts';

const TEXT = Buffer.from('a text, a text, and a text');
const [[, gzip] = assert.fail('no gzip')] = ENCODERS;

describe('a reader of one coding', () => {
  for (const [coding, encode] of ENCODERS) {
    for (const size of [1, 7, 1000]) {
      test(`decodes ${coding} that comes in parts of ${size}`, async () => {
        assert.deepEqual(await allOf(new CodingReader(inPieces(encode(TEXT), size), coding, '')), TEXT);
      });
    }
  }

  test('ends without a byte if its source does', async () => {
    assert.equal(await new CodingReader(inPieces(Buffer.alloc(0), 1), 'gzip', '').read(), undefined);
  });

  test('passes over empty parts', async () => {
    const parts = [Buffer.alloc(0), gzip(TEXT), Buffer.alloc(0)];
    const source: ByteReader = { read: async () => parts.shift(), cancel: () => undefined };
    assert.deepEqual(await allOf(new CodingReader(source, 'gzip', '')), TEXT);
  });

  test('reads its source to the end, also behind the data', async () => {
    const source = inPieces(Buffer.concat([gzip(TEXT), Buffer.alloc(50)]), 10);
    assert.deepEqual(await allOf(new CodingReader(source, 'gzip', '')), TEXT);
    assert.equal(source.taken, gzip(TEXT).length + 50);
  });

  test('fails of data that is cut short, and of its source, at each read from then on', async () => {
    const failure = new Error('failed');
    const failing: ByteReader = { read: () => Promise.reject(failure), cancel: () => undefined };
    const cut = inPieces(gzip(TEXT).subarray(0, -3), 10);
    for (const [source, expected] of [
      [cut, InvalidResponse],
      [failing, failure],
    ] as const) {
      const reader = new CodingReader(source, 'gzip', 'ADVICE');
      await assert.rejects(allOf(reader), expected);
      await assert.rejects(reader.read(), expected);
    }
    assert.equal(cut.cancelled, true);
  });

  test('gives nothing more when it is cancelled, also to a read that waits', async () => {
    let end: (part: undefined) => void = () => undefined;
    const source: ByteReader = {
      read: () =>
        new Promise((resolve) => {
          end = resolve;
        }),
      cancel: () => end(undefined),
    };
    const reader = new CodingReader(source, 'gzip', '');
    const reading = reader.read();
    reader.cancel();
    reader.cancel();
    assert.deepEqual([await reading, await reader.read()], [undefined, undefined]);
  });
});
