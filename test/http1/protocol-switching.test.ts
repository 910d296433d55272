/** What comes before the response, and what ends HTTP: 1xx, upgrades, tunnels. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { bring, EXPECTING, ok, receive, sent, start } from '../support/protocol.ts';

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

suite('informational or not', () => {
  test('a status below 100 is none: the connection has failed [RFC 9110 15]', () => {
    const protocol = start();
    protocol.sendRequest('GET', '/');
    bring(protocol, ok('body').replace('200', '099'));
    assert.throws(() => protocol.nextResponse(), { name: 'InvalidResponse', message: /below 100/ });
    assert.throws(() => protocol.sendRequest('GET', '/'), { name: 'ConnectionClosed' });
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
    protocol.sendRequest('GET', '/', { upgrade: 'echo/1, x' });
    assert.match(sent(protocol), /Connection: upgrade\r\nUpgrade: echo\/1, x\r\n/);
    assert.throws(() => protocol.sendRequest('GET', '/'), { name: 'StateError', message: /may end HTTP/ });
    bring(protocol, `HTTP/1.1 103 Early Hints\r\n\r\n${switching('Echo/1')}raw`);
    assert.equal(protocol.nextResponse()?.head.status, 101);
    assert.equal(protocol.responsePending, false);
    protocol.sendRaw(Buffer.from('x'));
    assert.equal(sent(protocol), 'x');
    protocol.assertCanReceiveRaw();
    assert.equal(protocol.input.length, 3);
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
