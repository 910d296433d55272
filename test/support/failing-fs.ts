/** Makes functions of node:fs fail in a test, also for modules that have imported them by name. */

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import type { TestContext } from 'node:test';

type Synchronous = 'writeSync' | 'closeSync' | 'linkSync' | 'renameSync' | 'futimesSync';

/** The error that Node throws for a failed system call. */
export function systemError(code: string, reason: string, call: string): Error {
  return Object.assign(new Error(`${code}: ${reason}, ${call}`), { code, syscall: call });
}

/** Replaces a function of node:fs until `restore`, at the latest to the end of the test. */
export function replaced(
  context: TestContext,
  name: Synchronous,
  by: (...args: never[]) => unknown,
): { restore(): void } {
  const mock = context.mock.method(fs, name, by as never);
  syncBuiltinESMExports();
  const restore = (): void => {
    mock.mock.restore();
    syncBuiltinESMExports();
  };
  context.after(restore);
  return { restore };
}
