import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import ours, { FormData, type Options, Response, type SyncRequest } from 'dugong/sync-request';
import { type OddServer, startOddServer } from '../support/odd-server.ts';
import { withPollution } from '../support/pollution.ts';

const require = createRequire(import.meta.url);
const theirs = require('sync-request') as SyncRequest;

let server: OddServer;
before(() => {
  server = startOddServer();
});
after(() => server.stop());

/** What became of a request, in a form that can be compared. */
function outcome(request: SyncRequest, method: string, path: string, options?: Options): unknown {
  try {
    const response = request(method, server.url + path, options);
    const { statusCode, body, url } = response;
    const { date, connection, 'keep-alive': _, ...headers } = response.headers;
    const isBuffer = Buffer.isBuffer(response.getBody());
    return { statusCode, headers, body: body.toString(), url, isBuffer, isError: response.isError() };
  } catch (error) {
    const { name, message, code, statusCode, url } = error as Error & Record<string, unknown>;
    return { name, message, code, statusCode, url };
  }
}

function echoed(options: Options, method = 'POST'): { method: string; body: string; fields: Record<string, string> } {
  return JSON.parse(ours(method, `${server.url}echo`, options).getBody('utf8'));
}

describe('dugong/sync-request does as sync-request', () => {
  const programs: readonly [name: string, method: string, path: string, options?: Options][] = [
    ['a GET with fields', 'get', 'echo', { headers: { 'X-Own': 'yes' } }],
    [
      'a query',
      'GET',
      'echo?a=1&b=2&b=3&c[d]=4#part',
      { qs: { a: 'x y!', e: { f: [1, null, true], g: undefined }, h: [] } },
    ],
    [
      'values of a query as JSON has them',
      'GET',
      'echo?kept=1',
      { qs: { kept: undefined, at: new Date(0), url: new URL('http://a.example/'), not: Number.NaN } },
    ],
    ['gzip: null', 'GET', 'echo', { gzip: null as never }],
    ['a POST of text', 'POST', 'echo', { body: 'töxt' }],
    ['a PUT of bytes', 'PUT', 'echo', { body: Buffer.from('bytes') }],
    ['a POST of JSON', 'POST', 'echo', { json: { a: [1] } }],
    ['a POST of nothing', 'POST', 'echo'],
    ['JSON with DELETE, which is left out', 'DELETE', 'echo', { json: { a: 1 } }],
    ['a body with GET', 'GET', 'echo', { body: 'x' }],
    ['gzip: false', 'GET', 'echo', { gzip: false, headers: { 'accept-encoding': 'own' } }],
    ['gzip', 'GET', 'gzip'],
    ['deflate', 'GET', 'deflate'],
    ['status 404', 'GET', 'not-found'],
    ['status 204', 'GET', 'no-content'],
    ['HEAD', 'HEAD', 'json'],
    ['fields of the response', 'GET', 'fields'],
    ['fields that come twice', 'GET', 'twice'],
    ['a redirect to two places', 'GET', 'two-places'],
    ['followRedirects: false', 'GET', '301', { followRedirects: false }],
    ['a redirect without a place', 'GET', 'nowhere'],
    ['a retry', 'GET', 'twice-failing', { retry: true, retryDelay: 1 }],
    ['as many retries as there may be', 'GET', 'not-found', { retry: true, retryDelay: 1, maxRetries: 1 }],
    ['a connection that ends before the answer', 'GET', 'reset'],
    ['corrupt gzip', 'GET', 'no-gzip'],
  ];
  for (const [name, method, path, options] of programs) {
    test(`with ${name}`, () => {
      assert.deepEqual(outcome(ours, method, path, copy(options)), outcome(theirs, method, path, copy(options)));
    });
  }

  test('with a URL as url.parse() makes it, no headers, and a body without an encoding', () => {
    const parsed = { href: `${server.url}echo` } as URL;
    for (const encoding of [undefined, null, ''] as const) {
      const [own, other] = [ours, theirs].map((request) => {
        const response = request('POST', parsed, { body: 'x', headers: null as never });
        return JSON.parse(String(response.getBody(encoding as undefined))) as { body: string };
      });
      assert.equal(own?.body, 'x');
      assert.equal(other?.body, own?.body);
    }
  });

  test('with what is no method, no URL, or a URL of another scheme', () => {
    const failing = (request: SyncRequest): unknown[] =>
      [
        () => request(1 as never, server.url),
        () => request('GET', 1 as never),
        () => request('GET', 'ftp://localhost/'),
        () => request('POST', server.url, { body: 1 as never }),
      ].map((program) => {
        try {
          return program();
        } catch (error) {
          return (error as Error).message;
        }
      });
    const messages = (list: unknown[]): unknown[] => list.map((each) => String(each).replaceAll('sync-request:', ''));
    assert.deepEqual(messages(failing(ours)), messages(failing(theirs)));
  });
});

/** The package writes fields into the headers that it is given. */
function copy(options: Options | undefined): Options | undefined {
  return options && { ...options, ...(options.headers && { headers: { ...options.headers } }) };
}

describe('dugong/sync-request', () => {
  test('is the function itself for require(), with FormData', () => {
    const required = require(require.resolve('dugong/sync-request')) as SyncRequest;
    assert.equal(typeof required, 'function');
    assert.deepEqual(Object.keys(required).sort(), Object.keys(theirs).sort());
    assert.equal(required.default, required);
    assert.deepEqual([ours.default, ours.FormData], [ours, FormData]);
  });

  test('sends forms: strings, bytes and Blobs, with names of files', async () => {
    const form = new FormData();
    form.append('text', 'töxt');
    form.append('bytes', Buffer.from('bytes'), 'b.bin');
    form.append('blob', new Blob(['blob']));
    const { body, fields } = echoed({ form });
    const type = { headers: { 'Content-Type': fields['content-type'] ?? '' } };
    const parsed = await new globalThis.Response(body, type).formData();
    assert.equal(parsed.get('text'), 'töxt');
    const files = ['bytes', 'blob'].map((name) => parsed.get(name) as File);
    assert.deepEqual(await Promise.all(files.map(async (file) => [file.name, await file.text()])), [
      ['b.bin', 'bytes'],
      ['blob', 'blob'],
    ]);
    assert.throws(() => form.append('a', {} as never), { name: 'TypeError', message: /string, bytes or a Blob/ });
    assert.throws(() => echoed({ form: {} as never }), { name: 'TypeError', message: /option form/ });
  });

  test('throws what says that the status is none of success', () => {
    const response = ours('GET', `${server.url}not-found`);
    assert.ok(response instanceof Response && response.isError());
    const { headers, body, url } = response;
    assert.throws(() => response.getBody('utf8'), { statusCode: 404, headers, body, url });
  });

  test('follows redirects with the headers that are allowed, and asks for gzip there, too', () => {
    const followed = (method: string, path: string, options: Options): unknown => {
      const response = ours(method, server.url + path, options);
      assert.equal(response.url, `${server.url}echo`);
      const { method: sent, fields, body } = JSON.parse(response.getBody('utf8'));
      return [sent, fields, body];
    };
    const coding = { 'accept-encoding': 'gzip,deflate' };
    assert.deepEqual(followed('POST', '307', { body: 'x', headers: { a: 'b' } }), ['GET', coding, '']);
    const headers = { a: 'b', c: 'd' };
    const kept = followed('GET', '301', { headers, allowRedirectHeaders: ['a', 'missing'] });
    assert.deepEqual(kept, ['GET', { ...coding, a: 'b' }, '']);
  });

  test('follows maxRedirects at most, which sync-request does without gzip only', () => {
    const message = 'Maximum number of redirects exceeded';
    assert.throws(() => ours('GET', `${server.url}loop`, { maxRedirects: 3 }), { message });
    assert.throws(() => ours('GET', `${server.url}loop`), { message });
    assert.equal(ours('GET', `${server.url}301`, { maxRedirects: 1 }).statusCode, 200);
    const unset = { followRedirects: null, maxRedirects: null } as never;
    assert.equal(ours('GET', `${server.url}301`, unset).statusCode, 200);
  });

  test('ends after timeout, and after socketTimeout of silence', () => {
    for (const [path, options] of [
      ['never', { timeout: 50 }],
      ['begun', { socketTimeout: 50 }],
    ] as const) {
      assert.throws(() => ours('GET', server.url + path, options), {
        message: 'Request timed out after 50ms',
        timeout: true,
        code: 'DUGONG_CONNECTION_TIMED_OUT',
      });
    }
  });

  test('has the system’s code in its errors', () => {
    assert.throws(() => ours('GET', 'http://127.0.0.1:1/'), { code: 'ECONNREFUSED', message: /^connect ECONNREFUSED/ });
    assert.throws(() => ours('GET', `${server.url}cut`), { code: 'ECONNRESET' });
  });

  test('takes nothing from Object.prototype', () => {
    const wrong = { timeout: -1, socketTimeout: -1, gzip: false, location: '/echo', 'content-encoding': 'gzip' };
    withPollution(wrong, () => {
      assert.equal(echoed({ gzip: true }).fields['accept-encoding'], 'gzip,deflate');
      assert.equal(echoed({}).fields['accept-encoding'], 'gzip,deflate');
      assert.throws(() => ours('GET', `${server.url}nowhere`), { message: /non string location/ });
    });
  });

  test('refuses by name what it cannot obey', () => {
    const refused: readonly [options: object, message: RegExp][] = [
      [{ cache: 'file' }, /option cache/],
      [{ cache: 'memory' }, /option cache/],
      [{ agent: {} }, /option agent/],
      [{ retry: true, retryDelay: () => 1 }, /option retryDelay/],
      [{ retry: () => true }, /option retry/],
      [{ isMatch: () => true }, /no option "isMatch"/],
    ];
    for (const [options, message] of refused) {
      assert.throws(() => ours('GET', server.url, options as Options), { name: 'TypeError', message });
    }
    assert.equal(echoed({ agent: false, cache: undefined }, 'GET').method, 'GET');
    assert.equal(ours('GET', new URL('echo', server.url), null).statusCode, 200);
  });
});
