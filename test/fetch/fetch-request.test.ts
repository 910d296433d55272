import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Content } from '../../src/fetch/content.ts';
import {
  bareURL,
  basicAuthorization,
  checkedMethod,
  checkedURL,
  type FetchRequest,
  fetchRequest,
} from '../../src/fetch/fetch-request.ts';

type Parts = Parameters<typeof fetchRequest>[0];

function request(parts: Partial<Omit<Parts, 'url'>> & { url?: string } = {}): FetchRequest {
  const { url = 'http://x.test/', ...others } = parts;
  return fetchRequest({
    method: 'POST',
    headers: undefined,
    content: undefined,
    contentType: undefined,
    host: 'of the URL',
    referrer: undefined,
    ...others,
    url: new URL(url),
  });
}

describe('the method of a fetch', () => {
  test('is normalised if it is one of the standard’s, and left as it is otherwise', () => {
    const given = ['get', 'Post', 'PUT', 'patch', 'x'];
    assert.deepEqual(given.map(checkedMethod), ['GET', 'POST', 'PUT', 'patch', 'x']);
    for (const method of ['CONNECT', 'trace', 'Track']) assert.throws(() => checkedMethod(method), TypeError);
  });
});

describe('the URL of a fetch', () => {
  test('is absolute, and of HTTP; its credentials are not shown in errors', () => {
    assert.equal(checkedURL('HTTP://x.test').href, 'http://x.test/');
    for (const url of ['', '/a', 'x.test', 'ftp://x.test/', 'http://u:secret@']) {
      assert.throws(
        () => checkedURL(url),
        (error: TypeError) => {
          assert.ok(error instanceof TypeError && !error.message.includes('secret'), error.message);
          return true;
        },
      );
    }
  });

  test('is sent without credentials and fragment, an empty one included', () => {
    for (const url of ['http://u:p@x.test/a?b', 'http://x.test/a?b#c', 'http://x.test/a?b#', 'http://x.test/a?b']) {
      assert.equal(bareURL(new URL(url)).href, 'http://x.test/a?b');
      assert.equal(request({ url }).url.href, 'http://x.test/a?b');
    }
  });
});

describe('the credentials of a URL [RFC 7617]', () => {
  const decoded = (url: string): string | undefined => {
    const value = basicAuthorization(new URL(url));
    return value && Buffer.from(value.replace('Basic ', ''), 'base64').toString();
  };

  test('are an Authorization field, decoded', () => {
    assert.equal(decoded('http://x.test/'), undefined);
    assert.equal(decoded('http://u@x.test/'), 'u:');
    assert.equal(decoded('http://:p@x.test/'), ':p');
    assert.equal(decoded('http://%C3%BC:a%3Ab@x.test/'), 'ü:a:b');
    assert.throws(
      () => decoded('http://%FF:secret@x.test/'),
      (error: Error) => !error.message.includes('secret'),
    );
  });

  test('yield to the caller’s own field', () => {
    const { headers } = request({ url: 'http://u:p@x.test/', headers: { authorization: 'own' } });
    assert.deepEqual(headers.getAll('Authorization'), ['own']);
  });
});

describe('the fields of a fetch', () => {
  test('are those that each request has, unless the caller has them', () => {
    assert.deepEqual(
      [...request().headers],
      [
        ['Accept', '*/*'],
        ['User-Agent', 'dugong'],
      ],
    );
    const own = [
      ['accept', 'x'],
      ['user-agent', 'y'],
    ] as [string, string][];
    assert.deepEqual([...request({ headers: own }).headers], own);
  });

  test('have the type of the body, and the Host, as it is said whose they are', () => {
    const content = new Content('text');
    assert.equal(request({ content, contentType: 'x/y' }).headers.get('Content-Type'), 'x/y');
    const headers = { Host: 'other.test', 'Content-Type': 'own' };
    assert.equal(request({ headers }).headers.has('Host'), false);
    const own = request({ headers, host: 'of the caller', content, contentType: 'x/y' }).headers;
    assert.deepEqual([own.get('Host'), own.get('Content-Type')], ['other.test', 'own']);
  });

  test('have a Content-Length only with a body, once [RFC 9110 8.6]', () => {
    const length = (value: string, content?: Content): string | undefined =>
      request({ headers: { 'Content-Length': value }, content }).headers.get('Content-Length');
    assert.equal(length('5'), undefined);
    assert.equal(length('5, 5', new Content('12345')), '5');
    for (const wrong of ['', 'x', '-1', '5, 6', '5,']) assert.throws(() => length(wrong), TypeError);
  });
});

test('a GET or HEAD request has no body', () => {
  for (const method of ['GET', 'HEAD']) {
    assert.throws(() => request({ method, content: new Content('') }), {
      name: 'TypeError',
      message: /use HTTPConnection/,
    });
  }
});
