/**
 * Bundles the modules that tsc has written into dist-modules/ into dist/: a file for each entry of the package, and chunks for what
 * several entries share, so that a class is the same one in all of them. A program reads a few files then, and not some hundred.
 *
 * Chunks are as deep below the package as the modules that look for a file by `import.meta.url`.
 */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Plugin, rollup } from 'rollup';
import ts from 'typescript';

const ENTRIES = ['index', 'http1/index', 'sync/index', 'sync/sync-fetch', 'sync/sync-request', 'cli/main'];
const repository = fileURLToPath(new URL('.', import.meta.url));

/** A module as tsc has written it, with its map, so that the map of the bundle leads to src/. */
const compiled: Plugin = {
  name: 'compiled',
  load: (path) => ({ code: readFileSync(path, 'utf8'), map: readFileSync(`${path}.map`, 'utf8') }),
};

/**
 * Leaves comments out of the JavaScript, half of its text, which each program would read at its start: the types have them. In a module
 * with an instruction for webpack they stay.
 */
const withoutComments: Plugin = {
  name: 'without-comments',
  transform(code, fileName) {
    if (code.includes('webpackIgnore')) return null;
    const { ESNext: target } = ts.ScriptTarget;
    const { ESNext: module } = ts.ModuleKind;
    const compilerOptions = { target, module, removeComments: true, sourceMap: true };
    const { outputText, sourceMapText } = ts.transpileModule(code, { fileName, compilerOptions });
    return { code: outputText, map: sourceMapText };
  },
};

/** The parser of responses and what it is made of: a program that imports `dugong/http1` loads no more. */
const OF_HTTP1 = ['http1', 'errors', 'inspection', 'options', 'queue'];

/**
 * The chunk of a module that several entries share: the parser, the rest of the client, or lists of downloads, each whole, since each
 * file costs a program a millisecond at its start. Undefined for entries, and for modules of one kind of entry.
 */
function chunkOf(path: string): string | undefined {
  const name = path.slice(`${repository}dist-modules/`.length, -'.js'.length);
  const [top] = name.split('/') as [string];
  if (ENTRIES.includes(name) || top === 'cli' || top === 'sync') return undefined;
  if (top === 'bulk') return 'bulk';
  return OF_HTTP1.includes(top) ? 'http1' : 'client';
}

const bundle = await rollup({
  input: Object.fromEntries(ENTRIES.map((name) => [name, `${repository}dist-modules/${name}.js`])),
  external: (name) => !/^[./]/.test(name),
  plugins: [compiled, withoutComments],
  onwarn({ code, message }) {
    // In tsc's helpers for `using`, which do not need it.
    if (code !== 'THIS_IS_UNDEFINED') throw new Error(message);
  },
});
await bundle.write({
  dir: `${repository}dist`,
  format: 'es',
  entryFileNames: '[name].js',
  chunkFileNames: 'chunks/[name].js',
  manualChunks: chunkOf,
  minifyInternalExports: false,
  sourcemap: true,
});
await bundle.close();
