import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addCacheFields, type FetchInit, type RequestInput, requestInput } from '../../src/fetch/request-input.ts';
import { type HeadersInit, HTTPHeaders } from '../../src/http1/headers.ts';

const URL_TEXT = 'http://x.test/a';

function input(given: string | Request = URL_TEXT, init?: FetchInit): Promise<RequestInput> {
  return requestInput(new URL(typeof given === 'string' ? given : given.url), given, init);
}

describe('the arguments of a fetch', () => {
  test('have the standard’s defaults', async () => {
    const { request, redirect, signal, integrity } = await input();
    assert.deepEqual([request.method, request.url.href, request.content], ['GET', URL_TEXT, undefined]);
    assert.deepEqual([redirect, signal, integrity], ['follow', undefined, '']);
    assert.equal(request.headers.get('Sec-Fetch-Mode'), 'cors');
    assert.equal(request.headers.get('Accept-Language'), '*');
  });

  test('are members of the init, also inherited ones, before those of a Request', async () => {
    const given = new Request(URL_TEXT, {
      method: 'PUT',
      body: 'of the Request',
      headers: { a: '1' },
      redirect: 'error',
    });
    const plain = await input(given.clone());
    assert.deepEqual([plain.request.method, plain.redirect, plain.request.headers.get('a')], ['PUT', 'error', '1']);
    const init = Object.create({ method: 'post', headers: { B: '2' } }) as FetchInit;
    const { request, redirect } = await input(given, init);
    assert.deepEqual([request.method, redirect], ['POST', 'error']);
    assert.deepEqual([request.headers.get('a'), request.headers.get('B')], [undefined, '2']);
    assert.deepEqual(Buffer.from(request.content?.data as Uint8Array).toString(), 'of the Request');
  });

  test('are refused without their secrets', async () => {
    const cases: readonly (readonly [init: unknown, message: RegExp])[] = [
      ['text', /init of fetch must be an object, got string/],
      [{ method: 'a b' }, /./],
      [{ headers: { 'bad name': 'secret' } }, /^the headers are no pairs, record or Headers/],
      [{ headers: { a: 'secret\n\0' } }, /^the headers are no pairs, record or Headers/],
      [{ method: 'PUT', keepalive: true, body: new Blob(['x']).stream(), duplex: 'half' }, /keepalive/],
      [{ body: 'x' }, /./],
      [{ cache: 'only-if-cached' }, /./],
      [{ signal: {} }, /no AbortSignal/],
    ];
    for (const [init, message] of cases) {
      await assert.rejects(input(URL_TEXT, init as FetchInit), (error: TypeError) => {
        assert.ok(error instanceof TypeError);
        assert.match(error.message, message);
        assert.ok(!error.message.includes('secret'), error.message);
        return true;
      });
    }
  });
});

describe('the fields of a cache mode [Fetch, "HTTP-network-or-cache fetch"]', () => {
  function added(mode: Request['cache'], given: HeadersInit = {}): [string, string][] {
    const headers = new HTTPHeaders(given);
    addCacheFields(headers, mode);
    return [...headers];
  }
  const RELOAD = [
    ['Pragma', 'no-cache'],
    ['Cache-Control', 'no-cache'],
  ];

  test('tell caches on the way what to do', () => {
    assert.deepEqual(added('default'), []);
    assert.deepEqual(added('force-cache'), []);
    assert.deepEqual(added('no-cache'), [['Cache-Control', 'max-age=0']]);
    assert.deepEqual(added('no-store'), RELOAD);
    assert.deepEqual(added('reload'), RELOAD);
    assert.throws(() => added('only-if-cached'), TypeError);
  });

  test('are those of a reload for a conditional request, and yield to the caller’s', () => {
    const condition = ['If-None-Match', '"a"'];
    assert.deepEqual(added('default', [condition as [string, string]]), [condition, ...RELOAD]);
    const own = { 'cache-control': 'own', pragma: 'own' };
    assert.deepEqual(added('reload', own), Object.entries(own));
  });
});
