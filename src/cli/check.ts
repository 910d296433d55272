/**
 * `dugong check`: asks whether links are alive, with HEAD first, and with GET where HEAD does not show it. Links that differ
 * in their fragments only are asked for once.
 */

import type { TransferJob, TransferResult } from '../index.ts';
import { EXIT } from './exit-codes.ts';
import type { CommandLine } from './given.ts';
import { FailedEarly } from './interruption.ts';
import type { Item } from './item.ts';
import { Lines } from './lines.ts';
import { deservesGet, type LinkState, linkState } from './link-state.ts';
import { printable } from './printable.ts';
import { entriesOf, itemsOf, readList } from './read-list.ts';
import { Recordings } from './recordings.ts';
import { type Remark, Reporter } from './reporter.ts';
import { requestForm } from './request.ts';
import { Run, type Use } from './run.ts';
import { transferSetup } from './transfer-options.ts';
import { withoutUserinfo } from './urls.ts';
import { codeOfResult } from './verdict.ts';

/** Bytes of a body that is read to keep the connection. */
const MOST_READ = 65_536;

/** Checks. Returns the exit code. @throws UsageError */
export async function check(line: CommandLine, use: Use): Promise<number> {
  const { given } = line;
  const { signal } = use.interruption;
  const list = await readList(line, use.interruption);
  const { headers } = await requestForm(given, use);
  const { options, jar } = await transferSetup(given, { signal, follows: true });
  const reporter = new Reporter(given, use.voice);
  const recordings = await Recordings.start(given, use);
  const run = new Run(use, reporter);
  const links = new Links({ use, reporter, run });
  const items = (): Iterable<Item> => itemsOf(entriesOf(list, given));
  const heads = links.distinct(items()).map((item) => headJob(item, headers));
  await run.transfer(heads, { total: heads.length, options }, (result, item) => links.answered(result, item));
  const gets = links.undecided.map((item) => getJob(item, headers));
  // A longer body costs a connection, which is less than reading it.
  const capped = { ...options, maxSize: MOST_READ };
  if (gets.length > 0 && !signal.aborted) {
    await run.transfer(gets, { total: gets.length, options: capped }, (result, item) => links.decided(result, item));
  }
  return await run.end(items(), { recordings, jar });
}

type Fields = readonly (readonly [string, string])[];

function headJob(item: Item, headers: Fields): TransferJob {
  return { url: item.url, method: 'HEAD', headers, sink: 'discard', tag: item };
}

function getJob(item: Item, headers: Fields): TransferJob {
  const accepts = (status: number): boolean => (status >= 200 && status < 300) || status === 416;
  return { url: item.url, headers: [...headers, ['Range', 'bytes=0-0']], sink: 'discard', tag: item, accepts };
}

interface Parts {
  readonly use: Use;
  readonly reporter: Reporter;
  readonly run: Run;
}

/** The links and what is known of them. */
class Links {
  readonly #parts: Parts;
  readonly #lines: Lines | undefined;
  /** All items of a URL without its fragment, if they are several. */
  readonly #sources = new Map<string, Item[]>();
  /** Links that HEAD did not decide. */
  readonly undecided: Item[] = [];

  constructor(parts: Parts) {
    this.#parts = parts;
    const { jsonl, silent } = parts.use.given;
    this.#lines = jsonl || silent ? undefined : new Lines(process.stdout);
  }

  /** One item for each URL. */
  distinct(items: Iterable<Item>): Item[] {
    for (const item of items) {
      const key = withoutFragment(item.url);
      const same = this.#sources.get(key);
      if (same === undefined) this.#sources.set(key, [item]);
      else same.push(item);
    }
    return [...this.#sources.values()].flatMap(([first]) => (first === undefined ? [] : [first]));
  }

  answered(result: TransferResult, item: Item): Promise<void> | undefined {
    if (!deservesGet(result)) return this.decided(result, item);
    this.undecided.push(item);
    return undefined;
  }

  decided(result: TransferResult, item: Item): Promise<void> | undefined {
    const state = linkState(result);
    const sources = this.#sources.get(withoutFragment(item.url)) ?? [item];
    const waiting = sources.flatMap((each) => this.#report(each, result, state) ?? []);
    return waiting.length === 0 ? undefined : Promise.all(waiting).then(() => undefined);
  }

  #report(item: Item, result: TransferResult, state: LinkState): Promise<void> | undefined {
    const { use, reporter, run } = this.#parts;
    const { allowBlocked, failEarly } = use.given;
    run.settle(item);
    const isAlive = state === 'alive' || state === 'redirected';
    const isAllowed = isAlive || (state === 'blocked' && allowBlocked === true);
    // The answer counts, whatever became of its body.
    const outcome = isAlive ? 'done' : state === 'failed' ? 'failed' : 'missing';
    const judged = { ...result, outcome, error: outcome === 'failed' ? result.error : undefined } as const;
    const code = isAllowed ? EXIT.done : codeOfResult(judged);
    const fate = state === 'blocked' ? state : outcome;
    const remark: Remark = { fate, code, json: { state }, isTold: this.#lines !== undefined };
    const reported = reporter.report(item, judged, remark);
    if (failEarly && code !== EXIT.done) use.interruption.stop(new FailedEarly());
    const written = state === 'alive' ? undefined : this.#lines?.write(`${lineOf(item, result, state)}\n`);
    return reported ?? written;
  }
}

/** For people: state, status, URL, and where it leads or its line in the list. */
function lineOf({ url, line }: Item, { response, url: last, redirects }: TransferResult, state: LinkState): string {
  const status = redirects.at(0)?.status ?? response?.status ?? '-';
  const to = redirects.length === 0 ? '' : ` -> ${withoutUserinfo(last)}`;
  const where = line === undefined ? '' : ` (line ${line})`;
  return printable(`${state.padEnd(10)} ${String(status).padEnd(3)} ${withoutUserinfo(url)}${to}${where}`);
}

function withoutFragment(url: string): string {
  return url.replace(/#.*$/s, '');
}
