/**
 * The form in which the tests run, TypeScript through a loader or compiled (test/compile.ts), and file paths in either form.
 * A program or thread is started in the form that its starter has. Paths are within the repository.
 */

import { fileURLToPath } from 'node:url';

export const repository: string = fileURLToPath(new URL('../..', import.meta.url));

/** The folder with the compiled tests, examples and documents. */
export const COMPILED_TESTS = 'dist-tests';

/** Whether this code is compiled. */
export const isCompiled: boolean = import.meta.url.endsWith('.js');

/** The compiled form of `path`; `path` itself if it is not TypeScript. Of the command it is the bundle that is published. */
export function compiledPath(path: string): string {
  if (!path.endsWith('.ts')) return path;
  const compiled = path.replace(/ts$/, 'js');
  if (compiled === 'src/cli/main.js') return 'dist/cli/main.js';
  return compiled.startsWith('src/') ? compiled.replace('src/', 'dist-modules/') : `${COMPILED_TESTS}/${compiled}`;
}

/** `path` in the form that this code has. */
export function inThisForm(path: string): string {
  return isCompiled ? compiledPath(path) : path;
}

/** For `node`, before a program in this form. */
export const loaderOptions: readonly string[] = isCompiled ? [] : ['--import', 'tsx'];
