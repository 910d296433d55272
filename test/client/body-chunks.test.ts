import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { asyncChunksOf, chunksOf, streamOf } from '../../src/client/body-chunks.ts';
import { type Coroutine, waitFor } from '../../src/coroutine.ts';
import { AioFuture } from '../../src/schedule/aio-future.ts';
import { UNTIL_NOTIFIED } from '../../src/schedule/wait-list.ts';

const FAILURE = new Error('failed');

/** A `read` that gives these parts, then empty ones; an error is thrown. It counts its calls. */
function reads(...parts: (string | Error)[]): { read(): AioFuture<Buffer>; readNow(): Buffer; calls: number } {
  const readNow = (): Buffer => {
    source.calls++;
    const part = parts.shift() ?? '';
    if (typeof part !== 'string') throw part;
    return Buffer.from(part);
  };
  const coRead = function* (): Coroutine<Buffer> {
    yield* [];
    return readNow();
  };
  const source = { calls: 0, readNow, read: () => new AioFuture(coRead()) };
  return source;
}

/** A read that never ends, unless it is cancelled. */
function endless(): { read(): AioFuture<Buffer>; state: { cancelled: boolean } } {
  const state = { cancelled: false };
  const coRead = function* (): Coroutine<Buffer> {
    try {
      yield* waitFor(UNTIL_NOTIFIED);
    } finally {
      state.cancelled = true;
    }
    return Buffer.alloc(0);
  };
  return { read: () => new AioFuture(coRead()), state };
}

async function texts(parts: AsyncIterable<Buffer>): Promise<string[]> {
  const all: string[] = [];
  for await (const part of parts) all.push(part.toString());
  return all;
}

describe('the chunks of a body', () => {
  test('end with the first empty one', () => {
    const source = reads('a', 'b', '', 'c');
    assert.deepEqual([...chunksOf(source.readNow)].map(String), ['a', 'b']);
    assert.equal(source.calls, 3);
  });

  test('are read as they are asked for', () => {
    const source = reads('a', 'b');
    const chunks = chunksOf(source.readNow);
    assert.equal(source.calls, 0);
    chunks.next();
    assert.equal(source.calls, 1);
    chunks.return();
    assert.deepEqual([...chunks], []);
    assert.equal(source.calls, 1);
  });
});

describe('the awaited chunks of a body', () => {
  test('end with the first empty one, or with the error of a read', async () => {
    assert.deepEqual(await texts(asyncChunksOf(reads('a', 'b', '', 'c').read)), ['a', 'b']);
    await assert.rejects(texts(asyncChunksOf(reads('a', FAILURE).read)), FAILURE);
  });

  test('can be left during a read, which is cancelled: the loop ends without an error', async () => {
    const { read, state } = endless();
    const chunks = asyncChunksOf(read);
    const next = chunks.next();
    await chunks.return();
    assert.deepEqual(await next, { done: true, value: undefined });
    assert.equal(state.cancelled, true);
  });

  test('are not read once they have been left', async () => {
    const source = reads('a', 'b');
    for await (const part of asyncChunksOf(source.read)) {
      assert.equal(part.toString(), 'a');
      break;
    }
    assert.equal(source.calls, 1);
  });
});

describe('the stream of a body', () => {
  test('gives the parts and ends', async () => {
    assert.deepEqual(await texts(streamOf(reads('a', 'b').read)), ['a', 'b']);
  });

  test('reads nothing before it is read, and one part at a time', async () => {
    const source = reads('a', 'b', 'c');
    const stream = streamOf(source.read);
    assert.equal(source.calls, 0);
    await once(stream, 'readable');
    assert.equal(source.calls, 1);
    stream.destroy();
  });

  test('fails as a read does', async () => {
    await assert.rejects(texts(streamOf(reads('a', FAILURE).read)), FAILURE);
  });

  test('cancels a read when it is destroyed', async () => {
    const { read, state } = endless();
    const stream = streamOf(read);
    stream.read();
    stream.destroy();
    await once(stream, 'close');
    assert.equal(state.cancelled, true);
  });
});
