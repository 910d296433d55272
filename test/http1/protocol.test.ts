import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Piece } from '../../src/http1/body-encoder.ts';
import { ClientProtocol, type ClientProtocolOptions, type Response } from '../../src/http1/protocol.ts';

const wire = (pieces: readonly Piece[]): string =>
  pieces.map((piece) => (typeof piece === 'string' ? piece : Buffer.from(piece).toString('latin1'))).join('');

function start(options: Partial<ClientProtocolOptions> = {}): ClientProtocol {
  return new ClientProtocol({ host: 'x', ...options });
}

function bring(protocol: ClientProtocol, text: string): void {
  protocol.buffer.push(Buffer.from(text, 'latin1'));
}

/** The next response with its whole body, all of which has been brought. */
function receive(protocol: ClientProtocol): { response: Response; body: string } {
  const response = protocol.nextResponse();
  assert.ok(response);
  return { response, body: readBody(protocol, response) };
}

function readBody(protocol: ClientProtocol, response: Response): string {
  const target = Buffer.alloc(100);
  let text = '';
  while (response.body !== undefined) {
    const count = protocol.readBody(response.body, target, 0, target.length);
    assert.notEqual(count, undefined, 'the body is not there');
    if (count === 0) break;
    text += target.toString('latin1', 0, count);
  }
  return text;
}

const ok = (body: string, fields = ''): string =>
  `HTTP/1.1 200 OK\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
const ANNOUNCED = { framing: { kind: 'length', length: 10 } } as const;
const EXPECTING = { ...ANNOUNCED, expectContinue: true } as const;

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
    protocol.sent(protocol.sendRequest('GET', '/1').length);
    const second = protocol.sendRequest('PUT', '/2', EXPECTING).length;
    assert.deepEqual(stages(), ['/1 sent', '/2 sending']);
    assert.deepEqual(
      protocol.pendingRequests.map(({ mayHaveBeenProcessed }) => mayHaveBeenProcessed),
      [true, false],
    );
    protocol.sent(second);
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
    protocol.sent(10);
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

suite('fields and forms of all requests', () => {
  test('are given once', () => {
    const protocol = start({ absolute: 'http://x', headers: { 'Proxy-Authorization': 'y' } });
    for (const path of ['/1', '/2']) {
      assert.match(
        protocol.sendRequest('GET', path),
        new RegExp(`^GET http://x${path} .*\\r\\nProxy-Authorization: y\\r\\n`, 's'),
      );
    }
  });
});

suite('calls out of order', () => {
  test('a response without a request', () => {
    assert.throws(() => start().nextResponse(), {
      name: 'StateError',
      message: 'no request is waiting for a response',
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
    protocol.sendData(Buffer.alloc(10));
    assert.equal(protocol.sendState, 'idle');
    assert.throws(() => protocol.sendData(Buffer.alloc(1)), { name: 'ExcessBodyData' });
    assert.deepEqual(protocol.sendData(Buffer.alloc(0)), []);
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
    protocol.sent(protocol.sendRequest('PUT', '/', ANNOUNCED).length);
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
    const sent = start();
    sent.sent(sent.sendRequest('GET', '/').length);
    const second = start();
    second.sent(second.sendRequest('GET', '/1').length + 1);
    second.sendRequest('PUT', '/2', ANNOUNCED);
    for (const protocol of [start(), unsent, sent, second]) {
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
    protocol.sent(1);
    bring(protocol, 'HTTP/1.1 100 Continue\r\n\r\n');
    assert.deepEqual([protocol.halfSent, protocol.earlyStatus()], [false, undefined]);
    assert.equal(protocol.nextResponse()?.head.status, 100);
  });

  test('is the last one where the request is broken off, and the requests behind it are lost', () => {
    const protocol = start();
    protocol.sent(protocol.sendRequest('PUT', '/1', { framing: { kind: 'length', length: 2 } }).length + 1);
    protocol.sendData(Buffer.from('ab'));
    protocol.sendRequest('GET', '/2');
    bring(protocol, refusal);
    assert.equal(protocol.earlyStatus(), 413);
    protocol.breakOff('refused');
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
    assert.equal(readBody(protocol, response), 'ok');
    assert.throws(() => protocol.sendData(Buffer.from('x')), { name: 'ConnectionClosed' });
    const complete = uploading();
    bring(complete, 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok');
    complete.nextResponse();
    complete.sendData(Buffer.from('sixsix'));
    assert.equal(complete.sendState, 'closed');
  });

  test('that is no HTTP fails the connection', () => {
    const protocol = uploading();
    bring(protocol, 'x');
    assert.throws(() => protocol.earlyStatus(), { name: 'UnsupportedResponse' });
    assert.equal(protocol.earlyStatus(), undefined);
  });
});

suite('request bodies', () => {
  test('of announced length end by themselves; one of no bytes at once', () => {
    const protocol = start();
    protocol.sendRequest('PUT', '/', ANNOUNCED);
    assert.equal(protocol.sendState, 'body');
    assert.equal(wire(protocol.sendData(Buffer.alloc(10, 'x'))), 'x'.repeat(10));
    assert.equal(protocol.sendState, 'idle');
    protocol.sendRequest('PUT', '/', { framing: { kind: 'length', length: 0 } });
    assert.equal(protocol.sendState, 'idle');
  });

  test('that are chunked end with endBody', () => {
    const protocol = start();
    protocol.sendRequest('PUT', '/', { framing: { kind: 'chunked' } });
    assert.equal(wire(protocol.sendData(Buffer.from('hello'))), '5\r\nhello\r\n');
    assert.equal(protocol.sendState, 'body');
    assert.equal(wire(protocol.endBody({ A: 'b' })), '0\r\nA: b\r\n\r\n');
    assert.equal(protocol.sendState, 'idle');
    assert.throws(() => protocol.sendData(Buffer.from('x')), { name: 'StateError' });
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

suite('100 (Continue) [RFC 9110 10.1.1]', () => {
  test('is a response of its own when it was asked for, and lets the body go', () => {
    const protocol = start();
    protocol.sendRequest('PUT', '/', EXPECTING);
    assert.ok(protocol.awaitingContinue);
    assert.throws(() => protocol.sendData(Buffer.alloc(1)), { name: 'StateError', message: /waits for 100/ });
    assert.throws(() => protocol.sendRequest('GET', '/'), { name: 'StateError', message: /waits for 100/ });
    bring(protocol, 'HTTP/1.1 100 Continue\r\n\r\n');
    assert.equal(protocol.nextResponse()?.head.status, 100);
    protocol.sendData(Buffer.alloc(10));
    bring(protocol, ok('done'));
    assert.equal(receive(protocol).body, 'done');
  });

  test('refused: the body is not sent and the connection goes on', () => {
    const protocol = start();
    protocol.sendRequest('PUT', '/', EXPECTING);
    bring(protocol, 'HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n');
    assert.equal(protocol.nextResponse()?.head.status, 403);
    assert.throws(() => protocol.sendData(Buffer.alloc(5)), { name: 'StateError' });
    protocol.sendRequest('GET', '/');
  });

  test('refused with close: nothing can follow', () => {
    const protocol = start();
    protocol.sendRequest('PUT', '/', EXPECTING);
    bring(protocol, 'HTTP/1.1 413 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    assert.equal(protocol.nextResponse()?.head.status, 413);
    assert.throws(() => protocol.sendRequest('GET', '/'), { name: 'ConnectionClosed' });
  });

  test('is waited for behind earlier responses, and skipped when it is late', () => {
    const skipped: number[] = [];
    const protocol = start({ onInformational: (response) => skipped.push(response.head.status) });
    protocol.sendRequest('GET', '/1');
    protocol.sendRequest('PUT', '/2', EXPECTING);
    assert.equal(protocol.awaitingContinue, false, 'the response to the first request comes before');
    bring(protocol, `HTTP/1.1 100 Continue\r\n\r\n${ok('one')}`);
    assert.equal(receive(protocol).body, 'one');
    assert.ok(protocol.awaitingContinue);
    protocol.stopWaitingForContinue();
    protocol.sendData(Buffer.alloc(10));
    bring(protocol, `HTTP/1.1 100 Continue\r\n\r\n${ok('two')}`);
    assert.equal(receive(protocol).body, 'two');
    assert.deepEqual(skipped, [100, 100]);
  });
});

suite('informational responses [RFC 9110 15.2]', () => {
  test('are reported and skipped in any number', () => {
    const seen: unknown[] = [];
    const protocol = start({
      onInformational: ({ path, head }) => seen.push([path, head.status, head.headers.get('link')]),
    });
    protocol.sendRequest('GET', '/a');
    bring(protocol, `HTTP/1.1 103 Early Hints\r\nLink: b\r\n\r\nHTTP/1.1 102\r\n\r\n${ok('')}`);
    assert.equal(protocol.nextResponse()?.head.status, 200);
    assert.deepEqual(seen, [
      ['/a', 103, 'b'],
      ['/a', 102, undefined],
    ]);
  });

  test('are bounded in bytes, for each final response anew', () => {
    const hint = 'HTTP/1.1 103 Early Hints\r\n\r\n';
    const protocol = start({ limits: { informational: hint.length } });
    protocol.sendRequest('GET', '/1');
    protocol.sendRequest('GET', '/2');
    bring(protocol, hint + ok('') + hint + ok(''));
    assert.equal(protocol.nextResponse()?.head.status, 200);
    assert.equal(protocol.nextResponse()?.head.status, 200);
    protocol.sendRequest('GET', '/3');
    bring(protocol, hint + hint);
    assert.throws(() => protocol.nextResponse(), { name: 'InvalidResponse', message: /informational responses/ });
    assert.equal(protocol.sendState, 'failed');
  });

  test('of status 101 are not among them [RFC 9110 7.8]', () => {
    const protocol = start();
    protocol.sendRequest('GET', '/');
    bring(protocol, 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n');
    assert.throws(() => protocol.nextResponse(), { name: 'UnsupportedResponse' });
  });
});

suite('the end of a connection [RFC 9112 9.6]', () => {
  test('announced by the server: this response can be read, nothing more can be sent or received', () => {
    const protocol = start();
    protocol.sendRequest('GET', '/1');
    protocol.sendRequest('POST', '/2');
    protocol.sent(1000);
    bring(protocol, ok('one', 'Connection: close\r\n') + ok('two'));
    const response = protocol.nextResponse();
    assert.ok(response);
    assert.throws(() => protocol.sendRequest('GET', '/3'), { name: 'ConnectionClosed', phase: 'send' });
    assert.equal(readBody(protocol, response), 'one');
    assert.throws(() => protocol.nextResponse(), {
      name: 'ConnectionClosed',
      phase: 'receive',
      bytesSent: 1000,
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
      protocol.sent(protocol.sendRequest('GET', '/1').length);
      protocol.sendRequest('GET', '/2');
      // The second request has been collected, and is sent, if at all, when what does not answer it is there.
      bring(protocol, ok('one') + ok('stale'));
      protocol.sent(left);
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
    const first = protocol.sendRequest('GET', '/1').length;
    protocol.sendRequest('GET', '/2');
    protocol.sendRequest('GET', '/3');
    protocol.sent(first + 1);
    bring(protocol, ok('one') + ok('two'));
    protocol.sent(1000);
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
    protocol.sent(protocol.sendRequest('GET', '/1').length);
    protocol.sendRequest('GET', '/2');
    const error = protocol.connectionClosed('lost', 'send');
    assert.equal(error.message, 'lost; 2 requests not answered in full');
    assert.deepEqual(
      error.lostRequests.map((request) => request.mayHaveBeenProcessed),
      [true, false],
    );
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
    assert.throws(() => protocol.nextResponse(), { name: 'UnsupportedResponse' });
    assert.throws(
      () => protocol.sendRequest('GET', '/'),
      (error: Error) => error.name === 'ConnectionClosed' && (error.cause as Error).name === 'UnsupportedResponse',
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

suite('informational or not', () => {
  test('a status below 100 is final, with a body [RFC 9110 15]', () => {
    const protocol = start();
    protocol.sendRequest('GET', '/');
    bring(protocol, ok('body').replace('200', '099'));
    const { response, body } = receive(protocol);
    assert.deepEqual([response.head.status, body], [99, 'body']);
    assert.equal(protocol.responsePending, false);
  });
});

suite('tunnels [RFC 9110 9.3.6]', () => {
  test('2xx to CONNECT ends HTTP: raw bytes follow', () => {
    const protocol = start();
    protocol.sendRequest('CONNECT', 'a:443');
    assert.throws(() => protocol.sendRequest('GET', '/'), { name: 'StateError', message: /may end HTTP/ });
    bring(protocol, 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nraw');
    assert.equal(protocol.nextResponse()?.framing.kind, 'tunnel');
    protocol.sendRaw(Buffer.from('x'));
    protocol.assertCanReceiveRaw();
    assert.throws(() => protocol.nextResponse(), { name: 'StateError', message: /readRaw/ });
    assert.throws(() => protocol.sendRequest('GET', '/'), { name: 'StateError', message: /left HTTP/ });
    protocol.assertOrderlyEnd();
    protocol.receiveFailed(new Error('reset'));
    assert.throws(() => protocol.assertOrderlyEnd(), { name: 'ConnectionClosed' });
  });

  test('any other status to CONNECT leaves HTTP as it is', () => {
    const protocol = start();
    protocol.sendRequest('CONNECT', 'a:443');
    bring(protocol, 'HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno');
    assert.equal(receive(protocol).body, 'no');
    protocol.sendRequest('CONNECT', 'a:443');
  });
});

suite('upgrades [RFC 9110 7.8]', () => {
  const switching = (protocol: string): string => `HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${protocol}\r\n\r\n`;

  test('end HTTP when the server agrees; what follows is raw', () => {
    const protocol = start();
    assert.match(
      protocol.sendRequest('GET', '/', { upgrade: 'echo/1, x' }),
      /Connection: upgrade\r\nUpgrade: echo\/1, x\r\n/,
    );
    assert.throws(() => protocol.sendRequest('GET', '/'), { name: 'StateError', message: /may end HTTP/ });
    bring(protocol, `HTTP/1.1 103 Early Hints\r\n\r\n${switching('Echo/1')}raw`);
    assert.equal(protocol.nextResponse()?.head.status, 101);
    assert.equal(protocol.responsePending, false);
    protocol.sendRaw(Buffer.from('x'));
    protocol.assertCanReceiveRaw();
    assert.equal(protocol.buffer.length, 3);
  });

  test('that the server does not take leave HTTP as it is', () => {
    const protocol = start();
    protocol.sendRequest('GET', '/', { upgrade: 'echo' });
    bring(protocol, ok('plain'));
    assert.equal(receive(protocol).body, 'plain');
    protocol.sendRequest('GET', '/');
  });

  test('to what was not asked for are refused, as is one before its turn', () => {
    for (const answer of [switching('other'), switching('echo, other'), switching(''), 'HTTP/1.1 101 X\r\n\r\n']) {
      const protocol = start();
      protocol.sendRequest('GET', '/', { upgrade: 'echo' });
      bring(protocol, answer);
      assert.throws(() => protocol.nextResponse(), { name: 'UnsupportedResponse', message: /"echo" was asked for/ });
    }
    const early = start();
    early.sendRequest('GET', '/1');
    early.sendRequest('GET', '/2', { upgrade: 'echo' });
    bring(early, switching('echo'));
    assert.throws(() => early.nextResponse(), { name: 'UnsupportedResponse', message: /not asked for/ });
  });
});

suite('what can be asked of the protocol', () => {
  test('is where it stands', () => {
    const protocol = start();
    assert.equal(protocol.pendingRequest, undefined);
    assert.equal(protocol.allUnsent, false);
    const text = protocol.sendRequest('GET', '/');
    assert.equal(protocol.allUnsent, true);
    protocol.assertQuiet();
    protocol.sent(text.length);
    assert.equal(protocol.bytesSent, text.length);
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
