/**
 * Which form the tests run in, TypeScript through a loader or compiled (test/compile.ts), and where files are in either: who
 * starts a program or a thread starts it in the form that it has itself. Paths are within the repository.
 */

import { fileURLToPath } from 'node:url';

export const repository: string = fileURLToPath(new URL('../..', import.meta.url));

/** The folder of what is compiled of tests, examples and documents. */
export const COMPILED_TESTS = 'dist-tests';

/** Whether this code is compiled. */
export const isCompiled: boolean = import.meta.url.endsWith('.js');

/** The compiled form of `path`: of what is not TypeScript, the same. */
export function compiledPath(path: string): string {
  if (!path.endsWith('.ts')) return path;
  const compiled = path.replace(/ts$/, 'js');
  return compiled.startsWith('src/') ? compiled.replace('src/', 'dist/') : `${COMPILED_TESTS}/${compiled}`;
}

/** `path` in the form that this code has. */
export function inThisForm(path: string): string {
  return isCompiled ? compiledPath(path) : path;
}

/** For `node`, before a program in this form. */
export const loaderOptions: readonly string[] = isCompiled ? [] : ['--import', 'tsx'];
