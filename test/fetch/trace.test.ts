/** What fetches publish on channels of node:diagnostics_channel, in our own messages and in those of undici. */

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, test } from 'node:test';
import { HTTPConnection, type TracedRequest, type TraceMessages } from 'dugong';
import { closeIdleConnections, fetchSync } from 'dugong/sync';
import { CallTrace } from '../../src/fetch/trace.ts';
import { createFetch, direct } from '../support/held-fetches.ts';
import { chunkedResponse, ok, response } from '../support/messages.ts';
import {
  close,
  expectAnything,
  expectEnd,
  expectHead,
  gate,
  loop,
  mark,
  type Script,
  send,
  startScriptedServer,
  stopReading,
} from '../support/scripted-server.ts';

type Name = keyof TraceMessages;
type Message = { readonly request: TracedRequest } & Record<string, unknown>;

const OWN: readonly Name[] = [
  'dugong:request:create',
  'dugong:connection:create',
  'dugong:connection:open',
  'dugong:connection:error',
  'dugong:request:send',
  'dugong:request:sent',
  'dugong:request:headers',
  'dugong:request:end',
  'dugong:request:error',
];
const UNDICI = [
  'undici:request:create',
  'undici:client:beforeConnect',
  'undici:client:connected',
  'undici:client:connectError',
  'undici:client:sendHeaders',
  'undici:request:bodySent',
  'undici:request:headers',
  'undici:request:trailers',
  'undici:request:error',
];

/** Subscribes until it is disposed of. */
class Watch implements Disposable {
  readonly messages: { readonly name: string; readonly message: Message }[] = [];
  readonly #names: readonly string[];
  readonly #onMessage: (message: unknown, name: string | symbol) => void;

  constructor(names: readonly string[], also: (name: string, message: Message) => void = () => undefined) {
    this.#names = names;
    this.#onMessage = (message, name) => {
      this.messages.push({ name: String(name), message: message as Message });
      also(String(name), message as Message);
    };
    for (const name of names) subscribe(name, this.#onMessage);
  }

  /** In order, without their first part. */
  get names(): string[] {
    return this.messages.map(({ name }) => name.slice(name.indexOf(':') + 1));
  }

  /** The latest on a channel. */
  last(name: string): Message {
    const found = this.messages.findLast((each) => each.name === name);
    assert.ok(found, name);
    return found.message;
  }

  [Symbol.dispose](): void {
    for (const name of this.#names) unsubscribe(name, this.#onMessage);
  }
}

interface Init {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

/** Fetches and reads the body. */
const faces: readonly { name: string; fetch(url: string, init?: Init): Promise<string> }[] = [
  {
    name: 'fetchSync',
    async fetch(url, init) {
      try {
        return fetchSync(url, { ...init, proxy: false }).text();
      } finally {
        closeIdleConnections();
      }
    },
  },
  {
    name: 'createFetch()',
    async fetch(url, init) {
      return (await createFetch(direct)(url, init)).text();
    },
  },
];

const CONNECTED = ['connection:create', 'connection:open'];
const ANSWERED = ['request:send', 'request:sent', 'request:headers'];
const AT_ONCE = ['request:create', ...CONNECTED, ...ANSWERED];

function texts(list: unknown): string[] {
  assert.ok(Array.isArray(list) && list.every((each) => Buffer.isBuffer(each)));
  return list.map(String);
}

for (const { name, fetch } of faces) {
  describe(`a request of ${name}`, () => {
    test('is published in the order of its events, as one object', async () => {
      using server = startScriptedServer([[expectHead(), send(chunkedResponse(['x'], ['X-Sum: 1'])), expectEnd()]]);
      using watch = new Watch(OWN);
      await fetch(`http://${server.authority}/a?b`);
      assert.deepEqual(watch.names, [...AT_ONCE, 'request:end']);
      const subjects = watch.messages.flatMap(({ message }) => ('request' in message ? [message.request] : []));
      assert.equal(new Set(subjects).size, 1);
      const { method, origin, path, completed, aborted } = watch.last('dugong:request:end').request;
      assert.deepEqual(
        { method, origin, path, completed, aborted },
        { method: 'GET', origin: `http://${server.authority}`, path: '/a?b', completed: true, aborted: false },
      );
      const { response } = watch.last('dugong:request:end') as unknown as TraceMessages['dugong:request:end'];
      assert.equal(response.trailers.get('X-Sum'), '1');
      assert.equal(watch.last('dugong:request:end')['bytes'], 1);
      const { connection, reused } = watch.last('dugong:request:send');
      assert.ok(connection instanceof HTTPConnection);
      assert.equal(connection, watch.last('dugong:connection:open')['connection']);
      assert.equal(reused, false);
    });

    test('has the messages of undici, in the shapes of undici', async () => {
      const answer = response('404 No', ['Content-Length: 0', 'X-A: \xfc']);
      using server = startScriptedServer([[expectHead(), send(answer), expectEnd()]]);
      using watch = new Watch(UNDICI);
      await fetch(`http://${server.authority}/a`, { headers: { 'X-Own': '1' } });
      assert.deepEqual(watch.names, [
        ...['request:create', 'client:beforeConnect', 'client:connected', 'client:sendHeaders', 'request:bodySent'],
        ...['request:headers', 'request:trailers'],
      ]);
      const connectParams = {
        ...{ host: server.authority, hostname: '127.0.0.1', protocol: 'http:', port: String(server.port) },
        ...{ version: undefined, servername: null },
      };
      assert.deepEqual(watch.last('undici:client:beforeConnect'), { connectParams });
      assert.deepEqual(watch.last('undici:client:connected')['connectParams'], { ...connectParams, version: 'h1' });
      const { headers, socket } = watch.last('undici:client:sendHeaders');
      assert.match(String(headers), /^GET \/a HTTP\/1\.1\r\nX-Own: 1\r\n(?:.+\r\n)*Host: 127\.0\.0\.1:\d+\r\n$/);
      assert.deepEqual(socket, { remoteAddress: '127.0.0.1', remotePort: server.port, alpnProtocol: null });
      const {
        statusCode,
        statusText,
        headers: fields,
      } = watch.last('undici:request:headers')['response'] as {
        [name: string]: unknown;
      };
      assert.deepEqual([statusCode, statusText], [404, 'No']);
      assert.ok(Array.isArray(fields) && Buffer.isBuffer(fields[3]) && fields[3].equals(Buffer.from([0xfc])));
      assert.deepEqual(texts(fields).slice(0, 3), ['Content-Length', '0', 'X-A']);
      assert.deepEqual(watch.last('undici:request:trailers')['trailers'], []);
    });

    test('is sent with what a subscriber adds, by addHeader or to the list, and without what it takes away', async () => {
      using server = startScriptedServer([[expectHead(), send(ok('x')), expectEnd()]]);
      using _ = new Watch(['undici:request:create'], (_, { request }) => {
        request.addHeader('traceparent', '00-1').addHeader('X-List', ['a', 'b']).addHeader('X-Number', 1);
        request.headers.push('baggage', 'c=d');
        request.headers.splice(request.headers.indexOf('X-Gone'), 2);
      });
      await fetch(`http://${server.authority}/`, { headers: { 'X-Gone': '1' } });
      const [head = ''] = server.heads();
      assert.match(head, /\r\ntraceparent: 00-1\r\nX-List: a\r\nX-List: b\r\nX-Number: 1\r\nbaggage: c=d\r\n/);
      assert.doesNotMatch(head, /X-Gone/);
    });

    test('is not sent with a field that cannot be', async () => {
      using watch = new Watch(OWN, (name, { request }) => {
        if (name !== 'dugong:request:create') return;
        assert.throws(() => request.addHeader('a', 'b\r\nc: d'), TypeError);
        request.headers.push('a', 'b\r\nc: d');
      });
      await assert.rejects(fetch('http://localhost:10/'), { name: 'TypeError', message: /control character/ });
      assert.deepEqual(watch.names, ['request:create', 'request:error']);
    });

    test('is another one after a redirect, which has nothing of what was added to the first', async () => {
      const elsewhere = response('302 Found', ['Location: /there', 'Content-Length: 0']);
      using server = startScriptedServer([[expectHead(), send(elsewhere), expectHead(), send(ok('x')), expectEnd()]]);
      let count = 0;
      using watch = new Watch(OWN, (name, { request }) => {
        if (name === 'dugong:request:create') request.addHeader('traceparent', String(++count));
      });
      await fetch(`http://${server.authority}/here`);
      const second = ['request:create', ...ANSWERED, 'request:end'];
      assert.deepEqual(watch.names, [...AT_ONCE, 'request:end', ...second]);
      assert.deepEqual(
        server.heads().map((head) => head.match(/traceparent: .*/g)),
        [['traceparent: 1'], ['traceparent: 2']],
      );
      assert.equal(watch.last('dugong:request:send')['reused'], true);
    });

    test('that is redirected with a body that is not waited for is given up', async () => {
      const elsewhere = response('302 Found', ['Location: /there', 'Content-Length: 9'], 'half');
      using server = startScriptedServer([
        [expectHead(), send(elsewhere), expectEnd()],
        [expectHead(), send(ok('x')), expectEnd()],
      ]);
      using watch = new Watch(OWN);
      await fetch(`http://${server.authority}/here`);
      assert.deepEqual(watch.names, [...AT_ONCE, 'request:error', ...AT_ONCE, 'request:end']);
      assert.equal((watch.last('dugong:request:error')['error'] as Error).name, 'AbortError');
    });

    test('fails with the error that its caller gets to see, and the connection, if there is none, does', async () => {
      using watch = new Watch([...OWN, ...UNDICI]);
      await assert.rejects(fetch('http://127.0.0.1:10/'));
      assert.deepEqual(watch.names, [
        ...['request:create', 'request:create', 'connection:create', 'client:beforeConnect'],
        ...['connection:error', 'client:connectError', 'request:error', 'request:error'],
      ]);
      const { error, request } = watch.last('undici:request:error');
      assert.equal((error as { code: unknown }).code, 'ECONNREFUSED');
      assert.equal(error, watch.last('undici:client:connectError')['error']);
      assert.equal(request.aborted, true);
    });

    const losses: readonly { where: string; script: Script; names: readonly string[] }[] = [
      { where: 'answer', script: [expectHead(), close()], names: ['request:send', 'request:sent'] },
      { where: 'body', script: [expectHead(), send(ok('12345').slice(0, -2)), close()], names: ANSWERED },
    ];
    for (const { where, script, names } of losses) {
      test(`fails once, with the word of the system as its code, if the ${where} does not come`, async () => {
        using server = startScriptedServer([script]);
        using watch = new Watch(OWN);
        await assert.rejects(fetch(`http://${server.authority}/`));
        assert.deepEqual(watch.names, ['request:create', ...CONNECTED, ...names, 'request:error']);
        assert.equal((watch.last('dugong:request:error')['error'] as { code: unknown }).code, 'ECONNRESET');
      });
    }

    test('is published in the asynchronous context of its caller, after a redirect as well', async () => {
      const elsewhere = response('302 Found', ['Location: /there', 'Content-Length: 0']);
      using server = startScriptedServer([[expectHead(), send(elsewhere), expectHead(), send(ok('x')), expectEnd()]]);
      const storage = new AsyncLocalStorage<string>();
      const contexts = new Set<string | undefined>();
      using watch = new Watch(OWN, () => contexts.add(storage.getStore()));
      await storage.run('the caller', () => fetch(`http://${server.authority}/`));
      assert.equal(watch.names.at(-1), 'request:end');
      assert.deepEqual([...contexts], ['the caller']);
    });

    test('is published as sent after the answer, where the answer comes first, and as given up', async () => {
      const large = 'x'.repeat(20_000_000);
      // One that read on could have all of the body before the answer is heeded.
      using server = startScriptedServer([[expectHead(), stopReading(), send(ok('early')), gate('never')]]);
      using watch = new Watch(OWN);
      assert.equal(await fetch(`http://${server.authority}/`, { method: 'POST', body: large }), 'early');
      const [sent, answered] = [watch.names.indexOf('request:sent'), watch.names.indexOf('request:headers')];
      assert.deepEqual([sent, answered > 0, watch.names.at(-1)], [-1, true, 'request:error']);
    });
  });
}

describe('a request of createFetch() is published', () => {
  test('as failed with the reason of the signal, before and behind the head', async () => {
    using server = startScriptedServer([
      [expectHead(), expectEnd()],
      [expectHead(), send(ok('12345').slice(0, -2)), expectEnd()],
    ]);
    using watch = new Watch(OWN, (name) => {
      if (name === 'dugong:request:sent') first.abort(new Error('enough'));
    });
    const first = new AbortController();
    const url = `http://${server.authority}/`;
    await assert.rejects(createFetch(direct)(url, { signal: first.signal }), { message: 'enough' });
    assert.deepEqual(watch.names, [...AT_ONCE.slice(0, -1), 'request:error']);
    assert.equal(watch.last('dugong:request:error')['error'], first.signal.reason);
    const second = new AbortController();
    const answer = await createFetch(direct)(url, { signal: second.signal });
    second.abort(new Error('no more'));
    await assert.rejects(answer.text(), { message: 'no more' });
    assert.equal(watch.last('dugong:request:error')['error'], second.signal.reason);
    server.check();
  });

  test('as given up while it waits for a connection', async () => {
    using server = startScriptedServer([[expectHead(), mark('asked'), gate('go'), send(ok('x')), expectEnd()]]);
    const fetch = createFetch({ ...direct, maxConnectionsPerOrigin: 1 });
    const url = `http://${server.authority}/`;
    const first = fetch(url);
    await server.reached('asked');
    using watch = new Watch(OWN);
    const controller = new AbortController();
    const second = fetch(url, { signal: controller.signal });
    await new Promise(setImmediate);
    assert.deepEqual(watch.names, ['request:create']);
    controller.abort();
    await assert.rejects(second, { name: 'AbortError' });
    assert.deepEqual(watch.names, ['request:create', 'request:error']);
    server.open('go');
    await (await first).text();
  });

  test('as given up if its body is cancelled', async () => {
    using server = startScriptedServer([[expectHead(), send(ok('12345').slice(0, -2)), expectEnd()]]);
    using watch = new Watch(OWN);
    const answer = await createFetch(direct)(`http://${server.authority}/`);
    await answer.body?.cancel();
    assert.deepEqual(watch.names, [...AT_ONCE, 'request:error']);
    assert.equal((watch.last('dugong:request:error')['error'] as Error).name, 'AbortError');
  });

  test('as failed, and again from the beginning, if the kept connection was dead', async () => {
    const script: Script = [expectHead(), send(ok('x')), expectHead(), close()];
    using server = startScriptedServer([script, [expectHead(), send(ok('y')), expectEnd()]]);
    const fetch = createFetch(direct);
    const url = `http://${server.authority}/`;
    await (await fetch(url)).text();
    using watch = new Watch(OWN);
    assert.equal(await (await fetch(url)).text(), 'y');
    const dead = ['request:create', 'request:send', 'request:sent', 'request:error'];
    assert.deepEqual(watch.names, [...dead, ...AT_ONCE, 'request:end']);
  });
});

test('a call is not shown if nothing listened when it began, and costs no object', async () => {
  assert.equal(CallTrace.begin(), undefined);
  using server = startScriptedServer([
    [loop(2, [expectHead(), mark('asked'), gate('go'), send(ok('x'))]), expectAnything()],
  ]);
  const fetch = createFetch(direct);
  const unseen = fetch(`http://${server.authority}/`);
  await server.reached('asked');
  using watch = new Watch([...OWN, ...UNDICI]);
  server.open('go');
  await (await unseen).text();
  assert.deepEqual(watch.names, []);
  await (await fetch(`http://${server.authority}/`)).text();
  assert.ok(watch.names.length > 0);
});
