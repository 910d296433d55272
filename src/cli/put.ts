/**
 * `dugong put`: sends files, each with a PUT of its own.
 */

import type { TransferJob, TransferResult } from '../index.ts';
import { contentOfFile, type FileToSend, filesInList, filesToSend, lineFor } from './files-to-send.ts';
import type { CommandLine } from './given.ts';
import { FailedEarly, type Interruption } from './interruption.ts';
import { type Item, itemOf } from './item.ts';
import { textsOfLists } from './read-list.ts';
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
  const { given } = line;
  const { interruption } = use;
  const files = await filesOf(line, interruption);
  const { signal } = interruption;
  const { headers } = await requestForm(given, use);
  const { options, jar } = await transferSetup(given, { signal, follows: false });
  const reporter = new Reporter(given, use.voice);
  const recordings = await Recordings.start(given, use);
  const run = new Run(use, reporter);
  const condition = given.overwrite ? [] : [['If-None-Match', '*'] as const];
  const jobs = files.map((file, position) => jobOf(file, { position, headers: [...headers, ...condition] }));
  await run.transfer(jobs, { total: jobs.length, options }, (result: TransferResult, item: Item) => {
    const reported = reporter.report(item, result, { file: item.path });
    if (given.failEarly && codeOfResult(result) !== 0) interruption.stop(new FailedEarly());
    return reported;
  });
  return await run.end(jobs.map(itemOf), { recordings, jar });
}

/** What the operands name, and what is in the list. */
async function filesOf({ given, operands }: CommandLine, interruption: Interruption): Promise<FileToSend[]> {
  const { input, allowEmpty } = given;
  const target = operands.at(-1);
  if (operands.length === 1 || (target === undefined && input === undefined))
    throw new UsageError('put: give files or folders, and a URL at the end, or --input FILE');
  const named = target === undefined ? [] : filesToSend(operands.slice(0, -1), parseURL(target));
  const listed = (await textsOfLists(input ?? [], interruption)).flatMap(filesInList);
  const files = [...named, ...listed];
  assertApart(files);
  if (files.length > 0 || allowEmpty) return files;
  const where = input === undefined ? 'the folder' : `--input ${input.join(', ')}`;
  throw new UsageError(`put: there is no file in ${where} (--allow-empty takes that)`);
}

/** Of two documents with one URL, the server would keep the later one. @throws UsageError */
function assertApart(files: readonly FileToSend[]): void {
  const paths = new Map<string, string>();
  for (const { path, url } of files) {
    const other = paths.get(url.href);
    if (other !== undefined) throw new UsageError(`put: ${other} and ${path} would both be ${url.href}`);
    paths.set(url.href, path);
  }
}

function jobOf(
  file: FileToSend,
  { position, headers }: { position: number; headers: readonly (readonly [string, string])[] },
): TransferJob {
  const { path, url, size } = file;
  const tag: Item = { position, url: url.href, text: lineFor(file), line: undefined, path };
  const fields = [...headers, ['Content-Length', String(size)] as const];
  const accepts = (status: number): boolean => status >= 200 && status < 300;
  return { url, method: 'PUT', headers: fields, body: () => contentOfFile(path), sink: 'discard', accepts, tag };
}
