import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isIdempotent } from '../../src/http1/methods.ts';

test('isIdempotent() knows the methods that may be repeated [RFC 9110 9.2.2], in capital letters', () => {
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']) assert.equal(isIdempotent(method), true);
  for (const method of ['POST', 'PATCH', 'CONNECT', 'get', '', 'constructor'])
    assert.equal(isIdempotent(method), false);
});
