import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, test } from 'node:test';
import { LocalFileError } from '../../src/cli/file-sink.ts';
import { isBrokenPipe, StreamSink } from '../../src/cli/stream-sink.ts';
import type { HeadersInit } from '../../src/http1/headers.ts';
import { AioFuture } from '../../src/index.ts';
import { systemError } from '../support/failing-fs.ts';
import { responseWith } from '../support/http-response.ts';

const JOB = { url: 'http://h/a' };

/** A stream that keeps what it gets, and takes each write when `take` is called. */
class Reader extends Writable {
  readonly pieces: string[] = [];
  failure: Error | undefined;
  take: () => void = () => {};

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.pieces.push(chunk.toString());
    this.take = () => done(this.failure);
  }
}

class Eager extends Reader {
  override _write(chunk: Buffer, encoding: string, done: (error?: Error | null) => void): void {
    super._write(chunk, encoding, done);
    this.take();
  }
}

async function write(sink: StreamSink, text: string): Promise<void> {
  await new AioFuture(sink.write(Buffer.from(text)));
}

describe('a stream', () => {
  test('gets the bytes, and each write waits until they are taken', async () => {
    const stream = new Reader();
    const sink = new StreamSink(stream);
    sink.begin(responseWith(), JOB);
    const chunk = Buffer.from('one');
    let over = false;
    const written = new AioFuture(sink.write(chunk)).then(() => {
      over = true;
    });
    chunk.fill('x');
    assert.deepEqual([stream.pieces, over], [['one'], false]);
    stream.take();
    await written;
    sink.commit();
    assert.equal(stream.writableEnded, false);
  });

  test('gets one document after the other', async () => {
    const stream = new Eager();
    for (const sink of [new StreamSink(stream), new StreamSink(stream)]) {
      sink.begin(responseWith(), JOB);
      await write(sink, 'one');
      sink.commit();
      sink.begin(responseWith(), JOB);
      await write(sink, 'two');
      sink.commit();
    }
    assert.equal(stream.pieces.join(' '), 'one two one two');
    assert.equal(stream.listenerCount('error'), 1);
  });

  test('gets the rest from another attempt for the same version', async () => {
    const stream = new Eager();
    const sink = new StreamSink(stream);
    const version = responseWith({ headers: { ETag: '"1"' } });
    for (const chunks of [['abc', 'de'], ['a'], ['ab', 'cd', 'ef', 'gh']]) {
      sink.begin(version, JOB);
      for (const chunk of chunks) await write(sink, chunk);
      sink.abandon();
    }
    assert.equal(stream.pieces.join(''), 'abcdefgh');
  });

  for (const [before, after] of [
    [{}, {}],
    [{ ETag: '"1"' }, { ETag: '"2"' }],
    [{ ETag: 'W/"1"' }, { ETag: 'W/"1"' }],
  ] satisfies [HeadersInit, HeadersInit][]) {
    test(`gets no second beginning (${JSON.stringify(after)} after ${JSON.stringify(before)})`, async () => {
      const sink = new StreamSink(new Eager());
      sink.begin(responseWith({ headers: before }), JOB);
      sink.abandon();
      sink.begin(responseWith({ headers: before }), JOB);
      await write(sink, 'abc');
      sink.abandon();
      assert.throws(() => sink.begin(responseWith({ headers: after }), JOB), {
        name: 'CutOutput',
        message: /^the transfer broke off after 3 bytes, which standard output has: without a strong ETag/,
      });
    });
  }

  test('gives the error of a write', async () => {
    const stream = new Reader();
    const sink = new StreamSink(stream, 'pipe');
    sink.begin(responseWith(), JOB);
    stream.failure = systemError('EPIPE', 'broken pipe', 'write');
    const written = write(sink, 'one');
    stream.take();
    await assert.rejects(
      written,
      (error) => error instanceof LocalFileError && error.message === 'pipe: broken pipe' && isBrokenPipe(error),
    );
    assert.ok(isBrokenPipe(stream.failure));
    assert.equal(isBrokenPipe(new LocalFileError('a', systemError('EIO', 'i/o error', 'write'))), false);
  });
});
