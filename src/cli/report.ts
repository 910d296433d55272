/**
 * What the command says about results: a line of JSON for each, and a summary. It does no output.
 */

import prettyBytes from 'pretty-bytes';
import type { TransferCounts, TransferResult } from '../index.ts';
import { codeOf } from './local-file.ts';
import { printableJSON } from './printable.ts';

export { FailedList } from './failed-list.ts';
export { formatWriteOut, writeOutTemplate } from './write-out.ts';

/** What a result does not know. */
export interface ReportDetails {
  /** The number of the line of the input, from 1; null for a URL of the command line. */
  readonly line: number | null;
  /** The path of the file that was written; null if none was. */
  readonly file: string | null;
  /** The class of the outcome, as `ok` or `network`. */
  readonly class: string;
}

/** One JSON object, without a line break. All properties are always there; what is not known is null. */
export function jsonLine(result: TransferResult, details: ReportDetails): string {
  const { job, outcome, attempts, bytes, verification, error } = result;
  return printableJSON({
    url: withoutPassword(String(job.url)),
    line: details.line,
    outcome,
    status: result.response?.status ?? null,
    class: details.class,
    attempts,
    bytes,
    file: details.file,
    verification,
    redirects: result.redirects.map(({ status, url }) => ({ status, url: withoutPassword(url) })),
    finalUrl: withoutPassword(result.url),
    error: error === undefined ? null : error.message,
    code: codeOf(error) ?? null,
    mayHaveBeenProcessed: result.mayHaveBeenProcessed,
    retryAt: result.retryAt === undefined ? null : new Date(result.retryAt).toISOString(),
    ms: Math.round(result.duration),
  });
}

/** A URL for reports. */
export function withoutPassword(text: string): string {
  const url = text.includes('@') && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.password === '') return text;
  url.password = '***';
  return url.href;
}

/** The object of `--summary`, as JSON with a line break at its end. `details` are added. */
export function summaryJSON(counts: TransferCounts, ms: number, details: object = {}): string {
  const { done, missing, failed, bytes } = counts;
  const aborted = notFetched(counts);
  const documents = done + missing + failed + aborted;
  return `${printableJSON({ documents, done, missing, failed, aborted, bytes, ms: Math.round(ms), ...details })}\n`;
}

/** Documents for which the run ended too early. */
function notFetched({ aborted, waiting, inFlight }: TransferCounts): number {
  return aborted + waiting + inFlight;
}

/** The result of a run in a sentence or two. */
export function summaryOf(counts: TransferCounts, ms: number): string {
  const { done, missing, failed, bytes } = counts;
  const rate = ms > 0 && bytes > 0 ? `, ${prettyBytes((bytes / ms) * 1000)}/s` : '';
  const got = `${documents(done)} (${prettyBytes(bytes)}) in ${durationOf(ms)}${rate}`;
  const not = [
    [missing, 'missing'],
    [failed, 'failed'],
    [notFetched(counts), 'not fetched, because the run ended before'],
  ] as const;
  const problems = not.filter(([count]) => count > 0).map(([count, what]) => `${number(count)} ${what}`);
  return `${got}. ${problems.length === 0 ? 'Nothing is missing.' : `${problems.join(', ')}.`}`;
}

function documents(count: number): string {
  return `${number(count)} ${count === 1 ? 'document' : 'documents'}`;
}

/** With separators, whatever the locale. */
export function number(count: number): string {
  return count.toLocaleString('en');
}

/** A duration: `0.4 s`, `1 min 5 s`, `2 h 5 min`. */
export function durationOf(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
