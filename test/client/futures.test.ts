import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AioFuture, BodyFollowing, type Coroutine, type PollNeeded, runBlocking } from '../../src/index.ts';
import { native } from '../../src/io/native.ts';
import { ok } from '../support/messages.ts';
import {
  end,
  expect,
  expectAnything,
  expectHead,
  gate,
  mark,
  send,
  startScriptedServer,
  stopReading,
} from '../support/scripted-server.ts';
import { MORE_THAN_FITS } from '../support/socket-capacity.ts';
import { timeLimit } from '../support/time-limit.ts';
import { connectionTo, finish } from '../support/waiting.ts';

const upload = Buffer.alloc(MORE_THAN_FITS, 'abcdefghijklmnopqrstuvwxyz0123456789');
const uploadScript = [stopReading(), gate('read on'), expectHead(), expect(upload), send(ok('got it'))];

describe('futures of one connection', () => {
  for (const [how, options, interrupt] of [
    ['cancel()', {}, (future: AioFuture<void>) => future.cancel(new Error('by cancel()'))],
    ['a signal', undefined, undefined],
    ['its timeout', { timeout: 30 }, () => {}],
  ] as const) {
    test(`a send that is ended by ${how} has the rest sent while the answer is read`, async () => {
      using server = startScriptedServer([uploadScript]);
      using connection = connectionTo(server);
      await connection.promises.connect();
      const controller = new AbortController();
      const futureOptions = options ?? { signal: controller.signal };
      const body = Buffer.from(upload);
      const future = connection.promises.sendRequest('PUT', '/', { body, ...futureOptions });
      assert.equal(future.done(), false);
      await new Promise(setImmediate);
      if (interrupt === undefined) controller.abort(new Error('by signal'));
      else interrupt(future);
      await assert.rejects(future, /by cancel|by signal|timed out after 30 ms \(send\)/);
      body.fill(0);
      server.open('read on');
      await connection.promises.readResponse();
      assert.equal(await connection.promises.readText(), 'got it');
      server.check();
      assert.equal(native.counts().watched, 0);
    });
  }

  test('a read that is cancelled loses nothing', async () => {
    using server = startScriptedServer([
      [expectHead(), send(ok('0123456789').slice(0, -5)), gate('rest'), send('56789')],
    ]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/');
    await connection.promises.readResponse();
    for (let count = 0; count < 3; count++) {
      const future = connection.promises.readAll();
      await new Promise(setImmediate);
      future.cancel();
      await assert.rejects(future, { name: 'AbortError' });
    }
    server.open('rest');
    assert.equal(await connection.promises.readText(), '0123456789');
  });

  test('take one object of options, in the last argument, and a number before it may be left out', async () => {
    using server = startScriptedServer([
      [expectHead(), expectAnything(), send('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc'), gate('never')],
    ]);
    using connection = connectionTo(server);
    const { promises } = connection;
    const aborted = { signal: AbortSignal.abort(new Error('aborted')) };
    for (const call of [
      () => promises.sendRequest('GET', '/', aborted),
      () => promises.sendRequest('GET', '/', { headers: { A: 'b' }, ...aborted }),
      () => promises.endBody({ A: 'b' }, aborted),
      () => promises.read(aborted),
      () => promises.read(5, aborted),
      () => promises.chunks(aborted).next(),
      () => promises.chunks(5, aborted).next(),
    ])
      await assert.rejects(call(), { message: 'aborted' });
    assert.deepEqual(connection.pendingRequests(), []);
    const { signal } = new AbortController();
    await promises.sendRequest('PUT', '/', { body: new BodyFollowing(), signal, timeout: timeLimit(20_000) });
    await promises.endBody({ A: 'b' }, { signal });
    await promises.readResponse({ signal });
    assert.equal((await promises.read({ signal })).toString(), 'abc');
  });

  test('refuse an unknown option by name', async () => {
    const { promises } = connectionTo({ hostname: 'localhost', port: 1 });
    const unknown: object = { nothing: 1 };
    await assert.rejects(
      promises.sendRequest('GET', '/', unknown),
      /^TypeError: sendRequest\(\) has no option "nothing"/,
    );
    for (const given of [unknown, null as never]) {
      assert.throws(() => promises.read(given), TypeError);
      assert.throws(() => promises.chunks(given), TypeError);
    }
  });

  test('two readers: a StateError is thrown into the second, the first goes on', async () => {
    using server = startScriptedServer([[expectHead(), gate('answer'), send(ok('x'))]]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/');
    const first = connection.promises.readResponse();
    await assert.rejects(connection.promises.readResponse(), {
      name: 'StateError',
      message: /already waiting for reading/,
    });
    server.open('answer');
    assert.equal((await first).status, 200);
    assert.equal(await connection.promises.readText(), 'x');
  });

  test('two readers of answers that are there need no wait, and get their own', async () => {
    const both = ok('', 'X-For: 1') + ok('', 'X-For: 2');
    using server = startScriptedServer([
      [expectHead(), gate('first'), send(ok('')), expectHead(), expectHead(), send(both)],
    ]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/0');
    const reading = connection.coReadResponse();
    const need = reading.next().value as PollNeeded;
    server.open('first');
    assert.ok(need.poll(timeLimit(10_000)));
    assert.ok(reading.next().done);
    connection.sendRequest('GET', '/1');
    connection.sendRequest('GET', '/2');
    assert.ok(need.poll(timeLimit(10_000)));
    const readers = [connection.promises.readResponse(), connection.promises.readResponse()];
    assert.deepEqual(
      readers.map((each) => each.done()),
      [true, true],
    );
    const answers = await Promise.all(readers);
    assert.deepEqual(
      answers.map(({ headers }) => headers.get('X-For')),
      ['1', '2'],
    );
  });

  test('two senders: a StateError is thrown into the second, the first goes on', async () => {
    using server = startScriptedServer([uploadScript]);
    using connection = connectionTo(server);
    const first = connection.promises.sendRequest('PUT', '/', { body: upload });
    const busy = { name: 'StateError', message: /another coroutine is still sending/ };
    await assert.rejects(connection.promises.sendRequest('GET', '/'), busy);
    server.open('read on');
    await first;
    await connection.promises.readResponse();
    assert.equal(await connection.promises.readText(), 'got it');
    server.check();
  });

  test('a reader and a sender wait on one descriptor at the same time', async () => {
    using server = startScriptedServer([
      [
        expectHead(),
        stopReading(),
        mark('one is here'),
        gate('answer'),
        send(ok('one')),
        expectHead(),
        expect(upload),
        send(ok('two')),
      ],
    ]);
    using connection = connectionTo(server);
    await connection.promises.sendRequest('GET', '/1');
    await server.reached('one is here');
    const reader = connection.promises.readResponse();
    const sender = connection.promises.sendRequest('PUT', '/2', { body: upload });
    await new Promise(setImmediate);
    assert.deepEqual([reader.done(), sender.done()], [false, false]);
    server.open('answer');
    assert.equal((await reader).path, '/1');
    assert.equal(await connection.promises.readText(), 'one');
    await sender;
    assert.equal((await connection.promises.readResponse()).path, '/2');
    assert.equal(await connection.promises.readText(), 'two');
    assert.equal(native.counts().watched, 0);
  });

  test('are mixed with blocking calls and steps by hand on one and the same connection', async () => {
    using server = startScriptedServer([
      [expectHead(), send(ok('one')), expectHead(), expect('body'), send(ok('two')), expectHead(), send(ok('three'))],
    ]);
    using connection = connectionTo(server);
    await connection.promises.sendRequest('GET', '/1');
    connection.readResponse();
    assert.equal(finish(connection.coReadText()), 'one');
    connection.sendRequest('PUT', '/2', { body: new BodyFollowing(4) });
    finish(connection.coWrite(Buffer.from('bo')));
    await connection.promises.write(Buffer.from('dy'));
    assert.equal(finish(connection.coReadResponse()).path, '/2');
    assert.equal((await connection.promises.read(2)).toString() + connection.readText(), 'two');
    finish(connection.coSendRequest('GET', '/3'));
    await connection.promises.readResponse();
    assert.equal(connection.readText(), 'three');
  });

  for (const [name, ...given] of [
    ['a new connection'],
    ['a connection that takes nothing more at first', upload],
  ] as const) {
    test(`a request whose sending is not awaited is sent by the blocking call that wants its answer: ${name}`, async () => {
      const [body] = given;
      // One that read at once might have all of it before the first look at what became of the sending.
      const script =
        body === undefined
          ? [expectHead(), send(ok('x'))]
          : [stopReading(), gate('read on'), expectHead(), expect(body), send(ok('x'))];
      using server = startScriptedServer([script]);
      using connection = connectionTo(server, { timeout: timeLimit(20_000) });
      if (body !== undefined) connection.connect();
      const sent = connection.promises.sendRequest('POST', '/', { body });
      assert.equal(sent.done(), false);
      server.open('read on');
      assert.equal(connection.readResponse().status, 200);
      assert.equal(connection.readText(), 'x');
      await sent;
      server.check();
    });
  }

  test('a request whose sending is not awaited, and fails, says so to both', async () => {
    using server = startScriptedServer([[stopReading(), gate('never')]]);
    using connection = connectionTo(server, { timeout: 200 });
    const body = Buffer.from(new ArrayBuffer(MORE_THAN_FITS));
    const sent = connection.promises.sendRequest('POST', '/', { body });
    structuredClone(body.buffer, { transfer: [body.buffer] });
    // The server may answer a part of the request.
    assert.throws(() => connection.readResponse(), { name: 'ConnectionTimedOut' });
    await assert.rejects(sent, { name: 'RangeError', message: /memory of bytes that wait to be sent is gone/ });
  });

  test('a coroutine over many calls is one future', async () => {
    using server = startScriptedServer([[expectHead(), send(ok('one')), expectHead(), send(ok('two'))]]);
    using connection = connectionTo(server);
    function* coFetch(path: string): Coroutine<string> {
      yield* connection.coSendRequest('GET', path);
      yield* connection.coReadResponse();
      return yield* connection.coReadText();
    }
    assert.equal(await new AioFuture(coFetch('/1')), 'one');
    assert.equal(runBlocking(coFetch('/2')), 'two');
  });

  test('a forgotten asterisk is a TypeError, under AioFuture as under runBlocking', async () => {
    using connection = connectionTo({ hostname: 'localhost', port: 1 });
    function* coWrong(): Coroutine<void> {
      yield connection.coSendRequest('GET', '/') as never;
    }
    const wrong = { name: 'TypeError', message: /did you mean yield\*\?$/ };
    assert.throws(() => runBlocking(coWrong()), wrong);
    await assert.rejects(new AioFuture(coWrong()), wrong);
  });

  for (const [what, answer, read] of [
    ['the last response', ok('x', 'Connection: close'), undefined],
    ['no HTTP', 'nonsense\r\n\r\n', { code: 'DUGONG_INVALID_RESPONSE' }],
    ['the end of its stream', undefined, { name: 'ConnectionClosed' }],
  ] as const) {
    test(`a sender learns from a reader that got ${what}, though the server takes nothing more`, async () => {
      using server = startScriptedServer([
        [
          expectHead(),
          expectHead(),
          stopReading(),
          mark('full'),
          gate('answer'),
          answer === undefined ? end() : send(answer),
          gate('never'),
        ],
      ]);
      using connection = connectionTo(server);
      await connection.promises.sendRequest('GET', '/');
      const sending = connection.promises.sendRequest('PUT', '/', { body: upload });
      const reading = connection.promises.readResponse();
      await server.reached('full');
      server.open('answer');
      const rejected = assert.rejects(sending, { name: 'ConnectionClosed', phase: 'send' });
      if (read === undefined) await reading;
      else await assert.rejects(reading, read);
      await rejected;
    });
  }

  test('a write whose memory is detached meanwhile ends the sending, once', async () => {
    using server = startScriptedServer([[expectHead(), stopReading(), gate('go on'), expectAnything()]]);
    using connection = connectionTo(server);
    await connection.promises.sendRequest('PUT', '/', { body: new BodyFollowing(upload.length) });
    const bytes = new Uint8Array(upload.length);
    const writing = connection.promises.write(bytes);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    server.open('go on');
    await assert.rejects(writing, { name: 'RangeError' });
    await assert.rejects(connection.promises.sendRequest('GET', '/'), { name: 'ConnectionClosed' });
  });
});
