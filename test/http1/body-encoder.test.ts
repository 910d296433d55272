import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ChunkedEncoder, LengthEncoder, type Piece } from '../../src/http1/body-encoder.ts';

const wire = (pieces: readonly Piece[]): string =>
  pieces.map((piece) => (typeof piece === 'string' ? piece : Buffer.from(piece).toString('latin1'))).join('');

suite('a request body of announced length', () => {
  test('is sent as it is, without a copy', () => {
    const encoder = new LengthEncoder(10);
    const data = Buffer.from('hello');
    assert.equal(encoder.encode(data)[0], data);
    assert.deepEqual(encoder.encode(Buffer.alloc(0)), []);
    assert.equal(encoder.complete, false);
    encoder.encode(data);
    assert.equal(encoder.complete, true);
  });

  test('takes no byte too many, and then none at all', () => {
    const encoder = new LengthEncoder(4);
    assert.throws(() => encoder.encode(Buffer.from('hello')), {
      name: 'ExcessBodyData',
      code: 'DUGONG_EXCESS_BODY_DATA',
      message: '5 bytes written where 4 of 4 are left to send',
    });
    assert.equal(wire(encoder.encode(Buffer.from('four'))), 'four');
  });

  test('says what is missing if its source ends before it', () => {
    const encoder = new LengthEncoder(4);
    encoder.encode(Buffer.from('one'));
    assert.throws(() => encoder.assertComplete(), {
      name: 'MissingBodyData',
      code: 'DUGONG_MISSING_BODY_DATA',
      message: 'the body ended after 3 of the 4 bytes that were announced',
    });
    encoder.encode(Buffer.from('!'));
    encoder.assertComplete();
  });

  test('ends by itself', () => {
    assert.throws(() => new LengthEncoder(4).end(), { name: 'StateError' });
  });
});

suite('a chunked request body [RFC 9112 7.1]', () => {
  test('has one chunk per write, and none for an empty one, which would be the last', () => {
    const encoder = new ChunkedEncoder();
    assert.equal(wire(encoder.encode(Buffer.alloc(26, 'x'))), `1a\r\n${'x'.repeat(26)}\r\n`);
    assert.equal(wire(encoder.encode(Buffer.alloc(0))), '');
    assert.equal(encoder.complete, false);
    assert.equal(wire(encoder.end()), '0\r\n\r\n');
    assert.equal(encoder.complete, true);
  });

  test('may have trailers', () => {
    assert.equal(wire(new ChunkedEncoder().end({ Digest: 'x', 'X-Y': 'z' })), '0\r\nDigest: x\r\nX-Y: z\r\n\r\n');
  });

  test('has no trailers that framing, routing or authentication depend on [RFC 9110 6.5.1]', () => {
    const names = ['Content-Length', 'transfer-encoding', 'Host', 'Trailer', 'TE', 'Connection', 'Authorization'];
    for (const name of [...names, 'Cookie', 'Content-Type', 'CONTENT-ENCODING', 'Expect', 'Range', 'Upgrade']) {
      const encoder = new ChunkedEncoder();
      assert.throws(() => encoder.end({ [name]: '5' }), { name: 'TypeError', message: /cannot be a trailer field/ });
      assert.equal(encoder.complete, false);
    }
    assert.throws(() => new ChunkedEncoder().end({ A: 'b\r\nc' }), TypeError);
  });
});
