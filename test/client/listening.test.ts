/** Which coroutine listens while one sends (RFC 9112 9.5), where others read as well. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Coroutine, POLLIN, POLLOUT, runBlocking } from '../../src/index.ts';
import { runAs } from '../../src/schedule/running.ts';
import { ok } from '../support/messages.ts';
import { expectHead, gate, send, startScriptedServer, stopReading } from '../support/scripted-server.ts';
import { MORE_THAN_FITS } from '../support/socket-capacity.ts';
import { connectionTo, finish, suspend, suspendForGood } from '../support/waiting.ts';

test('a sender that began to wait beside a reader listens when that has its body', () => {
  const answer = ok('0123456789');
  using server = startScriptedServer([
    [expectHead(), stopReading(), send(answer.slice(0, -5)), gate('rest'), send(answer.slice(-5)), gate('never')],
  ]);
  using connection = connectionTo(server);
  let woken = 0;
  const runner = { driver: 'blocked thread' as const, wake: () => void woken++ };
  connection.sendRequest('GET', '/');
  connection.readResponse();
  const reader = connection.coReadAll();
  suspendForGood(reader);
  const sender = connection.coSendRequest('PUT', '/', { body: Buffer.alloc(MORE_THAN_FITS) });
  assert.deepEqual([runAs(runner, () => suspendForGood(sender)).mask, woken], [POLLOUT, 0]);
  server.open('rest');
  assert.equal(finish(reader).toString(), '0123456789');
  assert.equal(woken, 1);
  assert.equal(suspend(sender).mask, POLLIN | POLLOUT);
  sender.return();
});

test('a sender that began to wait beside a reader listens when that has an answer, its body included', () => {
  using server = startScriptedServer([
    [expectHead(), stopReading(), gate('answer'), send(ok('0123456789')), gate('never')],
  ]);
  using connection = connectionTo(server);
  let woken = 0;
  const runner = { driver: 'blocked thread' as const, wake: () => void woken++ };
  connection.sendRequest('GET', '/');
  const reader = connection.coReadResponse();
  suspendForGood(reader);
  const sender = connection.coSendRequest('PUT', '/', { body: Buffer.alloc(MORE_THAN_FITS) });
  assert.deepEqual([runAs(runner, () => suspendForGood(sender)).mask, woken], [POLLOUT, 0]);
  server.open('answer');
  finish(reader);
  assert.equal(finish(connection.coReadText()), '0123456789');
  assert.equal(woken, 1);
  assert.equal(suspend(sender).mask, POLLIN | POLLOUT);
  sender.return();
});

test('a reader waits beside a sender of pieces, both stepped by a coroutine that a blocking call runs', () => {
  using server = startScriptedServer([[expectHead(), stopReading(), gate('never')]]);
  using connection = connectionTo(server);
  connection.connect();
  const sender = connection.coSendRequest('PUT', '/', { body: [Buffer.alloc(MORE_THAN_FITS), 'end'] });
  const reader = connection.coReadResponse();
  function* coBoth(): Coroutine<number> {
    yield* [];
    suspendForGood(sender);
    return suspend(reader).mask;
  }
  assert.equal(runBlocking(coBoth()), POLLIN);
  reader.return(undefined as never);
  sender.return();
});
