/**
 * `dugong get`: fetches the documents of a list.
 */

import { HTTPHeaders, type TransferJob, type TransferResult } from '../index.ts';
import { Destination } from './destination.ts';
import { LocalFileError, RangeMismatch } from './file-sink.ts';
import type { CommandLine } from './given.ts';
import { headOf } from './head-text.ts';
import { FailedEarly } from './interruption.ts';
import { type Item, unsent } from './item.ts';
import { Lines } from './lines.ts';
import type { Entry, List } from './list.ts';
import { entriesOf, readList, selection } from './read-list.ts';
import { Recordings } from './recordings.ts';
import { formatWriteOut, writeOutTemplate } from './report.ts';
import { Reporter } from './reporter.ts';
import { type RequestForm, requestForm } from './request.ts';
import { Run, type Use } from './run.ts';
import { transferSetup } from './transfer-options.ts';
import { codeOfResult } from './verdict.ts';

/** Errors of the system after which no file can be written anywhere. */
const FATAL = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EPIPE', 'EMFILE', 'ENFILE']);

/** Fetches. Returns the exit code. @throws UsageError */
export async function get(line: CommandLine, use: Use): Promise<number> {
  const { given } = line;
  const { signal } = use.interruption;
  const list = await readList(line, use.interruption);
  const form = await requestForm(given, use);
  const writeOut = await writeOutTemplate(given, use);
  const destination = new Destination(given, list);
  const { options, jar } = await transferSetup(given, { signal, follows: false });
  const reporter = new Reporter(given, use.voice);
  const recordings = await Recordings.start(given, use);
  const run = new Run(use, reporter);
  const getting = new Getting({ use, list, form, writeOut, destination, reporter, run });
  await run.transfer(getting.jobs(), { total: list.length, options }, (result, item) => getting.taken(result, item));
  const again = getting.again();
  if (again.length > 0 && !signal.aborted) {
    await run.transfer(again, { total: again.length, options }, (result, item) => getting.taken(result, item));
  }
  await destination.close(use.interruption);
  return await run.end(getting.items(), { recordings, jar });
}

interface Parts {
  readonly use: Use;
  readonly list: List;
  readonly form: RequestForm;
  readonly writeOut: string | undefined;
  readonly destination: Destination;
  readonly reporter: Reporter;
  readonly run: Run;
}

/** The jobs of a list, and what is done with their results. */
class Getting {
  readonly #parts: Parts;
  /** Jobs to be run once more, as their partial files do not fit. */
  readonly #again: TransferJob[] = [];
  readonly #tails = new Lines(process.stdout);

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The jobs, in the order of the list. Documents whose files are there need none. */
  *jobs(): Generator<TransferJob> {
    const { list, destination, use } = this.#parts;
    const isWanted = selection(use.given);
    let position = 0;
    for (const entry of list) {
      // The names of all parts of a list are planned, so that each part has the names of the whole.
      const path = destination.pathFor(entry);
      if (!isWanted(entry)) continue;
      const { url, line } = entry;
      const item: Item = { position: position++, url: url.href, text: destination.lineFor(entry), line, path };
      if (!this.#isThere(item, entry.expected)) yield this.#job(entry, item);
    }
  }

  /** The items of all jobs, also of those that were not made. */
  *items(): Generator<Item> {
    const { list, destination, use } = this.#parts;
    destination.planRest(list);
    let position = 0;
    for (const entry of entriesOf(list, use.given)) {
      const { url, line } = entry;
      yield { position: position++, url: url.href, text: destination.lineFor(entry), line, path: undefined };
    }
  }

  #job({ url, expected }: Entry, item: Item): TransferJob {
    const { form, destination } = this.#parts;
    const { method, headers, body } = form;
    const { size, digest, etag } = expected;
    const range = destination.resumeFields(item.path, url);
    const sink = destination.sinkFor(item.path, item.position);
    const job = { url, method, headers, body, sink, size, digest, etag, tag: item };
    if (range === undefined) return job;
    const fields = new HTTPHeaders(headers);
    for (const [name, value] of Object.entries(range)) fields.set(name, value);
    return { ...job, headers: fields, accepts: (status) => (status >= 200 && status < 300) || status === 416 };
  }

  /** Settles a document whose file is there already, or cannot be there. */
  #isThere(item: Item, { size }: Entry['expected']): boolean {
    const { reporter, run } = this.#parts;
    const found = this.#presence(item, size);
    if (found === 'absent') return false;
    run.settle(item);
    const job: TransferJob = { url: item.url, tag: item };
    const result = found === 'skip' ? unsent(job, { outcome: 'done', error: undefined }) : unsent(job, found);
    // A generator cannot wait; there is one line for each document at most.
    void reporter.report(item, result, found === 'skip' ? { fate: 'skipped' } : {});
    void this.#finish(item, result);
    return true;
  }

  // Parameters: the file, and the size that it should have.
  #presence(
    { path }: Item,
    size: number | undefined,
  ): 'absent' | 'skip' | { readonly outcome: 'failed'; readonly error: Error } {
    try {
      const presence = this.#parts.destination.presence(path, size);
      if (presence !== 'refuse') return presence;
      return { outcome: 'failed', error: new LocalFileError(path ?? '', 'the file exists') };
    } catch (error) {
      if (!(error instanceof LocalFileError)) throw error;
      return { outcome: 'failed', error };
    }
  }

  /** Jobs whose partial files turned out to be of other documents, now without them. */
  again(): TransferJob[] {
    return this.#again.splice(0);
  }

  taken(result: TransferResult, planned: Item): Promise<void> | undefined {
    const { reporter, run, use, destination } = this.#parts;
    const item = destination.named(planned);
    const { error, job } = result;
    if (error instanceof RangeMismatch && new HTTPHeaders(job.headers).has('Range')) {
      const headers = new HTTPHeaders(job.headers);
      for (const name of ['Range', 'If-Range']) headers.delete(name);
      const { accepts: _, ...rest } = job;
      this.#again.push({ ...rest, headers });
      return undefined;
    }
    if (error instanceof LocalFileError && error.code === 'EEXIST' && use.given.skipExisting) {
      // Another process has made it meanwhile.
      const skipped = { ...result, outcome: 'done', error: undefined } as const;
      return both(reporter.report(item, skipped, { fate: 'skipped' }), this.#finish(item, skipped));
    }
    const isFatal = error instanceof LocalFileError && (FATAL.has(error.code ?? '') || destination.isLost);
    const reported = reporter.report(item, result, { isTold: isFatal });
    if (isFatal) run.fail(error);
    else if (use.given.failEarly && codeOfResult(result) !== 0) use.interruption.stop(new FailedEarly());
    return both(reported, this.#finish(item, result));
  }

  /** Writes what follows the document, and gives standard output to the next one. */
  #finish(item: Item, result: TransferResult): Promise<void> | undefined {
    const { destination, use } = this.#parts;
    const tail = this.#tail(item, result);
    const { ordered } = destination;
    if (ordered !== undefined) {
      return ordered.finish(item.position, tail).catch((error) => this.#parts.run.fail(error));
    }
    return tail === undefined || use.interruption.signal.aborted ? undefined : this.#tails.write(tail);
  }

  /** The head of a document that is missing (-i, -I), and the text of -w. */
  #tail({ path }: Item, result: TransferResult): Buffer | undefined {
    const { use, writeOut } = this.#parts;
    const { include, head } = use.given;
    const { outcome, response } = result;
    const showsHead = outcome === 'missing' && response !== undefined && (include || head);
    const parts = [
      ...(showsHead ? [headOf(response, { terminal: process.stdout.isTTY })] : []),
      ...(writeOut === undefined
        ? []
        : [Buffer.from(formatWriteOut(writeOut, result, { file: path ?? null, exitCode: codeOfResult(result) }))]),
    ];
    return parts.length === 0 ? undefined : Buffer.concat(parts);
  }
}

function both(one: Promise<void> | undefined, other: Promise<void> | undefined): Promise<void> | undefined {
  return one === undefined ? other : one.then(() => other);
}
