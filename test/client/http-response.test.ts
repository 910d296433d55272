import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { assumedContinue } from '../../src/client/http-response.ts';
import { ChunkedDecoder, CloseDelimitedDecoder, LengthDecoder } from '../../src/http1/body-decoder.ts';
import { DEFAULT_LIMITS } from '../../src/http1/limits.ts';
import { ReceiveBuffer } from '../../src/http1/receive-buffer.ts';
import { responseWith } from '../support/http-response.ts';

describe('a response', () => {
  test('has the version of its head, a later one as received', () => {
    const versions = [0, 1, 2].map((minorVersion) => responseWith({ minorVersion }).httpVersion);
    assert.deepEqual(versions, ['1.0', '1.1', '1.2']);
  });

  test('has the length of its body: 0 without one, null if only its end tells', () => {
    const bodies = [undefined, new LengthDecoder(5), new CloseDelimitedDecoder()];
    const lengths = bodies.map((body) => responseWith(body && { body }).length);
    assert.deepEqual(lengths, [0, 5, null]);
  });

  test('has the trailers of its body when that has been read [RFC 9112 7.1.2]', () => {
    const body = new ChunkedDecoder(DEFAULT_LIMITS);
    const chunked = responseWith({ body });
    assert.equal(chunked.trailers.size, 0);
    const input = new ReceiveBuffer(64);
    input.push(Buffer.from('0\r\nX-T: v\r\n\r\n'));
    body.decode(input, undefined, 0, 1);
    assert.deepEqual([...chunked.trailers], [['X-T', 'v']]);
    assert.match(inspect(chunked), /trailers/);
    assert.equal(responseWith().trailers.size, 0);
  });

  test('shows no secrets in logs', () => {
    const secret = responseWith({ headers: { 'Set-Cookie': 'hidden=1' } });
    for (const shown of [JSON.stringify(secret), inspect(secret)]) {
      assert.ok(!shown.includes('hidden=1'), shown);
      assert.match(shown, /200/);
    }
  });
});

test('a 100 (Continue) that did not come is assumed for the request that waits for it', () => {
  const { status, method, path, length } = assumedContinue({ method: 'PUT', path: '/x' });
  assert.deepEqual([status, method, path, length], [100, 'PUT', '/x', 0]);
  assert.equal(assumedContinue(undefined).path, '');
});
