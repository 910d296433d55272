import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ok, requestHead } from '../support/messages.ts';
import {
  expect,
  expectAnything,
  expectEnd,
  expectHead,
  gate,
  loop,
  mark,
  send,
  startScriptedServer,
  stopReading,
} from '../support/scripted-server.ts';
import { MORE_THAN_FITS } from '../support/socket-capacity.ts';
import { connectionTo } from '../support/waiting.ts';

describe('cork()', () => {
  test('collects requests, and uncork() sends them in order', () => {
    using server = startScriptedServer(({ authority }) => [
      [
        expect(requestHead(authority, 'GET /0')),
        send(ok('zero')),
        expect(requestHead(authority, 'GET /1')),
        expect(`${requestHead(authority, 'PUT /2', { framing: ['Content-Length: 4'] })}body`),
        expect(requestHead(authority, 'GET /3')),
        send(ok('one') + ok('two') + ok('three')),
      ],
    ]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/0');
    connection.readResponse();
    connection.discard();
    const before = server.received().length;
    connection.cork();
    connection.sendRequest('GET', '/1');
    connection.sendRequest('PUT', '/2', { body: 'body' });
    connection.sendRequest('GET', '/3');
    assert.equal(connection.responsePending(), true);
    assert.equal(server.received().length, before);
    connection.uncork();
    for (const path of ['/1', '/2', '/3']) {
      assert.equal(connection.readResponse().path, path);
      connection.discard();
    }
    server.check();
  });

  test('before there is a connection: the first read connects and sends', () => {
    using server = startScriptedServer([[expectHead(), expectHead(), send(ok('one') + ok('two'))]]);
    using connection = connectionTo(server);
    connection.cork();
    connection.sendRequest('GET', '/1');
    connection.sendRequest('GET', '/2');
    assert.equal(server.connections(), 0);
    for (const path of ['/1', '/2']) {
      assert.equal(connection.readResponse().path, path);
      connection.discard();
    }
  });

  test('is undone for what was collected by reading, but goes on for later requests', () => {
    using server = startScriptedServer([[expectHead(), send(ok('one')), expectHead(), send(ok('two'))]]);
    using connection = connectionTo(server);
    connection.connect();
    connection.cork();
    connection.sendRequest('GET', '/1');
    connection.readResponse();
    assert.equal(connection.readText(), 'one');
    const before = server.received().length;
    connection.sendRequest('GET', '/2');
    assert.equal(server.received().length, before);
    connection.readResponse();
    assert.equal(connection.readText(), 'two');
  });

  test('collects no more than 64 KiB', () => {
    using server = startScriptedServer([[loop(1000, [expectHead()]), expectHead(), send(ok('x').repeat(1001))]]);
    using connection = connectionTo(server);
    connection.cork();
    for (let count = 0; count < 1000; count++) connection.sendRequest('GET', `/${count}`);
    const sent = server.received().length;
    assert.ok(sent > 0 && sent % 65_536 !== 0, `${sent} bytes`);
    connection.sendRequest('GET', '/last');
    connection.uncork();
    for (let count = 0; count < 1001; count++) {
      assert.equal(connection.readResponse().path, count === 1000 ? '/last' : `/${count}`);
      connection.discard();
    }
    server.check();
  });

  test('takes copies: bodies may be written to after the call', () => {
    const body = Buffer.alloc(10_000, 'x');
    using server = startScriptedServer([
      [expectHead(), expect(body), expectHead(), expect(body), send(ok('1') + ok('2'))],
    ]);
    using connection = connectionTo(server);
    connection.cork();
    const given = Buffer.from(body);
    connection.sendRequest('PUT', '/', { body: given });
    connection.sendRequest('PUT', '/', { body: given });
    given.fill('!');
    connection.uncork();
    connection.readResponse();
    connection.discard();
    connection.readResponse();
    server.check();
  });

  test('sends all that was collected in one piece', () => {
    using server = startScriptedServer([
      [expectHead(), mark('first'), gate('check'), loop(49, [expectHead()]), send(ok('x').repeat(50))],
    ]);
    using connection = connectionTo(server);
    connection.connect();
    connection.cork();
    for (let count = 0; count < 50; count++) connection.sendRequest('GET', '/');
    connection.uncork();
    server.waitFor('first');
    // What has come with the first request is there as one: nothing more was sent since.
    assert.equal(server.received().length, 50 * requestHead(server.authority, 'GET /').length);
    server.open('check');
    for (let count = 0; count < 50; count++) {
      connection.readResponse();
      connection.discard();
    }
    server.check();
  });

  test('uncork() does not wait: what the kernel does not take goes out while reading', () => {
    const body = Buffer.alloc(60_000, 'x');
    const count = Math.ceil(MORE_THAN_FITS / body.length) + 10;
    using server = startScriptedServer([
      [
        stopReading(),
        gate('read on'),
        loop(count, [expectHead(), expect(body)]),
        send(ok('x').repeat(count)),
        expectAnything(),
      ],
    ]);
    using connection = connectionTo(server);
    connection.connect();
    let sent = 0;
    for (;;) {
      connection.cork();
      const sender = connection.coSendRequest('PUT', '/', { body });
      sent++;
      if (!sender.next().done) {
        // More is left from before than may be collected.
        sender.return();
        break;
      }
      connection.uncork();
    }
    server.open('read on');
    for (; sent < count; sent++) connection.sendRequest('PUT', '/', { body });
    connection.uncork();
    for (let index = 0; index < count; index++) {
      connection.readResponse();
      connection.discard();
    }
    server.check();
  });

  test('and uncork() without a connection, or after one, do nothing', () => {
    using server = startScriptedServer([[expectHead(), send(ok('x')), expectEnd()]]);
    using connection = connectionTo(server);
    connection.uncork();
    connection.cork();
    connection.uncork();
    connection.sendRequest('GET', '/');
    connection.readResponse();
    connection.discard();
    connection.disconnect();
    connection.uncork();
    connection.cork();
    server.check();
    assert.equal(server.connections(), 1);
  });
});
