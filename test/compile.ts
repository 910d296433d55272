/**
 * Compiles the tests, and the examples and documents that they run, into dist-tests, for `npm test`: plain JavaScript starts
 * several times as fast as TypeScript through a loader does, and a run starts hundreds of processes and threads. The library
 * that they import is dist/ then, as it is published. Modules stay apart, and no types are looked at (`npm run check`).
 *
 * A test runs as it is, too: `node --import tsx --test test/http1/headers.test.ts`.
 */

import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { COMPILED_TESTS, compiledPath, repository } from './support/compiled.ts';

/** What `specifier`, in a module within the repository, is for the compiled module: relative to that, and compiled as well. */
function relocated(specifier: string, module: string): string {
  const target = compiledPath(join(dirname(module), specifier));
  const path = relative(dirname(compiledPath(module)), target);
  return `${path.startsWith('.') ? '' : './'}${path}${specifier.endsWith('/') ? '/' : ''}`;
}

/** Files are named relative to modules in imports, and as `new URL('./file', import.meta.url)`. */
const relocation: Plugin = {
  name: 'relocation',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /./ }, ({ kind, path, importer }) => {
      if (kind === 'entry-point') return undefined;
      const named = path.startsWith('.') ? relocated(path, relative(repository, importer)) : path;
      return { path: named, external: true };
    });
    onLoad({ filter: /\.ts$/ }, ({ path: file }) => {
      const contents = readFileSync(file, 'utf8').replaceAll(
        /(?<=new URL\(')\.[^']*(?=', import\.meta\.url\))/g,
        (path) => relocated(path, relative(repository, file)),
      );
      return { contents, loader: 'ts' };
    });
  },
};

/** Without what is in them: an example may have installed dependencies. */
const exampleFolders = readdirSync(join(repository, 'examples'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

rmSync(join(repository, COMPILED_TESTS), { recursive: true, force: true });
await build({
  absWorkingDir: repository,
  entryPoints: [
    'test/**/*.ts',
    'examples/*.ts',
    ...exampleFolders.map((name) => `examples/${name}/*.ts`),
    'docs/**/*.ts',
  ],
  outdir: COMPILED_TESTS,
  outbase: '.',
  bundle: true,
  treeShaking: false,
  plugins: [relocation],
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  sourcemap: true,
  sourcesContent: false,
});
