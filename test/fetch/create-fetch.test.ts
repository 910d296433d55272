import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { FetchInit } from 'dugong';
import { AioFuture, coSleep } from '../../src/index.ts';
import { native } from '../../src/io/native.ts';
import { opensslMissing } from '../support/certificates.ts';
import { type DummyServer, dummyBytes, type EchoedRequest, startDummyServer } from '../support/dummy-server.ts';
import { createFetch, direct } from '../support/held-fetches.ts';
import { TestTrust } from '../support/https.ts';
import { ok, response } from '../support/messages.ts';
import {
  close,
  expectAnything,
  expectBytes,
  expectEnd,
  expectHead,
  gate,
  loop,
  mark,
  send,
  startScriptedServer,
} from '../support/scripted-server.ts';
import { slowStream } from '../support/slow-stream.ts';
import { MORE_THAN_FITS } from '../support/socket-capacity.ts';
import { startStalledListener } from '../support/stalled-listener.ts';

async function echo(server: DummyServer, init: FetchInit): Promise<EchoedRequest & { readonly text: string }> {
  const response = await createFetch(direct)(`http://${server.authority}/echo`, init);
  const echoed = (await response.json()) as EchoedRequest;
  return { ...echoed, text: Buffer.from(echoed.body, 'base64').toString() };
}

function field({ headers }: EchoedRequest, name: string): string | undefined {
  return headers.find(([each]) => each.toLowerCase() === name)?.[1];
}

async function* generated(): AsyncGenerator<string | Uint8Array> {
  yield 'one ';
  await turn();
  yield Buffer.from('two');
}

describe('the fetch of createFetch sends', () => {
  const bodies: readonly [
    name: string,
    make: () => FetchInit['body'],
    text: string,
    type: string | undefined,
    length: boolean,
  ][] = [
    ['a string', () => 'wörld', 'wörld', 'text/plain;charset=UTF-8', true],
    ['bytes', () => Buffer.from('bytes'), 'bytes', undefined, true],
    [
      'URLSearchParams',
      () => new URLSearchParams('a=b'),
      'a=b',
      'application/x-www-form-urlencoded;charset=UTF-8',
      true,
    ],
    ['a Blob, with its type and length', () => new Blob(['blob'], { type: 'a/b' }), 'blob', 'a/b', true],
    ['an iterable', () => ['one ', 'two'], 'one two', undefined, false],
    ['an async iterable', generated, 'one two', undefined, false],
    ['a Readable', () => Readable.from(generated()), 'one two', undefined, false],
    ['a ReadableStream', () => new Blob(['stream']).stream(), 'stream', undefined, false],
  ];
  for (const [name, make, text, type, hasLength] of bodies) {
    test(`${name}${hasLength ? '' : ', chunked'}`, async () => {
      using server = startDummyServer();
      const echoed = await echo(server, { method: 'POST', body: make() });
      assert.deepEqual([echoed.method, echoed.text, field(echoed, 'content-type')], ['POST', text, type]);
      assert.equal(field(echoed, 'content-length'), hasLength ? String(Buffer.byteLength(text)) : undefined);
    });
  }

  test('FormData as multipart, with its length, names escaped and lines ended as the standard wants it', async () => {
    using server = startDummyServer();
    const form = new FormData();
    form.append('a"b\n', 'one\ntwo');
    form.append('file', new File(['content'], 'n"ame.txt', { type: 'text/x' }));
    form.append('blob', new Blob(['x']));
    const echoed = await echo(server, { method: 'POST', body: form });
    const boundary = /^multipart\/form-data; boundary=(.+)$/.exec(field(echoed, 'content-type') ?? '')?.[1];
    const disposition = 'Content-Disposition: form-data; name=';
    const lines = [
      ...[`--${boundary}`, `${disposition}"a%22b%0D%0A"`, '', 'one\r\ntwo'],
      ...[`--${boundary}`, `${disposition}"file"; filename="n%22ame.txt"`, 'Content-Type: text/x', '', 'content'],
      ...[`--${boundary}`, `${disposition}"blob"; filename="blob"`, 'Content-Type: application/octet-stream', '', 'x'],
      ...[`--${boundary}--`, ''],
    ];
    assert.equal(echoed.text, lines.join('\r\n'));
    assert.equal(field(echoed, 'content-length'), String(echoed.text.length));
    const decoded = await new Response(echoed.text, {
      headers: { 'content-type': field(echoed, 'content-type') ?? '' },
    }).formData();
    assert.equal(decoded.get('a"b\r\n'), 'one\r\ntwo');
    assert.equal(await (decoded.get('file') as File).text(), 'content');
  });

  test('a Request: what is all there with its length, a stream as it comes', async () => {
    using server = startDummyServer();
    const fetch = createFetch(direct);
    const url = `http://${server.authority}/echo`;
    const request = new Request(url, {
      method: 'PUT',
      body: '{}',
      headers: { 'content-type': 'a/json', 'x-own': 'y' },
    });
    const whole = (await (await fetch(request)).json()) as EchoedRequest;
    assert.deepEqual(
      ['content-type', 'content-length', 'x-own'].map((name) => field(whole, name)),
      ['a/json', '2', 'y'],
    );
    assert.equal(request.bodyUsed, true);
    const { stream, release } = slowStream();
    const sending = fetch(new Request(url, { method: 'PUT', body: stream, duplex: 'half' }));
    // Alarms ring in the order of their times: the gathering of what is there is over then.
    await new AioFuture(coSleep(5));
    release();
    const streamed = (await (await sending).json()) as EchoedRequest;
    assert.equal(field(streamed, 'transfer-encoding'), 'chunked');
    assert.equal(Buffer.from(streamed.body, 'base64').toString(), 'one two');
    const other = (await (
      await fetch(new Request(url, { method: 'PUT', body: 'a' }), { body: 'b' })
    ).json()) as EchoedRequest;
    assert.equal(Buffer.from(other.body, 'base64').toString(), 'b');
    fetch.closeIdleConnections();
  });

  const refused: readonly [name: string, url: string, init: FetchInit, message: RegExp][] = [
    ['a relative URL', '/path', {}, /no absolute URL/],
    ['a body with GET', 'http://localhost/', { body: 'x' }, /body/],
    ['a forbidden method', 'http://localhost/', { method: 'TRACE' }, /TRACE/],
  ];
  for (const [name, url, init, message] of refused) {
    test(`nothing for ${name}: a TypeError`, async () => {
      await assert.rejects(createFetch(direct)(url, init), { name: 'TypeError', message });
    });
  }

  test('no option of createFetch that does not exist', () => {
    assert.throws(() => createFetch({ timeout: 5 } as object), { name: 'TypeError', message: /no option "timeout"/ });
    assert.throws(() => createFetch({ maxIdleConnections: -1 }), { name: 'TypeError', message: /maxIdleConnections/ });
  });
});

describe('the fetch of createFetch returns', () => {
  test('a standard Response: clone, blob and formData work, url and redirected are there', async () => {
    using server = startScriptedServer([
      [expectHead(), send(ok('{"a":1}', 'Set-Cookie: a=1', 'Set-Cookie: b=2', 'Content-Type: application/json'))],
    ]);
    const fetch = createFetch(direct);
    const answer = await fetch(new URL(`http://${server.authority}/x#f`));
    assert.ok(answer instanceof Response);
    const { status, statusText, redirected, type, url } = answer;
    assert.deepEqual(
      { status, statusText, ok: answer.ok, redirected, type, url },
      {
        status: 200,
        statusText: 'OK',
        ok: true,
        redirected: false,
        type: 'basic',
        url: `http://${server.authority}/x`,
      },
    );
    assert.deepEqual(answer.headers.getSetCookie(), ['a=1', 'b=2']);
    const clone = answer.clone();
    assert.deepEqual([clone.url, clone.clone().status], [url, 200]);
    assert.deepEqual(await answer.json(), { a: 1 });
    assert.equal((await clone.blob()).type, 'application/json');
    assert.equal(answer.bodyUsed, true);
  });

  test('responses without a body, of any status', async () => {
    using server = startScriptedServer([
      [
        ...[expectHead(), send(response('204 No Content'))],
        ...[expectHead(), send(response('205 Reset', ['Content-Length: 0']))],
        ...[expectHead(), send(response('304 Not Modified', ['Content-Length: 5']))],
        ...[expectHead(), send(response('200 OK', ['Content-Length: 5']))],
        ...[expectHead(), send(response('200 OK', ['Content-Length: 0']))],
        ...[expectHead(), send(response('999 Odd', ['Content-Length: 2'], 'ok'))],
      ],
    ]);
    const fetch = createFetch(direct);
    for (const [status, method] of [[204], [205], [304], [200, 'HEAD']] as const) {
      const answer = await fetch(`http://${server.authority}/`, method ? { method } : {});
      assert.deepEqual([answer.status, answer.body, await answer.text(), answer.bodyUsed], [status, null, '', false]);
    }
    // An empty body is one.
    const empty = await fetch(`http://${server.authority}/`);
    assert.ok(empty.body instanceof ReadableStream);
    assert.deepEqual([await empty.text(), empty.bodyUsed], ['', true]);
    const odd = await fetch(`http://${server.authority}/`);
    assert.deepEqual([odd.status, odd.ok, await odd.text()], [999, false, 'ok']);
    assert.equal(server.connections(), 1);
  });

  test('bodies in any way of reading a byte stream, whole', async () => {
    using server = startDummyServer();
    const fetch = createFetch(direct);
    const size = 3_000_000;
    const expected = dummyBytes(size);
    for (const path of [`/send_${size}_bytes`, `/send_chunked?sizes=${size - 5},5`]) {
      const url = `http://${server.authority}${path}`;
      assert.ok(expected.equals(Buffer.from(await (await fetch(url)).arrayBuffer())));
      const parts: Uint8Array[] = [];
      for await (const part of (await fetch(url)).body ?? []) parts.push(part);
      assert.ok(expected.equals(Buffer.concat(parts)));
      const reader = (await fetch(url)).body?.getReader({ mode: 'byob' });
      const own: Uint8Array[] = [];
      for (;;) {
        const step = await reader?.read(new Uint8Array(10_000));
        if (step === undefined || step.done) break;
        own.push(step.value);
      }
      assert.ok(expected.equals(Buffer.concat(own)));
      const readable = Readable.fromWeb((await fetch(url)).body as never);
      assert.ok(expected.equals(Buffer.concat(await readable.toArray())));
    }
    fetch.closeIdleConnections();
  });

  test('a body as it comes, and takes nothing from the socket before it is asked for', async () => {
    const size = MORE_THAN_FITS;
    using server = startScriptedServer([
      [
        ...[
          expectHead(),
          send(`HTTP/1.1 200 OK\r\nContent-Length: ${size + 5}\r\n\r\nfirst`),
          gate('rest'),
          mark('begin'),
        ],
        ...[send(new Uint8Array(size)), mark('all')],
      ],
    ]);
    const { body } = await createFetch(direct)(`http://${server.authority}/`);
    const reader = (body as ReadableStream<Uint8Array>).getReader();
    assert.equal(Buffer.from((await reader.read()).value ?? []).toString(), 'first');
    server.open('rest');
    await server.reached('begin');
    // More than the kernel takes: while nothing is read, the server cannot get to its end.
    let all = false;
    const reached = server.reached('all').then(() => {
      all = true;
    });
    for (let count = 0; count < 50; count++) await turn();
    assert.equal(all, false);
    let read = 0;
    while (read < size) read += (await reader.read()).value?.length ?? 0;
    await reached;
    assert.equal((await reader.read()).done, true);
  });

  test('with TypeErrors what fetch returns with them, our error as the cause: in the head and in the body', async () => {
    using server = startScriptedServer([
      [expectHead(), close()],
      [expectHead(), send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'), close()],
    ]);
    const fetch = createFetch(direct);
    const url = `http://${server.authority}/`;
    const isClosed = (message: string) => (error: unknown) => {
      assert.ok(error instanceof TypeError);
      assert.equal(error.message, message);
      assert.equal((error.cause as Error).name, 'ConnectionClosed');
      return true;
    };
    await assert.rejects(fetch(url), isClosed('fetch failed'));
    const cut = await fetch(url);
    await assert.rejects(cut.text(), isClosed('terminated'));
  });
});

describe('an abort', () => {
  const reason = new Error('enough');
  const outcome = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => 'fulfilled',
      (error) => error,
    );

  test('before the fetch, while connecting, and in the head rejects with its reason; nothing stays open', async () => {
    using stalled = startStalledListener();
    using server = startScriptedServer([[expectHead(), mark('asked'), expectEnd()]]);
    const before = native.counts();
    const fetch = createFetch(direct);
    const url = `http://${server.authority}/`;
    assert.equal(await outcome(fetch(url, { signal: AbortSignal.abort(reason) })), reason);
    const connecting = new AbortController();
    const first = outcome(fetch(`http://127.0.0.1:${stalled.port}/`, { signal: connecting.signal }));
    await turn();
    connecting.abort(reason);
    assert.equal(await first, reason);
    const asked = new AbortController();
    const second = outcome(fetch(new Request(url, { signal: asked.signal })));
    await server.reached('asked');
    asked.abort(reason);
    assert.equal(((await second) as Error).message, 'enough');
    assert.deepEqual(native.counts(), before);
    server.check();
  });

  test('while a body is sent cancels its stream', async () => {
    using server = startScriptedServer([[expectHead(), expectBytes(9), mark('begun'), expectAnything()]]);
    const controller = new AbortController();
    const { stream, cancelled, release } = slowStream();
    const init = { method: 'POST', body: stream, signal: controller.signal };
    const sending = outcome(createFetch(direct)(`http://${server.authority}/`, init));
    await server.reached('begun');
    controller.abort(reason);
    assert.equal(await sending, reason);
    release();
    await turn();
    assert.notEqual(cancelled(), undefined);
  });

  test('in the body errors it, with and without a reader, and closes the connection', async () => {
    for (const pending of [true, false]) {
      using server = startScriptedServer([
        [expectHead(), send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'), expectEnd()],
      ]);
      const before = native.counts();
      const controller = new AbortController();
      const answer = await createFetch(direct)(`http://${server.authority}/`, { signal: controller.signal });
      const reading = pending ? outcome(answer.text()) : undefined;
      await turn();
      controller.abort(reason);
      assert.equal(await (reading ?? outcome(answer.text())), reason);
      assert.deepEqual(native.counts(), before);
      server.check();
    }
  });

  test('after the body has been read does nothing, and no listener stays behind', async () => {
    using server = startScriptedServer([[loop(2, [expectHead(), send(ok('x'))])]]);
    const fetch = createFetch(direct);
    const controller = new AbortController();
    const url = `http://${server.authority}/`;
    const answer = await fetch(url, { signal: controller.signal });
    assert.equal(await answer.text(), 'x');
    controller.abort(reason);
    assert.equal(await (await fetch(url)).text(), 'x');
    assert.equal(server.connections(), 1);
  });
});

describe('createFetch over TLS', { skip: opensslMissing() }, () => {
  const trust = new TestTrust();

  test('fetches, concurrently and again', async () => {
    const script = [loop(2, [expectHead(), send(ok('x'))])];
    using server = trust.serve([script, script]);
    const fetch = createFetch({ ...direct, tls: trust.context });
    const url = `https://localhost:${server.front.port}/`;
    for (let round = 0; round < 2; round++) {
      const texts = await Promise.all([fetch(url), fetch(url)].map(async (answer) => (await answer).text()));
      assert.deepEqual(texts, ['x', 'x']);
    }
    assert.equal(server.origin.connections(), 2);
    fetch.closeIdleConnections();
  });
});
