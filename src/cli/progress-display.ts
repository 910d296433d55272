/**
 * Shows the progress of a run on standard error: lines that are drawn again on a terminal, or a line every ten seconds elsewhere.
 * It reads the counts when it draws, and so costs the transfers nothing.
 */

import picocolors from 'picocolors';
import type { TransferCounts } from '../index.ts';
import { printable } from './printable.ts';
import { plainLine, progressLines, type Screen, type State } from './progress-lines.ts';
import { finishedOf, Rates } from './rates.ts';

/** Standard error. */
export interface ProgressStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  write(text: string): unknown;
}

export interface ProgressOptions {
  /** `auto` and `bar` give lines that are drawn again on a terminal that can do so, and `plain` elsewhere. */
  readonly mode: 'auto' | 'bar' | 'plain' | 'none';
  readonly color: boolean;
  /** Documents of the run, if they are counted. */
  readonly total?: number | undefined;
  /** The clock, in milliseconds. */
  readonly now?: () => number;
}

/** Milliseconds. The first lines are drawn later, so that a short run draws nothing. */
const DRAW_EVERY = 100;
const FIRST_DRAW = 500;
const PLAIN_EVERY = 10_000;

/** Lines drawn again: log-update, which is loaded when there is something to draw. */
type Redraw = ReturnType<typeof import('log-update').createLogUpdate>;

/** The progress of a run. */
export class Progress {
  readonly #stream: ProgressStream;
  readonly #mode: 'bar' | 'plain' | 'none';
  readonly #paint: Screen['paint'];
  readonly #total: number | undefined;
  readonly #now: () => number;
  readonly #rates = new Rates();
  #transfer: { readonly counts: TransferCounts } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #redraw: Redraw | undefined;
  #firstDraw = 0;

  constructor(stream: ProgressStream, { mode, color, total, now = () => performance.now() }: ProgressOptions) {
    this.#stream = stream;
    const capable = stream.isTTY === true && process.env['TERM'] !== 'dumb';
    this.#mode = (mode === 'auto' || mode === 'bar') && capable ? 'bar' : mode === 'none' ? 'none' : 'plain';
    this.#paint = picocolors.createColors(color);
    this.#total = total;
    this.#now = now;
  }

  /** Begins to show the counts of a transfer. The promise, which need not be awaited, resolves when lines can be drawn. */
  async start(transfer: { readonly counts: TransferCounts }): Promise<void> {
    this.#transfer = transfer;
    if (this.#mode === 'none') return;
    this.#rates.add(transfer.counts, this.#now());
    this.#firstDraw = this.#now() + FIRST_DRAW;
    const bar = this.#mode === 'bar';
    this.#timer = setInterval(() => this.#show(), bar ? DRAW_EVERY : PLAIN_EVERY);
    // The display does not keep the process alive.
    this.#timer.unref();
    if (!bar) return;
    const { createLogUpdate } = await import('log-update');
    // A hidden cursor would stay hidden if the process is killed.
    if (this.#timer !== undefined) this.#redraw = createLogUpdate(this.#sized(), { showCursor: true });
  }

  /** The stream with a size that a terminal can have: some report 0 columns. */
  #sized(): NodeJS.WritableStream {
    const progress = this;
    const sized = {
      isTTY: true,
      get columns() {
        return progress.#screen().columns;
      },
      get rows() {
        return progress.#screen().rows;
      },
      write: (text: string) => this.#stream.write(text),
    };
    return sized as unknown as NodeJS.WritableStream;
  }

  #screen(): Screen {
    return { columns: this.#stream.columns || 80, rows: this.#stream.rows || 24, paint: this.#paint };
  }

  #show(): void {
    const { counts } = this.#transfer ?? {};
    if (counts === undefined) return;
    this.#rates.add(counts, this.#now());
    const state = this.#state(counts);
    if (this.#mode === 'plain') this.#stream.write(`${plainLine(state)}\n`);
    else if (this.#now() >= this.#firstDraw) this.#redraw?.(progressLines(state, this.#screen()).join('\n'));
  }

  #state(counts: TransferCounts): State {
    const total = this.#total === undefined ? undefined : Math.max(this.#total, finishedOf(counts));
    return {
      counts,
      total,
      bytesPerSecond: this.#rates.bytesPerSecond,
      remaining: this.#rates.remaining(counts, total),
    };
  }

  /** Writes a line above the display. Characters that command a terminal are shown instead. */
  note(line: string): void {
    this.#redraw?.clear();
    this.#stream.write(`${printable(line)}\n`);
  }

  /** Takes the lines away. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#redraw?.clear();
    this.#redraw = undefined;
  }
}
