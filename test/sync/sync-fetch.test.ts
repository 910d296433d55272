import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { Readable, Transform } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import ours, { FetchError, Headers, Request, type RequestInit, Response, type SyncFetch } from 'dugong/sync-fetch';
import { response } from '../support/messages.ts';
import { type OddServer, startOddServer } from '../support/odd-server.ts';
import { withPollution } from '../support/pollution.ts';
import { expectHead, send, startScriptedServer } from '../support/scripted-server.ts';
import { atSomePace } from '../support/time-limit.ts';

const require = createRequire(import.meta.url);
const theirs = require('sync-fetch') as SyncFetch;

/** What all iterators of the language inherit from. */
const ITERATOR: object = Object.getPrototypeOf(Object.getPrototypeOf([].values()));

let server: OddServer;
before(() => {
  server = startOddServer();
});
after(() => server.stop());

/** What became of `program`, in a form that can be compared. */
function outcome(program: () => unknown): unknown {
  try {
    return program();
  } catch (error) {
    const { name, message, type, code, errno } = error as Error & Record<string, unknown>;
    return { name, message, type, code, errno };
  }
}

function get(fetch: SyncFetch, path: string, init?: RequestInit): unknown {
  return outcome(() => {
    const response = fetch(server.url + path, init);
    const { status, statusText, ok, url, redirected } = response;
    return { status, statusText, ok, url, redirected, text: outcome(() => response.text()), used: response.bodyUsed };
  });
}

describe('dugong/sync-fetch does as sync-fetch', () => {
  const programs: readonly [name: string, path: string, init?: RequestInit][] = [
    ['a GET with fields', 'echo', { headers: { 'X-Own': 'yes' } }],
    ['a POST of text', 'echo', { method: 'post', body: 'töxt' }],
    ['a PUT of URLSearchParams', 'echo', { method: 'PUT', body: new URLSearchParams('a=b c') }],
    ['a POST of nothing', 'echo', { method: 'POST' }],
    ['a body with GET', 'echo', { body: 'x' }],
    ['gzip that is cut short', 'cut-gzip'],
    ['deflate without its header', 'raw-deflate'],
    ['corrupt gzip', 'no-gzip'],
    ['gzip with compress: false', 'other-coding', { compress: false }],
    ['a connection that ends before the answer', 'reset'],
    ['a body that is cut short', 'cut'],
    ['a body above size', 'json', { size: 5 }],
    ['a response that does not come in time', 'never', { timeout: 100 }],
    ['a redirect after a POST', '303', { method: 'POST', body: 'x' }],
    ['a redirect that keeps the method', '307', { method: 'POST', body: 'x' }],
    ['an empty string with GET, which is no body', 'echo', { body: '' }],
    ['an empty string with POST, which has no type', 'echo', { method: 'POST', body: '' }],
    ['a redirect without a place', 'nowhere'],
    ['a redirect to two places', 'two-places'],
    ['redirect: error, and a redirect without a place', 'nowhere', { redirect: 'error' }],
    ['a redirect mode that does not exist', '301', { redirect: 'none' as 'manual' }],
    ['a redirect to what is no URL', 'bad-place'],
    ['too many redirects', 'loop', { follow: 1 }],
    ['redirect: error', '301', { redirect: 'error' }],
    ['a field that cannot be', 'echo', { headers: { 'a b': 'c' } }],
    ['status 404', 'not-found'],
    ['status 204', 'no-content'],
  ];
  for (const [name, path, init] of programs) {
    test(`with ${name}`, () => assert.deepEqual(get(ours, path, init), get(theirs, path, init)));
  }

  test('with fields of the response, and redirect: manual', () => {
    const fields = (fetch: SyncFetch, path: string, init?: RequestInit): unknown => {
      const { headers } = fetch(server.url + path, init);
      headers.delete('Date');
      return [headers.raw(), [...headers]];
    };
    assert.deepEqual(fields(ours, 'fields'), fields(theirs, 'fields'));
    assert.deepEqual(fields(ours, 'twice'), fields(theirs, 'twice'));
    const manual = { redirect: 'manual' } as const;
    assert.deepEqual(fields(ours, '301', manual), fields(theirs, '301', manual));
  });

  test('with URLs that cannot be fetched', () => {
    for (const url of ['/relative', 'ftp://localhost/', 'http://127.0.0.1:1/']) {
      assert.deepEqual(
        outcome(() => ours(url)),
        outcome(() => theirs(url)),
        url,
      );
    }
  });

  test('with errors in JSON', () => {
    const shown = (fetch: SyncFetch): unknown => {
      try {
        return fetch('http://127.0.0.1:1/');
      } catch (error) {
        return JSON.parse(JSON.stringify(error));
      }
    };
    assert.deepEqual(shown(ours), shown(theirs));
  });

  test('with JSON that is none, and a body that is read twice', () => {
    const json = (fetch: SyncFetch) => outcome(() => fetch(`${server.url}no-json`).json());
    assert.deepEqual(json(ours), json(theirs));
    const twice = (fetch: SyncFetch) =>
      outcome(() => {
        const response = fetch(`${server.url}json`);
        return [response.json(), response.clone()];
      });
    assert.deepEqual(twice(ours), twice(theirs));
  });

  test('with Requests and Responses that are made by hand', () => {
    const made = ({ Request: R, Response: S }: SyncFetch): unknown[] => {
      const request = new R('http://a.example', { method: 'post', body: 'x', headers: { b: 'c' }, size: 3 });
      const { url, method, redirect, follow, compress, size, timeout, signal } = request;
      const response = new S('abc', { status: 201, url: 'u' });
      const { status, statusText, ok } = response;
      const body = new S(Uint8Array.from([97, 98]).buffer).text();
      return [
        ...[url, method, redirect, follow, compress, size, timeout, signal, request.headers.raw(), request.body],
        ...[status, statusText, ok, response.url, response.headers.raw(), response.body, response.clone().text()],
        ...[body, new S().body, new S().text(), request.text(), request.bodyUsed, outcome(() => request.text())],
        ...[String(request), String(response), outcome(() => new R('http://a.example', { body: 'x' }))],
        outcome(() => new S(new Readable() as unknown as string)),
      ];
    };
    assert.deepEqual(made(ours), made(theirs));
  });

  test('with headers', () => {
    const made = ({ Headers: H }: SyncFetch): unknown[] => {
      const headers = new H([
        ['b', '1'],
        ['A', '2'],
        ['a', '3'],
      ]);
      const seen: unknown[] = [];
      headers.forEach((value, name) => {
        seen.push([name, value]);
      });
      const copy = new H(headers);
      copy.set('B', '4');
      copy.delete('missing');
      return [
        ...[headers.raw(), copy.raw(), [...headers.keys()], [...headers.values()], [...headers.entries()], seen],
        ...[headers.get('a'), headers.get('c'), headers.has('B'), String(headers), new H({ a: ['1', '2'] }).raw()],
        ...[
          outcome(() => headers.get('a b')),
          outcome(() => headers.append('a', 'b\n')),
          outcome(() => new H('x' as never)),
        ],
        ...[
          Object.prototype.isPrototypeOf.call(ITERATOR, headers.keys()),
          outcome(() => new H([['a']])),
          outcome(() => new H([1] as never)),
          new H(null).raw(),
          Object.keys(H.prototype).sort(),
        ],
      ];
    };
    assert.deepEqual(made(ours), made(theirs));
  });
});

describe('dugong/sync-fetch', () => {
  test('is the function itself for require(), and has its classes', () => {
    const required = require(require.resolve('dugong/sync-fetch')) as SyncFetch;
    assert.equal(typeof required, 'function');
    assert.deepEqual(Object.keys(required).sort(), Object.keys(theirs).sort());
    assert.deepEqual(
      [ours.Headers, ours.Request, ours.Response, ours.FetchError],
      [Headers, Request, Response, FetchError],
    );
  });

  test('takes a Request with a body, Blobs and FormData, which sync-fetch loses', () => {
    const request = new Request(`${server.url}echo`, { method: 'POST', body: 'kept' });
    assert.equal((ours(request).json() as { body: string }).body, 'kept');
    const init = { method: 'POST', body: new Blob(['blob']) };
    assert.equal((ours(`${server.url}echo`, init).json() as { body: string }).body, 'blob');
    const form = new FormData();
    form.append('a', 'b');
    assert.match(
      (ours(`${server.url}echo`, { ...init, body: form }).json() as { body: string }).body,
      /name="a"\r\n\r\nb/,
    );
  });

  test('takes the members of init from its class, too, but nothing from Object.prototype', () => {
    class Init {
      get method(): string {
        return 'DELETE';
      }
    }
    assert.equal((ours(`${server.url}echo`, new Init()).json() as { method: string }).method, 'DELETE');
    const wrong = { method: 'PUT', body: 'x', agent: {}, follow: 0, href: 'x', status: 500, flush: 99, signal: 1 };
    withPollution(wrong, () => {
      assert.equal((ours(`${server.url}301`, {}).json() as { method: string }).method, 'GET');
      assert.equal(ours(`${server.url}gzip`).text(), 'hello world');
      assert.equal(new Response('x', {}).status, 200);
    });
  });

  test('keeps no credentials across origins', () => {
    using elsewhere = startScriptedServer([
      [expectHead(), send(response('302 Found', [`Location: ${server.url}echo`, 'Content-Length: 0']))],
    ]);
    const other = `http://${elsewhere.authority}/`;
    const headers = { Authorization: 'secret', Cookie: 'secret', 'X-Own': 'kept' };
    const { fields } = ours(other, { headers }).json() as { fields: Record<string, string> };
    assert.deepEqual([fields['authorization'], fields['cookie'], fields['x-own']], [undefined, undefined, 'kept']);
  });

  test('gives the body of a response as a stream, and each other form', async () => {
    const { body } = ours(`${server.url}gzip`);
    assert.ok(body instanceof Transform);
    assert.equal(await text(body), 'hello world');
    const response = ours(`${server.url}json`);
    const clones = [1, 2, 3].map(() => response.clone());
    assert.equal(clones.at(0)?.buffer().toString(), '{"a":1}');
    assert.equal(clones.at(1)?.arrayBuffer().byteLength, 7);
    assert.equal(await clones.at(2)?.blob().text(), '{"a":1}');
    assert.throws(() => response.textConverted(), { name: 'FetchError' });
  });

  test('fails with FetchError when what did not come in whole is read, as a stream, too', async () => {
    const { body } = ours(`${server.url}cut`);
    await assert.rejects(text(body as Transform), { name: 'FetchError', code: 'ERR_STREAM_PREMATURE_CLOSE' });
    // The head has to come in time.
    await atSomePace((factor) => {
      const slow = ours(`${server.url}begun`, { timeout: 100 * factor });
      assert.throws(() => slow.text(), { name: 'FetchError', type: 'body-timeout' });
      assert.throws(() => slow.clone(), { name: 'FetchError', type: 'body-timeout' });
    });
  });

  test('gives the connection back of a redirect to what is no URL', () => {
    using counted = startScriptedServer([
      [
        expectHead(),
        send(response('302 Found', ['Location: http://[', 'Content-Length: 0'])),
        expectHead(),
        send(response('200 OK', ['Content-Length: 1'], 'x')),
      ],
    ]);
    const url = `http://${counted.authority}/`;
    assert.throws(() => ours(url), { name: 'FetchError', type: 'invalid-redirect' });
    assert.equal(ours(url).text(), 'x');
  });

  test('refuses by name what it cannot obey', () => {
    const url = `${server.url}echo`;
    assert.throws(() => ours(url, { agent: {} }), { name: 'TypeError', message: /option agent/ });
    const { signal } = new AbortController();
    assert.throws(() => ours(url, { signal }), { name: 'TypeError', message: /option signal.*timeout/ });
    assert.throws(() => ours(url, { signal: AbortSignal.abort() }), { name: 'AbortError' });
    assert.throws(() => ours(url, { signal: {} as AbortSignal }), { name: 'TypeError', message: /Expected signal/ });
    const body = new Blob([]).stream() as unknown as string;
    assert.throws(() => ours(url, { method: 'POST', body }), { name: 'TypeError', message: /bodies of type: Stream/ });
  });
});
