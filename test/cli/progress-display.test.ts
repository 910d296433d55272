import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { Progress, type ProgressOptions, type ProgressStream } from '../../src/cli/progress-display.ts';
import type { TransferCounts } from '../../src/index.ts';
import { SmallTerminal } from '../support/small-terminal.ts';
import { countsWith } from '../support/transfer-result.ts';

const CONNECTION: TransferCounts['connections'][number] = {
  ...{ origin: 'http://h', inFlight: 1, url: `http://h/${'x'.repeat(100)}`, bytes: 0, length: 100 },
};

/** A file, or a pipe. */
class Sink {
  text = '';
  readonly isTTY: boolean | undefined;

  constructor(isTTY?: boolean) {
    this.isTTY = isTTY;
  }

  write(text: string): void {
    this.text += text;
  }
}

/** A display with a transfer whose counts, and a clock that, the test changes. */
async function started(context: TestContext, stream: ProgressStream, options: Partial<ProgressOptions> = {}) {
  context.mock.timers.enable({ apis: ['setInterval'] });
  const { TERM } = process.env;
  context.after(() => {
    process.env['TERM'] = TERM ?? '';
  });
  process.env['TERM'] ??= 'xterm';
  let time = 0;
  const transfer = { counts: countsWith({ waiting: 100 }) };
  const progress = new Progress(stream, { mode: 'auto', color: false, total: 100, now: () => time, ...options });
  await progress.start(transfer);
  const pass = (ms: number): void => {
    for (const end = time + ms; time < end; ) {
      time += 100;
      context.mock.timers.tick(100);
    }
  };
  return { progress, transfer, pass };
}

describe('the progress on a terminal', () => {
  test('is drawn after half a second, ten times per second at most, only if something has changed, and taken away', async (context) => {
    const terminal = new SmallTerminal(80, 24);
    const { progress, transfer, pass } = await started(context, terminal);
    pass(400);
    assert.equal(terminal.writes, 0);
    pass(100);
    assert.equal(terminal.text, '[                              ]  0/100  0%  0 B  0 B/s');
    const { writes } = terminal;
    pass(10_000);
    assert.equal(terminal.writes, writes);
    for (let done = 1; done <= 50; done++) {
      transfer.counts = countsWith({ done, connections: [CONNECTION] });
      pass(100);
    }
    assert.ok(terminal.writes <= writes + 50);
    assert.match(terminal.text, /^\[={15} {15}\] {2}50\/100 {2}50% .*\n {4}0% {8}- {2}http:\/\/h\/x+~$/);
    progress.stop();
    progress.stop();
    assert.equal(terminal.text, '');
    pass(1000);
    assert.equal(terminal.text, '');
    assert.equal(terminal.wrapped, 0);
  });

  test('leaves notes above it', async (context) => {
    const terminal = new SmallTerminal(40, 24);
    const { progress, transfer, pass } = await started(context, terminal);
    progress.note('before');
    transfer.counts = countsWith({ done: 1, connections: [CONNECTION, CONNECTION] });
    pass(1000);
    progress.note('a\x1b[2Jb');
    pass(100);
    progress.note('c');
    transfer.counts = countsWith({ done: 2 });
    pass(100);
    assert.match(terminal.text, /^before\na\\x1b\[2Jb\nc\n.*2\/100.*$/);
    progress.stop();
    assert.equal(terminal.text, 'before\na\\x1b[2Jb\nc');
  });

  test('has a size, whatever the terminal says, and follows it', async (context) => {
    for (const [columns, rows] of [
      [undefined, undefined],
      [0, 0],
      [20, 24],
      [20, 3],
      [1, 1],
      [200, 2],
    ]) {
      const terminal = new SmallTerminal(columns, rows);
      const { progress, transfer, pass } = await started(context, terminal);
      for (const done of [1, 2, 3]) {
        transfer.counts = countsWith({ done, connections: Array.from({ length: 30 - done }, () => CONNECTION) });
        pass(1000);
        assert.ok(terminal.lines.length <= (rows || 24), `${terminal.lines.length} lines of ${rows}`);
      }
      terminal.columns = 30;
      transfer.counts = countsWith({ done: 4 });
      pass(100);
      assert.equal(terminal.wrapped, 0);
      progress.stop();
      assert.equal(terminal.text, '');
      context.mock.timers.reset();
    }
  });

  test('is never above its total', async (context) => {
    const terminal = new SmallTerminal(80, 24);
    const { transfer, pass } = await started(context, terminal);
    transfer.counts = countsWith({ done: 150 });
    pass(1000);
    assert.match(terminal.text, /150\/150 {2}100%/);
  });

  test('that is stopped at once draws nothing', async (context) => {
    context.mock.timers.enable({ apis: ['setInterval'] });
    const terminal = new SmallTerminal(80, 24);
    const progress = new Progress(terminal, { mode: 'bar', color: true });
    const ready = progress.start({ counts: countsWith() });
    progress.stop();
    await ready;
    progress.note('note');
    assert.equal(terminal.text, 'note');
  });
});

describe('the progress elsewhere', () => {
  for (const mode of ['auto', 'bar', 'plain'] as const) {
    test(`is a line every ten seconds without codes (${mode})`, async (context) => {
      const sink = new Sink();
      const { progress, transfer, pass } = await started(context, sink, { mode, color: true });
      pass(9900);
      assert.equal(sink.text, '');
      transfer.counts = countsWith({ done: 50, failed: 1, bytes: 1e6, connections: [CONNECTION] });
      pass(100);
      const line = '51 of 100 documents, 1 MB, 100 kB/s, 1 failed, 9.6 s left\n';
      assert.equal(sink.text, line);
      progress.note('note');
      pass(9900);
      progress.stop();
      pass(10_000);
      assert.equal(sink.text, `${line}note\n`);
    });
  }

  test('is the same on a terminal that cannot be drawn on, and where it is wanted', async (context) => {
    const dumb = new Sink(true);
    process.env['TERM'] = 'dumb';
    const { progress, pass } = await started(context, dumb);
    process.env['TERM'] = 'xterm';
    pass(10_000);
    progress.stop();
    assert.match(dumb.text, /^0 of 100 documents.*\n$/);
    context.mock.timers.reset();
    const wanted = new Sink(true);
    const other = await started(context, wanted, { mode: 'plain' });
    other.pass(10_000);
    assert.match(wanted.text, /^0 of 100 documents.*\n$/);
  });

  test('is nothing but notes where none is wanted', async (context) => {
    const sink = new Sink(true);
    const { progress, pass } = await started(context, sink, { mode: 'none' });
    pass(30_000);
    progress.note('note');
    progress.stop();
    assert.equal(sink.text, 'note\n');
  });
});
