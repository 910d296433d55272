/** Calls that come at the wrong time: each says what is missing, and leaves the connection as it was. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { BodyFollowing, type Coroutine, coAll, type HTTPConnection, type SendRequestOptions } from '../../src/index.ts';
import { type EchoedRequest, startDummyServer } from '../support/dummy-server.ts';
import { ok } from '../support/messages.ts';
import { expectHead, gate, mark, type Script, send, startScriptedServer } from '../support/scripted-server.ts';
import { connectionTo, finish, suspendForGood, waysOfWaiting } from '../support/waiting.ts';

type Call = (connection: HTTPConnection) => Coroutine<unknown>;

const READS: Readonly<Record<string, Call>> = {
  'read()': (connection) => connection.coRead(),
  'readAll()': (connection) => connection.coReadAll(),
  'readText()': (connection) => connection.coReadText(),
  'readInto()': (connection) => connection.coReadInto(Buffer.alloc(8)),
  'discard()': (connection) => connection.coDiscard(),
};
const HTTP11 = 'HTTP/1.1 200 OK\r\n';

function stateError(message: RegExp): object {
  return { name: 'StateError', message };
}

describe('a call that reads a body without readResponse()', () => {
  for (const [name, call] of Object.entries(READS)) {
    test(`says that the response has to be asked for, of the first request and of later ones: ${name}`, async () => {
      using server = startScriptedServer(
        waysOfWaiting.map(() => [expectHead(), send(ok('1')), expectHead(), send(ok('2'))]),
      );
      for (const { run } of waysOfWaiting) {
        using connection = connectionTo(server);
        for (const body of ['1', '2']) {
          await run(connection.coSendRequest('GET', `/${body}`));
          await assert.rejects(
            run(call(connection)),
            stateError(/ before the response to GET \/.: call readResponse\(\) first/),
          );
          await run(connection.coReadResponse());
          assert.equal(await run(connection.coReadText()), body);
        }
      }
    });

    test(`gives nothing with nothing asked for, and behind a body whose successors were asked for: ${name}`, () => {
      using server = startScriptedServer([[expectHead(), expectHead(), send(ok('1') + ok('2'))]]);
      using connection = connectionTo(server);
      const nothing = (): void => assert.ok(!finish(call(connection))?.toString().replace(/^0$/, ''));
      nothing();
      connection.connect();
      nothing();
      connection.sendRequest('GET', '/1');
      connection.sendRequest('GET', '/2');
      for (const body of ['1', '2']) {
        connection.readResponse();
        assert.equal(connection.readText(), body);
        nothing();
        nothing();
      }
    });
  }

  test('that has a body to wait for may be told its end after the next request has been sent', () => {
    using server = startScriptedServer([[expectHead(), send(ok('1')), expectHead(), send(ok('2'))]]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/1');
    connection.readResponse();
    assert.equal(String(connection.read()), '1');
    connection.sendRequest('GET', '/2');
    assert.equal(connection.read().length, 0);
    connection.readResponse();
    assert.equal(connection.readText(), '2');
  });

  test('after 100 (Continue) gives nothing until the body has been sent', () => {
    using server = startScriptedServer([[expectHead(), send('HTTP/1.1 100 Continue\r\n\r\n'), send(ok('done'))]]);
    using connection = connectionTo(server);
    connection.sendRequest('PUT', '/', { body: new BodyFollowing(3), expect100: true });
    assert.equal(connection.readResponse().status, 100);
    connection.discard();
    connection.write(Buffer.from('abc'));
    assert.throws(() => connection.readAll(), stateError(/call readResponse\(\) first/));
    connection.readResponse();
    assert.equal(connection.readText(), 'done');
  });
});

describe('readResponse() behind the last byte of a body', () => {
  const CASES: Readonly<Record<string, readonly [first: string, end: string]>> = {
    'a last chunk': [`${HTTP11}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`, '0\r\n\r\n'],
    'the rest of a last chunk': [`${HTTP11}Transfer-Encoding: chunked\r\n\r\n3\r\nabc`, '\r\n0\r\nA: b\r\n\r\n'],
  };
  for (const [what, [first, end]] of Object.entries(CASES)) {
    test(`takes the end, whether it has come or is still to come: ${what} [RFC 9112 7.1]`, async () => {
      const script: Script = [expectHead(), expectHead(), send(first), gate('go'), send(end + ok('2'))];
      for (const { name, run } of waysOfWaiting) {
        for (const when of ['there', 'to come'] as const) {
          using server = startScriptedServer([script]);
          using connection = connectionTo(server);
          await run(connection.coSendRequest('GET', '/1'));
          await run(connection.coSendRequest('GET', '/2'));
          await run(connection.coReadResponse());
          assert.equal(String(await run(connection.coRead(3))), 'abc');
          // A call that blocks is begun by hand, so that it finds itself waiting for what is to come.
          const reading = connection.coReadResponse();
          if (when === 'to come' && name !== 'AioFuture') suspendForGood(reading);
          if (when === 'there') server.open('go');
          const next = when === 'there' || name === 'AioFuture' ? run(reading) : undefined;
          server.open('go');
          assert.equal((await (next ?? finish(reading))).path, '/2');
          assert.equal(await run(connection.coReadText()), '2');
        }
      }
    });
  }

  for (const [what, more] of [
    ['another chunk', '3\r\ndef\r\n0\r\n\r\n'],
    ['what is no chunk', 'x'],
  ] as const) {
    test(`waits, and then says that there is more: ${what}`, () => {
      using server = startScriptedServer([
        [expectHead(), expectHead(), send(CASES['a last chunk']?.[0] ?? ''), gate('go'), send(more + ok('2'))],
      ]);
      using connection = connectionTo(server);
      connection.sendRequest('GET', '/1');
      connection.sendRequest('GET', '/2');
      connection.readResponse();
      connection.read(3);
      const reading = connection.coReadResponse();
      suspendForGood(reading);
      server.open('go');
      const expected =
        what === 'another chunk' ? stateError(/has not been read to its end/) : { name: 'InvalidResponse' };
      assert.throws(() => finish(reading), expected);
      if (what !== 'another chunk') return;
      assert.equal(connection.readText(), 'def');
      connection.readResponse();
      assert.equal(connection.readText(), '2');
    });
  }

  test('says at once that there is more of a length, or of a chunk, or of what was collected', () => {
    for (const head of ['Content-Length: 5\r\n\r\nab', 'Transfer-Encoding: chunked\r\n\r\n5\r\nab']) {
      using server = startScriptedServer([[expectHead(), send(HTTP11 + head), gate('never')]]);
      using connection = connectionTo(server);
      connection.sendRequest('GET', '/');
      connection.readResponse();
      connection.read(2);
      assert.throws(() => connection.readResponse(), stateError(/has not been read to its end/));
    }
    using server = startScriptedServer([
      [expectHead(), send(`${HTTP11}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n`), gate('go'), send('0\r\n\r\n')],
    ]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/');
    connection.readResponse();
    suspendForGood(connection.coReadAll()).poll(0);
    server.open('go');
    assert.throws(() => connection.readResponse(), stateError(/has not been read to its end/));
    assert.equal(connection.readText(), 'ab');
  });

  test('of a body until the end of the connection waits for that, and finds the connection ended [RFC 9112 6.3 rule 8]', () => {
    using server = startScriptedServer([[expectHead(), send(`${HTTP11}\r\nab`), { do: 'end' }]]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/');
    connection.readResponse();
    assert.equal(String(connection.read(2)), 'ab');
    assert.throws(() => connection.readResponse(), { name: 'ConnectionClosed' });
  });
});

describe('after disconnect()', () => {
  const CALLS: Readonly<Record<string, (connection: HTTPConnection) => unknown>> = {
    'readResponse()': (connection) => connection.readResponse(),
    'write()': (connection) => connection.write(Buffer.from('x')),
    'endBody()': (connection) => connection.endBody(),
    'readRaw()': (connection) => connection.readRaw(1),
    'writeRaw()': (connection) => connection.writeRaw(Buffer.from('x')),
  };
  for (const [name, call] of Object.entries(CALLS)) {
    test(`with nothing under way ${name} is a StateError, as it is in python-dugong`, () => {
      using server = startScriptedServer([[expectHead(), send(ok('1'))]]);
      using connection = connectionTo(server);
      connection.sendRequest('GET', '/');
      connection.readResponse();
      connection.discard();
      connection.disconnect();
      assert.throws(() => call(connection), stateError(/no request under way/));
    });
  }

  test('with something under way the calls that are about it raise ConnectionClosed', () => {
    using server = startScriptedServer([[expectHead()], [expectHead()]]);
    using connection = connectionTo(server);
    const closed = { name: 'ConnectionClosed' };
    connection.sendRequest('GET', '/');
    connection.disconnect();
    for (const call of Object.values(READS)) assert.throws(() => finish(call(connection)), closed);
    assert.throws(() => connection.readResponse(), closed);
    connection.sendRequest('PUT', '/', { body: new BodyFollowing(3) });
    connection.disconnect();
    assert.throws(() => connection.write(Buffer.from('x')), closed);
  });
});

describe('responsePending()', () => {
  test('is false while only the own body is to be sent, as in python-dugong', () => {
    using server = startScriptedServer([[expectHead(), mark('head'), expectHead(), send(ok('1') + ok('2'))]]);
    using connection = connectionTo(server);
    connection.sendRequest('PUT', '/', { body: new BodyFollowing(2) });
    assert.equal(connection.responsePending(), false);
    connection.write(Buffer.from('ab'));
    assert.equal(connection.responsePending(), true);
    connection.sendRequest('PUT', '/', { body: new BodyFollowing(2) });
    assert.equal(connection.responsePending(), true);
  });
});

describe('several at a time on one connection', () => {
  test('name the connection, and the way out', async () => {
    using server = startScriptedServer([[expectHead(), gate('never')]]);
    using connection = connectionTo(server);
    const large = { body: Buffer.alloc(20_000_000) };
    const peer = `127\\.0\\.0\\.1:${server.port}`;
    const [first, second] = ['/1', '/2'].map((path) => connection.promises.sendRequest('PUT', path, large));
    await assert.rejects(
      async () => second,
      stateError(new RegExp(`still sending on the connection to ${peer}: .*several connections`)),
    );
    const cancelled = assert.rejects(async () => first);
    first?.cancel();
    await cancelled;
    connection.disconnect();

    using slow = startScriptedServer([[expectHead(), gate('never')]]);
    using other = connectionTo(slow);
    await other.promises.sendRequest('GET', '/');
    const reading = other.promises.readResponse();
    await assert.rejects(
      async () => other.promises.readResponse(),
      stateError(new RegExp(`reading from the connection to 127\\.0\\.0\\.1:${slow.port}: .*several connections`)),
    );
    const given = assert.rejects(async () => reading);
    reading.cancel();
    await given;
    const both = coAll([other.coReadResponse(), other.coReadResponse()]);
    assert.throws(() => other.runBlocking(both), stateError(/reading from the connection to 127/));
  });
});

describe('a request that is refused', () => {
  const wrong = (body: unknown): SendRequestOptions => ({ body: body as string });
  const reader = new Blob(['x']).stream();
  reader.getReader();
  const REFUSED: Readonly<Record<string, readonly [method: string, path: string, options?: SendRequestOptions]>> = {
    method: ['A B', '/'],
    path: ['GET', '/a b'],
    'field name': ['GET', '/', { headers: { 'a b': 'c' } }],
    'field value': ['GET', '/', { headers: { a: 'b\r\nc' } }],
    length: ['PUT', '/', { headers: { 'Content-Length': '5' }, body: 'x' }],
    'a number': ['PUT', '/', wrong(5)],
    'an object': ['PUT', '/', wrong({})],
    'a Map': ['PUT', '/', wrong(new Map([['a', 'b']]))],
    Headers: ['PUT', '/', wrong(new Headers({ a: 'b' }))],
    'a list of numbers': ['PUT', '/', wrong([1, 2])],
    'a stream that is being read': ['PUT', '/', wrong(reader)],
    'a stream, blocking': ['PUT', '/', wrong(new Blob(['x']).stream())],
    FormData: ['PUT', '/', wrong(new FormData())],
    expect100: ['PUT', '/', { body: 'x', expect100: true }],
    digest: ['PUT', '/', { body: 'x', contentDigest: 'md5' as 'sha-256' }],
    upgrade: ['GET', '/', { upgrade: 'a b' }],
  };
  for (const [what, [method, path, options]] of Object.entries(REFUSED)) {
    test(`leaves the connection as it was: ${what}`, () => {
      using server = startScriptedServer([[expectHead(), expectHead(), send(ok('1') + ok('2'))]]);
      using connection = connectionTo(server);
      const refuse = (): void =>
        assert.throws(() => connection.sendRequest(method, path, options), /^(?:Type|State)Error: /);
      refuse();
      connection.sendRequest('GET', '/1');
      refuse();
      connection.sendRequest('GET', '/2');
      for (const body of ['1', '2']) {
        connection.readResponse();
        assert.equal(connection.readText(), body);
      }
    });
  }

  test('leaves a body that is being sent as it was: wrong pieces, trailers, requests', () => {
    using server = startDummyServer();
    using connection = connectionTo(server);
    connection.sendRequest('PUT', '/echo', { body: new BodyFollowing() });
    connection.write(Buffer.from('a'));
    assert.throws(() => connection.write('b' as unknown as Uint8Array), { name: 'TypeError' });
    assert.throws(() => connection.sendRequest('GET', '/'), { name: 'StateError' });
    assert.throws(() => connection.endBody({ 'Content-Length': '5' }), { name: 'TypeError' });
    assert.throws(() => connection.endBody({ a: 'b\n' }), { name: 'TypeError' });
    connection.write(Buffer.alloc(0));
    connection.endBody();
    assert.throws(() => connection.endBody(), { name: 'StateError' });
    connection.readResponse();
    assert.equal(Buffer.from((JSON.parse(connection.readText()) as EchoedRequest).body, 'base64').toString(), 'a');
  });
});

describe('a request body in a form of the platform', () => {
  const text = Buffer.from('a=1&b=%C3%A9');
  const memory = text.buffer.slice(text.byteOffset, text.byteOffset + text.length) as ArrayBuffer;
  const shared = new SharedArrayBuffer(text.length);
  new Uint8Array(shared).set(text);
  const foreign = (code: string): Uint8Array => runInNewContext(code, { text: [...text] }) as Uint8Array;
  const FORMS: Readonly<Record<string, SendRequestOptions['body']>> = {
    URLSearchParams: new URLSearchParams({ a: '1', b: 'é' }),
    'an ArrayBuffer': memory,
    'a SharedArrayBuffer': shared,
    'a DataView': new DataView(memory),
    'a Uint16Array': new Uint16Array(memory),
    'bytes of another realm': foreign('new Uint8Array(text)'),
    'a buffer of another realm': foreign('new Uint8Array(text).buffer'),
    'pieces of another realm': [foreign('new Uint8Array(text)')],
  };
  function echoed(connection: HTTPConnection): EchoedRequest {
    connection.readResponse();
    return JSON.parse(connection.readText()) as EchoedRequest;
  }

  for (const [name, body] of Object.entries(FORMS)) {
    test(`is taken: ${name}`, () => {
      using server = startDummyServer();
      using connection = connectionTo(server);
      connection.sendRequest('PUT', '/echo', { body });
      const { body: received, headers } = echoed(connection);
      assert.equal(Buffer.from(received, 'base64').toString(), text.toString());
      const type = headers.find(([field]) => field === 'Content-Type')?.[1];
      assert.equal(type, name === 'URLSearchParams' ? 'application/x-www-form-urlencoded;charset=UTF-8' : undefined);
    });
  }

  test('has the Content-Type that is given, if one is', () => {
    using server = startDummyServer();
    using connection = connectionTo(server);
    connection.sendRequest('PUT', '/echo', { body: new URLSearchParams('a'), headers: { 'content-type': 'x/y' } });
    const types = echoed(connection).headers.filter(([field]) => field.toLowerCase() === 'content-type');
    assert.deepEqual(
      types.map(([, value]) => value),
      ['x/y'],
    );
  });

  test('is taken, awaited: FormData, with its length and its boundary [RFC 7578]', async () => {
    using server = startDummyServer();
    using connection = connectionTo(server);
    const form = new FormData();
    form.set('a', 'b');
    form.set('file', new File(['content'], 'name.txt'));
    await connection.promises.sendRequest('PUT', '/echo', { body: form });
    const { body, headers } = echoed(connection);
    const received = await new Response(Buffer.from(body, 'base64'), {
      headers: headers as [string, string][],
    }).formData();
    assert.equal(received.get('a'), 'b');
    assert.equal(await (received.get('file') as File).text(), 'content');
    assert.ok(headers.some(([name]) => name === 'Content-Length'));
  });
});
