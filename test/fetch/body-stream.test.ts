import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { streamOf } from '../../src/fetch/body-stream.ts';
import type { ByteReader } from '../../src/fetch/coding-reader.ts';
import { inPieces } from '../support/content-codings.ts';

/** In memory of their own, which a stream takes over. */
function bytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text));
}

/** A source whose reads do not end before it is cancelled. */
function waiting(): ByteReader & { cancelled: number } {
  let end: (part: undefined) => void = () => undefined;
  return {
    cancelled: 0,
    read: () =>
      new Promise((resolve) => {
        end = resolve;
      }),
    cancel() {
      this.cancelled++;
      end(undefined);
    },
  };
}

async function textOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString();
}

describe('the stream of a body', () => {
  test('gives the bytes of its reader, and ends', async () => {
    assert.equal(await textOf(streamOf(inPieces(bytes('12345'), 2), undefined)), '12345');
    assert.equal(await textOf(streamOf(inPieces(new Uint8Array(0), 2), undefined)), '');
  });

  test('reads one part ahead, and no more', async () => {
    const source = inPieces(new Uint8Array(1000), 10);
    const stream = streamOf(source, undefined);
    await new Promise(setImmediate);
    assert.equal(source.taken, 10);
    await stream.cancel();
    assert.equal(source.cancelled, true);
  });

  test('fills the memory of a reader that brings its own', async () => {
    const reader = streamOf(inPieces(bytes('12345'), 5), undefined).getReader({ mode: 'byob' });
    const first = await reader.read(new Uint8Array(3));
    const second = await reader.read(new Uint8Array(3));
    assert.deepEqual(
      [first.value, second.value].map((part) => Buffer.from(part ?? []).toString()),
      ['123', '45'],
    );
    assert.equal((await reader.read(new Uint8Array(3))).done, true);
  });

  test('fails as its reader does', async () => {
    const failure = new Error('failed');
    const source: ByteReader = { read: () => Promise.reject(failure), cancel: () => undefined };
    await assert.rejects(textOf(streamOf(source, undefined)), failure);
  });

  test('fails with the reason of its signal, during a read, before one, and drops what it holds', async () => {
    for (const source of [waiting(), inPieces(new Uint8Array(100), 10)]) {
      const controller = new AbortController();
      const reader = streamOf(source, controller.signal).getReader();
      await new Promise(setImmediate);
      controller.abort('aborted');
      await assert.rejects(reader.read(), (reason) => reason === 'aborted');
      assert.ok(source.cancelled);
    }
    const early = waiting();
    await assert.rejects(
      streamOf(early, AbortSignal.abort('early')).getReader().read(),
      (reason) => reason === 'early',
    );
    assert.equal(early.cancelled, 1);
  });

  test('that has ended does not hear of its signal', async () => {
    const controller = new AbortController();
    const source = inPieces(bytes('12'), 2);
    const stream = streamOf(source, controller.signal);
    assert.equal(await textOf(stream), '12');
    controller.abort();
    assert.equal(source.cancelled, false);
  });
});
