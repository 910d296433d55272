/** Byte ranges come out of a multipart body as they went in, however its bytes are cut (RFC 9110 14.6). */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByterangesDecoder, ConnectionClosed, DEFAULT_LIMITS, InvalidResponse } from 'dugong/http1';
import fc from 'fast-check';
import { cutting, fields, octets, pieces, singly } from './messages.ts';
import { check } from './property.ts';

interface Part {
  readonly headers: readonly (readonly [string, string])[];
  readonly first: number;
  readonly size: number | null;
  readonly data: string;
}

const part: fc.Arbitrary<Part> = fc
  .record({
    headers: fields,
    first: fc.oneof(
      fc.nat(),
      fc.maxSafeNat().map((n) => Math.floor(n / 2)),
    ),
    beyond: fc.option(fc.nat(), { nil: null }),
    data: octets.filter((data) => data.length > 0),
  })
  .map(({ headers, first, beyond, data }) => ({
    headers: headers.filter(([name]) => !/^content-range$/i.test(name)),
    first,
    size: beyond === null ? null : first + data.length + beyond,
    data,
  }));

const BCHARS = "0123456789abcXYZ'()+_,-./:=?";
const boundary = fc.string({ unit: fc.constantFrom(...BCHARS), minLength: 1, maxLength: 70 });

function multipart(parts: readonly Part[], delimiter: string, padding: string): string {
  const texts = parts.map(({ headers, first, size, data }) => {
    const range = `Content-Range: bytes ${first}-${first + data.length - 1}/${size ?? '*'}\r\n`;
    return `--${delimiter}${padding}\r\n${headers.map((pair) => `${pair.join(': ')}\r\n`).join('')}${range}\r\n${data}\r\n`;
  });
  return `${texts.join('')}--${delimiter}--`;
}

interface Read {
  readonly parts: Part[];
  readonly ended: boolean;
}

/** All parts, read `step` bytes at a time. */
function readAll(contentType: string, brought: readonly Buffer[], step: number): Read {
  const decoder = new ByterangesDecoder(contentType, DEFAULT_LIMITS);
  const target = Buffer.alloc(step);
  const parts: Part[] = [];
  const rest = [...brought];
  const more = (): boolean => {
    const piece = rest.shift();
    if (piece !== undefined) decoder.push(piece);
    return piece !== undefined;
  };
  for (;;) {
    const next = decoder.nextPart();
    if (next === null) return { parts, ended: decoder.ended };
    if (next === undefined) {
      if (!more()) return { parts, ended: decoder.ended };
      continue;
    }
    let data = '';
    for (let count: number | undefined = 1; count !== 0; ) {
      count = decoder.read(target, 0, step);
      if (count === undefined && !more()) return { parts, ended: decoder.ended };
      data += target.toString('latin1', 0, count ?? 0);
    }
    const { headers, first, size } = next;
    parts.push({ headers: [...headers].filter(([name]) => !/^content-range$/i.test(name)), first, size, data });
  }
}

test('parts come out as they went in [RFC 9110 14.6, RFC 2046 5.1]', () => {
  const preamble = fc.constantFrom('', '\r\n', 'preamble\r\n');
  const epilogue = fc.constantFrom('', '\r\n', ' \r\nepilogue', '\r\n--x');
  const padding = fc.constantFrom('', '', ' ', '\t ');
  check(
    fc.property(
      fc.array(part, { minLength: 1, maxLength: 4 }),
      boundary,
      fc.tuple(preamble, padding, epilogue),
      cutting,
      fc.integer({ min: 1, max: 5000 }),
      (parts, delimiter, [before, spaces, after], cuts, step) => {
        // Data after a preamble must not be taken for one: the first delimiter begins the first part.
        const wire = before + multipart(parts, delimiter, spaces) + after;
        const type = `multipart/byteranges; boundary="${delimiter}"`;
        const expected = { parts, ended: true };
        assert.deepEqual(readAll(type, pieces(wire, cuts), step), expected);
        if (wire.length < 2000) assert.deepEqual(readAll(type, singly(wire), step), expected);
      },
    ),
    200,
  );
});

test('bodies that were cut have no end, and spoilt ones are refused with a documented error [RFC 9110 14.6]', () => {
  const fraction = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
  check(
    fc.property(
      fc.array(part, { minLength: 1, maxLength: 3 }),
      fraction,
      fc.nat({ max: 255 }),
      cutting,
      (parts, where, code, cuts) => {
        const wire = multipart(parts, 'B', '');
        const at = Math.floor(where * wire.length);
        assert.equal(readAll('multipart/byteranges; boundary=B', pieces(wire.slice(0, at), cuts), 100).ended, false);
        const spoilt = wire.slice(0, at) + String.fromCharCode(code) + wire.slice(at + 1);
        const outcome = (brought: Buffer[]): unknown => {
          try {
            return readAll('multipart/byteranges; boundary=B', brought, 100);
          } catch (error) {
            if (error instanceof InvalidResponse || error instanceof ConnectionClosed) return `${error}`;
            throw error;
          }
        };
        assert.deepEqual(outcome(pieces(spoilt, cuts)), outcome(pieces(spoilt, [])));
      },
    ),
    200,
  );
});
