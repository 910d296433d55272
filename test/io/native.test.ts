/** The addon's sockets: their life, and the bytes in and out. See also the other native-*.test.ts. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { native } from '../../src/io/native.ts';
import {
  EAGAIN,
  ECONNREFUSED,
  ENODEV,
  EPIPE,
  fill,
  listen,
  loopTurns,
  POLLIN,
  POLLOUT,
  watch,
} from './native-support.ts';

describe('a socket', () => {
  for (const address of ['127.0.0.1', '::1', '0:0:0:0:0:0:0:1']) {
    it(`connects to ${address}, sends and receives`, async () => {
      await using server = await listen(address === '127.0.0.1' ? address : '::1');
      await using pair = await server.pair();
      assert.equal(native.send(pair.fd, Buffer.from('..ping..'), 2, 4), 4);
      pair.peer.resume();
      assert.equal(String((await once(pair.peer, 'data'))[0]), 'ping');
      pair.peer.write('pong');
      await watch(pair.fd, POLLIN);
      const buffer = Buffer.from('........');
      assert.equal(native.recv(pair.fd, buffer, 2, 6), 4);
      assert.equal(String(buffer), '..pong..');
    });
  }

  it('would block: -EAGAIN, in both directions', async () => {
    await using server = await listen();
    await using pair = await server.pair();
    assert.equal(native.recv(pair.fd, Buffer.alloc(1), 0, 1), -EAGAIN);
    const byte = Buffer.alloc(1);
    for (const send of [() => native.send(pair.fd, byte, 0, 1), () => native.sendv(pair.fd, [byte], 0)]) {
      fill(pair.fd);
      // The acknowledgement of the last bytes, which comes late, makes a little room.
      let result = send();
      while (result > 0) result = send();
      assert.equal(result, -EAGAIN);
    }
  });

  it('reports the end of the stream as 0, again and again', async () => {
    await using server = await listen();
    await using pair = await server.pair();
    pair.peer.end('x');
    const buffer = new Uint8Array(8);
    await watch(pair.fd, POLLIN);
    assert.equal(native.recv(pair.fd, buffer, 0, 8), 1);
    await watch(pair.fd, POLLIN);
    assert.equal(native.recv(pair.fd, buffer, 0, 8), 0);
    assert.equal(native.recv(pair.fd, buffer, 0, 8), 0);
  });

  it('sends after the peer is gone: an error number and no SIGPIPE', async () => {
    await using server = await listen();
    await using pair = await server.pair();
    pair.peer.resetAndDestroy();
    await watch(pair.fd, POLLIN);
    const bytes = Buffer.alloc(10);
    assert.ok(native.send(pair.fd, bytes, 0, 10) < 0);
    assert.equal(native.send(pair.fd, bytes, 0, 10), -EPIPE);
    assert.equal(native.sendv(pair.fd, [bytes], 0), -EPIPE);
  });

  it('gives the failure of a connection attempt as its pending error, once', async () => {
    const server = await listen();
    await server[Symbol.asyncDispose]();
    const fd = native.socket(4);
    const status = native.connect(fd, '127.0.0.1', server.port);
    if (status !== -ECONNREFUSED) {
      await watch(fd, POLLOUT);
      assert.equal(native.socketError(fd), -ECONNREFUSED);
    }
    assert.equal(native.socketError(fd), 0);
    native.close(fd);
  });

  it('shuts down one direction and still receives', async () => {
    await using server = await listen();
    await using pair = await server.pair();
    assert.equal(native.shutdown(pair.fd, 1), 0);
    pair.peer.resume();
    await once(pair.peer, 'end');
    assert.equal(native.send(pair.fd, Buffer.alloc(1), 0, 1), -EPIPE);
  });

  it('has an IPv6 zone by number or by name, and none that does not exist', () => {
    const fd = native.socket(6);
    assert.equal(native.connect(fd, 'fe80::1%no-such-zone', 1), -ENODEV);
    // Whatever the kernel says to it, the address is understood.
    assert.ok(native.connect(fd, `fe80::1%${process.platform === 'linux' ? 'lo' : 'lo0'}`, 1) <= 0);
    assert.ok(native.connect(fd, 'fe80::1%1', 1) <= 0);
    native.close(fd);
  });
});

describe('sendv', () => {
  it('sends several buffers in order, leaving out the first bytes', async () => {
    await using server = await listen();
    await using pair = await server.pair();
    const buffers = ['GET ', '', '/path', ' HTTP/1.1'].map((part) => Buffer.from(part));
    assert.equal(native.sendv(pair.fd, buffers, 1), 17);
    pair.peer.resume();
    assert.equal(String((await once(pair.peer, 'data'))[0]), 'ET /path HTTP/1.1');
  });

  it('sends nothing of nothing', async () => {
    await using server = await listen();
    await using pair = await server.pair();
    assert.equal(native.sendv(pair.fd, [], 0), 0);
    assert.equal(native.sendv(pair.fd, [Buffer.from('abc')], 3), 0);
  });

  it('may be short, and can go on from there', async () => {
    await using server = await listen();
    await using pair = await server.pair();
    const block = Buffer.from(Array.from({ length: 3 << 20 }, (_, index) => index % 251));
    const all = Buffer.concat([block, block]);
    const received: Buffer[] = [];
    pair.peer.on('data', (chunk: Buffer) => received.push(chunk));
    pair.peer.resume();
    let sent = 0;
    let short = 0;
    while (sent < all.length) {
      const rest = sent < block.length ? [block, block] : [block];
      const count = native.sendv(pair.fd, rest, sent % block.length);
      if (count === -EAGAIN) {
        short++;
        await watch(pair.fd, POLLOUT);
      } else {
        assert.ok(count > 0);
        sent += count;
      }
    }
    native.shutdown(pair.fd, 1);
    await once(pair.peer, 'end');
    assert.ok(short > 0);
    assert.ok(Buffer.concat(received).equals(all));
  });

  it('takes any number of buffers, as many as the system takes at a time', async () => {
    await using server = await listen();
    await using pair = await server.pair();
    const sent = native.sendv(pair.fd, new Array(5000).fill(Buffer.from('x')), 0);
    assert.ok(sent > 0 && sent <= 5000);
  });

  it('survives a getter among the elements that detaches a buffer already seen', async () => {
    await using server = await listen();
    await using pair = await server.pair();
    const first = new Uint8Array(1 << 20);
    const buffers = [first, first];
    Object.defineProperty(buffers, 1, {
      get() {
        structuredClone(first.buffer, { transfer: [first.buffer] });
        return Buffer.from('abc');
      },
    });
    assert.equal(native.sendv(pair.fd, buffers, 0), 3);
    Object.defineProperty(buffers, 1, {
      get() {
        throw new Error('from the getter');
      },
    });
    assert.throws(() => native.sendv(pair.fd, buffers, 0), /^Error: from the getter$/);
  });
});

it('leaves nothing behind', async () => {
  await loopTurns();
  assert.deepEqual(native.counts(), { owned: 0, watched: 0 });
});
