/**
 * Reads a command line by the table of flags. It knows no meaning of a flag.
 */

import { Command, CommanderError, Option } from 'commander';
import { configured, withPlaces } from './config-file.ts';
import { COMMANDS, type CommandName, type Flag, spellingOf } from './flag.ts';
import { FLAGS, flagsOf, RETIRED } from './flags.ts';
import type { CommandLine, Given } from './given.ts';
import type { Interruption } from './interruption.ts';
import { UsageError } from './usage-error.ts';
import { readValue } from './values.ts';

/** Reads the command line, and the configuration files that it names. @throws UsageError, which shows no value */
export async function parse(argv: readonly string[], interruption: Interruption): Promise<CommandLine> {
  const { command, rest } = commandOf(argv);
  const { given, operands } = read(command, rest);
  const { config = [], disableConfig = false, help = false } = given;
  const takesNone = help || command === 'demo' || command === 'completion';
  const before = takesNone ? [] : await configured({ files: config, disableConfig }, interruption);
  // What is nearer to the user comes later, and the last value counts.
  const known = before.filter(({ flag }) => flag.of.includes(command));
  if (known.length === 0) return { command, given, operands, configured: [] };
  const only = known.filter(({ flag }) => !(camelCase(flag.long) in given));
  try {
    return { command, ...read(command, [...known.flatMap(({ words }) => words), ...rest]), configured: only };
  } catch (error) {
    throw withPlaces(error, only);
  }
}

function commandOf(argv: readonly string[]): { command: CommandName; rest: readonly string[] } {
  const first = COMMANDS.find((name) => name === argv[0]);
  return first === undefined ? { command: 'get', rest: argv } : { command: first, rest: argv.slice(1) };
}

function read(name: CommandName, argv: readonly string[]): { given: Given; operands: readonly string[] } {
  const command = new Command('dugong').helpOption(false).exitOverride().allowExcessArguments();
  command.configureOutput({ writeOut: () => {}, writeErr: () => {} });
  for (const flag of flagsOf(name)) {
    command.addOption(optionOf(flag));
    if (flag.kind === 'switch') addOff(command, flag);
  }
  try {
    command.parse(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    throw new UsageError(explained(error.message.replace(/^error: /, ''), name));
  }
  // Without a prototype, so that missing flags are not looked up on Object.prototype.
  return { given: Object.assign(Object.create(null), command.opts<Given>()), operands: command.args };
}

function optionOf(flag: Flag): Option {
  const { value, kind, excludes } = flag;
  const option = new Option(value === undefined ? spellingOf(flag) : `${spellingOf(flag)} <${value}>`);
  if (excludes.length > 0) option.conflicts(excludes.map(camelCase));
  if (kind === 'list' || kind === 'files') {
    option.argParser((text, before: readonly unknown[] = []) => [...before, readValue(flag, text)]);
  } else if (value !== undefined) {
    option.argParser((text) => readValue(flag, text));
  }
  return option;
}

/** Adds `--no-NAME`, after which it is as if the flag had not been given. */
function addOff(command: Command, { long }: Flag): void {
  command.addOption(new Option(`--no-${long}`));
  // After the handler of commander, for which false would be a value that other flags exclude.
  command.on(`option:no-${long}`, () => command.setOptionValue(camelCase(long), undefined));
}

function camelCase(long: string): string {
  return long.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * The message, with what to give in place of a spelling that is no longer known. The value of an unknown option is
 * removed: it may be a secret, as in options of other commands (--password=...).
 */
function explained(message: string, command: CommandName): string {
  const [, option] = /^unknown option '(-[^-]|--[\w-]+)/s.exec(message) ?? [];
  if (option === undefined) return message;
  const instead = RETIRED.get(option);
  if (instead !== undefined) return `${option} is not known: give ${instead}`;
  const off = option.replace(/^--no-/, '--');
  const flag = FLAGS.find(({ short, long, kind }) =>
    [`--${long}`, `-${short}`].includes(kind === 'switch' ? off : option),
  );
  // A flag with a value that it does not take, as --silent=yes, is an unknown one for commander.
  if (flag?.of.includes(command)) return `${option} has no value`;
  if (flag !== undefined) return `${option} is no flag of dugong ${command}: it is one of ${flag.of.join(', ')}`;
  return `unknown option '${option}'${similar(option)}`;
}

/** Long names that begin in the same way. */
function similar(option: string): string {
  const start = option.slice(2, 6);
  const alike = option.startsWith('--') ? FLAGS.filter(({ long }) => start !== '' && long.startsWith(start)) : [];
  return alike.length === 0 ? '' : ` (is it ${alike.map(({ long }) => `--${long}`).join(' or ')}?)`;
}
