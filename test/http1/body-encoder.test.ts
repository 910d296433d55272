import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ChunkedEncoder, LengthEncoder } from '../../src/http1/body-encoder.ts';
import { SendBuffer } from '../../src/http1/send-buffer.ts';

/** What `encode` puts into an output. */
function wire(encode: (output: SendBuffer) => void): string {
  const output = new SendBuffer();
  encode(output);
  return Buffer.concat(output.take()).toString('latin1');
}

suite('a request body of announced length', () => {
  test('is sent as it is, without a copy', () => {
    const encoder = new LengthEncoder(10_000);
    const output = new SendBuffer();
    const data = Buffer.alloc(5000, 'x');
    encoder.encode(data, output);
    encoder.encode(Buffer.alloc(0), output);
    const views = output.take();
    assert.deepEqual(
      views.map(({ buffer, byteOffset, length }) => [buffer, byteOffset, length]),
      [[data.buffer, data.byteOffset, 5000]],
    );
    assert.equal(encoder.complete, false);
    encoder.encode(data, output);
    assert.equal(encoder.complete, true);
    assert.equal(output.length, 10_000);
  });

  test('takes no byte too many, and then none at all', () => {
    const encoder = new LengthEncoder(4);
    const output = new SendBuffer();
    assert.throws(() => encoder.encode(Buffer.from('hello'), output), {
      name: 'ExcessBodyData',
      code: 'DUGONG_EXCESS_BODY_DATA',
      message: '5 bytes written where 4 of 4 are left to send',
    });
    assert.equal(output.length, 0);
    assert.equal(
      wire((all) => encoder.encode(Buffer.from('four'), all)),
      'four',
    );
  });

  test('says what is missing if its source ends before it', () => {
    const encoder = new LengthEncoder(4);
    const output = new SendBuffer();
    encoder.encode(Buffer.from('one'), output);
    assert.throws(() => encoder.assertComplete(), {
      name: 'MissingBodyData',
      code: 'DUGONG_MISSING_BODY_DATA',
      message: 'the body ended after 3 of the 4 bytes that were announced',
    });
    encoder.encode(Buffer.from('!'), output);
    encoder.assertComplete();
  });

  test('ends by itself', () => {
    assert.throws(() => new LengthEncoder(4).end(), { name: 'StateError' });
  });
});

suite('a chunked request body [RFC 9112 7.1]', () => {
  test('has one chunk per write, and none for an empty one, which would be the last', () => {
    const encoder = new ChunkedEncoder();
    const chunk = (data: Buffer): string => wire((output) => encoder.encode(data, output));
    assert.equal(chunk(Buffer.alloc(26, 'x')), `1a\r\n${'x'.repeat(26)}\r\n`);
    assert.equal(chunk(Buffer.alloc(5000, 'x')), `1388\r\n${'x'.repeat(5000)}\r\n`);
    assert.equal(chunk(Buffer.alloc(0)), '');
    assert.equal(encoder.complete, false);
    assert.equal(
      wire((output) => encoder.end(output)),
      '0\r\n\r\n',
    );
    assert.equal(encoder.complete, true);
  });

  test('may have trailers', () => {
    const end = wire((output) => new ChunkedEncoder().end(output, { Digest: 'x', 'X-Y': 'z' }));
    assert.equal(end, '0\r\nDigest: x\r\nX-Y: z\r\n\r\n');
  });

  test('has no trailers that framing, routing or authentication depend on [RFC 9110 6.5.1]', () => {
    const names = ['Content-Length', 'transfer-encoding', 'Host', 'Trailer', 'TE', 'Connection', 'Authorization'];
    for (const name of [...names, 'Cookie', 'Content-Type', 'CONTENT-ENCODING', 'Expect', 'Range', 'Upgrade']) {
      const encoder = new ChunkedEncoder();
      const output = new SendBuffer();
      const refused = { name: 'TypeError', message: /cannot be a trailer field/ };
      assert.throws(() => encoder.end(output, { [name]: '5' }), refused);
      assert.deepEqual([encoder.complete, output.length], [false, 0]);
    }
    assert.throws(() => new ChunkedEncoder().end(new SendBuffer(), { A: 'b\r\nc' }), TypeError);
  });
});
