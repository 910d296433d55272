/** The fields of what createFetch sends: those that were given, in their case, and what follows from the other members of init. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HTTPHeaders } from 'dugong';
import { fetchSync } from 'dugong/sync';
import { type DummyServer, type EchoedRequest, startDummyServer } from '../support/dummy-server.ts';
import { createFetch, direct } from '../support/held-fetches.ts';
import { response } from '../support/messages.ts';
import { expectHead, send, startScriptedServer } from '../support/scripted-server.ts';

type Init = NonNullable<Parameters<ReturnType<typeof createFetch>>[1]>;

const OWN = new Set([
  ...['accept', 'accept-encoding', 'accept-language', 'sec-fetch-mode', 'user-agent'],
  ...['host', 'content-length', 'content-type'],
]);

async function fields(server: DummyServer, init: Init): Promise<[string, string][]> {
  const answer = await createFetch(direct)(`http://${server.authority}/echo`, init);
  return ((await answer.json()) as EchoedRequest).headers;
}

/** Without those that each request has. */
async function own(server: DummyServer, init: Init): Promise<string[]> {
  const sent = await fields(server, init);
  return sent.filter(([name]) => !OWN.has(name.toLowerCase())).map(([name, value]) => `${name}: ${value}`);
}

describe('header fields that createFetch is given', () => {
  const cased: [string, string][] = [
    ['X-CaSe', '1'],
    ['A-Second', '2'],
    ['x-case', '3'],
  ];
  function* pairs(): Generator<[string, string]> {
    yield* cased;
  }
  for (const [name, headers, expected] of [
    ['pairs', cased, ['X-CaSe: 1, 3', 'A-Second: 2']],
    ['an iterable of pairs', pairs(), ['X-CaSe: 1, 3', 'A-Second: 2']],
    ['a record', { 'X-CaSe': ' 1 ', 'A-Second': 2 }, ['X-CaSe: 1', 'A-Second: 2']],
    ['HTTPHeaders', new HTTPHeaders(cased), ['X-CaSe: 1, 3', 'A-Second: 2']],
    ['Headers, which know none', new Headers(cased), ['a-second: 2', 'x-case: 1, 3']],
    ['cookies', { cookie: 'a=b', 'SET-Cookie': 'c' }, ['cookie: a=b', 'SET-Cookie: c']],
  ] as const) {
    test(`keep the case of their names, and their order: ${name}`, async () => {
      using server = startDummyServer();
      assert.deepEqual(await own(server, { headers: headers as NonNullable<RequestInit['headers']> }), expected);
    });
  }

  test('are read once', async () => {
    using server = startDummyServer();
    let read = 0;
    const headers = {
      get 'X-Own'(): string {
        return String(++read);
      },
    };
    assert.deepEqual(await own(server, { headers }), ['X-Own: 1']);
  });

  for (const [name, headers] of [
    ['a name that is no token', { 'a b': 'c' }],
    ['a value with a line end', { a: 'b\r\nc: d' }],
    ['a value above U+00FF', { a: '\u0100' }],
    ['no pair', [['a']]],
    ['a string as a pair', ['ab']],
    ['a symbol as a name', { [Symbol('name')]: 'a' }],
    ['a symbol as a value', { a: Symbol('value') }],
    ['a string', 'a: b'],
    ['null', null],
  ] as const) {
    test(`are a TypeError: ${name}`, async () => {
      const init = { headers } as unknown as Init;
      await assert.rejects(createFetch(direct)('http://127.0.0.1:10/', init), {
        name: 'TypeError',
        message: /headers|ByteString|Symbol/,
      });
    });
  }
});

describe('fields that were taken over from another request', () => {
  test('a Host is that of the URL', async () => {
    using server = startDummyServer();
    const sent = await fields(server, { headers: { Host: 'gateway.example' } });
    assert.deepEqual(
      sent.filter(([name]) => /^host$/i.test(name)),
      [['Host', server.authority]],
    );
  });

  test('a Host is that of the caller in fetchSync, as far as the same origin', () => {
    using target = startDummyServer();
    using server = startScriptedServer([
      [
        ...[expectHead(), send(response('302 Found', ['Location: /2', 'Content-Length: 0']))],
        ...[
          expectHead(),
          send(response('302 Found', [`Location: http://${target.authority}/echo`, 'Content-Length: 0'])),
        ],
      ],
    ]);
    const headers = { Host: 'name.example' };
    const answer = fetchSync(`http://${server.authority}/`, { headers, proxy: false, timeout: 20_000 });
    const sent = (answer.json() as EchoedRequest).headers;
    assert.deepEqual(
      sent.find(([name]) => name === 'Host'),
      ['Host', target.authority],
    );
    assert.equal(
      server
        .received(0)
        .toString()
        .match(/Host: name\.example\r/g)?.length,
      2,
    );
  });

  for (const [name, value, sent] of [
    ['Connection', 'close', true],
    ['Connection', 'keep-alive', true],
    ['TE', 'trailers', true],
    ['Trailer', 'X-T', true],
    ['Date', 'x', true],
    ['Via', '1.1 x', true],
    ['Origin', 'http://a.test', true],
    ['Proxy-Connection', 'keep-alive', true],
    ['Connection', 'keep-alive, Upgrade', false],
    ['Connection', 'x-own', false],
    ['Keep-Alive', 'timeout=5', false],
    ['Upgrade', 'websocket', false],
    ['Expect', '100-continue', false],
    ['TE', 'gzip', false],
    ['Transfer-Encoding', 'gzip', false],
    ['Transfer-Encoding', 'chunked', false],
  ] as const) {
    test(`${name}: ${value} is ${sent ? 'sent' : 'a TypeError'}`, async () => {
      using server = startDummyServer();
      const sending = own(server, { headers: { [name]: value } });
      if (sent) assert.ok((await sending).includes(`${name}: ${value}`));
      else await assert.rejects(sending, { name: 'TypeError', message: new RegExp(name) });
    });
  }
});

describe('the cache mode of a fetch', () => {
  const none: string[] = [];
  const reload = ['Pragma: no-cache', 'Cache-Control: no-cache'];
  for (const [cache, headers, expected] of [
    ['default', {}, none],
    ['force-cache', {}, none],
    ['no-store', {}, reload],
    ['reload', {}, reload],
    ['no-cache', {}, ['Cache-Control: max-age=0']],
    ['no-store', { 'cache-control': 'x', Pragma: 'y' }, ['cache-control: x', 'Pragma: y']],
    ['no-cache', { 'Cache-Control': 'x' }, ['Cache-Control: x']],
    ['default', { 'If-None-Match': 'x' }, ['If-None-Match: x', ...reload]],
    ['force-cache', { 'If-None-Match': 'x' }, ['If-None-Match: x']],
  ] as const) {
    test(`${cache}, with ${JSON.stringify(headers)}, says what the standard wants`, async () => {
      using server = startDummyServer();
      assert.deepEqual(await own(server, { cache, headers }), expected);
    });
  }

  for (const mode of ['cors', 'same-origin'] as const) {
    test(`only-if-cached is a TypeError in the mode ${mode}`, async () => {
      const init = { cache: 'only-if-cached', mode } as const;
      await assert.rejects(createFetch(direct)('http://127.0.0.1:10/', init), { name: 'TypeError', message: /cache/ });
    });
  }
});

describe('the referrer of a fetch', () => {
  const referrer = 'http://user:secret@from.test/path?q#f';

  test('becomes Referer as far as its policy says; without one there is none', async () => {
    using server = startDummyServer();
    for (const [init, expected] of [
      [{}, []],
      [{ referrer: 'about:client' }, []],
      [{ referrer: '' }, []],
      [{ referrer }, ['Referer: http://from.test/']],
      [{ referrer, referrerPolicy: 'unsafe-url' }, ['Referer: http://from.test/path?q']],
      [{ referrer, referrerPolicy: 'no-referrer' }, []],
      [{ referrer, headers: { referer: 'own' } }, ['referer: own']],
    ] as const) {
      assert.deepEqual(await own(server, init), expected, JSON.stringify(init));
    }
  });

  test('shows another server after a redirect no more than its policy permits, which the answer may change', async () => {
    using target = startDummyServer();
    const location = `Location: http://${target.authority}/echo`;
    const redirect = (...more: string[]) => send(response('302 Found', [location, 'Content-Length: 0', ...more]));
    using server = startScriptedServer([
      [
        ...[expectHead(), redirect(), expectHead(), redirect('Referrer-Policy: unsafe-url, x')],
        ...[expectHead(), redirect('Referrer-Policy: no-referrer'), expectHead(), redirect()],
      ],
    ]);
    const fetch = createFetch(direct);
    const url = `http://${server.authority}/`;
    const sent = async (init: Init) => {
      const { headers } = (await (await fetch(url, init)).json()) as EchoedRequest;
      return headers.find(([name]) => name.toLowerCase() === 'referer')?.[1];
    };
    assert.equal(await sent({ referrer: `${url}page` }), url);
    assert.equal(await sent({ referrer: `${url}page` }), `${url}page`);
    assert.equal(await sent({ referrer: `${url}page` }), undefined);
    assert.equal(await sent({ headers: { Referer: 'own' } }), 'own');
    assert.equal(
      server
        .received(0)
        .toString()
        .match(/Referer: http:.*\/page\r/g)?.length,
      3,
    );
  });

  test('that is no URL is a TypeError', async () => {
    const init = { referrer: 'relative' };
    await assert.rejects(createFetch(direct)('http://127.0.0.1:10/', init), {
      name: 'TypeError',
      message: /[Rr]eferrer/,
    });
  });
});
