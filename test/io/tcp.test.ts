import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Coroutine, runBlocking } from '../../src/index.ts';
import { native } from '../../src/io/native.ts';
import { WOULD_BLOCK } from '../../src/io/system-error.ts';
import { coConnect } from '../../src/io/tcp.ts';
import type { Transport } from '../../src/io/transport.ts';
import { expect, expectEnd, gate, mark, send, startScriptedServer } from '../support/scripted-server.ts';
import { startStalledListener } from '../support/stalled-listener.ts';
import { suspend, waysOfWaiting } from '../support/waiting.ts';

describe('coConnect', () => {
  for (const { name, run } of waysOfWaiting) {
    test(`connects to the first address that takes it, of either family (${name})`, async () => {
      for (const host of ['127.0.0.1', '::1']) {
        using server = startScriptedServer([[expectEnd()]], { host });
        const transport: Transport = await run(coConnect(['::1', '127.0.0.1'], server.port));
        assert.ok(transport.fd >= 0);
        transport.close();
        server.check();
      }
    });
  }

  test('raises the last address’s error when none does, with all of them as its cause', () => {
    using listener = startScriptedServer([]);
    const { port } = listener;
    listener.stop();
    assert.throws(() => runBlocking(coConnect(['127.0.0.1'], port)), {
      code: 'ECONNREFUSED',
      address: '127.0.0.1',
      port,
      syscall: 'connect',
    });
    assert.throws(
      () => runBlocking(coConnect(['::1', '127.0.0.1'], port)),
      (error: Error & { address: string }) => {
        assert.equal(error.address, '127.0.0.1');
        assert.ok(error.cause instanceof AggregateError);
        assert.deepEqual(
          error.cause.errors.map(({ code, address }) => [code, address]),
          [
            ['ECONNREFUSED', '::1'],
            ['ECONNREFUSED', '127.0.0.1'],
          ],
        );
        return true;
      },
    );
    assert.throws(() => runBlocking(coConnect([], port)), TypeError);
    assert.equal(native.counts().owned, 0);
  });

  test('does not connect without the probes that it was told to make', () => {
    using server = startScriptedServer([]);
    const before = native.counts();
    // More than the kernel knows. Nothing is tried at other addresses later than at once.
    const options = { keepAlive: 40_000, attemptDelay: 60_000 };
    const connect = () => runBlocking(coConnect(['127.0.0.1', '127.0.0.1'], server.port, options));
    assert.throws(connect, { code: 'EINVAL', syscall: 'setsockopt', address: '127.0.0.1', port: server.port });
    assert.deepEqual(native.counts(), before);
  });

  test('closes its socket when it is interrupted, and does not mind being resumed early', () => {
    using listener = startStalledListener();
    const before = native.counts();
    for (const interrupt of [
      (coroutine: Coroutine<Transport>) => coroutine.return(undefined as never),
      (coroutine: Coroutine<Transport>) => assert.throws(() => coroutine.throw(new Error('enough')), /enough/),
    ]) {
      const coroutine = coConnect(['127.0.0.1'], listener.port);
      for (let count = 0; count < 3; count++) assert.equal(suspend(coroutine).poll(0), false);
      assert.equal(native.counts().owned, before.owned + 1);
      interrupt(coroutine);
      assert.deepEqual(native.counts(), before);
    }
  });
});

describe('a TCP transport', () => {
  test('moves bytes into the middle of buffers and out of several, says what it needs, and closes once', () => {
    using server = startScriptedServer([[expect('bcdefgh'), send('answer'), mark('sent'), gate('end'), expectEnd()]]);
    const transport = runBlocking(coConnect(['127.0.0.1'], server.port));
    const buffer = Buffer.alloc(10, '.');
    assert.equal(transport.receive(buffer, 0, 10), WOULD_BLOCK);
    assert.equal(transport.receiveNeeds.poll(0), false);
    assert.equal(transport.sendNeeds.poll(0), true);
    assert.equal(transport.send([Buffer.from('abc').subarray(1)]), 2);
    assert.equal(transport.send([Buffer.from('abcd').subarray(3), Buffer.from('ef'), Buffer.from('gh')]), 5);
    server.waitFor('sent');
    assert.equal(transport.receiveNeeds.poll(5000), true);
    assert.equal(transport.receive(buffer, 2, 4), 4);
    assert.equal(buffer.toString(), '..answ....');
    assert.equal(transport.receive(buffer, 0, 10), 2);
    server.open('end');
    assert.equal(transport.closed, false);
    transport.close();
    transport.close();
    assert.equal(transport.closed, true);
    assert.ok(transport.receive(buffer, 0, 1) < 0);
    server.check();
  });
});
