/** What createFetch takes as its arguments, as Web IDL and the fetch standard have it: init, signals, schemes. */

import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { type EchoedRequest, startDummyServer } from '../support/dummy-server.ts';
import { createFetch, direct } from '../support/held-fetches.ts';
import { ok } from '../support/messages.ts';
import {
  expectAnything,
  expectBytes,
  expectHead,
  mark,
  send,
  startScriptedServer,
} from '../support/scripted-server.ts';
import { slowStream } from '../support/slow-stream.ts';
import { startStalledListener } from '../support/stalled-listener.ts';

type Fetch = ReturnType<typeof createFetch>;
type Init = NonNullable<Parameters<Fetch>[1]>;

const outcome = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'fulfilled',
    (error) => error,
  );

describe('the init of a fetch', () => {
  const headers = { 'X-Own': 'yes' };
  class WithGetters {
    get method(): string {
      return 'PUT';
    }
    get headers(): Record<string, string> {
      return headers;
    }
  }
  const request = (method: string, body: string | null): Init =>
    new Request('http://a.test/', { method, headers, body });
  for (const [name, init, expected] of [
    ['a Request', request('DELETE', null), ['DELETE', 'yes', '']],
    ['a Request with a body', request('POST', 'b'), ['POST', 'yes', 'b']],
    ['inherited members', Object.create({ method: 'PUT', headers }), ['PUT', 'yes', '']],
    ['an instance with accessors', new WithGetters(), ['PUT', 'yes', '']],
    ['a function', Object.assign(() => {}, { method: 'PUT', headers }), ['PUT', 'yes', '']],
    ['null', null, ['GET', undefined, '']],
    ['members that are undefined', { method: undefined, headers: undefined, body: undefined }, ['GET', undefined, '']],
    ['members that are null', { body: null, signal: null, window: null }, ['GET', undefined, '']],
  ] as const) {
    test(`may be ${name}`, async () => {
      using server = startDummyServer();
      const answer = await createFetch(direct)(`http://${server.authority}/echo`, init as Init);
      const { method, headers: sent, body } = (await answer.json()) as EchoedRequest;
      const own = sent.find(([each]) => each.toLowerCase() === 'x-own')?.[1];
      assert.deepEqual([method, own, Buffer.from(body, 'base64').toString()], expected);
    });
  }

  for (const [name, input, init, message] of [
    ['a string', 'http://a.test/', 'x', /init/],
    ['a number', 'http://a.test/', 1, /init/],
    ['a method that is no token', 'http://a.test/', { method: 'A B' }, /method/],
    ['a mode that does not exist', 'http://a.test/', { mode: 'x' }, /mode|accepted/],
    ['a window', 'http://a.test/', { window: 1 }, /window/],
    ['a duplex that does not exist', 'http://a.test/', { duplex: 'full' }, /full/],
    ['no URL', 'path', {}, /URL/],
    ['a symbol as URL', Symbol('x'), {}, /./],
    ['no argument', undefined, undefined, /URL/],
  ] as const) {
    test(`is not taken, with a rejection: ${name}`, async () => {
      const promise = createFetch(direct)(input as string, init as unknown as Init);
      await assert.rejects(promise, { name: 'TypeError', message });
    });
  }
});

describe('the signal of a fetch', () => {
  /** As of a polyfill or another realm. */
  class OtherSignal {
    aborted = false;
    reason: unknown;
    listeners: (() => void)[] = [];

    addEventListener(_: 'abort', listener: () => void): void {
      this.listeners.push(listener);
    }

    abort(reason: unknown): void {
      this.aborted = true;
      this.reason = reason;
      for (const listener of this.listeners) listener();
    }
  }
  const reason = new Error('enough');

  for (const signal of [{}, 'x', 1, () => {}, { aborted: false }, { aborted: 'x', addEventListener() {} }]) {
    test(`that is none is a TypeError that says so: ${typeof signal} ${JSON.stringify(signal)}`, async () => {
      const promise = createFetch(direct)('http://127.0.0.1:10/', { signal: signal as unknown as AbortSignal });
      await assert.rejects(promise, { name: 'TypeError', message: /AbortSignal/ });
    });
  }

  test('may be of another realm or library; it has one listener however many fetches there are', async () => {
    using stalled = startStalledListener();
    const fetch = createFetch(direct);
    const signal = new OtherSignal();
    const init = { signal: signal as unknown as AbortSignal };
    const fetches = [1, 2].map(() => outcome(fetch(`http://127.0.0.1:${stalled.port}/`, init)));
    await turn();
    signal.abort(reason);
    assert.deepEqual(await Promise.all(fetches), [reason, reason]);
    assert.equal(signal.listeners.length, 1);
    assert.equal(await outcome(fetch('http://127.0.0.1:10/', init)), reason);
  });

  test('of another library without reasons aborts with an AbortError', async () => {
    const signal = { aborted: true, addEventListener() {} } as unknown as AbortSignal;
    assert.equal(
      ((await outcome(createFetch(direct)('http://127.0.0.1:10/', { signal }))) as Error).name,
      'AbortError',
    );
  });

  for (const [name, made] of [
    ['given as init', (body: ReadableStream, signal: AbortSignal) => ['http://127.0.0.1:10/', { body, signal }]],
    [
      'in a Request',
      (body: ReadableStream, signal: AbortSignal) => [
        new Request('http://127.0.0.1:10/', { method: 'POST', body, duplex: 'half' }),
        { signal },
      ],
    ],
  ] as const) {
    test(`that is aborted already cancels the stream of the request with its reason: ${name}`, async () => {
      const { stream, cancelled, release } = slowStream();
      const [input, init] = made(stream, AbortSignal.abort(reason)) as [string | Request, Init];
      assert.equal(await outcome(createFetch(direct)(input, { method: 'POST', ...init })), reason);
      await turn();
      assert.equal(cancelled(), reason);
      release();
    });
  }

  test('cancels the stream of a request with its reason, before and while it is sent', async () => {
    using stalled = startStalledListener();
    using server = startScriptedServer([[expectHead(), expectBytes(9), mark('begun'), expectAnything()]]);
    for (const port of [stalled.port, server.port]) {
      const controller = new AbortController();
      const { stream, cancelled, release } = slowStream();
      const init = { method: 'POST', body: stream, signal: controller.signal };
      const sending = outcome(createFetch(direct)(`http://127.0.0.1:${port}/`, init));
      if (port === server.port) await server.reached('begun');
      else await turn();
      controller.abort(reason);
      assert.equal(await sending, reason);
      await turn();
      assert.equal(cancelled(), reason);
      release();
    }
  });

  test('ends other sources of a body, too: a Readable is destroyed, a generator left', async () => {
    using server = startScriptedServer([
      [expectHead(), expectBytes(6), mark('1'), expectAnything()],
      [expectHead(), expectBytes(6), mark('2'), expectAnything()],
    ]);
    const url = `http://${server.authority}/`;
    const readable = new Readable({ read() {} });
    readable.push('x');
    const unread = new Readable({ read() {} });
    let left = false;
    async function* generator(): AsyncGenerator<string> {
      try {
        yield 'x';
        await released;
        yield 'y';
      } finally {
        left = true;
      }
    }
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    for (const [mark, body] of [
      ['1', readable],
      ['2', generator()],
    ] as const) {
      const controller = new AbortController();
      const sending = outcome(createFetch(direct)(url, { method: 'POST', body, signal: controller.signal }));
      await server.reached(mark);
      controller.abort(reason);
      assert.equal(await sending, reason);
    }
    release();
    const init = { method: 'POST', body: unread, signal: AbortSignal.abort(reason) };
    assert.equal(await outcome(createFetch(direct)(url, init)), reason);
    await turn();
    assert.deepEqual([readable.destroyed, left, unread.destroyed], [true, true, true]);
  });

  test('that is never aborted leaves a stream to the error of the network', async () => {
    const { stream, cancelled, release } = slowStream();
    const error = (await outcome(
      createFetch(direct)('http://127.0.0.1:10/', { method: 'POST', body: stream }),
    )) as Error;
    assert.equal(error.message, 'fetch failed');
    await turn();
    assert.equal(cancelled(), error);
    release();
  });
});

test('the target is what the URL says, an empty query included, without the fragment', async () => {
  using server = startDummyServer();
  const fetch = createFetch(direct);
  for (const [path, target] of [
    ['/echo?', '/echo?'],
    ['/echo?#', '/echo?'],
    ['/echo#x', '/echo'],
    ['/echo#', '/echo'],
    ['/echo?a b#c', '/echo?a%20b'],
    ['/x/../echo', '/echo'],
  ] as const) {
    const answer = await fetch(`http://${server.authority}${path}`);
    assert.equal(((await answer.json()) as EchoedRequest).path, target);
    assert.equal(answer.url, `http://${server.authority}${target}`);
  }
});

describe('the scheme of a URL', () => {
  test('data: and blob: are fetched by the platform, also where ours has taken its place', async (context) => {
    const fetch = createFetch(direct);
    const blob = URL.createObjectURL(new Blob(['blob'], { type: 'a/b' }));
    context.mock.method(globalThis, 'fetch', fetch);
    context.after(() => URL.revokeObjectURL(blob));
    const answer = await fetch('data:text/plain;base64,aGk=');
    assert.deepEqual([answer.headers.get('content-type'), await answer.text()], ['text/plain', 'hi']);
    const answers = [fetch(blob), fetch(new URL(blob)), fetch(new Request(blob))];
    assert.deepEqual(await Promise.all(answers.map(async (each) => (await each).text())), ['blob', 'blob', 'blob']);
    const reason = new Error('enough');
    assert.equal(await outcome(fetch(blob, { signal: AbortSignal.abort(reason) })), reason);
  });

  for (const url of ['file:///etc/hostname', 'ftp://127.0.0.1/', 'about:blank', 'ws://127.0.0.1/', 'x:y']) {
    test(`is named where it is not fetched: ${url}`, async () => {
      const { protocol } = new URL(url);
      await assert.rejects(createFetch(direct)(url), ({ name, message, cause }: Error) => {
        assert.deepEqual([name, message], ['TypeError', 'fetch failed']);
        assert.match((cause as Error).message, new RegExp(`not ${protocol}`));
        return true;
      });
    });
  }
});

test('an Object.prototype with enumerable members changes nothing of a fetch', async () => {
  using server = startScriptedServer([[expectHead(), send(ok('x'))]]);
  Object.defineProperty(Object.prototype, 'extra', { value: () => {}, enumerable: true, configurable: true });
  try {
    assert.equal(await (await createFetch(direct)(`http://${server.authority}/`, {})).text(), 'x');
  } finally {
    delete (Object.prototype as { extra?: unknown }).extra;
  }
});
