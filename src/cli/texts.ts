/**
 * The commands that only print a text: --version, --help, completion. Nothing of the library is loaded for them.
 */

import { EXIT } from './exit-codes.ts';
import { COMMANDS } from './flag.ts';
import { print } from './print.ts';
import { version } from './version.ts';

/** Prints the text that is asked for. Returns the exit code; undefined if the command line asks for none. */
export async function printed(argv: readonly string[]): Promise<number | undefined> {
  const text = await textFor(argv);
  if (text === undefined) return undefined;
  try {
    print(text);
    return EXIT.done;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EPIPE') return EXIT.brokenPipe;
    process.stderr.write(`dugong: ${error instanceof Error ? error.message : String(error)}\n`);
    return EXIT.file;
  }
}

async function textFor(argv: readonly string[]): Promise<string | undefined> {
  const [first = '', ...others] = argv;
  if (first === '--version' || first === '-V') return `${version()}\n`;
  const command = COMMANDS.find((name) => name === first);
  const [asked = '', topic] = command === undefined ? argv : others;
  if (asked === '--help' || asked === '-h') {
    const { help } = await import('./help.ts');
    const named = command ?? COMMANDS.find((name) => name === topic);
    return help({ command: named, all: topic === 'all' });
  }
  if (command !== 'completion') return undefined;
  const { completion, SHELLS } = await import('./completion.ts');
  const shell = SHELLS.find((name) => name === asked);
  return shell === undefined || others.length > 1 ? undefined : completion(shell);
}
