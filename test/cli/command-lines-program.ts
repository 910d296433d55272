/**
 * Runs the command lines of its argument, in JSON, one after the other in this process, and prints the exit code and the messages of each.
 */

import { runCommand } from '../../src/cli/command.ts';

/** What a command line has come to. */
export interface CommandLineOutcome {
  readonly status: number;
  readonly stderr: string;
  readonly stdout: string;
}

async function outcomeOf(args: readonly string[]): Promise<CommandLineOutcome> {
  const written = { stderr: '', stdout: '' };
  const original = { stderr: process.stderr.write, stdout: process.stdout.write };
  for (const name of ['stderr', 'stdout'] as const) {
    process[name].write = (text: unknown) => {
      written[name] += String(text);
      return true;
    };
  }
  const status = await runCommand(args);
  Object.assign(process.stderr, { write: original.stderr });
  Object.assign(process.stdout, { write: original.stdout });
  return { status, ...written };
}

// Each command line adds its own.
process.stdout.setMaxListeners(0);
process.stderr.setMaxListeners(0);
const outcomes: CommandLineOutcome[] = [];
for (const args of JSON.parse(process.argv[2] ?? '') as string[][]) outcomes.push(await outcomeOf(args));
process.stdout.write(JSON.stringify(outcomes));
