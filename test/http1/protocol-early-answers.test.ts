/** What a server says while its request is still being sent, and what becomes of the rest of that request. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ClientProtocol } from '../../src/http1/protocol.ts';
import { ANNOUNCED, bring, ok, receive, sendSome, start } from '../support/protocol.ts';

/** A request with a body of 10 bytes, of which the first byte has left. */
function halfSent(): ClientProtocol {
  const protocol = start();
  protocol.sendRequest('PUT', '/', ANNOUNCED);
  protocol.sendData(Buffer.from('0123456789'));
  sendSome(protocol, 1);
  return protocol;
}

suite('an answer that comes while its request is being sent [RFC 9112 9.5]', () => {
  test('ends the sending if it is no success, and is the last one', () => {
    const protocol = halfSent();
    protocol.heedEarlyAnswer();
    assert.deepEqual([protocol.sendingOver, protocol.output.length > 0], [false, true]);
    bring(protocol, 'HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno');
    protocol.heedEarlyAnswer();
    assert.deepEqual([protocol.sendingOver, protocol.output.length, protocol.ended], [true, 0, false]);
    assert.match(String(protocol.brokenOff), /answered before the request had been sent in whole/);
    const { sendingError } = protocol;
    assert.equal(sendingError.name, 'ConnectionClosed');
    assert.match(sendingError.message, /read its answer/);
    const { response, body } = receive(protocol);
    assert.deepEqual([response.head.status, body, protocol.receiveState], [413, 'no', 'closed']);
  });

  test('ends nothing if it is a success', () => {
    const protocol = halfSent();
    bring(protocol, ok('early'));
    protocol.heedEarlyAnswer();
    assert.deepEqual([protocol.sendingOver, protocol.output.length > 0, protocol.brokenOff], [false, true, undefined]);
  });

  test('that does not come any more ends the sending', () => {
    const protocol = halfSent();
    protocol.receivedEnd();
    assert.equal(protocol.ended, true);
    protocol.heedEarlyAnswer();
    assert.deepEqual([protocol.sendingOver, protocol.output.length], [true, 0]);
    assert.match(protocol.sendingError.message, /ended the connection before the request was sent/);
  });
});

suite('what will not be sent', () => {
  test('has the failure of the connection as its cause', () => {
    const protocol = halfSent();
    const cause = new Error('broken pipe');
    protocol.sendFailed(cause);
    assert.deepEqual([protocol.sendingOver, protocol.output.length], [true, 0]);
    assert.equal(protocol.sendingError.name, 'ConnectionClosed');
    assert.equal(protocol.sendingError.cause, cause);
  });

  test('is no error of the connection if its memory is gone', () => {
    const protocol = halfSent();
    const cause = new RangeError('gone');
    protocol.sendFailed(cause);
    assert.equal(protocol.sendingError, cause);
  });
});
