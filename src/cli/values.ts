/**
 * Reads the values of flags: numbers with their units. It reads no files.
 */

import type { Flag } from './flag.ts';
import { UsageError } from './usage-error.ts';

/** Bytes of a unit, as curl has them. */
const UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['b', 1],
  ['k', 1024],
  ['m', 1024 ** 2],
  ['g', 1024 ** 3],
  ['t', 1024 ** 4],
]);
const MOST_SECONDS = 1e6;

/** The value of a flag: text, unless the kind is a number. @throws UsageError, which shows numbers only */
export function readValue(flag: Pick<Flag, 'long' | 'kind' | 'choices'>, text: string): string | number {
  switch (flag.kind) {
    case 'count':
      return wholeNumber(flag, text, 0);
    case 'positive':
      return wholeNumber(flag, text, 1);
    case 'seconds':
      return milliseconds(flag, text);
    case 'size':
      return bytes(flag, text);
    case 'choice':
      return choice(flag, text);
    case 'file':
    case 'files':
    case 'folder':
      return path(flag, text);
    default:
      return text;
  }
}

function wholeNumber({ long }: Pick<Flag, 'long'>, text: string, least: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : -1;
  if (value >= least) return value;
  throw new UsageError(`--${long} ${shown(text)}: must be a whole number, ${least} or more`);
}

function milliseconds({ long }: Pick<Flag, 'long'>, text: string): number {
  const value = /^\d*\.?\d+$/.test(text) ? Number(text) : 0;
  if (value > 0 && value <= MOST_SECONDS) return Math.ceil(value * 1000);
  throw new UsageError(`--${long} ${shown(text)}: must be a number of seconds above 0, e.g. 30 or 0.5`);
}

/** Bytes of a size as 500, 500k, 1.5M, 2MiB. */
function bytes({ long }: Pick<Flag, 'long'>, text: string): number {
  const [, digits, unit = ''] = /^(\d{1,12}(?:\.\d{1,9})?)([bkmgt]?)(?:i?b)?$/i.exec(text) ?? [];
  const size = Math.floor(Number(digits ?? 0) * (UNITS.get(unit.toLowerCase()) ?? 0));
  if (size >= 1 && Number.isSafeInteger(size)) return size;
  throw new UsageError(`--${long} ${shown(text)}: must be a number of bytes above 0, e.g. 65536, 500k, 2m or 1g`);
}

function choice({ long, choices }: Pick<Flag, 'long' | 'choices'>, text: string): string {
  if (choices.includes(text)) return text;
  throw new UsageError(`--${long} ${shown(text)}: must be ${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`);
}

function path({ long }: Pick<Flag, 'long'>, text: string): string {
  if (text !== '') return text;
  throw new UsageError(`--${long}: the name is empty`);
}

/** Bounded, because the text may be anything. */
function shown(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
}
