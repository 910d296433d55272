/** HTTPConnection over TLS: everything holds there that holds in clear. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AioFuture, BodyFollowing, type Coroutine, type HTTPConnection } from '../../src/index.ts';
import { native } from '../../src/io/native.ts';
import { opensslMissing } from '../support/certificates.ts';
import { dummyBytes } from '../support/dummy-bytes.ts';
import { TestTrust, VERSIONS } from '../support/https.ts';
import { chunkedResponse, ok, requestHead, response } from '../support/messages.ts';
import {
  close,
  end,
  expect,
  expectBytes,
  expectEnd,
  expectHead,
  loop,
  type Script,
  send,
  stopReading,
} from '../support/scripted-server.ts';
import { MORE_THAN_EVER_FITS } from '../support/socket-capacity.ts';
import { connectionClosed, suspendForGood, waysOfWaiting } from '../support/waiting.ts';

describe('HTTPS', { skip: opensslMissing() }, () => {
  const trust = new TestTrust();

  for (const version of VERSIONS) {
    for (const { name, run } of waysOfWaiting) {
      test(`${version}: requests, bodies both ways, trailers, again after disconnect() (${name})`, async () => {
        const upload = dummyBytes(300_000);
        const script: Script = [
          ...[expectHead(), send(ok('one'))],
          ...[expectHead(), expect(upload), send(chunkedResponse(['t', 'wo'], ['X-Trailer: t']))],
          ...[expectHead(), expect('3\r\nabc\r\n0\r\n\r\n'), send(ok('three')), expectEnd()],
        ];
        using server = trust.serve([script, script], { minVersion: version, maxVersion: version });
        const before = native.counts();
        using connection = trust.connectTo(server);
        for (let round = 0; round < 2; round++) {
          await run(connection.coSendRequest('GET', '/1'));
          assert.equal((await run(connection.coReadResponse())).length, 3);
          assert.equal(await run(connection.coReadText()), 'one');
          await run(connection.coSendRequest('PUT', '/2', { body: upload }));
          const second = await run(connection.coReadResponse());
          assert.equal(await run(connection.coReadText()), 'two');
          assert.equal(second.trailers.get('x-trailer'), 't');
          await run(connection.coSendRequest('PUT', '/3', { body: new BodyFollowing() }));
          await run(connection.coWrite(Buffer.from('abc')));
          await run(connection.coEndBody());
          assert.equal((await run(connection.coReadResponse())).path, '/3');
          await run(connection.coDiscard());
          assert.equal(connection.responsePending(), false);
          assert.equal(connection.getProtocol(), version);
          connection.disconnect();
        }
        assert.deepEqual(native.counts(), before);
        server.origin.check();
        const framing = [[], [`Content-Length: ${upload.length}`], ['Transfer-Encoding: chunked']];
        const lines = ['GET /1', 'PUT /2', 'PUT /3'];
        const heads = lines.map((line, i) => requestHead(server.front.authority, line, { framing: framing[i] ?? [] }));
        assert.deepEqual(server.origin.heads(1), heads);
        assert.deepEqual(
          server.front.handshakes().map(({ protocol }) => protocol),
          [version, version],
        );
      });
    }
  }

  test('has blocking methods and promises that can be mixed on one connection', async () => {
    using server = trust.serve([[loop(4, [expectHead(), send(ok('body'))]), expectEnd()]]);
    using connection = trust.connectTo(server);
    connection.sendRequest('GET', '/1');
    connection.readResponse();
    assert.equal(connection.readText(), 'body');
    await connection.promises.sendRequest('GET', '/2');
    await connection.promises.readResponse();
    assert.equal(await connection.promises.readText(), 'body');
    connection.sendRequest('GET', '/3');
    await connection.promises.readResponse();
    assert.equal(connection.readText(), 'body');
    await connection.promises.sendRequest('GET', '/4');
    connection.readResponse();
    assert.equal(await connection.promises.readText(), 'body');
  });

  const pipelined = 500;
  const pipelineScript: Script = [loop(pipelined, [expectHead(), send(ok(dummyBytes(1000)))]), expectEnd()];

  function* coSendAll(connection: HTTPConnection): Coroutine<void> {
    for (let index = 0; index < pipelined; index++) yield* connection.coSendRequest('GET', `/${index}`);
  }

  function* coReadAll(connection: HTTPConnection): Coroutine<void> {
    for (let index = 0; index < pipelined; index++) {
      assert.equal((yield* connection.coReadResponse()).path, `/${index}`);
      assert.ok((yield* connection.coReadAll()).equals(dummyBytes(1000)));
    }
  }

  const pipelines: Record<string, (connection: HTTPConnection) => unknown> = {
    blocking: (connection) => {
      connection.runBlocking(coSendAll(connection));
      connection.runBlocking(coReadAll(connection));
    },
    'blocking, corked': (connection) => {
      connection.cork();
      connection.runBlocking(coSendAll(connection));
      connection.uncork();
      connection.runBlocking(coReadAll(connection));
    },
    'a sending and a reading future': (connection) =>
      Promise.all([new AioFuture(coSendAll(connection)), new AioFuture(coReadAll(connection))]),
  };
  for (const [name, run] of Object.entries(pipelines)) {
    test(`pipelines ${pipelined} requests (${name})`, async () => {
      using server = trust.serve([pipelineScript]);
      using connection = trust.connectTo(server);
      await run(connection);
      assert.equal(connection.responsePending(), false);
      connection.disconnect();
      server.origin.check();
    });
  }

  for (const receiveBufferSize of [63, 512, 65_536]) {
    for (const { name, run } of waysOfWaiting) {
      test(`reads 3 MB into buffers of odd sizes, receive buffer ${receiveBufferSize} (${name})`, async () => {
        const body = dummyBytes(3_000_000);
        const head = response('200 OK', [`Content-Length: ${body.length}`]);
        using server = trust.serve([[expectHead(), send(head), send(body, { chunk: 123_457 })]]);
        using connection = trust.connectTo(server, { receiveBufferSize });
        await run(connection.coSendRequest('GET', '/'));
        await run(connection.coReadResponse());
        const all = Buffer.alloc(body.length + 1);
        let length = 0;
        for (const size of [1, 16_383, 16_384, 16_385, 100_003, 1_000_000]) {
          const count = await run(connection.coReadInto(all.subarray(length, length + size)));
          assert.ok(count > 0 && count <= size);
          length += count;
        }
        for (let count = -1; count !== 0; length += count)
          count = await run(connection.coReadInto(all.subarray(length)));
        assert.ok(all.subarray(0, length).equals(body));
      });
    }
  }

  test('an upload that is answered early, and cut off: ConnectionClosed, then the answer [python-dugong: aborted_write1]', () => {
    const refusal = response('401 Unauthorized', ['Content-Length: 12', 'Connection: close'], 'Please stop!');
    const script = [expectHead(), expectBytes(65_536), stopReading(), send(refusal), end()];
    using server = trust.serve([script], { ending: 'reset' });
    using connection = trust.connectTo(server);
    const part = Buffer.alloc(65_536, 'x');
    connection.sendRequest('PUT', '/', { body: new BodyFollowing(8 * MORE_THAN_EVER_FITS) });
    const writeAll = (): void => {
      for (let sent = 0; sent < 8 * MORE_THAN_EVER_FITS; sent += part.length) connection.write(part);
    };
    assert.throws(writeAll, connectionClosed({ phase: 'send', lost: ['PUT /'] }));
    assert.equal(connection.readResponse().status, 401);
    assert.equal(connection.readText(), 'Please stop!');
    assert.throws(() => connection.sendRequest('GET', '/'), { name: 'ConnectionClosed' });
  });

  test('blocking sends do not wait for a server that waits for its responses to be read', () => {
    const answer = ok(Buffer.alloc(200_000, 'y'));
    const count = Math.ceil((2.5 * MORE_THAN_EVER_FITS) / answer.length);
    // It reads one request at a time, and none while it cannot send.
    using server = trust.serve([[loop(count, [expectHead(), expectBytes(100_000), stopReading(), send(answer)])]]);
    using connection = trust.connectTo(server, { maxReadAhead: 2 ** 30 });
    const body = Buffer.alloc(100_000, 'x');
    for (let index = 0; index < count; index++) connection.sendRequest('PUT', `/${index}`, { body });
    for (let index = 0; index < count; index++) {
      assert.equal(connection.readResponse().path, `/${index}`);
      connection.discard();
    }
    server.origin.check();
  });

  test('waits for 100 (Continue), and goes without it', () => {
    const answer = [expect('body'), send(response('204 No Content')), expectEnd()];
    using server = trust.serve([
      [expectHead(), send(response('100 Continue')), ...answer],
      [expectHead(), ...answer],
    ]);
    for (const [reason, options] of [
      ['Continue', {}],
      ['', { continueTimeout: 20 }],
    ] as const) {
      using connection = trust.connectTo(server, options);
      connection.sendRequest('PUT', '/', { body: new BodyFollowing(4), expect100: true });
      assert.equal(connection.readResponse().reason, reason);
      connection.write(Buffer.from('body'));
      assert.equal(connection.readResponse().status, 204);
    }
  });

  for (const { name, run } of waysOfWaiting) {
    test(`carries another protocol after 101, up to its orderly end (${name}) [RFC 9110 7.8]`, async () => {
      const agreed = response('101 Switching Protocols', ['Connection: upgrade', 'Upgrade: echo']);
      using server = trust.serve([[expectHead(), send(`${agreed}hello`), expect('ping'), send('pong'), close()]]);
      using connection = trust.connectTo(server);
      await run(connection.coSendRequest('GET', '/', { upgrade: 'echo' }));
      assert.equal((await run(connection.coReadResponse())).status, 101);
      assert.equal(String(await run(connection.coReadRaw(100))), 'hello');
      await run(connection.coWriteRaw(Buffer.from('ping')));
      assert.equal(String(await run(connection.coReadRaw(100))), 'pong');
      assert.equal((await run(connection.coReadRaw(100))).length, 0);
    });
  }

  test('disconnect() under a coroutine that waits for the body: ConnectionClosed [python-dugong: abort_co_read]', () => {
    using server = trust.serve([
      [expectHead(), send(ok('body').slice(0, -1))],
      [expectHead(), send(ok('anew'))],
    ]);
    using connection = trust.connectTo(server);
    connection.sendRequest('GET', '/');
    connection.readResponse();
    const reading = connection.coReadAll();
    suspendForGood(reading);
    connection.disconnect();
    assert.throws(() => reading.next(), connectionClosed({ phase: 'receive', lost: ['GET /'] }));
    connection.sendRequest('GET', '/');
    connection.readResponse();
    assert.equal(connection.readText(), 'anew');
  });
});
