import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FieldSectionParser } from '../../src/http1/field-section.ts';

const parser = (maxBytes = 65_535, maxFields = 10_000): FieldSectionParser =>
  new FieldSectionParser('header', maxBytes, maxFields);

/** The section's length, found whole and byte by byte. */
function lengthOf(section: string): number {
  const bytes = Buffer.from(`${section}rest`, 'latin1');
  const length = parser().scan(bytes, 0, bytes.length);
  const slow = parser();
  for (let end = 0; end < length; end++) assert.equal(slow.scan(bytes, 0, end), -1);
  assert.equal(slow.scan(bytes, 0, length), length);
  return length;
}

function assertInvalid(section: string, message: RegExp): void {
  const bytes = Buffer.from(section, 'latin1');
  assert.throws(() => parser().scan(bytes, 0, bytes.length), { name: 'InvalidResponse', message });
}

suite('the end of a section [RFC 9112 2.1]', () => {
  test('is its empty line; what follows is not looked at', () => {
    for (const section of ['\r\n', 'A: b\r\n\r\n', 'A:b\r\nC: d\r\n\r\n', 'A: b\r\n c\r\n\td\r\n\r\n']) {
      assert.equal(lengthOf(section), section.length);
    }
  });

  test('may be anywhere in the memory', () => {
    const bytes = Buffer.from('xxxxA: b\r\n\r\n');
    assert.equal(parser().scan(bytes, 4, bytes.length), 8);
  });

  test('scanning goes on where it stopped, also after the bytes have moved', () => {
    const scanner = parser();
    assert.equal(scanner.scan(Buffer.from('....A: b\r'), 4, 9), -1);
    assert.equal(scanner.scan(Buffer.from('A: b\r\n\r\n'), 0, 8), 8);
  });
});

suite('what is refused', () => {
  test('line ends that are not CRLF [RFC 9112 2.2]', () => {
    assertInvalid('A: b\n', /0x0a in the value of header field 1/);
    assertInvalid('A: b\rC: d\r\n', /"C" after CR of header field 1/);
    assertInvalid('\n', /0x0a in the name/);
    assertInvalid('\rA', /"A" after CR/);
  });

  test('control bytes in values [RFC 9110 5.5]', () => {
    for (const byte of ['\0', '\x01', '\x0b', '\x7f'])
      assertInvalid(`A: b${byte}c\r\n`, /in the value of header field 1 \(byte 4/);
  });

  test('names that are empty, no token, or followed by a space [RFC 9112 5.1]', () => {
    assertInvalid(': b\r\n', /empty name/);
    for (const name of ['A B', 'A ', 'A\t', 'A\0', '(A)', 'Ä', '"A"'])
      assertInvalid(`${name}: b\r\n`, /in the name of header field 1/);
    assertInvalid('A\r\n', /0x0d in the name/);
  });

  test('whitespace before the first field [RFC 9112 2.2]', () => {
    assertInvalid(' A: b\r\n', /whitespace before the first header field/);
    assertInvalid('\tA: b\r\n', /whitespace before the first header field/);
  });

  test('folds in the fields that decide framing', () => {
    assertInvalid('Content-Length: 5\r\n 6\r\n', /Content-Length is folded/);
    assertInvalid('transfer-encoding:\r\n chunked\r\n', /Transfer-Encoding is folded/);
    assert.equal(lengthOf('Content-Langth: 5\r\n 6\r\n\r\n'), 25);
    assert.equal(lengthOf('transfer-encodinX: 5\r\n 6\r\n\r\n'), 28);
  });
});

suite('bounds', () => {
  test('a section may be just as long as its limit', () => {
    const bytes = Buffer.from('A: b\r\n\r\n');
    assert.equal(parser(8).scan(bytes, 0, 8), 8);
    assert.throws(() => parser(7).scan(bytes, 0, 8), { name: 'InvalidResponse', message: /longer than 7 bytes/ });
  });

  test('a section that grows beyond its limit is refused before it ends', () => {
    assert.throws(() => parser(7).scan(Buffer.from('AAAAAAAA'), 0, 8), { message: /longer than 7 bytes/ });
  });

  test('there may be just as many fields as the limit says', () => {
    const bytes = Buffer.from('A: b\r\nA: b\r\n\r\n');
    assert.equal(parser(100, 2).scan(bytes, 0, bytes.length), bytes.length);
    assert.throws(() => parser(100, 1).scan(bytes, 0, bytes.length), { message: /more than 1 fields/ });
  });

  test('in trailers they name the trailer section', () => {
    const trailers = new FieldSectionParser('trailer', 3, 1);
    assert.throws(() => trailers.scan(Buffer.from('A: b'), 0, 4), { message: /the trailer section is longer/ });
  });
});

suite('fields that decide framing', () => {
  test('are collected line by line, in any case', () => {
    const section =
      'CONTENT-LENGTH: 5\r\ncontent-length:6\r\nTransfer-encoding: a\r\nConnection: x\r\n y\r\nconnection: z\r\n\r\n';
    const bytes = Buffer.from(section);
    const scanner = parser();
    assert.equal(scanner.scan(bytes, 0, bytes.length), bytes.length);
    assert.deepEqual(scanner.contentLength, [' 5', '6']);
    assert.deepEqual(scanner.transferEncoding, [' a']);
    assert.deepEqual(scanner.connection, [' x   y', ' z']);
  });

  test('other names of the same length are not mistaken for them', () => {
    const bytes = Buffer.from(
      'keep-alive: 1\r\nContent-Langth: 2\r\nTransfer-EncodinG_: 3\r\nTransfer-Encodinx: 4\r\n\r\n',
    );
    const scanner = parser();
    scanner.scan(bytes, 0, bytes.length);
    assert.deepEqual([scanner.contentLength, scanner.transferEncoding, scanner.connection], [[], [], []]);
  });

  test('are forgotten by reset', () => {
    const bytes = Buffer.from('Connection: close\r\n\r\n');
    const scanner = parser();
    scanner.scan(bytes, 0, bytes.length);
    scanner.reset();
    assert.equal(scanner.scan(Buffer.from('\r\n'), 0, 2), 2);
    assert.deepEqual(scanner.connection, []);
  });
});
