/**
 * Runs a command line to its exit code. Each command is loaded only when it is asked for.
 */

import { withPlaces } from './config-file.ts';
import { EXIT } from './exit-codes.ts';
import type { CommandLine, Given } from './given.ts';
import { help } from './help.ts';
import { Interruption } from './interruption.ts';
import { parse } from './parse.ts';
import { print } from './print.ts';
import { tell, type Use } from './run.ts';
import { UsageError } from './usage-error.ts';
import { version } from './version.ts';
import { Voice } from './voice.ts';

type Command = (line: CommandLine, use: Use) => Promise<number>;

const COMMANDS: Readonly<Record<CommandLine['command'], () => Promise<Command>>> = {
  get: async () => (await import('./get.ts')).get,
  check: async () => (await import('./check.ts')).check,
  put: async () => (await import('./put.ts')).put,
  demo: async () => (await import('./demo.ts')).demo,
  completion: () => Promise.reject(new UsageError('completion: for which shell? bash, zsh or fish')),
};

/** Runs it. Returns the exit code. */
export async function runCommand(argv: readonly string[]): Promise<number> {
  // Without standard error there is no place for messages; the exit code remains.
  process.stderr.on('error', () => {});
  // Each write has its own error, too.
  process.stdout.on('error', () => {});
  using interruption = new Interruption();
  const code = await run(argv, interruption);
  // A reader of the output that does not read would keep the process alive.
  interruption.exit(code);
  return code;
}

async function run(argv: readonly string[], interruption: Interruption): Promise<number> {
  let given: Given = {};
  let configured: CommandLine['configured'] = [];
  try {
    const line = await parse(argv, interruption);
    ({ given, configured } = line);
    if (given.help || given.version) return printed(line);
    const command = await COMMANDS[line.command]();
    return await command(line, { given, version: version(), voice: new Voice(given), interruption });
  } catch (error) {
    const voice = new Voice(given);
    if (interruption.code === undefined) return tell(withPlaces(error, configured), voice);
    voice.say(interruption.cause ?? '');
    return interruption.code;
  }
}

function printed({ command, given }: CommandLine): number {
  print(given.version ? `${version()}\n` : help({ command, all: false }));
  return EXIT.done;
}
