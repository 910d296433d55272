/**
 * Bundles the modules that tsc has written into dist-modules/ into dist/: a file for each entry of the package, and chunks for what
 * several entries share, so that a class is the same one in all of them. A program reads a few files then, and not some hundred.
 *
 * Chunks are as deep below the package as the modules that look for a file by `import.meta.url`.
 */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Plugin, type PreRenderedChunk, rollup } from 'rollup';

const ENTRIES = ['index', 'http1/index', 'sync/index', 'sync/sync-fetch', 'sync/sync-request', 'cli/main'];
const repository = fileURLToPath(new URL('.', import.meta.url));

/** A module as tsc has written it, with its map, so that the map of the bundle leads to src/. */
const compiled: Plugin = {
  name: 'compiled',
  load: (path) => ({ code: readFileSync(path, 'utf8'), map: readFileSync(`${path}.map`, 'utf8') }),
};

/** What is loaded later has the name of its module; what several entries share, that of the folder where most of it comes from. */
function chunkName({ isDynamicEntry, moduleIds }: PreRenderedChunk): string {
  if (isDynamicEntry) return 'chunks/[name].js';
  const folders = moduleIds.map((path) => path.slice(repository.length).split('/')[1] as string);
  const count = (folder: string): number => folders.filter((each) => each === folder).length;
  return `chunks/shared-${folders.reduce((most, each) => (count(each) > count(most) ? each : most))}.js`;
}

const bundle = await rollup({
  input: Object.fromEntries(ENTRIES.map((name) => [name, `${repository}dist-modules/${name}.js`])),
  external: (name) => !/^[./]/.test(name),
  plugins: [compiled],
  onwarn({ code, message }) {
    // In tsc's helpers for `using`, which do not need it.
    if (code !== 'THIS_IS_UNDEFINED') throw new Error(message);
  },
});
await bundle.write({
  dir: `${repository}dist`,
  format: 'es',
  entryFileNames: '[name].js',
  chunkFileNames: chunkName,
  minifyInternalExports: false,
  sourcemap: true,
});
await bundle.close();
