/**
 * Runs a program of this repository as a process of its own, as a user would, and says what became of it. The test's event
 * loop goes on meanwhile.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { buffer, text } from 'node:stream/consumers';
import { inThisForm, loaderOptions, repository } from './compiled.ts';
import { timeLimit } from './time-limit.ts';

export interface ProgramResult {
  /** null if a signal ended it. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface ProgramOptions {
  /** A module of this repository that node loads before the program. */
  readonly preload?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Close our end of its standard output at once, as `| head -c 0` would. */
  readonly closeStdout?: boolean;
  /** What it finds on its standard input, which then ends; without, it does not end. */
  readonly input?: Uint8Array;
  /** A path that is opened to be its standard input. */
  readonly inputFrom?: string;
  /** A path that its standard output is written to. */
  readonly outputTo?: string;
  /** How many descriptors it may have open. */
  readonly mostDescriptors?: number;
  /** Milliseconds until it is killed, a minute unless given; a slow machine has more. */
  readonly limit?: number;
  /** Hears of the process as soon as it is there. */
  readonly onStart?: (pid: number) => void;
}

/** This process's environment, in which somebody may have named proxies. */
export function environmentWithoutProxies(): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !/^(?:https?|all|no)_proxy$/i.test(name));
  return Object.fromEntries(others);
}

/** `program` is a path within the repository, of TypeScript as it is written. A program that hangs is killed. */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  const {
    preload,
    env = process.env,
    closeStdout = false,
    input,
    inputFrom,
    outputTo,
    mostDescriptors,
    limit = 60_000,
    onStart,
  } = options;
  const preloading = preload === undefined ? [] : ['--import', `./${inThisForm(preload)}`];
  const node = [process.execPath, ...loaderOptions, ...preloading, inThisForm(program), ...args];
  // Node would raise a limit that is only soft; `ulimit` sets both.
  const limited = mostDescriptors === undefined ? [] : ['sh', '-c', `ulimit -n ${mostDescriptors} && exec "$@"`, 'sh'];
  const reading = inputFrom === undefined ? [] : ['sh', '-c', 'exec "$@" < "$0"', inputFrom];
  const writing = outputTo === undefined ? [] : ['sh', '-c', 'exec "$@" > "$0"', outputTo];
  const [command = '', ...argv] = [...limited, ...reading, ...writing, ...node];
  const child = spawn(command, argv, {
    cwd: repository,
    env,
    timeout: timeLimit(limit),
    killSignal: 'SIGKILL',
  });
  if (input !== undefined) child.stdin.end(input);
  if (child.pid !== undefined) onStart?.(child.pid);
  if (closeStdout) child.stdout.destroy();
  const [stdout, stderr, [status, signal]] = await Promise.all([
    closeStdout ? Buffer.alloc(0) : buffer(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>,
  ]);
  return { status, signal, stdout, stderr };
}
