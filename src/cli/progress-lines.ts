/**
 * The lines of the progress display: one about the whole run, and one for each connection. It does no output and knows no time.
 */

import type { Formatter } from 'picocolors/types.js';
import prettyBytes from 'pretty-bytes';
import type { TransferCounts } from '../index.ts';
import { printable } from './printable.ts';
import { finishedOf } from './rates.ts';
import { durationOf, number, withoutPassword } from './report.ts';

/** What is known of a run. */
export interface State {
  readonly counts: TransferCounts;
  /** Documents of the run; undefined while more may come. */
  readonly total: number | undefined;
  readonly bytesPerSecond: number | undefined;
  /** Milliseconds. */
  readonly remaining: number | undefined;
}

/** The size of the terminal, and its colours. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
  readonly paint: {
    readonly green: Formatter;
    readonly yellow: Formatter;
    readonly red: Formatter;
    readonly dim: Formatter;
  };
}

const WIDEST_BAR = 30;
const NARROWEST_BAR = 8;

/** The lines for a terminal: never more than its rows, the cursor's row included, and each shorter than a row. */
export function progressLines(state: State, screen: Screen): string[] {
  const { connections } = state.counts;
  const room = Math.max(0, screen.rows - 2);
  const all = connections.length <= room;
  const shown = connections.slice(0, all ? room : Math.max(0, room - 1));
  const lines = shown.map((each) => connectionLine(each, screen));
  const more = connections.length - shown.length;
  if (!all && room > 0)
    lines.push(screen.paint.dim(fitted(`  and ${number(more)} more connections`, screen.columns - 1)));
  return [totalLine(state, screen), ...lines];
}

/** The line for a file: the same, without a bar. */
export function plainLine({ counts, total, bytesPerSecond, remaining }: State): string {
  const finished = finishedOf(counts);
  const of = total === undefined ? '' : ` of ${number(Math.max(total, finished))}`;
  const parts = [
    `${number(finished)}${of} documents`,
    prettyBytes(counts.bytes),
    bytesPerSecond !== undefined && `${prettyBytes(bytesPerSecond)}/s`,
    counts.missing > 0 && `${number(counts.missing)} missing`,
    counts.failed > 0 && `${number(counts.failed)} failed`,
    remaining !== undefined && `${durationOf(remaining)} left`,
  ];
  return parts.filter(Boolean).join(', ');
}

interface Part {
  readonly text: string;
  readonly paint?: Formatter;
}

/** The parts in the order of their place, which is that of their weight. Those that do not fit are left out, then the bar. */
function totalLine({ counts, total, bytesPerSecond, remaining }: State, { columns, paint }: Screen): string {
  const finished = finishedOf(counts);
  const whole = total === undefined ? undefined : Math.max(total, finished);
  const share = whole === undefined || whole === 0 ? undefined : finished / whole;
  const wanted: (Part | false)[] = [
    { text: whole === undefined ? number(finished) : `${number(finished)}/${number(whole)}` },
    counts.failed > 0 && { text: `${number(counts.failed)} failed`, paint: paint.red },
    counts.missing > 0 && { text: `${number(counts.missing)} missing`, paint: paint.yellow },
    share !== undefined && { text: `${Math.floor(share * 100)}%` },
    { text: prettyBytes(counts.bytes) },
    bytesPerSecond !== undefined && { text: `${prettyBytes(bytesPerSecond)}/s` },
    remaining !== undefined && { text: `${durationOf(remaining)} left` },
  ];
  const parts: Part[] = [];
  // The last column stays free: some terminals begin a new row behind it.
  let left = columns - 1;
  for (const part of wanted) {
    if (part === false) continue;
    const width = part.text.length + (parts.length === 0 ? 0 : 2);
    if (width > left) continue;
    parts.push(part);
    left -= width;
  }
  const text = parts.map((part) => (part.paint ?? String)(part.text)).join('  ');
  return share === undefined || left < NARROWEST_BAR + 4
    ? text
    : `${bar(share, Math.min(WIDEST_BAR, left - 4), paint.green)}  ${text}`;
}

function bar(share: number, width: number, paint: Formatter): string {
  const full = Math.floor(share * width);
  return `[${paint('='.repeat(full))}${' '.repeat(width - full)}]`;
}

function connectionLine(
  { origin, inFlight, url, bytes, length }: TransferCounts['connections'][number],
  { columns, paint }: Screen,
): string {
  const share = length === null || length === 0 ? '' : `${Math.floor(Math.min(1, bytes / length) * 100)}%`;
  const behind = inFlight > 1 ? ` +${number(inFlight - 1)}` : '';
  const begin = `  ${share.padStart(4)} ${(bytes > 0 ? prettyBytes(bytes) : '-').padStart(8)}${behind}  `;
  const about = printable(url === undefined ? `${origin} (idle)` : withoutPassword(url));
  return paint.dim(fitted(begin + about, columns - 1));
}

let segmenter: Intl.Segmenter | undefined;

/**
 * `text`, cut to so many cells. A character that may be two cells wide counts as two: no program can know which font and version of
 * Unicode the terminal has.
 */
export function fitted(text: string, cells: number): string {
  if (/^[ -~]*$/.test(text))
    return text.length <= cells ? text : `${text.slice(0, Math.max(0, cells - 1))}${cells > 0 ? '~' : ''}`;
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  let used = 0;
  let kept = '';
  for (const { segment } of segmenter.segment(text)) {
    used += /[\u1100-\u{10ffff}]/u.test(segment) ? 2 : 1;
    // One cell for the mark, unless this is the end.
    if (used <= cells - 1) kept += segment;
    if (used > cells) return cells > 0 ? `${kept}~` : '';
  }
  return text;
}
