/**
 * `dugong put`: sends files, each with a PUT of its own.
 */

import type { TransferJob, TransferResult } from '../index.ts';
import { contentOfFile, type FileToSend, filesToSend } from './files-to-send.ts';
import type { CommandLine } from './given.ts';
import { FailedEarly } from './interruption.ts';
import { type Item, itemOf } from './item.ts';
import { Recordings } from './recordings.ts';
import { Reporter } from './reporter.ts';
import { requestForm } from './request.ts';
import { Run, type Use } from './run.ts';
import { transferSetup } from './transfer-options.ts';
import { parseURL } from './urls.ts';
import { UsageError } from './usage-error.ts';
import { codeOfResult } from './verdict.ts';

/** Sends. Returns the exit code. @throws UsageError, LocalFileError */
export async function put(line: CommandLine, use: Use): Promise<number> {
  const { given, operands } = line;
  const { interruption } = use;
  const target = operands.at(-1);
  if (target === undefined || operands.length < 2)
    throw new UsageError('put: give files or folders, and a URL at the end');
  const files = filesToSend(operands.slice(0, -1), parseURL(target));
  if (files.length === 0) throw new UsageError('put: there is no file in the folder');
  const { signal } = interruption;
  const { headers } = await requestForm(given, use);
  const { options, jar } = await transferSetup(given, { signal, follows: false });
  const reporter = new Reporter(given, use.voice);
  const recordings = await Recordings.start(given, use);
  const run = new Run(use, reporter);
  const condition = given.overwrite ? [] : [['If-None-Match', '*'] as const];
  const jobs = files.map((file, position) => jobOf(file, { position, headers: [...headers, ...condition] }));
  await run.transfer(jobs, { total: jobs.length, options }, (result: TransferResult, item: Item) => {
    const reported = reporter.report(item, result);
    if (given.failEarly && codeOfResult(result) !== 0) interruption.stop(new FailedEarly());
    return reported;
  });
  jar?.save();
  return await run.end(jobs.map(itemOf), recordings);
}

function jobOf(
  { path, url, size }: FileToSend,
  { position, headers }: { position: number; headers: readonly (readonly [string, string])[] },
): TransferJob {
  const tag: Item = { position, url: url.href, text: `${path} to ${url.href}`, line: undefined, path };
  const fields = [...headers, ['Content-Length', String(size)] as const];
  const accepts = (status: number): boolean => status >= 200 && status < 300;
  return { url, method: 'PUT', headers: fields, body: () => contentOfFile(path), sink: 'discard', accepts, tag };
}
