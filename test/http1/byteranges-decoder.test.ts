import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ByterangesDecoder, type RangePart } from '../../src/http1/byteranges-decoder.ts';
import { DEFAULT_LIMITS } from '../../src/http1/limits.ts';

const TYPE = 'multipart/byteranges; boundary=B';
const part = (range: string, data: string): string =>
  `\r\n--B\r\nContent-Type: text/plain\r\nContent-Range: ${range}\r\n\r\n${data}`;
const TWO = `${part('bytes 0-4/20', 'hello').slice(2)}${part('bytes 10-12/*', '\r\n-')}\r\n--B--\r\nepilogue`;

/** Ranges and their bytes, with `step` bytes of the body brought at a time. */
function walk(body: string, step: number, contentType = TYPE): [RangePart, string][] {
  const decoder = new ByterangesDecoder(contentType, DEFAULT_LIMITS);
  const bytes = Buffer.from(body, 'latin1');
  let brought = 0;
  const bring = (): void => {
    assert.ok(brought < bytes.length, 'asks for more than there is');
    decoder.push(bytes.subarray(brought, brought + step));
    brought += step;
  };
  const target = Buffer.alloc(3);
  const parts: [RangePart, string][] = [];
  for (;;) {
    const next = decoder.nextPart();
    if (next === null) break;
    if (next === undefined) {
      bring();
      continue;
    }
    let text = '';
    for (let count = decoder.read(target, 0, 3); count !== 0; count = decoder.read(target, 0, 3)) {
      if (count === undefined) bring();
      else text += target.toString('latin1', 0, count);
    }
    parts.push([next, text]);
  }
  assert.ok(decoder.ended);
  decoder.push(Buffer.from('ignored'));
  assert.equal(decoder.nextPart(), null);
  return parts;
}

function assertInvalid(body: string, message: RegExp): void {
  assert.throws(() => walk(body, body.length), { name: 'InvalidResponse', message });
}

suite('the parts of multipart/byteranges [RFC 9110 14.6]', () => {
  test('have their fields, their place in the representation and their bytes, however the body comes in', () => {
    for (const step of [1, 2, 7, TWO.length]) {
      const parts = walk(TWO, step);
      assert.deepEqual(
        parts.map(([{ first, last, size, length }, text]) => [first, last, size, length, text]),
        [
          [0, 4, 20, 5, 'hello'],
          [10, 12, null, 3, '\r\n-'],
        ],
      );
      assert.equal(parts[0]?.[0].headers.get('content-type'), 'text/plain');
    }
  });

  test('may come behind a preamble, with a quoted boundary and padding', () => {
    const body = 'preamble\r\n--a b \t\r\nContent-Range: bytes 0-0/1\r\n\r\nx\r\n--a b--';
    for (const step of [1, 100]) {
      assert.equal(walk(body, step, 'Multipart/ByteRanges;charset=x; Boundary="a\\ b"')[0]?.[1], 'x');
    }
  });

  test('have the first boundary of a Content-Type that came twice, or as a list', () => {
    for (const again of [`, ${TYPE}`, `,${TYPE}`, ', multipart/byteranges']) {
      const parts = walk(TWO, 7, TYPE + again).map(([, text]) => text);
      assert.deepEqual(parts, ['hello', '\r\n-']);
    }
    const comma = TWO.replaceAll('--B', '--a,b/c');
    assert.equal(walk(comma, 7, 'multipart/byteranges; boundary="a,b/c"').length, 2);
    assert.equal(walk(TWO, 7, 'multipart/byteranges, multipart/byteranges; boundary=B').length, 2);
  });

  test('that are not read, or not to their end, are skipped', () => {
    const decoder = new ByterangesDecoder(TYPE, DEFAULT_LIMITS);
    decoder.push(Buffer.from(TWO.slice(0, TWO.indexOf('hello') + 3)));
    assert.equal(decoder.nextPart()?.first, 0);
    assert.equal(decoder.read(Buffer.alloc(2), 0, 2), 2);
    assert.equal(decoder.nextPart(), undefined);
    decoder.push(Buffer.from(TWO.slice(TWO.indexOf('hello') + 3)));
    assert.equal(decoder.nextPart()?.first, 10);
    assert.equal(decoder.nextPart(), null);
  });

  test('are skipped as a whole when all of them is there', () => {
    const decoder = new ByterangesDecoder(TYPE, DEFAULT_LIMITS);
    decoder.push(Buffer.from(TWO));
    assert.equal(decoder.nextPart()?.first, 0);
    assert.equal(decoder.nextPart()?.first, 10);
    assert.equal(decoder.nextPart(), null);
  });

  test('are not read outside a part', () => {
    assert.equal(new ByterangesDecoder(TYPE, DEFAULT_LIMITS).read(Buffer.alloc(1), 0, 1), 0);
  });
});

suite('what is refused', () => {
  test('a Content-Type without a boundary', () => {
    for (const type of [
      undefined,
      'text/plain; boundary=B',
      'multipart/byteranges',
      'multipart/byteranges; boundary=""',
    ]) {
      assert.throws(() => new ByterangesDecoder(type, DEFAULT_LIMITS), {
        name: 'InvalidResponse',
        message: /no boundary/,
      });
    }
    const long = `multipart/byteranges; boundary=${'b'.repeat(71)}`;
    assert.throws(() => new ByterangesDecoder(long, DEFAULT_LIMITS), { name: 'InvalidResponse' });
  });

  test('parts without a range, or with one that cannot be [RFC 9110 14.4]', () => {
    for (const range of [
      '',
      'bytes 5-4/10',
      'bytes 0-10/10',
      'bytes */10',
      'items 0-1/2',
      'bytes 0-9007199254740992/*',
    ]) {
      assertInvalid(part(range, ''), /is no range of bytes/);
    }
    assertInvalid('--B\r\n\r\n', /is no range of bytes/);
  });

  test('bytes between the end of a range and the boundary', () => {
    assertInvalid(`${part('bytes 0-4/20', 'hello!')}\r\n--B--`, /no boundary where the range/);
  });

  test('malformed boundaries and fields, and endless preambles and paddings', () => {
    assertInvalid('--B!\r\n', /"!" after a boundary/);
    assertInvalid(`--B${' '.repeat(100)}`, /endless padding/);
    assertInvalid('x'.repeat(2000), /no boundary where the byte ranges should begin/);
    assertInvalid('--B\r\nbad field\r\n\r\n', /in the name of header field 1/);
  });
});
