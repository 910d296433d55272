/**
 * Runs a TypeScript program of this repository as a process of its own, as a user would, and says what became of it. The
 * test's event loop goes on meanwhile.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { buffer, text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { timeLimit } from './time-limit.ts';

export const repository: string = fileURLToPath(new URL('../..', import.meta.url));

export interface ProgramResult {
  /** null if a signal ended it. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface ProgramOptions {
  /** For Node, before the program. */
  readonly nodeOptions?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Close our end of its standard output at once, as `| head -c 0` would. */
  readonly closeStdout?: boolean;
  /** Hears of the process as soon as it is there. */
  readonly onStart?: (pid: number) => void;
}

/** `program` is a path within the repository. A program that hangs is killed. */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  const { nodeOptions = [], env = process.env, closeStdout = false, onStart } = options;
  const argv = ['--import', 'tsx', ...nodeOptions, program, ...args];
  const child = spawn(process.execPath, argv, {
    cwd: repository,
    env,
    timeout: timeLimit(60_000),
    killSignal: 'SIGKILL',
  });
  if (child.pid !== undefined) onStart?.(child.pid);
  if (closeStdout) child.stdout.destroy();
  const [stdout, stderr, [status, signal]] = await Promise.all([
    closeStdout ? Buffer.alloc(0) : buffer(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>,
  ]);
  return { status, signal, stdout, stderr };
}
