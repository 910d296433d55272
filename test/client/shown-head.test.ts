import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { shownFields, shownRequestHead, shownResponseHead } from '../../src/client/shown-head.ts';

describe('what is shown', () => {
  test('of a request line is all of it but user names and passwords', () => {
    const lines = ['GET http://u:p@h/token?x=1 HTTP/1.1', 'Cookie: a', 'X: y'];
    assert.deepEqual(shownRequestHead(lines), ['GET http://***@h/token?x=1 HTTP/1.1', 'Cookie: ***', 'X: y']);
  });

  test('of a status line is its reason, unless a field seems to be in it', () => {
    const first = (line: string) => shownResponseHead([line, ''])[0];
    assert.equal(first('HTTP/1.1 407 Proxy Authentication Required'), 'HTTP/1.1 407 Proxy Authentication Required');
    assert.equal(first('HTTP/1.1 200 OK Set-Cookie: s3cret'), '***');
    assert.equal(first('HTTP/1.1 200 OK\nSet-Cookie: s3cret'), '***');
  });

  test('of fields ends at the empty line', () => {
    assert.deepEqual(shownFields(['A: b', '', 'Cookie: x']), ['A: b']);
  });
});
