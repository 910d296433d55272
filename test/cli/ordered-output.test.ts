import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, test } from 'node:test';
import { coStep } from '../../src/cli/head-sink.ts';
import { OrderedOutput } from '../../src/cli/ordered-output.ts';
import { AioFuture, HTTPHeaders, type HTTPResponse, type TransferJob, type TransferSink } from '../../src/index.ts';

const response = { headers: new HTTPHeaders(), status: 200 } as unknown as HTTPResponse;
const job: TransferJob = { url: 'http://x/' };

class Screen extends Writable {
  readonly pieces: Buffer[] = [];

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.pieces.push(chunk);
    setImmediate(done);
  }

  get text(): string {
    return Buffer.concat(this.pieces).toString();
  }
}

const run = async (step: ReturnType<TransferSink['write']>): Promise<void> => void (await new AioFuture(coStep(step)));

async function write(sink: TransferSink, ...texts: string[]): Promise<void> {
  await run(sink.begin(response, job));
  for (const text of texts) await run(sink.write(Buffer.from(text)));
}

async function whole(sink: TransferSink, text: string): Promise<void> {
  await write(sink, text);
  await run(sink.commit());
}

describe('standard output for several documents', () => {
  test('has them in the order of the list, whatever the order in which they come', async () => {
    const screen = new Screen();
    const output = new OrderedOutput(screen);
    await whole(output.sink(2), 'c');
    await output.finish(2);
    await whole(output.sink(1), 'b');
    await output.finish(1, Buffer.from('!'));
    assert.equal(screen.text, '');
    await whole(output.sink(0), 'a');
    assert.equal(screen.text, 'a');
    await output.finish(0);
    assert.equal(screen.text, 'ab!c');
    output.close();
  });

  test('goes on with a document in the middle, when its turn comes', async () => {
    const screen = new Screen();
    const output = new OrderedOutput(screen);
    const second = output.sink(1);
    await write(second, 'b1');
    await output.finish(0, Buffer.from('nothing of the first;'));
    assert.equal(screen.text, 'nothing of the first;');
    await run(second.write(Buffer.from('b2')));
    assert.equal(screen.text, 'nothing of the first;b1b2');
    await run(second.commit());
    await output.finish(1);
    assert.equal(screen.text, 'nothing of the first;b1b2');
    output.close();
  });

  test('has nothing of an attempt that was given up before its turn', async () => {
    const screen = new Screen();
    const output = new OrderedOutput(screen);
    const second = output.sink(1);
    await write(second, 'wrong');
    await run(second.abandon());
    await whole(second, 'right');
    await output.finish(1);
    await output.finish(0);
    assert.equal(screen.text, 'right');
    output.close();
  });

  test('holds more than fits into its memory in a file', async () => {
    const screen = new Screen();
    const output = new OrderedOutput(screen);
    const part = 'x'.repeat(1_000_000);
    const second = output.sink(1);
    await write(second, ...Array.from({ length: 20 }, () => part), 'end');
    await run(second.commit());
    await output.finish(1);
    await output.finish(0);
    assert.equal(screen.text.length, 20_000_003);
    assert.ok(screen.text.endsWith('xend'));
    output.close();
  });
});
