/**
 * Runs jobs on the event loop, so that signals work, and makes sure that each item is reported, also those that a signal
 * or an error has kept from being done.
 */

import {
  AioFuture,
  type Coroutine,
  coAwait,
  Transfer,
  type TransferJob,
  type TransferOptions,
  type TransferResult,
} from '../index.ts';
import { adviceFor } from './advice.ts';
import type { Cookies } from './cookies.ts';
import { EXIT } from './exit-codes.ts';
import { LocalFileError, removeTemporaries } from './file-sink.ts';
import type { Given } from './given.ts';
import type { Interruption } from './interruption.ts';
import { type Item, itemOf, unsent } from './item.ts';
import { writeWhole } from './local-file.ts';
import type { Recordings } from './recordings.ts';
import type { Reporter } from './reporter.ts';
import { codeOfError } from './verdict.ts';
import type { Voice } from './voice.ts';

/** What all parts of a command use. */
export interface Use {
  readonly given: Given;
  readonly version: string;
  readonly voice: Voice;
  readonly interruption: Interruption;
}

/** How jobs are to be run. */
export interface Work {
  /** How many jobs there are, at most. */
  readonly total: number;
  readonly options: TransferOptions;
}

/** What is written at the end of a run. */
export interface Written {
  readonly recordings: Recordings;
  readonly jar?: Pick<Cookies, 'save'> | undefined;
}

/** Called with each result; a promise makes the engine wait. */
export type Each = (result: TransferResult, item: Item) => Promise<void> | undefined;

/** Milliseconds in which the engine may still end in an orderly way after a signal. */
const GRACE = 200;
/** Most documents that are named when a run is ended. */
const NAMED = 10;

/** Says what is wrong, and what can be done. An error of the command itself shows where it is. Returns its exit code. */
export function tell(error: unknown, voice: Voice): number {
  const code = codeOfError(error);
  if (code === EXIT.internal) sayStack(error, voice);
  else if (code !== EXIT.brokenPipe) voice.say((error as Error).message, adviceFor(error));
  return code;
}

function sayStack(error: unknown, voice: Voice): void {
  const [first = '', ...frames] = String(error instanceof Error ? error.stack : error).split('\n');
  voice.say(`internal error: ${first}`);
  for (const frame of frames) voice.line(frame);
}

/** A run of jobs. */
export class Run {
  readonly #use: Use;
  readonly #reporter: Reporter;
  /** Items of which there is a result, by their positions. */
  readonly #settled = new Set<number>();
  #fatal: number | undefined;

  constructor(use: Use, reporter: Reporter) {
    this.#use = use;
    this.#reporter = reporter;
    // Most writers of reports do not wait for their lines, so that the stream alone tells that its reader has gone, or its disk is full.
    process.stdout.once('error', (error) => this.fail(new LocalFileError('standard output', error)));
  }

  /** Notes that an item needs no job. */
  settle({ position }: Item): void {
    this.#settled.add(position);
  }

  /** Runs the jobs, whose tags are their items. Results of jobs that the end of the run has kept off are left out. */
  async transfer(jobs: Iterable<TransferJob>, { total, options }: Work, each: Each): Promise<void> {
    const { voice, interruption } = this.#use;
    const transfer = new Transfer({ ...options, signal: interruption.signal });
    interruption.watch();
    voice.watch(transfer, total);
    const future = new AioFuture(transfer.coRun(jobs, (result) => this.#coEach(result, each)));
    let grace: NodeJS.Timeout | undefined;
    const cancel = (): void => {
      // It keeps the process alive: a job that waits for standard output has nothing else that does.
      grace = setTimeout(() => future.cancel(interruption.signal.reason), GRACE);
    };
    interruption.signal.addEventListener('abort', cancel);
    try {
      await future;
    } catch (error) {
      if (!interruption.signal.aborted) this.fail(error);
    } finally {
      interruption.signal.removeEventListener('abort', cancel);
      clearTimeout(grace);
      voice.stop();
    }
  }

  #coEach(result: TransferResult, each: Each): Coroutine<void> | undefined {
    const item = itemOf(result.job);
    if (result.outcome === 'aborted') return undefined;
    this.#settled.add(item.position);
    const waiting = each(result, item);
    return waiting === undefined ? undefined : coAwait(waiting);
  }

  /** Ends the run for an error after which it cannot go on. */
  fail(error: unknown): void {
    if (this.#fatal !== undefined) return;
    this.#fatal = codeOfError(error);
    this.#use.interruption.stop(error instanceof Error ? error : new Error(String(error)));
    tell(error, this.#use.voice);
  }

  /**
   * Ends the run: reports what has no result, writes the files, tells the totals.
   * @param items all of them, again
   * @returns the exit code
   */
  async end(items: Iterable<Item>, { recordings, jar }: Written): Promise<number> {
    const { voice, interruption } = this.#use;
    removeTemporaries();
    const wanting = await this.#abandoned(items);
    for (const { file, content } of recordings.stop()) this.#writing(() => writeWhole(file, Buffer.from(content)));
    for (const write of this.#reporter.files()) this.#writing(write);
    this.#writing(() => jar?.save());
    const { totals, verdict } = this.#reporter;
    const code = interruption.code ?? this.#fatal ?? verdict.code;
    // The reader of a pipe that has gone wants to know no more.
    if (code === EXIT.brokenPipe) return code;
    const { cause } = interruption;
    this.#reporter.sayRepeats();
    if (cause !== undefined) voice.say(`${cause}: ${totals}`);
    else if (voice.tellsTotals && totals.count > 1 && totals.wanting > 0) voice.say(String(totals));
    for (const line of wanting) voice.line(`        ${line}`);
    return code;
  }

  /** Writes a file. One that cannot be written keeps no other file back, nor the totals. */
  #writing(write: () => void): void {
    try {
      write();
    } catch (error) {
      const code = tell(error, this.#use.voice);
      this.#fatal ??= code;
    }
  }

  /** Reports the items without a result as aborted. Returns the lines that name the first of them. */
  async #abandoned(items: Iterable<Item>): Promise<string[]> {
    const lines: string[] = [];
    let count = 0;
    // A run that nothing has ended has a result for each.
    if (!this.#use.interruption.signal.aborted) return lines;
    for (const item of items) {
      if (this.#settled.has(item.position)) continue;
      count++;
      if (count <= NAMED) lines.push(`not done: ${item.text.replaceAll('\t', ' ')}`);
      const { url } = item;
      await this.#reporter.report(item, unsent({ url, tag: item }, { outcome: 'aborted', error: undefined }));
    }
    return count > NAMED ? [...lines, `and ${count - NAMED} more (--failed FILE lists all)`] : lines;
  }
}
