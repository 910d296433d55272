/**
 * Redirects, the same for fetchSync and for what createFetch makes: two servers, the first of which redirects.
 */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createFetch } from 'dugong';
import { closeIdleConnections, fetchSync, type RedirectMode } from 'dugong/sync';
import { coFetch } from '../../src/fetch/co-fetch.ts';
import { ConnectionPool } from '../../src/fetch/connection-pool.ts';
import { checkedRouting } from '../../src/fetch/endpoint.ts';
import { fetchRequest } from '../../src/fetch/fetch-request.ts';
import { type DummyServer, type EchoedRequest, startDummyServer } from '../support/dummy-server.ts';
import { ok, response } from '../support/messages.ts';
import {
  close,
  expectBytes,
  expectEnd,
  expectHead,
  loop,
  type Script,
  send,
  startScriptedServer,
} from '../support/scripted-server.ts';
import { timeLimit } from '../support/time-limit.ts';

const LIMIT = timeLimit(20_000);

type Init = {
  method?: string;
  redirect?: RedirectMode;
  body?: string | Iterable<string>;
  headers?: [string, string][];
};

interface Answer {
  readonly status: number;
  readonly url: string;
  readonly redirected: boolean;
  readonly text: string;
}

interface Face {
  readonly name: string;
  fetch(url: string, init?: Init): Promise<Answer>;
  closeIdle(): void;
}

const awaited = createFetch({ proxy: false });

/** What was thrown, or what that hides. */
const faces: readonly Face[] = [
  {
    name: 'fetchSync',
    async fetch(url, init) {
      const answer = fetchSync(url, { ...init, proxy: false, timeout: LIMIT });
      return { status: answer.status, url: answer.url, redirected: answer.redirected, text: answer.text() };
    },
    closeIdle: closeIdleConnections,
  },
  {
    name: 'createFetch()',
    async fetch(url, init) {
      try {
        const answer = await awaited(url, { ...init, signal: AbortSignal.timeout(LIMIT) });
        const { status, redirected } = answer;
        return { status, url: answer.url, redirected, text: await answer.text() };
      } catch (error) {
        throw error instanceof TypeError && error.message === 'fetch failed' ? error.cause : error;
      }
    },
    closeIdle: () => awaited.closeIdleConnections(),
  },
];

function redirect(status: number, location: string): string {
  return response(`${status} Elsewhere`, [`Location: ${location}`, 'Content-Length: 4'], 'gone');
}

/** A server that redirects every request of a connection. */
function redirecting(status: number, location: string): Script {
  return [expectHead(), send(redirect(status, location))];
}

function field({ headers }: EchoedRequest, name: string): string | undefined {
  return headers.find(([each]) => each.toLowerCase() === name)?.[1];
}

for (const face of faces) {
  describe(`a redirect, under ${face.name}`, () => {
    let target: DummyServer;
    before(() => {
      target = startDummyServer();
    });
    after(() => {
      face.closeIdle();
      target.stop();
    });

    const methods: readonly (readonly [status: number, method: string, then: string])[] = [
      ...[301, 302].flatMap((status) => [
        [status, 'GET', 'GET'] as const,
        [status, 'HEAD', 'HEAD'] as const,
        [status, 'POST', 'GET'] as const,
        [status, 'PUT', 'PUT'] as const,
        [status, 'DELETE', 'DELETE'] as const,
      ]),
      [303, 'GET', 'GET'],
      [303, 'HEAD', 'HEAD'],
      [303, 'POST', 'GET'],
      [303, 'PUT', 'GET'],
      ...[307, 308].flatMap((status) => [
        [status, 'GET', 'GET'] as const,
        [status, 'POST', 'POST'] as const,
        [status, 'PATCH', 'PATCH'] as const,
      ]),
    ];
    for (const [status, method, then] of methods) {
      test(`${status} of a ${method} leads to a ${then}, with the body if the method stays`, async () => {
        const body = method === 'GET' || method === 'HEAD' ? undefined : 'body';
        const script: Script = [
          expectHead(),
          ...(body === undefined ? [] : [expectBytes(4)]),
          send(method === 'HEAD' ? response(`${status} Elsewhere`, ['Location: /2']) : redirect(status, '/2')),
          expectHead(),
          ...(body !== undefined && then === method ? [expectBytes(4)] : []),
          send(method === 'HEAD' ? response('200 OK') : ok('done')),
          expectEnd(),
        ];
        using server = startScriptedServer([script]);
        const headers: [string, string][] = [['X-Own', 'kept']];
        const answer = await face.fetch(`http://${server.authority}/1#f`, { method, headers, ...(body && { body }) });
        assert.deepEqual(answer, {
          status: 200,
          url: `http://${server.authority}/2`,
          redirected: true,
          text: method === 'HEAD' ? '' : 'done',
        });
        const [first = '', second = ''] = server.heads();
        assert.match(first, new RegExp(`^${method} /1 `));
        assert.match(second, new RegExp(`^${then} /2 [^]*\\r\\nx-own: kept\\r\\n`, 'i'));
        const keepsBody = body !== undefined && then === method;
        assert.equal(/\r\ncontent-type: text\/plain/i.test(second), keepsBody);
        face.closeIdle();
        server.check();
      });
    }

    const locations: readonly [location: string, path: string][] = [
      ['/b', '/b'],
      ['b?c=d', '/dir/b?c=d'],
      ['?q', '/dir/a?q'],
      ['../up/./x', '/up/x'],
      ['/with#fragment', '/with'],
      ['', '/dir/a'],
      ['/b c', '/b%20c'],
      ['/\u00fc', '/%FC'],
      ['/a?%\u00ff%c3', '/a?%%FF%c3'],
      [Buffer.from('/ü').toString('latin1'), '/%C3%BC'],
    ];
    for (const [location, path] of locations) {
      test(`to ${JSON.stringify(location)} is resolved against the URL of the request`, async () => {
        using server = startScriptedServer([[...redirecting(302, location), expectHead(), send(ok('done'))]]);
        const answer = await face.fetch(`http://${server.authority}/dir/a#fragment`);
        assert.equal(answer.url, `http://${server.authority}${path}`);
        assert.equal(server.heads()[1]?.split(' ')[1], path);
        face.closeIdle();
      });
    }

    test('to the same URL twice is to that URL, to different ones it is refused, however they are written', async () => {
      const twice = (one: string, other: string): string =>
        response('302 Elsewhere', [`Location: ${one}`, 'X-Own: between', `lOCATION: \t${other} `, 'Content-Length: 0']);
      for (const location of ['/2', '', Buffer.from('/ü').toString('latin1')]) {
        using server = startScriptedServer([
          [expectHead(), send(twice(location, location)), expectHead(), send(ok('done'))],
        ]);
        const answer = await face.fetch(`http://${server.authority}/1`);
        const url = new URL(Buffer.from(location, 'latin1').toString(), `http://${server.authority}/1`).href;
        assert.deepEqual(answer, { status: 200, url, redirected: true, text: 'done' });
        face.closeIdle();
        server.check();
      }
      const different = [
        ['/2', '/3'],
        ['/2', ''],
        ['', '/2'],
        ['/2', './2'],
      ] as const;
      for (const [one, other] of different) {
        using server = startScriptedServer([[expectHead(), send(twice(one, other))]]);
        const expected = { name: 'InvalidResponse', message: /several URLs/ };
        await assert.rejects(face.fetch(`http://${server.authority}/1`), expected);
      }
    });

    test('does not wait for a body that does not end', async () => {
      const head = 'HTTP/1.1 302 Found\r\nLocation: /2\r\n';
      const bodies = ['Content-Length: 100\r\n\r\nx', 'Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n', '\r\nx'];
      for (const body of bodies) {
        using server = startScriptedServer([
          [expectHead(), send(head + body), expectEnd()],
          [expectHead(), send(ok('done'))],
        ]);
        const answer = await face.fetch(`http://${server.authority}/`);
        assert.deepEqual([answer.status, answer.redirected, answer.text], [200, true, 'done']);
        server.check();
        face.closeIdle();
      }
    });

    test('of an upload is followed before that is sent, and before its own body ends', async () => {
      const upload = 'u'.repeat(8 * 1024 * 1024);
      using server = startScriptedServer([
        [expectHead(), send('HTTP/1.1 303 See Other\r\nLocation: /2\r\nContent-Length: 100\r\n\r\nx'), expectEnd()],
        [expectHead(), send(ok('done'))],
      ]);
      const answer = await face.fetch(`http://${server.authority}/`, { method: 'POST', body: upload });
      assert.deepEqual([answer.status, answer.redirected, answer.text], [200, true, 'done']);
      face.closeIdle();
    });

    test('keeps credentials at the same origin, and drops them for another one: another port is enough', async () => {
      const headers: [string, string][] = [
        ['Authorization', 'Bearer secret'],
        ['Cookie', 'secret=1'],
        ['Proxy-Authorization', 'Basic secret'],
        ['X-Own', 'kept'],
      ];
      const names = headers.map(([name]) => name.toLowerCase());
      const there = `http://${target.authority}/echo`;
      using server = startScriptedServer([[...redirecting(302, '/same'), ...redirecting(302, there)]]);
      const answer = await face.fetch(`http://${server.authority}/`, { headers });
      const echoed = JSON.parse(answer.text) as EchoedRequest;
      assert.deepEqual(
        names.map((name) => field(echoed, name)),
        [undefined, undefined, undefined, 'kept'],
      );
      const second = server.heads()[1] ?? '';
      assert.ok(headers.every(([, value]) => second.includes(`: ${value}\r\n`)));
      assert.equal(field(echoed, 'host'), target.authority);
    });

    test('does not carry the credentials of the first URL to another origin; those of the new URL go there', async () => {
      using server = startScriptedServer([
        [
          ...redirecting(302, `http://${target.authority}/echo`),
          ...redirecting(302, `http://new:one@${target.authority}/echo`),
        ],
      ]);
      const url = `http://user:password@${server.authority}/`;
      const without = JSON.parse((await face.fetch(url)).text) as EchoedRequest;
      assert.match(server.heads()[0] ?? '', /authorization: Basic/i);
      assert.equal(field(without, 'authorization'), undefined);
      const { text, url: last } = await face.fetch(url);
      const basic = `Basic ${Buffer.from('new:one').toString('base64')}`;
      assert.equal(field(JSON.parse(text) as EchoedRequest, 'authorization'), basic);
      assert.equal(last, `http://${target.authority}/echo`);
    });

    test('is followed twenty times; the twenty-first is an error', async () => {
      const twenty = loop(20, redirecting(302, '/again'));
      using server = startScriptedServer([
        [twenty, expectHead(), send(ok('done')), twenty, ...redirecting(302, '/'), close()],
      ]);
      const url = `http://${server.authority}/`;
      assert.equal((await face.fetch(url)).text, 'done');
      await assert.rejects(face.fetch(url), { name: 'UnsupportedResponse', message: /more than 20 redirects/ });
    });

    test('to another scheme is refused, and so is one to no URL', async () => {
      for (const location of ['ftp://localhost/', 'file:///etc/passwd', 'data:,x', 'javascript:alert(1)']) {
        using server = startScriptedServer([redirecting(302, location)]);
        await assert.rejects(face.fetch(`http://${server.authority}/`), {
          name: 'UnsupportedResponse',
          message: /another scheme/,
        });
      }
      using server = startScriptedServer([redirecting(302, 'http://[')]);
      await assert.rejects(face.fetch(`http://${server.authority}/`), { name: 'InvalidResponse', message: /no URL/ });
    });

    test('is an error in mode "error", and an answer in mode "manual" or without a Location', async () => {
      const script = [...redirecting(307, '/x'), ...redirecting(307, '/x')];
      using server = startScriptedServer([
        [expectHead(), send(response('302 No Location', ['Content-Length: 0'])), expectHead(), ...script.slice(1)],
        script.slice(0, 2),
      ]);
      const url = `http://${server.authority}/`;
      assert.equal((await face.fetch(url)).status, 302);
      const answer = await face.fetch(url, { redirect: 'manual' });
      assert.deepEqual([answer.status, answer.redirected, answer.text], [307, false, 'gone']);
      await assert.rejects(face.fetch(url, { redirect: 'error' }), { name: 'UnsupportedResponse', message: /forbids/ });
    });

    test('cannot repeat a body that could be read only once, but may drop it', async () => {
      const part = '4\r\nbody\r\n0\r\n\r\n';
      const upload = (status: number): Script => [expectHead(), expectBytes(part.length), send(redirect(status, '/2'))];
      using server = startScriptedServer([
        [...upload(303), expectHead(), send(ok('done')), ...upload(307), expectEnd()],
      ]);
      const url = `http://${server.authority}/`;
      const once = (): Init => ({ method: 'POST', body: new Set(['body']).values() });
      assert.equal((await face.fetch(url, once())).text, 'done');
      await assert.rejects(face.fetch(url, once()), { name: 'UnsupportedResponse', message: /only once/ });
      server.check();
    });

    test('with a large body, one cut short or too long, or one that ends with the connection costs that connection', async () => {
      const head = 'HTTP/1.1 302 Found\r\nLocation: /2\r\n';
      using server = startScriptedServer([
        [expectHead(), send(`${head}Content-Length: 1000000000\r\n\r\n`), expectEnd()],
        [expectHead(), send(`${ok('1', 'Connection: close')}`), expectEnd()],
        [expectHead(), send(`${head}Content-Length: 10\r\n\r\nhalf`), close()],
        [expectHead(), send(`${ok('2', 'Connection: close')}`), expectEnd()],
        [expectHead(), send(`${head}\r\n`), expectEnd()],
        [expectHead(), send(`${ok('3', 'Connection: close')}`), expectEnd()],
        [expectHead(), send(`${head}Content-Length: 1\r\n\r\nx and more`), expectEnd()],
        [expectHead(), send(`${ok('4', 'Connection: close')}`), expectEnd()],
      ]);
      for (const text of ['1', '2', '3', '4']) {
        assert.equal((await face.fetch(`http://${server.authority}/`)).text, text);
      }
      server.check();
    });
  });
}

test('a redirect is followed at once: no time is waited for, whatever becomes of its body', () => {
  const head = 'HTTP/1.1 302 Found\r\nLocation: /2\r\n';
  for (const body of [
    'Content-Length: 100\r\n\r\nx',
    'Content-Length: 1\r\n\r\nxy',
    'Transfer-Encoding: chunked\r\n\r\n1',
  ]) {
    using server = startScriptedServer([
      [expectHead(), send(head + body), expectEnd()],
      [expectHead(), send(ok('done')), expectEnd()],
    ]);
    const pool = new ConnectionPool({ maxIdleConnections: 0, idleTimeout: 0, maxConnectionsPerOrigin: 0 });
    const request = fetchRequest({
      ...{ url: new URL(`http://${server.authority}/`), method: 'GET', headers: undefined },
      ...{ content: undefined, contentType: undefined, host: 'of the URL', referrer: undefined },
    });
    const deadlines: (number | undefined)[] = [];
    const fetching = coFetch(request, {
      ...{ pool, routing: checkedRouting({ proxy: false, connection: { connectTimeout: 0 } }), redirect: 'follow' },
      assertAllowed: undefined,
      timing: undefined,
      *ask({ connection }, { method, url }) {
        yield* connection.coSendRequest(method, url.pathname);
        return { response: yield* connection.coReadResponse(), sent: () => true };
      },
    });
    let step = fetching.next();
    for (; !step.done; step = fetching.next()) {
      deadlines.push(step.value.deadline);
      assert.ok(step.value.poll(LIMIT));
    }
    step.value.lease.drop();
    assert.equal(step.value.redirected, true);
    assert.ok(deadlines.every((deadline) => deadline === undefined));
  }
});

test('createFetch connects to no bad port, of a redirect neither [Fetch, port blocking]', async () => {
  const fetch = createFetch({ proxy: false });
  const away = response('302 Found', ['Location: http://127.0.0.1:6667/', 'Content-Length: 0']);
  using server = startScriptedServer([[expectHead(), send(away)]]);
  for (const url of ['http://127.0.0.1:25/', `http://${server.authority}/`]) {
    await assert.rejects(fetch(url), ({ message, cause }: Error) => {
      assert.equal(message, 'fetch failed');
      assert.match((cause as Error).message, /^bad port: \d+/);
      return true;
    });
  }
  fetch.closeIdleConnections();
});
