import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StreamPieces } from '../../src/client/stream-pieces.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);

/** A stream of one piece, which then waits; `cancelled` has the reason of its cancellation. */
function waiting(): { stream: ReadableStream<Uint8Array>; cancelled: unknown[] } {
  const cancelled: unknown[] = [];
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(bytes('piece')),
    cancel: (reason) => {
      cancelled.push(reason);
    },
  });
  return { stream, cancelled };
}

describe('the pieces of a stream', () => {
  test('are its chunks, behind those that were read before', async () => {
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(bytes('c'));
        controller.close();
      },
    });
    const pieces = new StreamPieces(stream.getReader(), undefined, [bytes('a'), bytes('b')]);
    const texts: string[] = [];
    for await (const piece of pieces) texts.push(Buffer.from(piece).toString());
    assert.deepEqual(texts, ['a', 'b', 'c']);
    assert.deepEqual(await pieces.next(), { done: true, value: undefined });
  });

  test('can be left during a read, which ends; the stream gets the reason', async () => {
    const { stream, cancelled } = waiting();
    const pieces = new StreamPieces(stream.getReader());
    await pieces.next();
    const next = pieces.next();
    await pieces.return('enough');
    assert.deepEqual(await next, { done: true, value: undefined });
    assert.deepEqual(cancelled, ['enough']);
  });

  test('end with the reason of a signal that is aborted, and with that of the caller otherwise', async () => {
    for (const [signal, reason] of [
      [AbortSignal.abort('aborted'), 'aborted'],
      [new AbortController().signal, 'enough'],
    ] as const) {
      const { stream, cancelled } = waiting();
      await new StreamPieces(stream.getReader(), signal).return('enough');
      assert.deepEqual(cancelled, [reason]);
    }
  });

  test('of a stream that fails are its error; leaving it then is none', async () => {
    const failure = new Error('failed');
    const stream = new ReadableStream<Uint8Array>({ start: (controller) => controller.error(failure) });
    const pieces = new StreamPieces(stream.getReader());
    await assert.rejects(pieces.next(), failure);
    assert.deepEqual(await pieces.return(), { done: true, value: undefined });
  });
});
