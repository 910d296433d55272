import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { HTTPHeaders } from '../../src/http1/headers.ts';
import { assertAllowed, withoutForbidden } from '../../src/http1/trailer-fields.ts';

suite('fields that no trailer section can hold [RFC 9110 6.5.1]', () => {
  const trailers = (): HTTPHeaders =>
    new HTTPHeaders([
      ['X', '1'],
      ['TE', 'trailers'],
      ['Set-Cookie', 'a=b'],
      ['te', ''],
      ['Expires', '0'],
    ]);

  test('are taken out of what was received, the others stay in their order', () => {
    assert.deepEqual(withoutForbidden(trailers()).raw(), ['X', '1', 'Expires', '0']);
  });

  test('are refused by name where they are to be sent', () => {
    assert.throws(() => assertAllowed(trailers()), { name: 'TypeError', message: /^te cannot be a trailer field/ });
    assertAllowed(new HTTPHeaders({ Digest: 'x' }));
  });
});
