/** Runs any command as a process of its own, and returns what it has printed. The test's event loop goes on meanwhile. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { text } from 'node:stream/consumers';
import { environmentWithoutProxies } from './run-program.ts';
import { timeLimit } from './time-limit.ts';

export interface CommandOptions {
  readonly cwd?: string;
  /** Variables in addition to those of this process, of which proxies and DUGONG_ADDON are left out. */
  readonly env?: NodeJS.ProcessEnv;
}

export interface CommandResult {
  /** null if a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export async function runCommand(
  [command, ...args]: readonly [string, ...string[]],
  { cwd = tmpdir(), env = {} }: CommandOptions = {},
): Promise<CommandResult> {
  const { DUGONG_ADDON: _, ...here } = environmentWithoutProxies();
  const child = spawn(command, args, {
    cwd,
    env: { ...here, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeLimit(120_000),
    killSignal: 'SIGKILL',
  });
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { status, stdout, stderr };
}
