/**
 * The list of `--failed`: the input's own lines of what was not fetched, in the order of the input, each below a comment with the
 * reason. It can be the next run's `--input`, and may be the file of this run's: it is written at the end, as a whole.
 */

import type { TransferResult } from '../index.ts';
import { writeWhole } from './local-file.ts';
import { printable } from './printable.ts';

/** The lines of a run that are to be fetched again. */
export class FailedList {
  readonly #path: string;
  readonly #lines: { readonly index: number; readonly reason: string; readonly line: string }[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  /** @param line the line of the input, with its options */
  add(result: TransferResult, line: string): void {
    this.#lines.push({ index: result.index, reason: reasonOf(result), line });
  }

  /** Writes the file, an empty one if nothing failed. @throws LocalFileError */
  close(): void {
    const lines = this.#lines.sort((one, other) => one.index - other.index);
    const text = lines.map(({ reason, line }) => `# ${printable(reason)}\n${line}\n`).join('');
    writeWhole(this.#path, Buffer.from(text));
  }
}

function reasonOf({ outcome, response, error }: TransferResult): string {
  const status = response === undefined ? '' : ` ${response.status} ${response.reason}`.trimEnd();
  return outcome === 'missing'
    ? `missing:${status}`
    : `${outcome}: ${error?.message ?? (status.trim() || 'no reason is known')}`;
}
