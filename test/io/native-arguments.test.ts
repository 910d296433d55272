/** What the addon's socket calls refuse: foreign fds, ranges outside their buffer, wrong types. */

import assert from 'node:assert/strict';
import { constants } from 'node:buffer';
import { closeSync, openSync } from 'node:fs';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { native } from '../../src/io/native.ts';
import { EBADF, listen, loopTurns, POLLIN, reopen, untyped, watch } from './native-support.ts';

const text = (bytes: Uint8Array, length: number) => Buffer.from(bytes).toString('latin1', 0, length);

describe('an fd that the addon does not own', () => {
  const bytes = Buffer.alloc(4);
  const calls: [string, (fd: number) => number][] = [
    ['recv', (fd) => native.recv(fd, bytes, 0, 4)],
    ['send', (fd) => native.send(fd, bytes, 0, 4)],
    ['sendv', (fd) => native.sendv(fd, [bytes], 0)],
    ['connect', (fd) => native.connect(fd, '127.0.0.1', 1)],
    ['socketError', (fd) => native.socketError(fd)],
    ['shutdown', (fd) => native.shutdown(fd, 2)],
    ['close', (fd) => native.close(fd)],
  ];
  for (const [name, call] of calls) {
    it(`is -EBADF for ${name}, and stays as it is`, () => {
      const foreign = openSync('/dev/null', 'r');
      const closed = native.socket(4);
      native.close(closed);
      for (const fd of [foreign, closed, -1, 2 ** 31 - 1, -(2 ** 31)]) assert.equal(call(fd), -EBADF);
      closeSync(foreign);
    });
  }

  it('is not closed twice', () => {
    const fd = native.socket(4);
    assert.equal(native.close(fd), 0);
    const foreign = reopen(fd, () => openSync('/dev/null', 'r'), closeSync);
    assert.equal(native.close(fd), -EBADF);
    closeSync(foreign);
  });
});

describe('a buffer', () => {
  const ranges = ['recv', 'send'] as const;
  for (const name of ranges) {
    it(`must hold the range given to ${name}`, async () => {
      await using server = await listen();
      await using pair = await server.pair();
      const call = (offset: unknown, length: unknown) => untyped[name]?.(pair.fd, Buffer.alloc(8), offset, length);
      const outside: [unknown, unknown][] = [
        [0, 9],
        [8, 1],
        [9, 0],
        [1, 8],
        [-1, 1],
        [0, -1],
        [2 ** 53, 1],
        [1, 2 ** 53],
        [2 ** 32, 1],
        [4, 2 ** 32],
        [2 ** 64, 2 ** 64],
        [0.5, 1],
        [0, 1.5],
        [Number.NaN, 1],
        [0, Number.NaN],
        [Number.POSITIVE_INFINITY, 1],
        [0, Number.POSITIVE_INFINITY],
        [0, Number.NEGATIVE_INFINITY],
      ];
      for (const [offset, length] of outside) {
        const message = new RegExp(`^RangeError: ${name}: (offset|length) `);
        assert.throws(() => call(offset, length), message, `${offset} ${length}`);
      }
      for (const wrong of ['1', null, undefined, {}, 1n, true, Symbol.iterator]) {
        assert.throws(() => call(wrong, 1), new RegExp(`^TypeError: ${name}: offset must be a number$`));
        assert.throws(() => call(0, wrong), new RegExp(`^TypeError: ${name}: length must be a number$`));
      }
    });

    it(`must be a Uint8Array for ${name}`, () => {
      const wrong = ['text', [1, 2], {}, null, undefined, 5, new Uint16Array(4), new Uint8ClampedArray(4)];
      for (const buffer of [
        ...wrong,
        new DataView(new ArrayBuffer(4)),
        new ArrayBuffer(4),
        new Proxy(Buffer.alloc(4), {}),
      ]) {
        const message = new RegExp(`^TypeError: ${name}: buffer must be a Uint8Array$`);
        assert.throws(() => untyped[name]?.(3, buffer, 0, 1), message);
      }
    });

    it(`that is detached is refused by ${name}`, async () => {
      await using server = await listen();
      await using pair = await server.pair();
      const buffer = new Uint8Array(8);
      structuredClone(buffer.buffer, { transfer: [buffer.buffer] });
      assert.throws(() => native[name](pair.fd, buffer, 0, 8), RangeError);
      assert.throws(() => native[name](pair.fd, buffer, 0, 1), RangeError);
    });

    it(`that was shrunk is refused by ${name} where it no longer is`, async () => {
      await using server = await listen();
      await using pair = await server.pair();
      pair.peer.write('0123456789');
      await watch(pair.fd, POLLIN);
      const memory = new (ArrayBuffer as unknown as new (length: number, options: object) => ArrayBuffer)(65536, {
        maxByteLength: 1 << 20,
      });
      const resize = (length: number) => (memory as unknown as { resize(length: number): void }).resize(length);
      const tracking = new Uint8Array(memory);
      const fixed = new Uint8Array(memory, 1024, 64512);
      resize(16);
      assert.throws(() => native[name](pair.fd, tracking, 0, 17), RangeError);
      assert.throws(() => native[name](pair.fd, fixed, 0, 1), RangeError);
      assert.equal(native[name](pair.fd, tracking, 8, 8), 8);
      resize(1 << 20);
      assert.ok(native[name](pair.fd, tracking, (1 << 20) - 2, 2) > 0);
    });
  }

  it('is written within the range only', async () => {
    await using server = await listen();
    await using pair = await server.pair();
    pair.peer.write('abcdefgh');
    await watch(pair.fd, POLLIN);
    const memory = Buffer.from('................');
    assert.equal(native.recv(pair.fd, memory.subarray(4, 12), 2, 3), 3);
    assert.equal(text(memory, 16), '......abc.......');
  });

  it('of length 0 is refused by recv, whose result would look like the end of the stream', () => {
    assert.throws(() => native.recv(3, Buffer.alloc(4), 2, 0), /^RangeError: recv: length must not be 0/);
  });

  it('may have 4 GiB', { skip: process.env.LD_PRELOAD?.includes('asan') ?? false }, async () => {
    await using server = await listen();
    await using pair = await server.pair();
    const size = Math.min(constants.MAX_LENGTH, 2 ** 32 + 16);
    // Never touched but for its last bytes, hence without memory behind it.
    const buffer = new Uint8Array(size);
    pair.peer.write('0123456789');
    await watch(pair.fd, POLLIN);
    assert.equal(native.recv(pair.fd, buffer, size - 8, 8), 8);
    assert.equal(text(buffer.subarray(size - 8), 8), '01234567');
    assert.ok(native.recv(pair.fd, buffer, 0, size) > 0);
    assert.throws(() => native.recv(pair.fd, buffer, size - 8, 9), RangeError);
  });
});

describe('a wrong argument', () => {
  const cases: [name: string, values: unknown[], message: RegExp][] = [
    ['socket', [5], /^RangeError: socket: family must be 4, 6 or 0$/],
    ['socket', [], /^TypeError: socket: family must be a number$/],
    ['connect', [3, 'localhost', 1], /^TypeError: connect: address must be a numeric/],
    ['connect', [3, '', 1], /^TypeError: connect: address must be a numeric/],
    ['connect', [3, '127.0.0.1.1', 1], /^TypeError: connect: address must be a numeric/],
    ['connect', [3, '127.1', 1], /^TypeError: connect: address must be a numeric/],
    ['connect', [3, '[::1]', 1], /^TypeError: connect: address must be a numeric/],
    ['connect', [3, '9'.repeat(100_000), 1], /^TypeError: connect: address must be a numeric/],
    ['connect', [3, '127.0.0.1\0', 1], /^TypeError: connect: address must not contain a NUL$/],
    ['connect', [3, 127, 1], /^TypeError: connect: address must be a string$/],
    ['connect', [3, '127.0.0.1', -1], /^RangeError: connect: port must be from 0 to 65535$/],
    ['connect', [3, '127.0.0.1', 65536], /^RangeError: connect: port must be from 0 to 65535$/],
    ['connect', [3, '127.0.0.1', 80.5], /^RangeError: connect: port must be a 32-bit integer$/],
    ['connect', [3, '127.0.0.1', '80'], /^TypeError: connect: port must be a number$/],
    ['recv', ['3', new Uint8Array(1), 0, 1], /^TypeError: recv: fd must be a number$/],
    ['recv', [3.5, new Uint8Array(1), 0, 1], /^RangeError: recv: fd must be a 32-bit integer$/],
    ['recv', [2 ** 32 + 3, new Uint8Array(1), 0, 1], /^RangeError: recv: fd must be a 32-bit integer$/],
    ['recv', [Number.NaN, new Uint8Array(1), 0, 1], /^RangeError: recv: fd must be a 32-bit integer$/],
    ['sendv', [3, Buffer.alloc(1), 0], /^TypeError: sendv: buffers must be an array$/],
    ['sendv', [3, { length: 1 }, 0], /^TypeError: sendv: buffers must be an array$/],
    ['sendv', [3, ['a'], 0], /^TypeError: sendv: buffers must be a Uint8Array$/],
    ['sendv', [3, new Array(3), 0], /^TypeError: sendv: buffers must be a Uint8Array$/],
    ['sendv', [3, [Buffer.alloc(4)], 5], /^RangeError: sendv: skip must be an integer within the first buffer$/],
    ['sendv', [3, [Buffer.alloc(4)], -1], /^RangeError: sendv: skip /],
    ['sendv', [3, [Buffer.alloc(4)], 1.5], /^RangeError: sendv: skip /],
    ['sendv', [3, [Buffer.alloc(4)], Number.NaN], /^RangeError: sendv: skip /],
    ['sendv', [3, [Buffer.alloc(4)], 2 ** 64], /^RangeError: sendv: skip /],
    ['sendv', [3, [], 1], /^RangeError: sendv: skip /],
    ['shutdown', [3, 3], /^RangeError: shutdown: how must be 0, 1 or 2$/],
    ['close', [], /^TypeError: close: fd must be a number$/],
    ['socketError', [null], /^TypeError: socketError: fd must be a number$/],
  ];
  for (const [name, values, message] of cases) {
    it(`is named: ${name}(${values.map((value) => inspect(value).slice(0, 24)).join(', ')})`, () => {
      assert.throws(() => untyped[name]?.(...values), message);
    });
  }
});

it('leaves nothing behind', async () => {
  await loopTurns();
  assert.deepEqual(native.counts(), { owned: 0, watched: 0 });
});
