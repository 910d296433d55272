/** The command lines of this folder's programs: `--help` prints help; a wrong argument prints the reason, with status 2. */

import { type ParseArgsConfig, parseArgs } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;

export interface CommandLine<O extends Options> {
  readonly values: ReturnType<typeof parseArgs<{ options: O }>>['values'];
  /** The arguments that are no options. */
  readonly names: readonly string[];
  /** A number, from `least` on. */
  number(name: keyof O & string, least?: number): number;
  /** Prints what is wrong and how to correct it, and ends the process. */
  readonly fail: (message: string) => never;
}

/** @param named whether names may be given beside options */
export function commandLine<const O extends Options>(
  usage: string,
  options: O,
  { named = false }: { named?: boolean } = {},
): CommandLine<O> {
  const fail = (message: string): never => {
    console.error(`${message}\n\n${usage}`);
    process.exit(2);
  };
  if (process.argv.slice(2).some((one) => one === '--help' || one === '-h')) {
    console.log(usage);
    process.exit();
  }
  const { values, positionals } = parsed(options, named, fail);
  const number = (name: keyof O & string, least: number = 0): number => {
    const given: unknown = Reflect.get(values, name);
    const value = Number(given);
    return value >= least ? value : fail(`--${name} must be a number, ${least} at least, got ${given}`);
  };
  return { values, names: positionals, number, fail };
}

function parsed<const O extends Options>(options: O, named: boolean, fail: (message: string) => never) {
  try {
    return parseArgs({ options, allowPositionals: named });
  } catch (error) {
    return fail((error as Error).message);
  }
}
