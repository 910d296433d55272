import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  type BodyDecoder,
  ChunkedDecoder,
  CloseDelimitedDecoder,
  LengthDecoder,
} from '../../src/http1/body-decoder.ts';
import { DEFAULT_LIMITS, type Limits } from '../../src/http1/limits.ts';
import { ReceiveBuffer } from '../../src/http1/receive-buffer.ts';

function bufferOf(text: string): ReceiveBuffer {
  const buffer = new ReceiveBuffer(Math.max(1, text.length));
  buffer.push(Buffer.from(text, 'latin1'));
  return buffer;
}

/** All that `decoder` takes out of `buffer`, `size` bytes at a time. */
function drain(decoder: BodyDecoder, buffer: ReceiveBuffer, size = 1000): string {
  const target = Buffer.alloc(size);
  let text = '';
  for (;;) {
    const count = decoder.decode(buffer, target, 0, size);
    if (count === 0) return text;
    text += target.toString('latin1', 0, count);
  }
}

const chunked = (limits: Partial<Limits> = {}): ChunkedDecoder => new ChunkedDecoder({ ...DEFAULT_LIMITS, ...limits });

/** Decodes whole, byte by byte, and one byte of output at a time; `rest` stays in the buffer. */
function decodesTo(encoded: string, body: string, rest = ''): ChunkedDecoder {
  const buffer = bufferOf(encoded + rest);
  const whole = chunked();
  assert.equal(drain(whole, buffer), body);
  assert.equal(whole.complete, true);
  assert.equal(buffer.length, rest.length);
  const slow = chunked();
  const trickle = new ReceiveBuffer(1);
  let text = '';
  for (const byte of Buffer.from(encoded, 'latin1')) {
    trickle.push(Uint8Array.of(byte));
    text += drain(slow, trickle, 1);
  }
  assert.equal(text, body);
  assert.equal(slow.complete, true);
  return whole;
}

function assertMalformed(encoded: string, message: RegExp, limits: Partial<Limits> = {}): void {
  assert.throws(() => drain(chunked(limits), bufferOf(encoded)), { name: 'InvalidResponse', message });
}

suite('a fault in a chunked body', () => {
  test('does not matter while fewer bytes are asked for than stand before it', () => {
    const decoder = chunked();
    const buffer = bufferOf('5\r\nhello!');
    const target = Buffer.alloc(3);
    assert.equal(decoder.decode(buffer, target, 0, 3), 3);
    assert.equal(decoder.decode(buffer, target, 0, 3), 2);
    assert.throws(() => decoder.decode(buffer, target, 0, 3), { name: 'InvalidResponse' });
  });

  test('is reported after the bytes before it, again and again, whether they came with it or not', () => {
    const decoder = chunked();
    const buffer = bufferOf('5\r\nhello\r\n5\r\nworld!');
    const target = Buffer.alloc(20);
    assert.equal(decoder.decode(buffer, target, 0, 20), 10);
    assert.equal(target.toString('latin1', 0, 10), 'helloworld');
    for (let time = 0; time < 2; time++) {
      assert.throws(() => decoder.decode(buffer, target, 0, 20), { name: 'InvalidResponse', message: /"!"/ });
    }
    assert.equal(decoder.complete, false);
  });
});

suite('a body of announced length [RFC 9112 6.2]', () => {
  test('ends after its length, and leaves what follows alone', () => {
    const decoder = new LengthDecoder(5);
    const buffer = bufferOf('helloHTTP');
    assert.equal(decoder.length, 5);
    assert.equal(drain(decoder, buffer, 2), 'hello');
    assert.ok(decoder.complete);
    assert.ok(decoder.end());
    assert.equal(buffer.length, 4);
    assert.equal(decoder.trailers.size, 0);
  });

  test('may be received past the buffer, and is not complete when the stream ends early', () => {
    const decoder = new LengthDecoder(5);
    assert.equal(decoder.direct, 5);
    decoder.received(3);
    assert.equal(decoder.direct, 2);
    assert.equal(decoder.end(), false);
    decoder.received(2);
    assert.ok(decoder.complete);
  });

  test('can be dropped', () => {
    const decoder = new LengthDecoder(5);
    assert.equal(decoder.decode(bufferOf('hello!'), undefined, 0, 1000), 5);
    assert.ok(decoder.complete);
  });
});

suite('a close-delimited body [RFC 9112 6.3 rule 8]', () => {
  test('is complete when the stream has ended and all of it was taken', () => {
    const decoder = new CloseDelimitedDecoder();
    const buffer = bufferOf('hello');
    assert.equal(decoder.length, null);
    assert.equal(decoder.direct, Number.MAX_SAFE_INTEGER);
    decoder.received();
    assert.ok(decoder.end());
    assert.equal(decoder.direct, 0);
    assert.equal(decoder.complete, false);
    assert.equal(drain(decoder, buffer), 'hello');
    assert.ok(decoder.complete);
  });
});

suite('a chunked body [RFC 9112 7.1]', () => {
  test('is the data of its chunks', () => {
    decodesTo('5\r\nhello\r\n1\r\n \r\nA\r\n0123456789\r\n0\r\n\r\n', 'hello 0123456789', 'HTTP/1.1');
    decodesTo('0\r\n\r\n', '');
    decodesTo(`${'aA\r\n'.toLowerCase().replace('aa', '05')}hello\r\n000\r\n\r\n`, 'hello');
  });

  test('can be dropped, and knows which bytes are data for certain', () => {
    const decoder = chunked();
    const buffer = bufferOf('5\r\nhe');
    assert.equal(decoder.direct, 0);
    assert.equal(decoder.decode(buffer, undefined, 0, 1000), 2);
    assert.equal(decoder.direct, 3);
    decoder.received(3);
    assert.equal(decoder.direct, 0);
    buffer.push(Buffer.from('\r\n0\r\n\r\n'));
    assert.equal(decoder.decode(buffer, undefined, 0, 1000), 0);
    assert.ok(decoder.end());
  });

  test('is not complete before its last CRLF', () => {
    const decoder = chunked();
    drain(decoder, bufferOf('5\r\nhello\r\n0\r\n'));
    assert.equal(decoder.end(), false);
    assert.equal(decoder.length, null);
  });

  test('must have hexadecimal sizes and exact CRLFs', () => {
    for (const size of ['', ' 5', '+5', '-5', '0x5', '5_0', 'g', '\n5']) {
      assertMalformed(`${size}\r\nhello\r\n0\r\n\r\n`, /\(RFC 9112 7\.1\)/);
    }
    assertMalformed('5\nhello', /0x0a in a chunk-size line/);
    assertMalformed('5 \r\nhello', /0x0d in a chunk-size line/);
    assertMalformed('5\rXhello', /"X" after CR in a chunk-size line/);
    assertMalformed('5\r\nhello!\r\n', /"!" instead of CRLF after the data/);
    assertMalformed('5\r\nhello\rX', /"X" instead of LF after the data/);
    assertMalformed('5\r\nhello\n0\r\n\r\n', /0x0a instead of CRLF/);
  });

  test('has sizes that are held exactly or refused, and not endless zeros', () => {
    const decoder = chunked();
    drain(decoder, bufferOf('1fffffffffffff\r\n'));
    assert.equal(decoder.direct, 2 ** 53 - 1);
    assertMalformed('20000000000000\r\n', /chunk size above 2\^53 - 1/);
    decodesTo(`${'0'.repeat(19)}5\r\nhello\r\n0\r\n\r\n`, 'hello');
    assertMalformed('0'.repeat(21), /chunk size above/);
  });

  test('may have extensions, which are skipped and bounded', () => {
    decodesTo('5;a=b;c="d;\\"\r"\r\nhello\r\n0;last\r\n\r\n'.replace('\r"', '"'), 'hello');
    const extension = `5;${'a'.repeat(6)}\r\nhello\r\n`;
    assert.equal(drain(chunked({ chunkExtensions: 7 }), bufferOf(extension)), 'hello');
    assertMalformed(extension, /more than 6 bytes of chunk extensions/, { chunkExtensions: 6 });
    assertMalformed(`1;aaaa\r\nx\r\n1;aaaa\r\nx\r\n`, /more than 6 bytes/, { chunkExtensions: 6 });
  });
});

suite('trailers [RFC 9112 7.1.2]', () => {
  test('are delivered when the body is complete', () => {
    const decoder = decodesTo('5\r\nhello\r\n0\r\nA: b\r\nC: d\r\n\r\n', 'hello');
    assert.deepEqual(decoder.trailers.raw(), ['A', 'b', 'C', 'd']);
  });

  test('cannot be fields that framing, routing or authentication depend on [RFC 9110 6.5.1]', () => {
    const decoder = decodesTo(
      '0\r\nContent-Length: 5\r\nX: y\r\nset-cookie: a=b\r\nTransfer-Encoding: gzip\r\n\r\n',
      '',
    );
    assert.deepEqual(decoder.trailers.raw(), ['X', 'y']);
  });

  test("are each body's own, also where there are none: what a caller does to them shows nowhere else", () => {
    const decoders = (): BodyDecoder[] => [new LengthDecoder(1), new CloseDelimitedDecoder(), chunked()];
    for (const decoder of decoders()) decoder.trailers.append('X', 'mine');
    for (const decoder of decoders()) assert.equal(decoder.trailers.size, 0);
  });

  test('must be well-formed and bounded', () => {
    assertMalformed('0\r\nbad trailer\r\n\r\n', /in the name of trailer field 1/);
    assertMalformed('0\r\nA: b\r\n\r\n', /trailer section is longer than 5 bytes/, { trailerSection: 5 });
    assertMalformed('0\r\nA: b\r\nC: d\r\n\r\n', /trailer section has more than 1 fields/, { fields: 1 });
  });
});

test('a body has more while its end is not all that is missing', () => {
  const inChunk = chunked();
  const buffer = bufferOf('2\r\nab\r\n');
  assert.equal(inChunk.decode(buffer, Buffer.alloc(1), 0, 1), 1);
  assert.equal(inChunk.more(), true);
  assert.equal(inChunk.decode(buffer, Buffer.alloc(1), 0, 1), 1);
  assert.equal(inChunk.more(), false);
  const byLength = new LengthDecoder(1);
  assert.equal(byLength.more(), true);
  byLength.decode(bufferOf('a'), Buffer.alloc(1), 0, 1);
  assert.equal(byLength.more(), false);
  const toTheEnd = new CloseDelimitedDecoder();
  assert.deepEqual([toTheEnd.more(bufferOf('a')), toTheEnd.more(new ReceiveBuffer(1))], [true, false]);
});
