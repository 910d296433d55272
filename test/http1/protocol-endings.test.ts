/** How an exchange comes to its end before its time: by the connection, by a fault, by what cannot be followed. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ConnectionClosed, TLSError } from '../../src/errors.ts';
import type { ClientProtocol, Response } from '../../src/http1/protocol.ts';
import { ANNOUNCED, bring, ok, readBody, receive, sendSome, sent, start } from '../support/protocol.ts';

suite('the end of a connection [RFC 9112 9.6]', () => {
  test('announced by the server: this response can be read, nothing more can be sent or received', () => {
    const protocol = start();
    protocol.sendRequest('GET', '/1');
    protocol.sendRequest('POST', '/2');
    const { length } = sent(protocol);
    bring(protocol, ok('one', 'Connection: close\r\n') + ok('two'));
    const response = protocol.nextResponse();
    assert.ok(response);
    assert.throws(() => protocol.sendRequest('GET', '/3'), { name: 'ConnectionClosed', phase: 'send' });
    assert.equal(readBody(protocol, response), 'one');
    assert.throws(() => protocol.nextResponse(), {
      name: 'ConnectionClosed',
      phase: 'receive',
      bytesSent: length,
      lostRequests: [{ method: 'POST', path: '/2', mayHaveBeenProcessed: true }],
    });
  });

  test('announced by the client: no request can follow, with or without a body', () => {
    for (const framing of [{ kind: 'none' }, { kind: 'length', length: 4 }] as const) {
      const protocol = start();
      protocol.sendRequest('PUT', '/', { headers: { Connection: 'close' }, framing });
      if (framing.kind === 'length') protocol.sendData(Buffer.from('four'));
      assert.throws(() => protocol.sendRequest('GET', '/'), { name: 'ConnectionClosed' });
      bring(protocol, ok('bye'));
      assert.equal(receive(protocol).body, 'bye');
      assert.throws(() => protocol.nextResponse(), { name: 'ConnectionClosed' });
    }
  });

  test('a body cut short, by whatever way the stream ends', () => {
    for (const end of ['receivedEnd', 'receiveFailed'] as const) {
      const protocol = start();
      protocol.sendRequest('GET', '/');
      bring(protocol, 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe');
      const response = protocol.nextResponse();
      assert.ok(response?.body);
      const target = Buffer.alloc(10);
      protocol.readBody(response.body, target, 0, 10);
      protocol[end](new Error('reset'));
      const { body } = response;
      for (let attempt = 0; attempt < 2; attempt++) {
        assert.throws(() => protocol.readBody(body, target, 0, 10), { name: 'ConnectionClosed', message: /cut short/ });
      }
      assert.throws(() => protocol.nextResponse(), { name: /StateError|ConnectionClosed/ });
    }
  });

  test('a head cut short, or missing', () => {
    for (const [text, message] of [
      ['HTTP/1.1 2', /head was cut short/],
      ['', /without a response/],
    ] as const) {
      const protocol = start();
      protocol.sendRequest('GET', '/');
      bring(protocol, text);
      protocol.receivedEnd();
      assert.throws(() => protocol.nextResponse(), { name: 'ConnectionClosed', message });
      assert.throws(() => protocol.nextResponse(), { name: 'ConnectionClosed', message: /cannot be used any more/ });
    }
  });

  test('a close-delimited body is complete only at an orderly end [RFC 9112 8]', () => {
    const head = 'HTTP/1.1 200 OK\r\n\r\n';
    for (const early of [true, false]) {
      const protocol = start();
      protocol.sendRequest('GET', '/');
      bring(protocol, `${head}hello`);
      if (early) protocol.receivedEnd();
      const response = protocol.nextResponse();
      assert.ok(response);
      if (!early) protocol.receivedEnd();
      assert.equal(readBody(protocol, response), 'hello');
    }
    const reset = start();
    reset.sendRequest('GET', '/');
    bring(reset, `${head}hello`);
    reset.receiveFailed(new Error('reset'));
    const body = reset.nextResponse()?.body;
    assert.ok(body);
    assert.equal(reset.readBody(body, Buffer.alloc(10), 0, 10), 5);
    assert.throws(() => reset.readBody(body, Buffer.alloc(10), 0, 10), {
      name: 'ConnectionClosed',
      message: /cut short/,
    });
  });

  test('a request on an idle connection that has ended, or on which something waits, is refused', () => {
    for (const noise of ['HTTP/1.1 408 Timeout\r\n\r\n', '']) {
      const protocol = start();
      protocol.sendRequest('GET', '/1');
      bring(protocol, ok(''));
      receive(protocol);
      bring(protocol, noise);
      if (noise === '') protocol.receivedEnd();
      assert.throws(() => protocol.sendRequest('GET', '/2'), {
        name: 'ConnectionClosed',
        phase: 'idle',
        lostRequests: [{ method: 'GET', path: '/2', mayHaveBeenProcessed: false }],
      });
      assert.throws(() => protocol.sendRequest('GET', '/3'), { name: 'ConnectionClosed', phase: 'send' });
      assert.throws(() => protocol.nextResponse(), { name: 'ConnectionClosed' });
    }
  });

  test('bytes behind a response answer no request that is made while its body is still to be read [RFC 9112 9.2]', () => {
    const protocol = start();
    protocol.sendRequest('GET', '/1');
    bring(protocol, ok('one') + ok('stale'));
    const response = protocol.nextResponse();
    assert.ok(response);
    protocol.sendRequest('GET', '/2');
    assert.equal(readBody(protocol, response), 'one');
    assert.throws(() => protocol.nextResponse(), {
      name: 'ConnectionClosed',
      message: /^the server sent bytes that answer no request/,
    });
    assert.throws(() => protocol.sendRequest('GET', '/3'), { name: 'ConnectionClosed' });
  });

  test('nor one that has not begun to leave by then, as far as that is known', () => {
    for (const left of [0, 10]) {
      const protocol = start();
      protocol.sendRequest('GET', '/1');
      sent(protocol);
      protocol.sendRequest('GET', '/2');
      // The second request has been collected, and is sent, if at all, when what does not answer it is there.
      bring(protocol, ok('one') + ok('stale'));
      sendSome(protocol, left);
      assert.equal(receive(protocol).body, 'one');
      assert.throws(() => protocol.nextResponse(), {
        name: 'ConnectionClosed',
        message: /^the server sent bytes that answer no request/,
        lostRequests: [{ method: 'GET', path: '/2', mayHaveBeenProcessed: left > 0 }],
      });
    }
  });

  test('but a request that has begun to leave can be answered before it has left', () => {
    const protocol = start();
    protocol.sendRequest('GET', '/1');
    const first = protocol.output.length;
    protocol.sendRequest('GET', '/2');
    protocol.sendRequest('GET', '/3');
    sendSome(protocol, first + 1);
    bring(protocol, ok('one') + ok('two'));
    sent(protocol);
    assert.deepEqual([receive(protocol).body, receive(protocol).body], ['one', 'two']);
    bring(protocol, ok('three'));
    assert.equal(receive(protocol).body, 'three');
    assert.equal(protocol.bytesReceived, ok('one').length + ok('two').length + ok('three').length);
  });

  test('what has come before the first byte of a collected request left is found when that is asked for', () => {
    const protocol = start();
    protocol.sendRequest('GET', '/');
    bring(protocol, ok('stale'));
    assert.throws(() => protocol.assertQuiet(), { name: 'ConnectionClosed', phase: 'idle' });
  });

  test('requests of which no byte has left cannot have been processed', () => {
    const protocol = start();
    protocol.sendRequest('GET', '/1');
    sent(protocol);
    protocol.sendRequest('GET', '/2');
    const error = protocol.connectionClosed('lost', 'send');
    assert.equal(error.message, 'lost; 2 requests not answered in full');
    assert.ok(error instanceof ConnectionClosed);
    assert.deepEqual(
      error.lostRequests.map((request) => request.mayHaveBeenProcessed),
      [true, false],
    );
  });
});

suite('a failure of TLS', () => {
  const failure = new TLSError('ERR_SSL_X', 'TLS failed', { reason: 'x', peer: 'server' });

  test('is what every call throws that the end of the connection is in the way of [RFC 8446 6.2]', () => {
    const idle = start();
    idle.receiveFailed(failure);
    assert.throws(() => idle.assertQuiet(), failure);
    assert.throws(() => idle.sendRequest('GET', '/'), failure);
    const asked = start();
    asked.sendRequest('GET', '/');
    asked.receiveFailed(failure);
    assert.throws(() => asked.nextResponse(), failure);
    assert.throws(() => asked.assertUsable(), failure);
    const reading = start();
    reading.sendRequest('GET', '/');
    bring(reading, ok('hello').slice(0, -1));
    const body = reading.nextResponse()?.body;
    reading.receiveFailed(failure);
    assert.ok(body);
    assert.equal(reading.readBody(body, undefined, 0, 10), 4);
    assert.throws(() => reading.readBody(body, undefined, 0, 10), failure);
  });
});

suite('sending fails', () => {
  test('what the server sent before can still be received, as the last response', () => {
    const protocol = start();
    protocol.sendRequest('PUT', '/', ANNOUNCED);
    protocol.sendFailed(new Error('EPIPE'));
    assert.throws(() => protocol.sendData(Buffer.alloc(1)), { name: 'ConnectionClosed' });
    bring(protocol, ok('stop'));
    assert.equal(receive(protocol).body, 'stop');
    assert.throws(() => protocol.nextResponse(), { name: 'ConnectionClosed' });
  });

  test('with nothing pending there is nothing to receive', () => {
    const protocol = start();
    protocol.sendFailed(new Error('EPIPE'));
    assert.throws(() => protocol.nextResponse(), { name: 'ConnectionClosed', cause: new Error('EPIPE') });
  });
});

suite('responses that cannot be followed', () => {
  test('an invalid framing lets the head be read, and raises on the body, each time', () => {
    const protocol = start();
    protocol.sendRequest('GET', '/');
    bring(protocol, 'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nbody');
    const response = protocol.nextResponse();
    assert.equal(response?.head.status, 200);
    const { body } = response;
    assert.ok(body);
    assert.deepEqual([body.length, body.direct, body.trailers.size, body.end()], [null, 0, 0, false]);
    body.received(0);
    protocol.assertCanReceiveRaw();
    for (let attempt = 0; attempt < 2; attempt++) {
      assert.throws(() => protocol.readBody(body, undefined, 0, 10), { name: 'InvalidResponse', message: /"x"/ });
    }
    protocol.assertCanReceiveRaw();
    assert.throws(() => protocol.sendRequest('GET', '/'), { name: 'ConnectionClosed' });
  });

  test('a malformed head ends the connection, with the reason as the cause of what follows', () => {
    const protocol = start();
    protocol.sendRequest('GET', '/');
    bring(protocol, 'SSH-2.0');
    assert.throws(() => protocol.nextResponse(), { name: 'InvalidResponse' });
    assert.throws(
      () => protocol.sendRequest('GET', '/'),
      (error: Error) => error.name === 'ConnectionClosed' && (error.cause as Error).name === 'InvalidResponse',
    );
  });
});

suite('after a fault', () => {
  const readTwice = (protocol: ClientProtocol, response: Response | undefined, name: string): void => {
    const body = response?.body;
    assert.ok(body);
    for (let time = 0; time < 2; time++) {
      assert.throws(() => protocol.readBody(body, undefined, 0, 100), { name });
    }
  };

  test('in a body, there is no next response: the connection is lost [RFC 9112 6.3 rule 5]', () => {
    const protocol = start();
    for (const path of ['/1', '/2']) protocol.sendRequest('GET', path);
    bring(protocol, `HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na${ok('stale')}`);
    readTwice(protocol, protocol.nextResponse(), 'InvalidResponse');
    assert.throws(() => protocol.nextResponse(), { name: 'ConnectionClosed' });
  });

  test('a reset that was noticed before it does not take its place', () => {
    const protocol = start();
    protocol.sendRequest('GET', '/');
    bring(protocol, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx');
    protocol.receiveFailed(new Error('reset'));
    readTwice(protocol, protocol.nextResponse(), 'InvalidResponse');
  });

  test('an end that is reported after a reset completes no body [RFC 9112 8]', () => {
    const protocol = start();
    protocol.sendRequest('GET', '/');
    bring(protocol, 'HTTP/1.1 200 OK\r\n\r\n');
    const response = protocol.nextResponse();
    protocol.receiveFailed(new Error('reset'));
    protocol.receivedEnd();
    readTwice(protocol, response, 'ConnectionClosed');
  });

  test('of sending, 2xx to CONNECT opens no tunnel [RFC 9110 9.3.6]', () => {
    const protocol = start();
    protocol.sendRequest('CONNECT', 'origin.example:443');
    bring(protocol, 'HTTP/1.1 200 OK\r\n\r\n');
    protocol.sendFailed(new Error('broken pipe'));
    assert.throws(() => protocol.nextResponse(), { name: 'ConnectionClosed', message: /tunnel/ });
    assert.deepEqual([protocol.sendState, protocol.receiveState], ['failed', 'failed']);
  });
});
