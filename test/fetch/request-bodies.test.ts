/** Bodies of createFetch in the forms that others make them: Requests, other realms, polyfills, streams of known length. */

import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import type { FetchInit } from 'dugong';
import { type DummyServer, type EchoedRequest, startDummyServer } from '../support/dummy-server.ts';
import { createFetch, direct } from '../support/held-fetches.ts';
import { response } from '../support/messages.ts';
import { expectHead, gate, send, startScriptedServer, stopReading } from '../support/scripted-server.ts';
import { slowStream } from '../support/slow-stream.ts';
import { MORE_THAN_EVER_FITS } from '../support/socket-capacity.ts';

interface Echo {
  readonly type: string | undefined;
  readonly length: string | undefined;
  readonly encoding: string | undefined;
  readonly body: string;
}

const echoURL = (server: DummyServer): string => `http://${server.authority}/echo`;

async function echo(input: string | Request, init?: FetchInit): Promise<Echo> {
  const answer = await createFetch(direct)(input, init);
  const { headers, body } = (await answer.json()) as EchoedRequest;
  const field = (name: string) => headers.find(([each]) => each.toLowerCase() === name)?.[1];
  return {
    type: field('content-type'),
    length: field('content-length'),
    encoding: field('transfer-encoding'),
    body: Buffer.from(body, 'base64').toString('latin1'),
  };
}

const LARGE = 300_000;
const PART = 1 << 20;

describe('a Request that createFetch is given', () => {
  const form = new FormData();
  form.set('file', new File([new Uint8Array(LARGE)], 'f.bin'));
  form.set('other', new File(['content'], 'g.bin'));
  const whole: readonly [name: string, body: NonNullable<RequestInit['body']>][] = [
    ['a string', 'x'.repeat(LARGE)],
    ['no bytes', ''],
    ['bytes', new Uint8Array(LARGE)],
    ['a Blob', new Blob([new Uint8Array(LARGE), 'x'])],
    ['FormData with files', form],
    ['URLSearchParams', new URLSearchParams({ a: 'x'.repeat(LARGE) })],
  ];
  const forms: readonly [name: string, make: (request: Request) => Request][] = [
    ['itself', (request) => request],
    ['as a clone', (request) => request.clone()],
    ['in another Request', (request) => new Request(request, { headers: request.headers })],
  ];
  for (const [name, body] of whole) {
    test(`sends ${name} with its length: ${forms.map(([form]) => form).join(', ')}`, async () => {
      using server = startDummyServer();
      for (const [, make] of forms) {
        const request = make(new Request(echoURL(server), { method: 'PUT', body }));
        const type = request.headers.get('content-type') ?? undefined;
        const expected = Buffer.from(await request.clone().arrayBuffer()).toString('latin1');
        const { length, ...echoed } = await echo(request);
        assert.deepEqual(echoed, { type, encoding: undefined, body: expected });
        assert.equal(length, String(expected.length));
      }
    });

    test(`sends ${name} again after a 307`, async () => {
      using target = startDummyServer();
      using server = startScriptedServer([
        [expectHead(), send(response('307 Elsewhere', [`Location: ${echoURL(target)}`, 'Content-Length: 0']))],
      ]);
      const request = new Request(`http://${server.authority}/`, { method: 'POST', body });
      const expected = await request.clone().text();
      assert.equal((await echo(request)).body.length, expected.length);
    });
  }

  test('sends a stream as it comes, or with the Content-Length of the Request', async () => {
    using server = startDummyServer();
    const { stream, release } = slowStream();
    release();
    const request = new Request(echoURL(server), { method: 'PUT', body: stream, duplex: 'half' });
    const unknown = await echo(request);
    assert.deepEqual([unknown.encoding, unknown.length, unknown.body], ['chunked', undefined, 'one two']);
    const headers = { 'Content-Length': '3' };
    const body = new Blob(['abc']).stream();
    const known = await echo(new Request(echoURL(server), { method: 'PUT', body, headers, duplex: 'half' }));
    assert.deepEqual([known.encoding, known.length, known.body], [undefined, '3', 'abc']);
  });

  test('with a stream takes no more of it than is sent', async () => {
    const refusal = send(response('413 No', ['Content-Length: 0']));
    using server = startScriptedServer([[expectHead(), stopReading(), refusal, gate('end')]]);
    let made = 0;
    const body = new ReadableStream({
      pull(controller) {
        made++;
        controller.enqueue(new Uint8Array(PART));
      },
    });
    const request = new Request(`http://${server.authority}/`, { method: 'POST', body, duplex: 'half' });
    assert.equal((await createFetch(direct)(request)).status, 413);
    // What the kernel and the streams between hold.
    assert.ok((made - 8) * PART < MORE_THAN_EVER_FITS, String(made));
    server.open('end');
  });

  test('is a TypeError when it has been read already', async () => {
    const request = new Request('http://127.0.0.1:10/', { method: 'POST', body: 'x' });
    await request.text();
    await assert.rejects(createFetch(direct)(request), { name: 'TypeError' });
  });
});

describe('a body of another realm or library', () => {
  /** What polyfills have: the names, and the methods. */
  class OtherBlob {
    readonly #text: string;
    readonly type: string;
    readonly name = 'n.txt';
    readonly #tag: string;

    constructor(text: string, { type = '', tag = 'Blob' } = {}) {
      this.#text = text;
      this.type = type;
      this.#tag = tag;
    }

    get [Symbol.toStringTag](): string {
      return this.#tag;
    }

    get size(): number {
      return this.#text.length;
    }

    async arrayBuffer(): Promise<ArrayBuffer> {
      return new Uint8Array(Buffer.from(this.#text)).buffer;
    }
  }
  class OtherFormData extends Map<string, unknown> {
    override readonly [Symbol.toStringTag] = 'FormData';
  }
  const body = (value: unknown): FetchInit => ({ method: 'POST', body: value as NonNullable<FetchInit['body']> });

  for (const [name, make, text, type] of [
    ['an ArrayBuffer', () => runInNewContext('new Uint8Array([65, 66]).buffer'), 'AB', undefined],
    ['a typed array', () => runInNewContext('new Uint16Array([0x4241])'), 'AB', undefined],
    ['a DataView', () => runInNewContext('new DataView(new Uint8Array([64, 65, 66]).buffer, 1)'), 'AB', undefined],
    ['an array', () => runInNewContext('["A", "B"]'), 'AB', undefined],
    ['an async generator', () => runInNewContext('(async function* () { yield "AB"; })()'), 'AB', undefined],
    ['a String object', () => runInNewContext('new String("AB")'), 'AB', 'text/plain;charset=UTF-8'],
    ['a Blob', () => new OtherBlob('AB', { type: 'a/b' }), 'AB', 'a/b'],
    ['a File', () => new OtherBlob('AB', { tag: 'File' }), 'AB', undefined],
    ['an object', () => runInNewContext('({ toString: () => "AB" })'), 'AB', 'text/plain;charset=UTF-8'],
    ['a number', () => 12, '12', 'text/plain;charset=UTF-8'],
  ] as const) {
    test(`is what it is there: ${name}`, async () => {
      using server = startDummyServer();
      const echoed = await echo(echoURL(server), body(make()));
      assert.deepEqual([echoed.body, echoed.type], [text, type]);
    });
  }

  test('is what it is there: FormData, with its Blobs', async () => {
    using server = startDummyServer();
    const form = new OtherFormData([
      ['a', 'text'],
      ['b', new OtherBlob('file', { tag: 'File', type: 'a/b' })],
      ['c', new Blob(['blob'])],
    ]);
    const { type = '', length, body: sent } = await echo(echoURL(server), body(form));
    assert.equal(length, String(sent.length));
    const back = await new Response(sent, { headers: { 'content-type': type } }).formData();
    const [file, blob] = [back.get('b') as File, back.get('c') as File];
    assert.deepEqual([back.get('a'), file.name, file.type, await file.text()], ['text', 'n.txt', 'a/b', 'file']);
    assert.equal(await blob.text(), 'blob');
  });

  test('that is a symbol is a TypeError', async () => {
    await assert.rejects(createFetch(direct)('http://127.0.0.1:10/', body(Symbol('x'))), { name: 'TypeError' });
  });
});

describe('a Content-Length that the caller gives', () => {
  const bytes = (text: string) => (text.match(/.{1,4}/g) ?? []).map((each) => Buffer.from(each));
  const streams: readonly [name: string, make: (text: string) => NonNullable<FetchInit['body']>][] = [
    ['a ReadableStream', (text) => ReadableStream.from(bytes(text)) as ReadableStream<Uint8Array>],
    ['a Readable', (text) => Readable.from(bytes(text))],
    ['an array', bytes],
  ];
  const init = (length: string, body: FetchInit['body']): FetchInit => ({
    method: 'PUT',
    headers: [['Content-Length', length]],
    body: body ?? null,
  });
  for (const [name, make] of streams) {
    test(`is that of ${name}, and an error of its own if it is not`, async () => {
      using server = startDummyServer();
      const url = echoURL(server);
      const echoed = await echo(url, init('6, 6', make('abcdef')));
      assert.deepEqual([echoed.length, echoed.encoding, echoed.body], ['6', undefined, 'abcdef']);
      for (const [text, error] of [
        ['abc', 'MissingBodyData'],
        ['abcdefg', 'ExcessBodyData'],
      ] as const) {
        await assert.rejects(createFetch(direct)(url, init('6', make(text))), ({ message, cause }: Error) => {
          assert.deepEqual([message, (cause as Error).name], ['fetch failed', error]);
          return true;
        });
      }
    });
  }

  test('is an error also if the excess is a piece of its own, whatever the server has answered by then', async () => {
    using server = startDummyServer();
    for (let count = 0; count < 20; count++) {
      await assert.rejects(createFetch(direct)(echoURL(server), init('6', ['abc', 'def', 'g'])), { name: 'TypeError' });
    }
  });

  test('is left out without a body, and a TypeError if it is none, or contradicts the body', async () => {
    using server = startDummyServer();
    const url = echoURL(server);
    assert.equal((await echo(url, { headers: { 'Content-Length': '5' } })).length, undefined);
    assert.equal((await echo(url, init('5', null))).length, '0');
    assert.equal((await echo(url, init('3', 'abc'))).length, '3');
    for (const [length, body] of [
      ['4', 'abc'],
      ['x', 'abc'],
      ['3, 4', 'abc'],
      ['x', null],
      ['', null],
    ] as const) {
      await assert.rejects(createFetch(direct)(url, init(length, body)), {
        name: 'TypeError',
        message: /Content-Length/,
      });
    }
  });
});

test('a stream that is being read, or has been, is a TypeError, and one that is refused stays as it is', async () => {
  const fetch = createFetch(direct);
  const post = (body: ReadableStream<Uint8Array>) => fetch('http://127.0.0.1:10/', { method: 'POST', body });
  const locked = new Blob(['x']).stream();
  const reader = locked.getReader();
  await assert.rejects(post(locked), { name: 'TypeError', message: /read already/ });
  await reader.read();
  reader.releaseLock();
  await assert.rejects(post(locked), { name: 'TypeError', message: /read already/ });
  const unused = new Blob(['x']).stream();
  await assert.rejects(fetch('http://127.0.0.1:10/', { body: unused }), { name: 'TypeError' });
  assert.equal(unused.locked, false);
});
