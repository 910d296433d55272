import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BodyFollowing, coWithTimeout } from '../../src/index.ts';
import { ok } from '../support/messages.ts';
import {
  expect,
  expectBytes,
  expectHead,
  gate,
  loop,
  send,
  startScriptedServer,
  stopReading,
} from '../support/scripted-server.ts';
import { MORE_THAN_FITS } from '../support/socket-capacity.ts';
import { timeLimit } from '../support/time-limit.ts';
import { connectionTo } from '../support/waiting.ts';

const upload = Buffer.alloc(MORE_THAN_FITS, 'abcdefghijklmnopqrstuvwxyz0123456789');
const download = Buffer.alloc(MORE_THAN_FITS, '0123456789abcdefghijklmnopqrstuvwxyz');

describe('a blocking send to a server that reads on only after its response has been read', () => {
  test('(sendRequest) takes the response in meanwhile, and loses nothing', () => {
    using server = startScriptedServer([
      [expectHead(), stopReading(), send(ok(download)), expectHead(), expect(upload), send(ok('second'))],
    ]);
    using connection = connectionTo(server, { maxReadAhead: 2 ** 30 });
    connection.sendRequest('GET', '/1');
    connection.sendRequest('PUT', '/2', { body: upload });
    assert.equal(connection.readResponse().path, '/1');
    assert.ok(connection.readAll().equals(download));
    assert.equal(connection.readResponse().path, '/2');
    assert.equal(connection.readText(), 'second');
    server.check();
  });

  test('(write) takes the response in meanwhile, also the one that is being read', () => {
    using server = startScriptedServer([
      [expectHead(), stopReading(), send(ok(download)), expectHead(), expect(upload), send(ok('second'))],
    ]);
    using connection = connectionTo(server, { maxReadAhead: 2 ** 30 });
    connection.sendRequest('GET', '/1');
    connection.readResponse();
    const start = connection.read(1000);
    connection.sendRequest('PUT', '/2', { body: new BodyFollowing(upload.length) });
    for (let at = 0; at < upload.length; at += 1 << 20) connection.write(upload.subarray(at, at + (1 << 20)));
    assert.ok(Buffer.concat([start, connection.readAll()]).equals(download));
    assert.equal(connection.readResponse().path, '/2');
    assert.equal(connection.readText(), 'second');
    server.check();
  });

  test('(a coroutine with a limit of time) takes the response in meanwhile, run by the connection', () => {
    using server = startScriptedServer([
      [expectHead(), stopReading(), send(ok(download)), expectHead(), expect(upload), send(ok('second'))],
    ]);
    using connection = connectionTo(server, { maxReadAhead: 2 ** 30 });
    connection.sendRequest('GET', '/1');
    connection.runBlocking(coWithTimeout(connection.coSendRequest('PUT', '/2', { body: upload }), timeLimit(20_000)));
    assert.equal(connection.readResponse().path, '/1');
    assert.ok(connection.readAll().equals(download));
    assert.equal(connection.readResponse().path, '/2');
    assert.equal(connection.readText(), 'second');
    server.check();
  });

  test('works for many small requests with large answers', () => {
    const count = 600;
    const answer = 'x'.repeat(30_000);
    const body = Buffer.alloc(20_000, 'y');
    using server = startScriptedServer([
      [loop(count, [expectHead(), expectBytes(body.length), stopReading(), send(ok(answer))])],
    ]);
    using connection = connectionTo(server, { maxReadAhead: 2 ** 25 });
    for (let index = 0; index < count; index++) connection.sendRequest('GET', `/${index}`, { body });
    for (let index = 0; index < count; index++) {
      assert.equal(connection.readResponse().path, `/${index}`);
      assert.equal(connection.readText(), answer);
    }
    server.check();
  });

  test('takes in no more than maxReadAhead: StateError; the connection goes on when responses are read', () => {
    using server = startScriptedServer([
      [expectHead(), stopReading(), send(ok(download)), expectHead(), expect(upload), send(ok('second'))],
    ]);
    using connection = connectionTo(server, { maxReadAhead: 100_000 });
    connection.sendRequest('GET', '/1');
    assert.throws(() => connection.sendRequest('PUT', '/2', { body: upload }), {
      name: 'StateError',
      code: 'DUGONG_STATE',
      message: /100000 bytes of them \(maxReadAhead\)/,
    });
    connection.readResponse();
    assert.ok(connection.readAll().equals(download));
    // The request that could not be sent at once goes out while its response is waited for.
    assert.equal(connection.readResponse().path, '/2');
    assert.equal(connection.readText(), 'second');
    server.check();
  });

  test('takes in nothing with maxReadAhead 0', () => {
    using server = startScriptedServer([[expectHead(), stopReading(), send(ok('first')), gate('never')]]);
    using connection = connectionTo(server, { maxReadAhead: 0 });
    connection.sendRequest('GET', '/1');
    assert.throws(() => connection.sendRequest('PUT', '/2', { body: upload }), { name: 'StateError' });
  });
});
