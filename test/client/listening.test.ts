/** Who listens while somebody sends (RFC 9112 9.5), where others read as well. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { POLLIN, POLLOUT } from '../../src/index.ts';
import { addDescriptorListener } from '../../src/io/descriptor.ts';
import { ok } from '../support/messages.ts';
import { expectHead, gate, send, startScriptedServer, stopReading } from '../support/scripted-server.ts';
import { MORE_THAN_FITS } from '../support/socket-capacity.ts';
import { connectionTo, finish, suspend, suspendForGood } from '../support/waiting.ts';

test('a sender that began to wait beside a reader is told to listen when that has its body', () => {
  const answer = ok('0123456789');
  using server = startScriptedServer([
    [expectHead(), stopReading(), send(answer.slice(0, -5)), gate('rest'), send(answer.slice(-5)), gate('never')],
  ]);
  using connection = connectionTo(server);
  const woken: number[] = [];
  addDescriptorListener({ closed: () => {}, wake: (fd) => void woken.push(fd) });
  connection.sendRequest('GET', '/');
  connection.readResponse();
  const reader = connection.coReadAll();
  const { fd } = suspendForGood(reader);
  const sender = connection.coSendRequest('PUT', '/', { body: Buffer.alloc(MORE_THAN_FITS) });
  assert.deepEqual([suspendForGood(sender).mask, woken], [POLLOUT, []]);
  server.open('rest');
  assert.equal(finish(reader).toString(), '0123456789');
  assert.deepEqual(woken, [fd]);
  assert.equal(suspend(sender).mask, POLLIN | POLLOUT);
  sender.return();
});

test('a sender that began to wait beside a reader is told to listen when that has an answer, its body included', () => {
  using server = startScriptedServer([
    [expectHead(), stopReading(), gate('answer'), send(ok('0123456789')), gate('never')],
  ]);
  using connection = connectionTo(server);
  const woken: number[] = [];
  addDescriptorListener({ closed: () => {}, wake: (fd) => void woken.push(fd) });
  connection.sendRequest('GET', '/');
  const reader = connection.coReadResponse();
  const { fd } = suspendForGood(reader);
  const sender = connection.coSendRequest('PUT', '/', { body: Buffer.alloc(MORE_THAN_FITS) });
  assert.deepEqual([suspendForGood(sender).mask, woken], [POLLOUT, []]);
  server.open('answer');
  finish(reader);
  assert.equal(finish(connection.coReadText()), '0123456789');
  assert.deepEqual(woken, [fd]);
  assert.equal(suspend(sender).mask, POLLIN | POLLOUT);
  sender.return();
});
