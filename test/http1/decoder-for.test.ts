import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidResponse } from '../../src/errors.ts';
import { ChunkedDecoder, CloseDelimitedDecoder, LengthDecoder } from '../../src/http1/body-decoder.ts';
import { decoderFor, UndecodableBody } from '../../src/http1/decoder-for.ts';
import { DEFAULT_LIMITS } from '../../src/http1/limits.ts';

test('each framing has its decoder, and what has no body has none', () => {
  const error = new InvalidResponse('why');
  assert.ok(decoderFor({ kind: 'length', length: 5 }, DEFAULT_LIMITS) instanceof LengthDecoder);
  assert.ok(decoderFor({ kind: 'chunked' }, DEFAULT_LIMITS) instanceof ChunkedDecoder);
  assert.ok(decoderFor({ kind: 'close-delimited' }, DEFAULT_LIMITS) instanceof CloseDelimitedDecoder);
  assert.ok(decoderFor({ kind: 'invalid', error }, DEFAULT_LIMITS) instanceof UndecodableBody);
  assert.equal(decoderFor({ kind: 'none' }, DEFAULT_LIMITS), undefined);
  assert.equal(decoderFor({ kind: 'tunnel' }, DEFAULT_LIMITS), undefined);
});

test('a body that cannot be decoded says why when it is read, and is never complete', () => {
  const body = new UndecodableBody(new InvalidResponse('why'));
  body.received();
  assert.deepEqual(
    [body.complete, body.direct, body.length, body.trailers.size, body.end(), body.more()],
    [false, 0, null, 0, false, true],
  );
  assert.throws(() => body.decode(), { name: 'InvalidResponse', message: 'why' });
});
