/**
 * Compiles the tests, and the examples and documents that they run, into dist-tests, for `npm test`: plain JavaScript starts
 * several times as fast as TypeScript through a loader does, and a run starts hundreds of processes and threads. The library
 * that they import is the modules of dist-modules then, and the command that they start is bundled, as published (build.ts). Modules
 * stay apart, and no types are looked at (`npm run check`).
 *
 * The runner starts a process for each module in dist-tests/processes. In some folders, up to a dozen test files share one,
 * since most take less time than a process takes to start.
 *
 * A test runs as it is, too: `node --import tsx --test test/http1/headers.test.ts`.
 */

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { COMPILED_TESTS, compiledPath, repository } from './support/compiled.ts';

/** What `specifier`, in a module within the repository, is for the compiled module: relative to that, and compiled as well. */
function relocated(specifier: string, module: string): string {
  const named = NAMED.get(specifier);
  const target = compiledPath(named === undefined ? join(dirname(module), specifier) : join(...named));
  const path = relative(dirname(compiledPath(module)), target);
  return `${path.startsWith('.') ? '' : './'}${path}${specifier.endsWith('/') ? '/' : ''}`;
}

/** The modules of src/ that the names of the package stand for, as for tsc. */
const { compilerOptions } = JSON.parse(readFileSync(join(repository, 'tsconfig.json'), 'utf8')) as {
  compilerOptions: { paths: Record<string, readonly [string]> };
};
const NAMED = new Map(Object.entries(compilerOptions.paths));

/** Files are named relative to modules in imports, and as `new URL('./file', import.meta.url)`. */
const relocation: Plugin = {
  name: 'relocation',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /./ }, ({ kind, path, importer }) => {
      if (kind === 'entry-point') return undefined;
      const ours = path.startsWith('.') || NAMED.has(path);
      return { path: ours ? relocated(path, relative(repository, importer)) : path, external: true };
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

/** Folders whose test files share processes. */
const SHARING = [
  '.',
  'bulk',
  'cli',
  'client',
  'docs',
  'fetch',
  'http1',
  'io',
  'properties',
  'schedule',
  'support',
  'sync',
];
const MOST_FILES = 12;

/** Files whose paths begin so share nothing. Nor does one with a hook outside of any suite, which would be for all tests. */
const ALONE = [
  // They measure memory, or compare times.
  'client/growing-buffer',
  'properties/cost',
  'schedule/flat-cost',
  // They look at what only a new process has: nothing compiled, and no entries of others.
  'client/reading',
  'fetch/resource-timing',
  // They close descriptors by their numbers, and end threads and environments.
  'io/native',
  // They take as long as a dozen others.
  'client/cancellation',
  'client/session-interleavings',
  'docs/bundling',
  'docs/console-blocks',
];

/** Files whose paths begin so take long, and would be among the last by their names: their processes start first. */
const FIRST = ['simulation/worlds', 'soak/', 'sync/sync-fetch', 'sync/sync-request.', 'wire/core'];

/** The name of the process that runs a file alone. The runner starts processes in the order of their names. */
function processOf(file: string): string {
  const name = file.replace('/', '-').replace(/\.test\.ts$/, '');
  return FIRST.some((path) => file.startsWith(path)) ? `0-${name}` : name;
}

function mayShare(file: string): boolean {
  if (!SHARING.includes(dirname(file)) || ALONE.some((path) => file.startsWith(path))) return false;
  return !/^(?:before|after)(?:Each)?\(/m.test(readFileSync(join(repository, 'test', file), 'utf8'));
}

/** The test files, by the names of the processes that run them. */
function processes(): Map<string, string[]> {
  const files = readdirSync(join(repository, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .sort();
  const shares = new Map(files.filter((file) => !mayShare(file)).map((file) => [processOf(file), [file]]));
  for (const folder of SHARING) {
    const sharing = files.filter((file) => dirname(file) === folder && mayShare(file));
    const count = Math.ceil(sharing.length / MOST_FILES);
    for (let number = 0; number < count; number++) {
      const taken = sharing.filter((_, index) => index % count === number);
      shares.set(`${folder === '.' ? 'all' : folder}-${number + 1}-of-${count}`, taken);
    }
  }
  return shares;
}

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

const folder = join(repository, COMPILED_TESTS, 'processes');
mkdirSync(folder);
for (const [name, files] of processes()) {
  const imports = files.map((file) => `import '../test/${file.replace(/ts$/, 'js')}';\n`);
  writeFileSync(join(folder, `${name}.js`), imports.join(''));
}
