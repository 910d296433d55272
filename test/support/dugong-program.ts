/** The command `dugong` as a process of its own, and what came of it. */

import assert from 'node:assert/strict';
import { environmentWithoutProxies, type ProgramOptions, type ProgramResult, runProgram } from './run-program.ts';
import { listensToSignals, until } from './until.ts';

export function dugong(args: readonly string[], options?: ProgramOptions): Promise<ProgramResult> {
  return runProgram('src/cli/main.ts', args, { env: environmentWithoutProxies(), ...options });
}

/** `message`: all that is on standard error, or what is in it. */
export function assertOutcome({ status, stderr }: ProgramResult, expected: number, message: RegExp | string): void {
  if (typeof message === 'string') assert.equal(stderr, message);
  else assert.match(stderr, message);
  assert.equal(status, expected);
}

/** Sends SIGINT when the process has its handlers. */
export async function interruptWhenHeard(pid: number): Promise<void> {
  await until(() => listensToSignals(pid));
  process.kill(pid, 'SIGINT');
}
