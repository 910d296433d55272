/** Memory that the user gives: of every kind that a Uint8Array can be over, and memory that goes away. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BodyFollowing, type Coroutine, type HTTPConnection } from '../../src/index.ts';
import { ok } from '../support/messages.ts';
import { plainAndTLS } from '../support/plain-and-tls.ts';
import { expect, expectAnything, expectEnd, expectHead, gate, send, stopReading } from '../support/scripted-server.ts';
import { MORE_THAN_FITS } from '../support/socket-capacity.ts';
import { suspend, suspendForGood } from '../support/waiting.ts';

function detach(bytes: Uint8Array): Uint8Array {
  structuredClone(bytes.buffer, { transfer: [bytes.buffer as ArrayBuffer] });
  return bytes;
}

interface Resizable extends ArrayBuffer {
  resize(length: number): void;
}

function resizable(length: number, most: number): Resizable {
  const Memory = ArrayBuffer as unknown as new (length: number, options: object) => Resizable;
  return new Memory(length, { maxByteLength: most });
}

/** Views that seem to be empty. */
const gone: Record<string, () => Uint8Array> = {
  'that was detached': () => detach(new Uint8Array(10)),
  'that was detached, as a Buffer': () => detach(Buffer.alloc(20_000)),
  'that has shrunk away': () => {
    const memory = resizable(100, 100);
    const view = new Uint8Array(memory, 50, 20);
    memory.resize(10);
    return view;
  },
};

function over(memory: ArrayBufferLike, text: string): Uint8Array {
  const view = new Uint8Array(memory, 3, text.length);
  view.set(Buffer.from(text, 'latin1'));
  return view;
}

const kinds: Record<string, (text: string) => Uint8Array> = {
  'a Buffer of the pool': (text) => Buffer.from(text, 'latin1'),
  'a part of other memory': (text) => over(new ArrayBuffer(text.length + 10), text),
  'shared memory': (text) => over(new SharedArrayBuffer(text.length + 10), text),
  'resizable memory': (text) => over(resizable(text.length + 10, text.length + 20), text),
};

for (const { name: carrier, skip, serve } of plainAndTLS) {
  describe(`memory of the user's (${carrier})`, { skip }, () => {
    for (const [name, make] of Object.entries(gone)) {
      test(`${name} is a TypeError, and neither an empty body nor the end of one`, () => {
        using server = serve([[expectHead(), expect('12'), send(ok('answer')), expectEnd()]]);
        const connection = server.connect();
        const lost = { name: 'TypeError', message: /its buffer is detached or has shrunk/ };
        assert.throws(() => connection.sendRequest('PUT', '/', { body: make() }), lost);
        assert.throws(() => connection.sendRequest('PUT', '/', { body: ['x', make()] }), lost);
        connection.sendRequest('PUT', '/', { body: new BodyFollowing(2) });
        assert.throws(() => connection.write(make()), lost);
        connection.write(Buffer.from('12'));
        connection.readResponse();
        assert.throws(() => connection.readInto(make()), lost);
        assert.equal(connection.readText(), 'answer');
        connection.disconnect();
        server.scripted.check();
      });
    }

    for (const [name, make] of Object.entries(kinds)) {
      test(`that is ${name} can be sent and read into`, () => {
        const large = '0123456789'.repeat(5000);
        using server = serve([[expectHead(), expect(`small${large}`), send(ok(large)), expectEnd()]]);
        const connection = server.connect();
        connection.sendRequest('PUT', '/', { body: new BodyFollowing(5 + large.length) });
        connection.write(make('small'));
        connection.write(make(large));
        connection.readResponse();
        let text = '';
        const target = make(' '.repeat(20_000));
        for (let count = connection.readInto(target); count > 0; count = connection.readInto(target)) {
          text += Buffer.from(target.subarray(0, count)).toString('latin1');
        }
        assert.equal(text, large);
        connection.disconnect();
        server.scripted.check();
      });
    }

    test('of no bytes can be read into at any time: 0, and nothing is taken', () => {
      using server = serve([[expectHead(), send(ok('x'))]]);
      using connection = server.connect();
      connection.sendRequest('GET', '/');
      connection.readResponse();
      assert.equal(connection.readInto(new Uint8Array(0)), 0);
      assert.equal(connection.read(0).length, 0);
      assert.equal(connection.readText(), 'x');
    });

    const senders: Record<string, (connection: HTTPConnection, body: Uint8Array) => Coroutine<void>> = {
      sendRequest: (connection, body) => connection.coSendRequest('PUT', '/', { body }),
      write(connection, body) {
        connection.cork();
        connection.sendRequest('PUT', '/', { body: new BodyFollowing(2 * body.length) });
        return connection.coWrite(body);
      },
    };
    for (const [operation, begin] of Object.entries(senders)) {
      test(`that is detached before ${operation} has sent anything ends the sending`, () => {
        using server = serve([[expectAnything()]]);
        using connection = server.connect();
        const body = new Uint8Array(5000);
        const sending = begin(connection, body);
        suspend(sending);
        detach(body);
        assert.throws(() => connection.runBlocking(sending), { name: 'RangeError', message: /was detached/ });
        assert.throws(() => connection.sendRequest('GET', '/'), { name: 'ConnectionClosed' });
      });
    }

    test('that is detached in the middle of a body ends the sending', () => {
      using server = serve([[expectHead(), stopReading(), gate('never')]]);
      using connection = server.connect();
      connection.connect();
      const body = new Uint8Array(2 * MORE_THAN_FITS);
      const sending = connection.coSendRequest('PUT', '/', { body });
      suspendForGood(sending);
      detach(body);
      assert.throws(() => connection.runBlocking(sending), { name: 'RangeError', message: /was detached/ });
    });

    test('that grows while it waits to be sent is sent as long as it was', () => {
      const memory = resizable(5000, 9000);
      const body = new Uint8Array(memory).fill(0x61);
      using server = serve([[expectHead(), expect('a'.repeat(5000)), send(ok('x')), expectEnd()]]);
      const connection = server.connect();
      const sending = connection.coSendRequest('PUT', '/', { body });
      suspend(sending);
      memory.resize(9000);
      connection.runBlocking(sending);
      assert.equal(connection.readResponse().status, 200);
      connection.disconnect();
      server.scripted.check();
    });
  });
}
