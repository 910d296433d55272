/**
 * What a flag is. The tables of flags are the only source of the parser, the help, the man page and the completion.
 */

/** The commands. */
export const COMMANDS = ['get', 'check', 'put', 'demo', 'completion'] as const;
export type CommandName = (typeof COMMANDS)[number];

/**
 * What a value is: it decides how the value is read and completed. `list` may be given several times; a `switch` has no
 * value.
 */
export type ValueKind =
  | 'switch'
  | 'text'
  | 'list'
  | 'file'
  | 'files'
  | 'folder'
  | 'count'
  | 'positive'
  | 'seconds'
  | 'size'
  | 'choice';

/** A flag. */
export interface Flag {
  /** The letter, without its dash; undefined: there is none. */
  readonly short: string | undefined;
  /** The long name, without dashes: also the name in a configuration file. */
  readonly long: string;
  /** The name of the value in the help; undefined for a switch. */
  readonly value: string | undefined;
  readonly kind: ValueKind;
  /** The values of a `choice`. */
  readonly choices: readonly string[];
  readonly help: string;
  /** The commands that know it. */
  readonly of: readonly CommandName[];
  /** Long names of flags that exclude it. */
  readonly excludes: readonly string[];
  /** Whether the short help leaves it out. */
  readonly rare: boolean;
}

/** What a line of a table says beside spelling and help. */
export interface FlagDetails {
  readonly kind?: ValueKind;
  readonly choices?: readonly string[];
  readonly of?: readonly CommandName[];
  readonly excludes?: readonly string[];
  readonly rare?: true;
}

/** A line of a table: `-o, --output FILE`, the help, and the rest. */
export type FlagLine = readonly [spelling: string, help: string, details?: FlagDetails];

/** Flags under one heading. */
export interface FlagGroup {
  readonly heading: string;
  readonly flags: readonly Flag[];
}

/** Makes the group. `of` is for lines that do not name their commands. */
export function flagGroup(heading: string, of: readonly CommandName[], lines: readonly FlagLine[]): FlagGroup {
  return { heading, flags: lines.map((line) => flagOf(line, of)) };
}

function flagOf([spelling, help, details = {}]: FlagLine, of: readonly CommandName[]): Flag {
  const [, short, long = '', value] = /^(?:-(\w|\d), )?--([\w-]+)(?: (\S+))?$/.exec(spelling) ?? [];
  const { kind = value === undefined ? 'switch' : 'text', choices = [], excludes = [], rare = false } = details;
  return { short, long, value, kind, choices, help, of: details.of ?? of, excludes, rare };
}

/** As it is written: `-o, --output`. */
export function spellingOf({ short, long }: Pick<Flag, 'short' | 'long'>): string {
  return short === undefined ? `--${long}` : `-${short}, --${long}`;
}
