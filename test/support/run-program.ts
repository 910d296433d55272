/**
 * Runs a program of this repository as a process of its own, as a user would, and returns the result. The test's event
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
  /** A command that runs the program, whose words follow: `setpriv ...`. One that stays beside it gets the signals of the process id. */
  readonly through?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Close this end of its standard output at once, as `| head -c 0` would. */
  readonly closeStdout?: boolean;
  /** The content of its standard input, which then ends; without it, standard input stays open. */
  readonly input?: Uint8Array;
  /** The path of a file that is opened as its standard input. */
  readonly inputFrom?: string;
  /** The path of a file for its standard output. */
  readonly outputTo?: string;
  /** Most descriptors that it may have open. */
  readonly mostDescriptors?: number;
  /** Milliseconds until it is killed; default a minute, longer on a slow machine. */
  readonly limit?: number;
  /** Called with the process id as soon as the process exists. */
  readonly onStart?: (pid: number) => void;
}

/** This process's environment without proxies. */
export function environmentWithoutProxies(): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !/^(?:https?|all|no)_proxy$/i.test(name));
  return Object.fromEntries(others);
}

/**
 * `program` is a path within the repository: of the TypeScript source, which runs in the form that this code has, or of a JavaScript file,
 * which runs as it is. A program that hangs is killed.
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  const {
    preload,
    through = [],
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
  const loading = program.endsWith('.ts') ? loaderOptions : [];
  const node = [process.execPath, ...loading, ...preloading, inThisForm(program), ...args];
  // Node would raise a limit that is only soft; `ulimit` sets both.
  const limited = mostDescriptors === undefined ? [] : ['sh', '-c', `ulimit -n ${mostDescriptors} && exec "$@"`, 'sh'];
  const reading = inputFrom === undefined ? [] : ['sh', '-c', 'exec "$@" < "$0"', inputFrom];
  const writing = outputTo === undefined ? [] : ['sh', '-c', 'exec "$@" > "$0"', outputTo];
  const [command = '', ...argv] = [...limited, ...reading, ...writing, ...through, ...node];
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
