import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PollNeeded } from '../../src/index.ts';
import { SendQueue } from '../../src/io/send-queue.ts';
import { WOULD_BLOCK } from '../../src/io/system-error.ts';
import type { Transport } from '../../src/io/transport.ts';

/** Takes as many bytes per call as it is told to. */
class Sink implements Transport {
  readonly remoteAddress: undefined;
  readonly fd = -1;
  readonly closed = false;
  readonly receiveNeeds: PollNeeded = new PollNeeded(-1, 0);
  readonly sendNeeds: PollNeeded = new PollNeeded(-1, 0);
  /** Bytes to take per call; the last is repeated. 0: would block. */
  takes: number[] = [Number.POSITIVE_INFINITY];
  taken = '';
  calls = 0;
  largest = 0;

  receive(): number {
    return WOULD_BLOCK;
  }

  send(buffers: readonly Uint8Array[], skip: number): number {
    this.calls++;
    this.largest = Math.max(this.largest, buffers.length);
    const limit = this.takes.length > 1 ? (this.takes.shift() as number) : (this.takes[0] as number);
    if (limit === 0) return WOULD_BLOCK;
    const bytes = Buffer.concat(buffers).subarray(skip);
    const count = Math.min(limit, bytes.length);
    this.taken += bytes.toString('latin1', 0, count);
    return count;
  }

  close(): void {}
}

function drain(queue: SendQueue, sink: Sink): void {
  while (!queue.empty) assert.ok(queue.sendTo(sink) > 0);
}

const large = (byte: string): Buffer => Buffer.alloc(5000, byte);

describe('a send queue', () => {
  for (const takes of [1, 2, 3, 1000, 4999, 5000, 5001, Number.POSITIVE_INFINITY]) {
    test(`keeps the order of text and buffers when ${takes} bytes are taken at a time`, () => {
      const queue = new SendQueue();
      const sink = new Sink();
      sink.takes = [takes];
      queue.pushText('head \xff\r\n');
      queue.pushBytes(Buffer.from('small \x80', 'latin1'));
      queue.pushBytes(large('a'));
      queue.pushText('between');
      queue.pushBytes(new Uint8Array(large('b')));
      queue.pushBytes(new Uint8Array(0));
      queue.pushText('');
      queue.pushBytes(large('c'));
      queue.pushText('end');
      const expected = `head \xff\r\nsmall \x80${'a'.repeat(5000)}between${'b'.repeat(5000)}${'c'.repeat(5000)}end`;
      assert.equal(queue.length, expected.length);
      drain(queue, sink);
      assert.equal(sink.taken, expected);
      assert.equal(queue.length, 0);
    });
  }

  test('takes more while it is being sent', () => {
    const queue = new SendQueue();
    const sink = new Sink();
    sink.takes = [7];
    let expected = '';
    for (let round = 0; round < 200; round++) {
      const text = `${round};`;
      queue.pushText(text);
      expected += text;
      if (round % 3 === 0) queue.sendTo(sink);
      assert.equal(sink.taken.length + queue.length, expected.length);
    }
    drain(queue, sink);
    assert.equal(sink.taken, expected);
  });

  test('keeps all of it when the transport would block', () => {
    const queue = new SendQueue();
    const sink = new Sink();
    sink.takes = [0, 3, 0, 100];
    queue.pushText('abcdef');
    assert.equal(queue.sendTo(sink), WOULD_BLOCK);
    assert.equal(queue.sendTo(sink), 3);
    assert.equal(queue.sendTo(sink), WOULD_BLOCK);
    assert.equal(queue.length, 3);
    assert.equal(queue.sendTo(sink), 3);
    assert.equal(sink.taken, 'abcdef');
  });

  test('sends small pieces with few buffers, and never more than an iovec holds', () => {
    const queue = new SendQueue();
    const sink = new Sink();
    for (let count = 0; count < 100; count++) queue.pushBytes(Buffer.from('small'));
    drain(queue, sink);
    assert.deepEqual([sink.calls, sink.largest], [1, 1]);
    for (let count = 0; count < 2500; count++) queue.pushBytes(Buffer.alloc(2049, 'x'));
    drain(queue, sink);
    assert.equal(sink.largest, 1024);
    assert.equal(sink.taken.length, 500 + 2500 * 2049);
  });

  test('sends large buffers from where they are, unless it is told to own them', () => {
    const queue = new SendQueue();
    const sink = new Sink();
    sink.takes = [1, Number.POSITIVE_INFINITY];
    const [shared, owned] = [large('a'), large('b')];
    queue.pushBytes(owned);
    queue.sendTo(sink);
    queue.own();
    owned.fill('!');
    queue.pushBytes(shared);
    shared.fill('s');
    drain(queue, sink);
    assert.equal(sink.taken, 'b'.repeat(5000) + 's'.repeat(5000));
  });

  test('forgets everything when it is cleared', () => {
    const queue = new SendQueue();
    const sink = new Sink();
    sink.takes = [10, Number.POSITIVE_INFINITY];
    queue.pushText('head');
    queue.pushBytes(large('a'));
    queue.sendTo(sink);
    queue.clear();
    assert.deepEqual([queue.empty, queue.length], [true, 0]);
    queue.pushText('new');
    drain(queue, sink);
    assert.equal(sink.taken, 'headaaaaaanew');
  });

  test('sends neither less nor more than was queued when memory goes away, or grows', () => {
    const queue = new SendQueue();
    const lost = large('a');
    queue.pushText('head');
    queue.pushBytes(large('b'));
    queue.pushBytes(lost);
    structuredClone(lost.buffer, { transfer: [lost.buffer as ArrayBuffer] });
    const sink = new Sink();
    assert.throws(() => queue.sendTo(sink), { name: 'RangeError', message: /detached or has shrunk/ });
    assert.equal(sink.calls, 0);
  });
});
