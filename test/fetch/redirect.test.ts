import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HTTPResponse } from '../../src/client/http-response.ts';
import { InvalidResponse, UnsupportedResponse } from '../../src/errors.ts';
import { Content } from '../../src/fetch/content.ts';
import type { FetchRequest } from '../../src/fetch/fetch-request.ts';
import { isRedirect, redirected } from '../../src/fetch/redirect.ts';
import { type HeadersInit, HTTPHeaders } from '../../src/http1/headers.ts';
import { responseWith } from '../support/http-response.ts';

function response(status: number, headers: HeadersInit = { Location: '/b' }): HTTPResponse {
  return responseWith({ status, headers });
}

const located = (...locations: string[]): HTTPResponse =>
  response(
    302,
    locations.map((location) => ['Location', location] as const),
  );

function request(given: Partial<Omit<FetchRequest, 'url' | 'headers'>> & { headers?: HeadersInit } = {}): FetchRequest {
  const { headers, ...others } = given;
  return {
    url: new URL('http://a.test/x/y?q'),
    method: 'GET',
    headers: new HTTPHeaders(headers),
    content: undefined,
    referrer: undefined,
    ...others,
  };
}

describe('a redirect [RFC 9110 15.4]', () => {
  test('is a response of five statuses with a Location', () => {
    const followed = [300, 301, 302, 303, 304, 305, 307, 308, 200].filter((status) =>
      isRedirect(response(status), 'follow'),
    );
    assert.deepEqual(followed, [301, 302, 303, 307, 308]);
    assert.equal(isRedirect(response(302, {}), 'follow'), false);
  });

  test('is an error in mode "error", also without a Location, and none of the caller’s in mode "manual"', () => {
    assert.equal(isRedirect(response(302, {}), 'error'), true);
    assert.equal(isRedirect(response(200), 'error'), false);
    assert.equal(isRedirect(response(302), 'manual'), false);
  });
});

describe('the target of a redirect', () => {
  const cases: readonly (readonly [location: string, url: string])[] = [
    ['/b', 'http://a.test/b'],
    ['b', 'http://a.test/x/b'],
    ['?r', 'http://a.test/x/y?r'],
    ['', 'http://a.test/x/y?q'],
    ['//b.test', 'http://b.test/'],
    ['https://b.test:8443/c#fragment', 'https://b.test:8443/c'],
    ['/\xc3\xbc?\xfc', 'http://a.test/%C3%BC?%FC'],
  ];
  for (const [location, url] of cases) {
    test(`of ${JSON.stringify(location)} is ${url}`, () => {
      assert.equal(redirected(request(), located(location)).url.href, url);
    });
  }

  test('is one, however often it is said', () => {
    assert.equal(redirected(request(), located('/b', '/b')).url.pathname, '/b');
    assert.throws(() => redirected(request(), located('/b', '/c')), InvalidResponse);
  });

  for (const [location, error] of [
    ['http://', InvalidResponse],
    ['http://b.test:0/', InvalidResponse],
    ['http://b_%20.test/', InvalidResponse],
    ['http://%FF:x@b.test/', InvalidResponse],
    ['ftp://b.test/', UnsupportedResponse],
    ['javascript:0', UnsupportedResponse],
  ] as const) {
    test(`is refused if it is ${location}`, () => {
      assert.throws(() => redirected(request(), located(location)), error);
    });
  }
});

describe('the method of a redirected request', () => {
  const table: readonly (readonly [status: number, method: string, next: string])[] = [
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'POST', 'GET'],
    [307, 'POST', 'POST'],
    [308, 'POST', 'POST'],
    [301, 'PUT', 'PUT'],
    [303, 'PUT', 'GET'],
    [303, 'HEAD', 'HEAD'],
    [302, 'HEAD', 'HEAD'],
  ];
  for (const [status, method, next] of table) {
    test(`is ${next} after ${method} and ${status}, with the body or without it`, () => {
      const content = method === 'HEAD' ? undefined : new Content('text');
      const headers = { 'Content-Type': 'x/y', 'Content-Digest': 'd', Accept: 'x' };
      const { headers: fields, ...to } = redirected(request({ method, content, headers }), response(status));
      assert.equal(to.method, next);
      const kept = method === next;
      assert.equal(to.content, kept ? content : undefined);
      assert.deepEqual([...fields.keys()], kept ? ['Content-Type', 'Content-Digest', 'Accept'] : ['Accept']);
    });
  }

  test('needs a body that can be repeated, but for 303', () => {
    const begun = (): FetchRequest => {
      const content = new Content(['text'].values());
      for (const _ of content.data as Iterable<string>);
      return request({ method: 'POST', content });
    };
    for (const status of [301, 302, 307, 308]) {
      assert.throws(() => redirected(begun(), response(status)), UnsupportedResponse);
    }
    assert.equal(redirected(begun(), response(303)).method, 'GET');
  });
});

describe('the credentials of a redirected request', () => {
  const headers = { Authorization: 'a', Cookie: 'c', 'Proxy-Authorization': 'p', Host: 'h', Accept: 'x' };
  const names = (location: string): string[] => [...redirected(request({ headers }), located(location)).headers.keys()];

  test('go to the same origin, and to no other: scheme, host and port', () => {
    assert.deepEqual(names('/b'), Object.keys(headers));
    for (const other of ['https://a.test/', 'http://b.test/', 'http://a.test:81/'])
      assert.deepEqual(names(other), ['Accept']);
  });

  test('are those of the new URL, if it has some', () => {
    const to = redirected(request({ headers }), located('http://u:p%20w@b.test/'));
    assert.equal(to.headers.get('Authorization'), `Basic ${Buffer.from('u:p w').toString('base64')}`);
    assert.equal(to.url.href, 'http://b.test/');
  });

  test('are not taken from the request itself, which stays as it was', () => {
    const from = request({ headers });
    redirected(from, located('http://b.test/'));
    assert.deepEqual([...from.headers.keys()], Object.keys(headers));
  });
});
