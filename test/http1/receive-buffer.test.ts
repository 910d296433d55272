import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { ReceiveBuffer } from '../../src/http1/receive-buffer.ts';

const content = (buffer: ReceiveBuffer): string => buffer.bytes.toString('latin1', buffer.start, buffer.end);

test('what is pushed can be taken, in parts', () => {
  const buffer = new ReceiveBuffer(8);
  buffer.push(Buffer.from('abcdef'));
  const target = Buffer.alloc(10, '.');
  assert.equal(buffer.take(target, 1, 4), 4);
  assert.equal(target.toString(), '.abcd.....');
  assert.equal(buffer.take(target, 5, 9), 2);
  assert.equal(buffer.length, 0);
});

test('an empty buffer is filled from its start again', () => {
  const buffer = new ReceiveBuffer(4);
  buffer.push(Buffer.from('abcd'));
  buffer.consume(4);
  assert.equal(buffer.makeRoom(), 4);
  assert.equal(buffer.start, 0);
});

test('bytes at the end of a full window move to its start', () => {
  const buffer = new ReceiveBuffer(4);
  buffer.push(Buffer.from('abcd'));
  buffer.consume(3);
  assert.equal(buffer.makeRoom(), 3);
  assert.equal(content(buffer), 'd');
  assert.equal(buffer.bytes.length, 4);
});

test('it grows only when unconsumed bytes fill it, and goes back to its size when it is empty', () => {
  const buffer = new ReceiveBuffer(2);
  const bytes = Buffer.from(Array.from({ length: 5000 }, (_, index) => index % 251));
  buffer.push(bytes);
  assert.ok(buffer.bytes.subarray(buffer.start, buffer.end).equals(bytes));
  assert.ok(buffer.bytes.length >= 5000);
  buffer.consume(5000);
  assert.equal(buffer.makeRoom(), 2);
  assert.equal(buffer.bytes.length, 2);
});

test('its size is a whole number of bytes, at least one', () => {
  for (const size of [0, -1, 1.5, Number.NaN]) {
    assert.throws(() => new ReceiveBuffer(size), { name: 'TypeError', message: /whole number >= 1/ });
  }
});

test('it counts all that was ever put in', () => {
  const buffer = new ReceiveBuffer(4);
  buffer.push(Buffer.from('abcdef'));
  buffer.clear();
  buffer.makeRoom();
  buffer.filled(2);
  assert.equal(buffer.received, 8);
});

test('clear forgets all bytes', () => {
  const buffer = new ReceiveBuffer(4);
  buffer.push(Buffer.from('abc'));
  buffer.clear();
  assert.equal(buffer.length, 0);
});

test('a log shows how much there is, and nothing of it', () => {
  const buffer = new ReceiveBuffer(8);
  buffer.push(Buffer.from('secret'));
  buffer.consume(1);
  assert.equal(JSON.stringify(buffer), '{"length":5,"received":6}');
  assert.match(inspect(buffer), /length: 5, received: 6/);
});
