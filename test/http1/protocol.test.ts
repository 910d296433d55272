import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { inspect } from 'node:util';
import type { ClientProtocol, ClientProtocolOptions } from '../../src/http1/protocol.ts';
import { ANNOUNCED, bring, EXPECTING, ok, readBody, receive, sendSome, sent, start } from '../support/protocol.ts';

suite('pipelining [RFC 9112 9.3.2]', () => {
  test('responses belong to the requests in their order', () => {
    const protocol = start();
    for (const path of ['/1', '/2', '/3']) protocol.sendRequest('GET', path);
    assert.deepEqual(protocol.pendingRequest?.path, '/1');
    bring(protocol, ok('one') + ok('') + ok('three'));
    for (const [path, expected] of [
      ['/1', 'one'],
      ['/2', ''],
      ['/3', 'three'],
    ]) {
      const { response, body } = receive(protocol);
      assert.deepEqual([response.path, body], [path, expected]);
    }
    assert.equal(protocol.responsePending, false);
  });

  test('what is pending says how far it has come', () => {
    const protocol = start();
    const stages = (): string[] => protocol.pendingRequests.map(({ path, stage }) => `${path} ${stage}`);
    protocol.sendRequest('GET', '/1');
    sent(protocol);
    protocol.sendRequest('PUT', '/2', EXPECTING);
    assert.deepEqual(stages(), ['/1 sent', '/2 sending']);
    assert.deepEqual(
      protocol.pendingRequests.map(({ mayHaveBeenProcessed }) => mayHaveBeenProcessed),
      [true, false],
    );
    sent(protocol);
    bring(protocol, ok('one'));
    const response = protocol.nextResponse();
    assert.deepEqual(stages(), ['/1 answered', '/2 sending']);
    assert.ok(response);
    readBody(protocol, response);
    bring(protocol, 'HTTP/1.1 100 Continue\r\n\r\n');
    assert.equal(protocol.awaitingBody, false);
    protocol.nextResponse();
    assert.equal(protocol.awaitingBody, true);
    assert.deepEqual(stages(), ['/2 sending']);
    protocol.sendData(Buffer.alloc(10));
    assert.deepEqual(stages(), ['/2 sending']);
    assert.equal(sent(protocol).length, 10);
    assert.deepEqual(stages(), ['/2 sent']);
    bring(protocol, ok(''));
    protocol.nextResponse();
    assert.deepEqual(stages(), []);
  });

  test('a response that is not complete is asked for again', () => {
    const protocol = start();
    protocol.sendRequest('GET', '/');
    bring(protocol, 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n');
    assert.equal(protocol.nextResponse(), undefined);
    bring(protocol, '\r\nhe');
    const response = protocol.nextResponse();
    assert.ok(response?.body);
    const target = Buffer.alloc(10);
    assert.equal(protocol.readBody(response.body, target, 0, 10), 2);
    assert.equal(protocol.readBody(response.body, target, 0, 10), undefined);
    bring(protocol, 'llo');
    assert.equal(protocol.readBody(response.body, target, 0, 10), 3);
    assert.equal(protocol.readBody(response.body, target, 0, 10), 0);
    assert.equal(protocol.readBody(response.body, target, 0, 10), 0, 'reading on gives nothing');
  });

  test('bytes received past the buffer count', () => {
    const protocol = start();
    protocol.sendRequest('GET', '/');
    bring(protocol, 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n');
    const body = protocol.nextResponse()?.body;
    assert.ok(body);
    const { bytesReceived } = protocol;
    protocol.receivedBody(body, 5);
    assert.equal(protocol.responsePending, false);
    assert.equal(protocol.bytesReceived - bytesReceived, 5);
  });

  test('bodies without bytes need no reading', () => {
    const protocol = start();
    protocol.sendRequest('HEAD', '/');
    bring(protocol, ok('', 'A: b\r\n').replace('Content-Length: 0', 'Content-Length: 5'));
    assert.equal(protocol.nextResponse()?.body, undefined);
    assert.equal(protocol.responsePending, false);
  });
});

suite('calls out of order', () => {
  test('a response without a request', () => {
    assert.throws(() => start().nextResponse(), {
      name: 'StateError',
      message: /^no request is waiting for a response/,
    });
  });

  test('a response before the previous body has been read', () => {
    const protocol = start();
    protocol.sendRequest('GET', '/1');
    protocol.sendRequest('GET', '/2');
    bring(protocol, ok('one'));
    protocol.nextResponse();
    assert.throws(() => protocol.nextResponse(), { name: 'StateError', message: /GET \/1 has not been read/ });
  });

  test('a request before the body of the previous request is complete; that a response is waited for can be refused', () => {
    const protocol = start();
    const unsent = { name: 'StateError', message: /PUT \/ has not been sent/ };
    protocol.assertRequestComplete();
    protocol.sendRequest('GET', '/');
    protocol.sendRequest('PUT', '/', ANNOUNCED);
    protocol.sendData(Buffer.from('four'));
    assert.throws(() => protocol.sendRequest('GET', '/'), unsent);
    protocol.assertRequestComplete();
    bring(protocol, ok(''));
    protocol.nextResponse();
    assert.throws(() => protocol.assertRequestComplete(), unsent);
    bring(protocol, 'H');
    protocol.assertRequestComplete();
    assert.equal(protocol.nextResponse(), undefined);
    protocol.sendData(Buffer.from('and six'.slice(1)));
    protocol.assertRequestComplete();
  });

  test('body data where there is no body', () => {
    const protocol = start();
    assert.throws(() => protocol.sendData(Buffer.from('x')), { name: 'StateError', message: /no request with a body/ });
    protocol.sendRequest('GET', '/');
    assert.throws(() => protocol.sendData(Buffer.from('x')), { name: 'StateError' });
    assert.throws(() => protocol.endBody(), { name: 'StateError' });
  });

  test('more body data than announced, before the end and after it', () => {
    const protocol = start();
    protocol.sendRequest('PUT', '/', ANNOUNCED);
    assert.throws(() => protocol.sendData(Buffer.alloc(11)), { name: 'ExcessBodyData' });
    sent(protocol);
    protocol.sendData(Buffer.alloc(10));
    assert.equal(protocol.sendState, 'idle');
    assert.throws(() => protocol.sendData(Buffer.alloc(1)), { name: 'ExcessBodyData' });
    protocol.sendData(Buffer.alloc(0));
    assert.equal(sent(protocol), '\0'.repeat(10));
  });

  test('less body data than announced, once there is no more; a body without a length may end at any time', () => {
    const protocol = start();
    protocol.sendRequest('PUT', '/', ANNOUNCED);
    protocol.sendData(Buffer.alloc(4));
    assert.throws(() => protocol.bodySourceEnded(), { name: 'MissingBodyData', message: /after 4 of the 10 bytes/ });
    protocol.sendData(Buffer.alloc(6));
    protocol.bodySourceEnded();
    assert.equal(protocol.sendState, 'idle');
    protocol.sendRequest('PUT', '/', { framing: { kind: 'chunked' } });
    protocol.bodySourceEnded();
    assert.equal(protocol.sendState, 'body');
  });

  test('raw bytes while HTTP is spoken', () => {
    const protocol = start();
    assert.throws(() => protocol.sendRaw(Buffer.alloc(1)), { name: 'StateError' });
    assert.throws(() => protocol.assertCanReceiveRaw(), { name: 'StateError' });
  });
});

suite('a response to a request that is still being sent [RFC 9112 9.5]', () => {
  /** A PUT with a body of ten bytes, four of which have been made and so many bytes of all have left. */
  function uploading(options: Partial<ClientProtocolOptions> = {}): ClientProtocol {
    const protocol = start(options);
    protocol.sendRequest('PUT', '/', ANNOUNCED);
    sent(protocol);
    protocol.sendData(Buffer.from('four'));
    return protocol;
  }
  const refusal = 'HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno';

  test('is looked for without being taken; informational ones before it are reported', () => {
    const seen: number[] = [];
    const protocol = uploading({ onInformational: ({ head }) => seen.push(head.status) });
    assert.equal(protocol.earlyStatus(), undefined);
    bring(protocol, `HTTP/1.1 103 Early\r\n\r\n${refusal}`);
    assert.deepEqual([protocol.earlyStatus(), protocol.earlyStatus(), seen], [413, 413, [103]]);
    assert.equal(protocol.responsePending, true);
    protocol.assertRequestComplete();
    const { response, body } = receive(protocol);
    assert.deepEqual([response.head.status, body, protocol.responsePending], [413, 'no', false]);
  });

  test('is none while no byte of the request has left, when all have, or before it is due', () => {
    const unsent = start();
    unsent.sendRequest('PUT', '/', ANNOUNCED);
    const gone = start();
    gone.sendRequest('GET', '/');
    sent(gone);
    const second = start();
    second.sendRequest('GET', '/1');
    const { length } = second.output;
    second.sendRequest('PUT', '/2', ANNOUNCED);
    sendSome(second, length + 1);
    for (const protocol of [start(), unsent, gone, second]) {
      bring(protocol, refusal);
      assert.deepEqual([protocol.halfSent, protocol.earlyStatus()], [false, undefined]);
    }
    receive(second);
    assert.equal(second.halfSent, true);
    assert.throws(() => second.sendRequest('GET', '/3'), { name: 'StateError', message: /PUT \/2 has not been sent/ });
  });

  test('leaves what the request waits for to nextResponse: 100 (Continue)', () => {
    const protocol = start();
    protocol.sendRequest('PUT', '/', EXPECTING);
    sendSome(protocol, 1);
    bring(protocol, 'HTTP/1.1 100 Continue\r\n\r\n');
    assert.deepEqual([protocol.halfSent, protocol.earlyStatus()], [false, undefined]);
    assert.equal(protocol.nextResponse()?.head.status, 100);
  });

  test('is the last one where the request is broken off, and the requests behind it are lost', () => {
    const protocol = start();
    protocol.sendRequest('PUT', '/1', { framing: { kind: 'length', length: 2 } });
    const { length } = protocol.output;
    protocol.sendData(Buffer.from('ab'));
    sendSome(protocol, length + 1);
    protocol.sendRequest('GET', '/2');
    bring(protocol, refusal);
    assert.equal(protocol.earlyStatus(), 413);
    assert.ok(protocol.output.length > 1);
    protocol.breakOff('refused');
    assert.deepEqual([protocol.output.length, protocol.output.wasCut, protocol.brokenOff], [0, true, 'refused']);
    const refused = { name: 'ConnectionClosed', message: /^refused; 2 requests/ };
    assert.throws(() => protocol.sendRequest('GET', '/3'), refused);
    assert.equal(receive(protocol).body, 'no');
    assert.equal(protocol.receiveState, 'closed');
    assert.throws(() => protocol.nextResponse(), {
      name: 'ConnectionClosed',
      message: /^refused; 1 request/,
      lostRequests: [{ method: 'GET', path: '/2', mayHaveBeenProcessed: false }],
    });
  });

  test('that announces the end lets the body go on until it is complete itself [RFC 9112 9.6]', () => {
    const protocol = uploading();
    bring(protocol, 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok');
    const response = protocol.nextResponse();
    assert.ok(response);
    protocol.sendData(Buffer.from('five'));
    assert.throws(() => protocol.sendRequest('GET', '/'), { name: 'StateError', message: /PUT \/ has not been sent/ });
    assert.equal(protocol.output.length, 8);
    assert.equal(readBody(protocol, response), 'ok');
    assert.equal(protocol.output.length, 0, 'behind the whole answer nothing is sent');
    assert.throws(() => protocol.sendData(Buffer.from('x')), { name: 'ConnectionClosed' });
    const complete = uploading();
    bring(complete, 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok');
    complete.nextResponse();
    complete.sendData(Buffer.from('sixsix'));
    assert.equal(complete.sendState, 'closed');
    assert.equal(sent(complete), 'foursixsix');
  });

  test('that is no HTTP fails the connection', () => {
    const protocol = uploading();
    bring(protocol, 'x');
    assert.throws(() => protocol.earlyStatus(), { name: 'InvalidResponse' });
    assert.equal(protocol.earlyStatus(), undefined);
  });
});

suite('a server of HTTP/1.0', () => {
  test('gets no chunks once that is known, but bodies of announced length [RFC 9112 6.1]', () => {
    const protocol = start();
    const chunked = { framing: { kind: 'chunked' } } as const;
    protocol.sendRequest('PUT', '/1', chunked);
    protocol.endBody();
    bring(protocol, ok('', 'Connection: keep-alive\r\n').replace('1.1', '1.0'));
    assert.equal(protocol.nextResponse()?.head.minorVersion, 0);
    assert.throws(() => protocol.sendRequest('PUT', '/2', chunked), { name: 'StateError', message: /HTTP\/1\.0/ });
    protocol.sendRequest('PUT', '/2', ANNOUNCED);
    protocol.sendData(Buffer.alloc(10));
    bring(protocol, ok(''));
    assert.equal(protocol.nextResponse()?.head.minorVersion, 1);
    protocol.sendRequest('PUT', '/3', chunked);
  });
});

suite('what can be asked of the protocol', () => {
  test('is where it stands', () => {
    const protocol = start();
    assert.equal(protocol.pendingRequest, undefined);
    assert.equal(protocol.allUnsent, false);
    protocol.sendRequest('GET', '/');
    assert.equal(protocol.allUnsent, true);
    protocol.assertQuiet();
    const { length } = sent(protocol);
    assert.ok(length > 0);
    assert.equal(protocol.bytesSent, length);
    assert.equal(protocol.allUnsent, false);
    bring(protocol, ok('body'));
    assert.equal(protocol.nextResponse()?.body, protocol.body);
    assert.notEqual(protocol.body, undefined);
    assert.equal(protocol.receiveState, 'body');
    protocol.assertUsable();
    assert.equal(protocol.failure, undefined);
    protocol.fail(new Error('why'));
    assert.deepEqual(protocol.failure, new Error('why'));
    assert.throws(() => protocol.assertUsable(), { name: 'ConnectionClosed', phase: 'idle' });
  });
});

suite('events that have no place in the present state', () => {
  test('are a StateError', () => {
    const protocol = start();
    assert.throws(() => protocol.stopWaitingForContinue(), { name: 'StateError' });
    protocol.sendRequest('GET', '/');
    bring(protocol, 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n');
    const body = protocol.nextResponse()?.body;
    assert.ok(body);
    protocol.fail(new Error('reset'));
    assert.throws(() => protocol.receivedBody(body, 4), {
      name: 'StateError',
      message: /body-end while receiving is failed/,
    });
  });
});

suite('what is asked of the state', () => {
  test('is whether something is under way, what was sent last, and what a log may show', () => {
    const protocol = start();
    assert.deepEqual([protocol.underWay, protocol.latestRequest], [false, undefined]);
    protocol.sendRequest('GET', '/1');
    protocol.sendRequest('PUT', '/2', ANNOUNCED);
    assert.deepEqual([protocol.underWay, protocol.latestRequest?.path], [true, '/2']);
    assert.match(inspect(protocol), /sendState: 'body'.*pendingRequests/s);
  });

  test('is what ended the sending of a body: it is the cause of what is refused later', () => {
    const protocol = start();
    const cause = new Error('enough');
    protocol.bodyFailed(cause);
    protocol.sendRequest('PUT', '/', ANNOUNCED);
    assert.throws(
      () => protocol.sendRequest('GET', '/'),
      (error: Error) => error.cause === undefined,
    );
    protocol.bodyFailed(cause);
    protocol.bodyFailed(new Error('later'));
    assert.throws(() => protocol.sendRequest('GET', '/'), { name: 'StateError', message: /disconnect\(\)/, cause });
  });

  test('is whether the server speaks HTTP: what it says first tells, before any request and behind one', () => {
    const protocol = start();
    protocol.assertHTTP();
    bring(protocol, 'SSH-2.0-x\r\n');
    const refused = { name: 'InvalidResponse', message: /begins with "SSH-2.0-x/ };
    assert.throws(() => protocol.assertHTTP(), refused);
    assert.throws(() => protocol.assertQuiet(), refused);
    assert.throws(() => protocol.sendRequest('GET', '/'), { name: 'ConnectionClosed' });
    assert.equal(protocol.connectionUnusable('receive').name, 'ConnectionClosed');
  });

  test('is not whether a server speaks HTTP whose first bytes do not tell yet: the next response is refused for what it is', () => {
    for (const [first, rest, error] of [
      ['HT', 'ML\r\n', { name: 'InvalidResponse', message: /begins with "HTML/ }],
      ['\r\n\r', '\nlogin: ', { name: 'InvalidResponse', message: /begins with "\\r\\n\\r\\nlogin/ }],
      ['HT', ok('stale').slice(2), { name: 'ConnectionClosed', message: /answer no request/ }],
    ] as const) {
      const protocol = start();
      bring(protocol, first);
      protocol.assertQuiet();
      protocol.sendRequest('GET', '/');
      sent(protocol);
      assert.equal(protocol.nextResponse(), undefined);
      bring(protocol, rest);
      assert.throws(() => protocol.nextResponse(), error);
    }
    const ended = start();
    bring(ended, 'HT');
    ended.receivedEnd();
    assert.throws(() => ended.assertQuiet(), { name: 'ConnectionClosed' });
  });

  test('is whether a body ends by itself, and whether raw bytes have their turn: what is called wrongly says so', () => {
    const protocol = start();
    assert.throws(() => protocol.endBody(), { name: 'StateError' });
    assert.throws(() => protocol.sendRaw(Buffer.from('x')), { name: 'StateError', message: /upgrade/ });
    protocol.sendRequest('PUT', '/', { framing: { kind: 'length', length: 1 } });
    assert.throws(() => protocol.sendRaw(Buffer.from('x')), { name: 'StateError' });
    protocol.sendData(Buffer.from('x'));
    assert.throws(() => protocol.endBody(), { name: 'StateError', message: /leave out endBody/ });
  });
});
