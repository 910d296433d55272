/** What the protocol puts into its output, takes back, and makes of what the driver reports. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ClientProtocol } from '../../src/http1/protocol.ts';
import { ANNOUNCED, bring, ok, readBody, sendSome, sent, start } from '../support/protocol.ts';

suite('fields and forms of all requests', () => {
  test('are given once', () => {
    const protocol = start({ absolute: 'http://x', headers: { 'Proxy-Authorization': 'y' } });
    for (const path of ['/1', '/2']) {
      protocol.sendRequest('GET', path);
      assert.match(sent(protocol), new RegExp(`^GET http://x${path} .*\\r\\nProxy-Authorization: y\\r\\n`, 's'));
    }
  });
});

suite('request bodies', () => {
  test('of announced length end by themselves; one of no bytes at once', () => {
    const protocol = start();
    protocol.sendRequest('PUT', '/', ANNOUNCED);
    assert.equal(protocol.sendState, 'body');
    sent(protocol);
    protocol.sendData(Buffer.alloc(10, 'x'));
    assert.equal(sent(protocol), 'x'.repeat(10));
    assert.equal(protocol.sendState, 'idle');
    protocol.sendRequest('PUT', '/', { framing: { kind: 'length', length: 0 } });
    assert.equal(protocol.sendState, 'idle');
  });

  test('that are chunked end with endBody', () => {
    const protocol = start();
    protocol.sendRequest('PUT', '/', { framing: { kind: 'chunked' } });
    sent(protocol);
    protocol.sendData(Buffer.from('hello'));
    assert.equal(sent(protocol), '5\r\nhello\r\n');
    assert.equal(protocol.sendState, 'body');
    protocol.endBody({ A: 'b' });
    assert.equal(sent(protocol), '0\r\nA: b\r\n\r\n');
    assert.equal(protocol.sendState, 'idle');
    assert.throws(() => protocol.sendData(Buffer.from('x')), { name: 'StateError' });
  });
});

suite('bytes that the driver has taken', () => {
  const processed = (protocol: ClientProtocol): boolean[] => {
    const flags = protocol.pendingRequests.map(({ mayHaveBeenProcessed }) => mayHaveBeenProcessed);
    const error = protocol.connectionClosed('lost', 'send');
    assert.ok('lostRequests' in error);
    assert.deepEqual(
      error.lostRequests.map(({ mayHaveBeenProcessed }) => mayHaveBeenProcessed),
      flags,
    );
    return flags;
  };

  test('count as possibly processed until it reports how many of them have left', () => {
    const protocol = start();
    protocol.sendRequest('GET', '/1');
    const first = protocol.output.length;
    protocol.sendRequest('GET', '/2');
    assert.deepEqual(processed(protocol), [false, false]);
    protocol.output.take();
    protocol.sendRequest('GET', '/3');
    assert.deepEqual(processed(protocol), [true, true, false]);
    protocol.output.sent(0);
    assert.deepEqual(processed(protocol), [false, false, false]);
    sendSome(protocol, first);
    assert.deepEqual(processed(protocol), [true, false, false]);
    assert.equal(protocol.bytesSent, first);
    sendSome(protocol, 1);
    assert.deepEqual(processed(protocol), [true, true, false]);
  });

  test('still do when the connection fails before the report, and what waits behind them is cut', () => {
    for (const fail of ['sendFailed', 'receiveFailed', 'fail'] as const) {
      const protocol = start();
      protocol.sendRequest('GET', '/1');
      const views = protocol.output.take();
      const bytes = Buffer.concat(views).toString('latin1');
      protocol.sendRequest('GET', '/2');
      protocol[fail](new Error('reset'));
      assert.deepEqual([protocol.output.length, protocol.output.wasCut], [0, true]);
      assert.equal(Buffer.concat(views).toString('latin1'), bytes, 'what was taken stays what it is');
      assert.deepEqual(processed(protocol), [true, false]);
      assert.deepEqual(protocol.output.take(), []);
      assert.deepEqual(processed(protocol), [true, false], 'a driver that looks again gives nothing back');
      protocol.output.sent(bytes.length);
      assert.deepEqual([protocol.bytesSent, processed(protocol)], [bytes.length, [true, false]]);
    }
  });

  test('may be answered before it reports them', () => {
    const protocol = start();
    protocol.sendRequest('GET', '/1');
    protocol.sendRequest('GET', '/2');
    const { length } = Buffer.concat(protocol.output.take());
    assert.equal(protocol.allUnsent, false);
    bring(protocol, ok('one'));
    protocol.output.sent(length);
    const response = protocol.nextResponse();
    assert.ok(response);
    assert.equal(readBody(protocol, response), 'one');
    bring(protocol, ok('two'));
    assert.equal(protocol.nextResponse()?.path, '/2');
  });

  test('are not answered by what was there before they were taken, if they have not left before', () => {
    const protocol = start();
    protocol.sendRequest('GET', '/1');
    sent(protocol);
    protocol.sendRequest('GET', '/2');
    protocol.output.take();
    protocol.output.sent(0);
    bring(protocol, ok('') + ok('stale'));
    sent(protocol);
    assert.equal(protocol.nextResponse()?.path, '/1');
    assert.throws(() => protocol.nextResponse(), { name: 'ConnectionClosed', message: /answer no request/ });
  });

  test('are the only ones that are answered, once there are any', () => {
    for (const reported of [true, false]) {
      const protocol = start();
      protocol.sendRequest('GET', '/1');
      if (reported) sent(protocol);
      else protocol.output.take();
      protocol.sendRequest('GET', '/2');
      bring(protocol, ok('') + ok(''));
      assert.equal(protocol.nextResponse()?.path, '/1');
      assert.throws(() => protocol.nextResponse(), {
        name: 'ConnectionClosed',
        message: /answer no request/,
        lostRequests: [{ method: 'GET', path: '/2', mayHaveBeenProcessed: false }],
      });
    }
  });
});

suite('after the last response [RFC 9112 9.6]', () => {
  const LAST = ok('last', 'Connection: close\r\n');

  test('the rest of the request that it answers stays until its body has come, and what is behind it is cut', () => {
    for (const behind of [[], ['/2'], ['/2', '/3']]) {
      const protocol = start();
      protocol.sendRequest('PUT', '/1', ANNOUNCED);
      protocol.sendData(Buffer.from('0123456789'));
      sendSome(protocol, protocol.output.length - 4);
      for (const path of behind) protocol.sendRequest('GET', path);
      bring(protocol, LAST);
      const response = protocol.nextResponse();
      assert.ok(response);
      assert.equal(protocol.sendState, 'closed');
      assert.equal(Buffer.concat(protocol.output.take()).toString(), '6789');
      protocol.output.sent(1);
      assert.deepEqual([protocol.output.length, protocol.output.wasCut], [3, behind.length > 0]);
      assert.equal(readBody(protocol, response), 'last');
      assert.deepEqual([protocol.output.length, protocol.output.wasCut], [0, true]);
      assert.throws(() => protocol.nextResponse(), {
        name: 'ConnectionClosed',
        lostRequests: behind.map((path) => ({ method: 'GET', path, mayHaveBeenProcessed: false })),
      });
    }
  });

  test('nothing is left to be sent if it has no body, nor where all has left', () => {
    for (const unsent of [4, 0]) {
      const protocol = start();
      protocol.sendRequest('PUT', '/1', ANNOUNCED);
      protocol.sendData(Buffer.from('0123456789'));
      sendSome(protocol, protocol.output.length - unsent);
      bring(protocol, ok('', 'Connection: close\r\n'));
      assert.equal(protocol.nextResponse()?.body, undefined);
      assert.deepEqual([protocol.output.length, protocol.output.wasCut], [0, unsent > 0]);
    }
  });
});

test('what is refused puts nothing into the output', () => {
  const protocol = start();
  assert.throws(() => protocol.sendRequest('G T', '/'), TypeError);
  assert.throws(() => protocol.sendData(Buffer.from('x')), { name: 'StateError' });
  assert.throws(() => protocol.sendRaw(Buffer.from('x')), { name: 'StateError' });
  assert.throws(() => protocol.endBody(), { name: 'StateError' });
  assert.equal(protocol.output.end, 0);
  protocol.sendRequest('PUT', '/', ANNOUNCED);
  sent(protocol);
  assert.throws(() => protocol.sendData(Buffer.alloc(11)), { name: 'ExcessBodyData' });
  assert.throws(() => protocol.sendRequest('GET', '/'), { name: 'StateError' });
  assert.equal(protocol.output.length, 0);
  protocol.sendData(Buffer.alloc(10));
  protocol.sendRequest('PUT', '/', { framing: { kind: 'chunked' } });
  sent(protocol);
  assert.throws(() => protocol.endBody({ Host: 'y' }), TypeError);
  assert.equal(protocol.output.length, 0);
});

test('a response costs the same at the front of a pipeline of 200,000 as of one of 100', () => {
  const BATCH = 100;
  const answer = Buffer.from(ok(''), 'latin1');
  const pipeline = (requests: number): ClientProtocol => {
    const protocol = start();
    for (let request = 0; request < requests; request++) protocol.sendRequest('GET', '/');
    return protocol;
  };
  /** Milliseconds for the next answers of the pipeline; each is preceded by the sending of its request. */
  const batch = (protocol: ClientProtocol, length: number): number => {
    const before = performance.now();
    for (let count = 0; count < BATCH; count++) {
      sendSome(protocol, length);
      protocol.input.push(answer);
      assert.ok(protocol.nextResponse());
    }
    return performance.now() - before;
  };
  const { length } = pipeline(1).output;
  const long = pipeline(200_000);
  const times: Readonly<Record<'long' | 'short', number[]>> = { long: [], short: [] };
  for (let round = 0; round < 500; round++) {
    times.long.push(batch(long, length));
    times.short.push(batch(pipeline(BATCH), length));
  }
  // Medians: what else the machine does disturbs fewer than half of the batches.
  const [slow, fast] = [times.long, times.short].map((all) => all.sort((a, b) => a - b)[all.length / 2] ?? 0);
  assert.ok(slow !== undefined && fast !== undefined && slow < 5 * fast, `${slow} ms against ${fast} ms per ${BATCH}`);
});
