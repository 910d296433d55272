import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULTS, platformRequest, wholeRequest } from '../../src/fetch/platform-request.ts';
import { bare } from '../../src/options.ts';

const use = { otherwise: DEFAULTS, body: null };
const URL_TEXT = 'http://x.test/';

describe('the platform’s Request', () => {
  test('is that of the standard’s defaults where nothing is said', () => {
    const { method, redirect, cache, mode, credentials } = platformRequest(URL_TEXT, bare({}), use);
    assert.deepEqual([method, redirect, cache, mode, credentials], ['GET', 'follow', 'default', 'cors', 'same-origin']);
  });

  test('has the given members, before those of another Request', () => {
    const otherwise = bare({ ...DEFAULTS, method: 'PUT', redirect: 'error' } as const);
    const { method, redirect } = platformRequest(URL_TEXT, bare({ redirect: 'manual' }), { otherwise, body: 'x' });
    assert.deepEqual([method, redirect], ['PUT', 'manual']);
  });

  test('checks what it is given', () => {
    assert.throws(() => platformRequest(URL_TEXT, bare({ method: 'no method' }), use), TypeError);
    assert.throws(() => platformRequest(URL_TEXT, bare({ method: 'GET' }), { ...use, body: 'x' }), TypeError);
  });
});

describe('a copy of a whole Request', () => {
  const request = (body: NonNullable<RequestInit['body']>): Request =>
    new Request(URL_TEXT, { method: 'PUT', body, duplex: 'half' });

  test('has the body, which is no longer that of the Request', async () => {
    const given = request('text');
    assert.equal(await wholeRequest(given)?.text(), 'text');
    assert.equal(given.bodyUsed, true);
  });

  test('is none of a Request with a stream, which is left alone', async () => {
    const given = request(new Blob(['text']).stream());
    assert.equal(wholeRequest(given), undefined);
    assert.equal(await given.text(), 'text');
  });
});
