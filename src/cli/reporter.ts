/**
 * Reports what becomes of the documents: totals, messages, JSON, the list of what is wanting. It knows results, not how
 * they came about.
 */

import type { TransferResult } from '../index.ts';
import { EXIT } from './exit-codes.ts';
import type { Given } from './given.ts';
import type { Item } from './item.ts';
import { Lines } from './lines.ts';
import { writeWhole } from './local-file.ts';
import { Repeats } from './repeats.ts';
import { FailedList, jsonLine } from './report.ts';
import { type Fate, Totals } from './totals.ts';
import { codeOfResult, Verdict } from './verdict.ts';
import type { Voice } from './voice.ts';
import { sentenceFor } from './wording.ts';

/** What a report says beside the result itself. */
export interface Remark {
  /** What became of it, if that is not the outcome. */
  readonly fate?: Fate;
  /** The exit code that it stands for, if that is not the one of the result. */
  readonly code?: number;
  /** More members of its line of JSON. */
  readonly json?: object;
  /** The file that it is about, if that is not the one that was written. */
  readonly file?: string | undefined;
  /** Whether standard output tells it, so that no message is needed. */
  readonly isTold?: boolean;
}

/** The reports of one run. */
export class Reporter {
  readonly totals: Totals = new Totals();
  readonly verdict: Verdict = new Verdict();
  readonly #given: Given;
  /** Undefined if each failure is to be said. */
  readonly #repeats: Repeats | undefined;
  readonly #voice: Voice;
  readonly #lines: Lines | undefined;
  readonly #failed: FailedList | undefined;
  readonly #summary: string | undefined;

  constructor(given: Given, voice: Voice) {
    const { jsonl, failed, summary, verbose } = given;
    this.#given = given;
    this.#repeats = verbose ? undefined : new Repeats();
    this.#voice = voice;
    this.#lines = jsonl ? new Lines(process.stdout) : undefined;
    this.#failed = failed === undefined ? undefined : new FailedList(failed);
    this.#summary = summary;
  }

  /** Returns a promise if the reader of the report is slow. */
  report(item: Item, result: TransferResult, remark: Remark = {}): Promise<void> | undefined {
    const { outcome, bytes } = result;
    const { fate = outcome, code = codeOfResult(result), json, isTold = false } = remark;
    const { file = outcome === 'done' ? item.path : undefined } = remark;
    this.totals.add(fate, outcome === 'done' ? bytes : 0);
    this.verdict.add(code);
    if (outcome === 'aborted' || code !== 0) this.#failed?.add({ ...result, index: item.position }, item.text);
    if (outcome !== 'done' && outcome !== 'aborted' && code !== 0 && !isTold) {
      const { where, cause, advice } = sentenceFor(item, result, this.#given);
      const isSaid = this.#repeats?.add({ url: result.url, code, cause }) ?? true;
      if (isSaid) this.#voice.say(`${where}: ${cause}`, advice);
    }
    return this.#lines?.write(jsonOf({ ...item, path: file }, result, { class: classOf(fate, code), ...json }));
  }

  /** Says how many failures were not said. */
  sayRepeats(): void {
    for (const line of this.#repeats?.lines() ?? []) this.#voice.say(line);
  }

  /** What writes the files, each. @throws LocalFileError from each */
  *files(): Generator<() => void> {
    const [failed, summary] = [this.#failed, this.#summary];
    if (failed !== undefined) yield () => failed.close();
    if (summary !== undefined) yield () => writeWhole(summary, Buffer.from(this.totals.json()));
  }
}

/** The word for what became of a document: that of its exit code, or its fate. */
function classOf(fate: Fate, code: number): string {
  if (code === EXIT.done) return fate === 'done' ? 'ok' : fate;
  return Object.entries(EXIT).find(([, each]) => each === code)?.[0] ?? fate;
}

/** The line; `more` has its class, and what the result does not know. */
function jsonOf(item: Item, result: TransferResult, more: { readonly class: string }): string {
  const { line = null, path = null } = item;
  const { class: kind, ...others } = more;
  const text = jsonLine(result, { line, file: path, class: kind });
  const added = JSON.stringify(others).slice(1, -1);
  return added === '' ? `${text}\n` : `${text.slice(0, -1)},${added}}\n`;
}
