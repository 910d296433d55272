import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { BodyFollowing } from '../../src/index.ts';
import { type EchoedRequest, startDummyServer } from '../support/dummy-server.ts';
import { ok, requestHead, response } from '../support/messages.ts';
import {
  close,
  expect,
  expectBytes,
  expectEnd,
  expectHead,
  gate,
  mark,
  reset,
  send,
  startScriptedServer,
  stopReading,
} from '../support/scripted-server.ts';
import { MORE_THAN_FITS } from '../support/socket-capacity.ts';
import { connectionClosed, connectionTo, waysOfWaiting } from '../support/waiting.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const noContent = response('204 No Content');

describe('a request body', () => {
  test('given as bytes or as a string (UTF-8) goes out behind its head, with its length [RFC 9110 8.6]', () => {
    using server = startScriptedServer(({ authority }) => {
      const framing = (length: number) => ({ framing: [`Content-Length: ${length}`] });
      return [
        [
          expect(`${requestHead(authority, 'PUT /1', framing(4))}\x00\xff\r\n`),
          expect(`${requestHead(authority, 'POST /2', framing(5))}\xe2\x82\xacuA`),
          expect(`${requestHead(authority, 'GET /3', framing(3))}abc`),
          expect(requestHead(authority, 'PUT /4', framing(0))),
          expect(requestHead(authority, 'PUT /5', framing(0))),
          expect(requestHead(authority, 'POST /6', framing(0))),
          expect(requestHead(authority, 'DELETE /7')),
          expectEnd(),
        ],
      ];
    });
    using connection = connectionTo(server);
    connection.sendRequest('PUT', '/1', { body: bytes('\x00\xff\r\n') });
    connection.sendRequest('POST', '/2', { body: '€uA' });
    connection.sendRequest('GET', '/3', { body: new Uint8Array(bytes('-abc-')).subarray(1, 4) });
    connection.sendRequest('PUT', '/4', { body: '' });
    connection.sendRequest('PUT', '/5', { body: new BodyFollowing(0) });
    connection.sendRequest('POST', '/6');
    connection.sendRequest('DELETE', '/7');
    connection.disconnect();
    server.check();
  });

  test('of another type is a TypeError, and nothing is sent or even connected', () => {
    using server = startScriptedServer([]);
    using connection = connectionTo(server);
    for (const body of [42, {}, true]) {
      const options = { body: body as unknown as string };
      assert.throws(() => connection.sendRequest('PUT', '/', options), {
        name: 'TypeError',
        message: /body needs bytes/,
      });
    }
    for (const length of [-1, 0.5, Number.NaN, 2 ** 53]) assert.throws(() => new BodyFollowing(length), TypeError);
    assert.throws(() => connection.write('x' as unknown as Uint8Array), TypeError);
    assert.equal(server.connections(), 0);
  });

  test('has a Content-MD5 when that is asked for, unless the caller gives one [RFC 1864]', () => {
    using server = startDummyServer();
    using connection = connectionTo(server);
    const md5 = createHash('md5').update('text').digest('base64');
    const wrong = createHash('md5').update('else').digest('base64');
    const headers = { 'Content-MD5': wrong };
    for (const [options, status, reason] of [
      [{ body: 'text' }, 204, 'Ok, but no MD5'],
      [{ body: 'text', contentMD5: true }, 204, 'MD5 matched'],
      [{ body: 'text', contentMD5: true, headers }, 400, `MD5 mismatch: ${md5} vs ${wrong}`],
      [{ body: 'text', contentMD5: true, headers: { 'content-md5': md5 } }, 204, 'MD5 matched'],
    ] as const) {
      connection.sendRequest('PUT', '/', options);
      const answer = connection.readResponse();
      assert.deepEqual([answer.status, answer.reason, answer.length], [status, reason, 0]);
      connection.discard();
    }
    assert.deepEqual(headers, { 'Content-MD5': wrong });
    const following = { body: new BodyFollowing(4), contentMD5: true };
    assert.throws(() => connection.sendRequest('PUT', '/', following), TypeError);
  });
});

describe('a body that follows', () => {
  for (const { name, run } of waysOfWaiting) {
    test(`of announced length is written in parts (${name})`, async () => {
      using server = startScriptedServer(({ authority }) => [
        [expect(`${requestHead(authority, 'PUT /', { framing: ['Content-Length: 9'] })}abcdefghi`), send(noContent)],
      ]);
      using connection = connectionTo(server);
      await run(connection.coSendRequest('PUT', '/', { body: new BodyFollowing(9) }));
      for (const part of ['abcd', '', 'efgh', 'i']) await run(connection.coWrite(bytes(part)));
      assert.equal((await run(connection.coReadResponse())).status, 204);
    });

    test(`of unknown length is sent in chunks, with trailers at its end (${name}) [RFC 9112 7.1]`, async () => {
      using server = startDummyServer();
      using connection = connectionTo(server);
      await run(connection.coSendRequest('PUT', '/echo', { body: new BodyFollowing(), headers: { Trailer: 'X-Sum' } }));
      for (const part of ['abcd', '', 'x'.repeat(5000)]) await run(connection.coWrite(bytes(part)));
      await run(connection.coEndBody({ trailers: { 'X-Sum': '42', 'x-other': ['a', 'b'] } }));
      await run(connection.coReadResponse());
      const echo = JSON.parse(await run(connection.coReadText())) as EchoedRequest;
      assert.equal(Buffer.from(echo.body, 'base64').toString(), `abcd${'x'.repeat(5000)}`);
      assert.deepEqual(echo.trailers, [
        ['X-Sum', '42'],
        ['x-other', 'a'],
        ['x-other', 'b'],
      ]);
    });
  }

  test('is framed chunk by chunk; an empty write sends nothing [RFC 9112 7.1]', () => {
    using server = startScriptedServer(({ authority }) => [
      [
        expect(requestHead(authority, 'PUT /', { framing: ['Transfer-Encoding: chunked'] })),
        expect('a\r\n0123456789\r\n1\r\nx\r\n0\r\nA: b\r\n\r\n'),
        send(noContent),
        expectEnd(),
      ],
    ]);
    using connection = connectionTo(server);
    connection.sendRequest('PUT', '/', { body: new BodyFollowing() });
    connection.write(bytes('0123456789'));
    connection.write(bytes(''));
    connection.write(bytes('x'));
    assert.throws(() => connection.endBody({ trailers: { 'Content-Length': '3' } }), TypeError);
    assert.throws(() => connection.endBody({ trailers: { 'A\r\n': 'b' } }), TypeError);
    connection.endBody({ trailers: [['A', 'b']] });
    assert.throws(() => connection.write(bytes('y')), { name: 'StateError' });
    assert.throws(() => connection.endBody(), { name: 'StateError' });
    assert.equal(connection.readResponse().status, 204);
    connection.disconnect();
    server.check();
  });

  test('takes no more than was announced: ExcessBodyData, and none of the excess is sent', () => {
    using server = startScriptedServer([[expectHead(), expect('x'.repeat(42)), send(noContent), expectEnd()]]);
    using connection = connectionTo(server);
    const excess = { name: 'ExcessBodyData', code: 'DUGONG_EXCESS_BODY_DATA' };
    connection.sendRequest('PUT', '/', { body: new BodyFollowing(42) });
    assert.throws(() => connection.write(Buffer.alloc(43, 'x')), excess);
    connection.write(Buffer.alloc(42, 'x'));
    assert.throws(() => connection.write(Buffer.alloc(1, 'x')), excess);
    connection.write(Buffer.alloc(0));
    assert.throws(() => connection.endBody(), { name: 'StateError', message: /ended with its last byte: leave out/ });
    assert.equal(connection.readResponse().status, 204);
    assert.throws(() => connection.write(Buffer.alloc(1, 'x')), { name: /StateError|ExcessBodyData/ });
    connection.disconnect();
    server.check();
  });

  test('of length 0 is complete at once', () => {
    using server = startScriptedServer([[expectHead(), send(noContent), expectHead(), send(ok('x'))]]);
    using connection = connectionTo(server);
    connection.sendRequest('PUT', '/', { body: new BodyFollowing(0) });
    connection.write(bytes(''));
    assert.throws(() => connection.write(bytes('x')), { name: 'ExcessBodyData' });
    assert.equal(connection.readResponse().status, 204);
    connection.sendRequest('GET', '/');
    assert.equal(connection.readResponse().status, 200);
  });

  test('is not expected by a request without one, nor before any', () => {
    using server = startScriptedServer([[expectHead(), send(ok('x')), expectEnd()]]);
    using connection = connectionTo(server);
    assert.throws(() => connection.write(bytes('x')), { name: 'StateError' });
    assert.throws(() => connection.endBody(), { name: 'StateError' });
    connection.sendRequest('GET', '/');
    assert.throws(() => connection.write(bytes('x')), { name: 'StateError' });
    assert.throws(() => connection.endBody(), { name: 'StateError' });
    connection.readResponse();
    connection.disconnect();
    server.check();
  });
});

describe('a server that stops an upload [RFC 9112 9.5]', () => {
  const part = Buffer.alloc(65_536, 'x');

  /** Writes until it fails, at the latest when all is written. */
  function writeAll(write: (data: Uint8Array) => void): void {
    for (let left = 999 * part.length; left > 0; left -= part.length) write(part);
  }

  for (const [how, leave] of [
    ['closes', close()],
    ['resets', reset()],
  ] as const) {
    test(`with an answer and ${how}: the write raises ConnectionClosed, the answer can be read`, () => {
      using server = startScriptedServer([
        [
          expectHead(),
          send(response('100 Continue')),
          expectBytes(part.length),
          stopReading(),
          send(response('401 Please stop!', ['Content-Length: 9'], 'no rights')),
          gate('filled'),
          leave,
        ],
      ]);
      using connection = connectionTo(server);
      connection.sendRequest('PUT', '/1', { body: new BodyFollowing(1000 * part.length), expect100: true });
      assert.equal(connection.readResponse().status, 100);
      connection.write(part);
      server.open('filled');
      const closed = connectionClosed({ phase: 'send', lost: ['PUT /1'] });
      assert.throws(() => writeAll((data) => connection.write(data)), closed);
      assert.throws(() => connection.write(part), { name: 'ConnectionClosed' });
      const answer = connection.readResponse();
      assert.deepEqual([answer.status, answer.reason, answer.path], [401, 'Please stop!', '/1']);
      assert.equal(connection.readText(), 'no rights');
      assert.throws(() => connection.sendRequest('GET', '/2'), connectionClosed({ phase: 'send', lost: [] }));
      assert.throws(() => connection.readResponse(), { name: 'ConnectionClosed' });
    });

    test(`silently (${how}): the write and then readResponse raise ConnectionClosed`, () => {
      using server = startScriptedServer([
        [expectHead(), expectBytes(part.length), stopReading(), gate('filled'), leave],
      ]);
      using connection = connectionTo(server);
      connection.sendRequest('PUT', '/1', { body: new BodyFollowing(1000 * part.length) });
      connection.write(part);
      server.open('filled');
      assert.throws(
        () => writeAll((data) => connection.write(data)),
        connectionClosed({ phase: 'send', lost: ['PUT /1'] }),
      );
      assert.throws(() => connection.readResponse(), connectionClosed({ phase: 'receive', lost: ['PUT /1'] }));
    });
  }

  test('before its body is complete, with earlier answers still to read, loses none of these', () => {
    using server = startScriptedServer([
      [
        expectHead(),
        expectHead(),
        stopReading(),
        send(ok('first') + response('413 No', ['Content-Length: 0'])),
        mark('sent'),
        reset(),
      ],
    ]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/1');
    connection.sendRequest('PUT', '/2', { body: new BodyFollowing(1000 * part.length) });
    server.waitFor('sent');
    assert.throws(() => writeAll((data) => connection.write(data)), { name: 'ConnectionClosed', phase: 'send' });
    assert.equal(connection.readResponse().path, '/1');
    assert.equal(connection.readText(), 'first');
    assert.equal(connection.readResponse().status, 413);
    assert.equal(connection.responsePending(), false);
  });

  test('by an announced end of the connection drops what has not been sent, and tells the sender', () => {
    using server = startScriptedServer([
      [stopReading(), gate('answer'), send(response('413 Too Much', ['Content-Length: 0', 'Connection: close']))],
    ]);
    using connection = connectionTo(server);
    const sender = connection.coSendRequest('PUT', '/', { body: Buffer.alloc(MORE_THAN_FITS) });
    let step = sender.next();
    while (!step.done && step.value.poll(0)) step = sender.next();
    server.open('answer');
    assert.equal(connection.readResponse().status, 413);
    assert.throws(() => sender.next(), { name: 'ConnectionClosed', phase: 'send' });
  });
});
