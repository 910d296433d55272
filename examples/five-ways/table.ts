/**
 * The table that the five-ways example prints: text in columns, numbers to the right.
 */

import type { Fetched } from './fetch-documents.ts';

export interface Result {
  readonly name: string;
  readonly fetched: Fetched;
  readonly mismatches: readonly string[];
}

const HEADINGS = ['way', 'documents', 'missing', 'MB', 'seconds', 'requests/s', 'CPU µs/request', 'verified'];

/** Lines of text, the first one the headings. MB are 10^6 bytes of the documents that exist. */
export function table(results: readonly Result[]): string[] {
  const rows = [HEADINGS, ...results.map(row)];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows.map((cells) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  '),
  );
}

function row({ name, fetched: { documents, measured }, mismatches }: Result): string[] {
  const existing = documents.filter(({ status }) => status === 200);
  const bytes = existing.reduce((sum, { body }) => sum + body.length, 0);
  return [
    name,
    String(existing.length),
    String(documents.length - existing.length),
    (bytes / 1e6).toFixed(1),
    measured.seconds.toFixed(3),
    (documents.length / measured.seconds).toFixed(0),
    (measured.cpu / documents.length).toFixed(1),
    mismatches.length === 0 ? 'yes' : `${mismatches.length} WRONG`,
  ];
}
