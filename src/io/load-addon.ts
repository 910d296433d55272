/**
 * Finds the native addon and loads it. In the package, that is one that was built on this machine, else the one for the platform. In
 * a bundle or a single executable that this library is part of, it is one beside it, or an asset. The only module that knows where
 * addons are.
 */

import { existsSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { own } from '../options.ts';
import { libc } from './libc.ts';
import { singleExecutable, unpackedAsset } from './single-executable.ts';

/** The number of the interface that `Native` in native.ts describes. Another addon, of an older package say, has another one. */
export const INTERFACE_VERSION = 1;

/** The platform as the folders of prebuilds/ are named, e.g. `linux-x64-glibc`, `darwin-arm64`. */
export function platformName(): string {
  const { platform, arch } = process;
  return platform === 'linux' ? `${platform}-${arch}-${libc()}` : `${platform}-${arch}`;
}

/** The addon of the package. The URLs are literal, so that tools that gather a program's files find these. */
function prebuilt(platform: string): URL | undefined {
  // Bundlers that write CommonJS leave it undefined.
  if (import.meta.url === undefined) return undefined;
  switch (platform) {
    case 'linux-x64-glibc':
      return new URL('../../prebuilds/linux-x64-glibc/dugong.node', import.meta.url);
    case 'linux-arm64-glibc':
      return new URL('../../prebuilds/linux-arm64-glibc/dugong.node', import.meta.url);
    case 'linux-x64-musl':
      return new URL('../../prebuilds/linux-x64-musl/dugong.node', import.meta.url);
    case 'linux-arm64-musl':
      return new URL('../../prebuilds/linux-arm64-musl/dugong.node', import.meta.url);
    case 'darwin-x64':
      return new URL('../../prebuilds/darwin-x64/dugong.node', import.meta.url);
    case 'darwin-arm64':
      return new URL('../../prebuilds/darwin-arm64/dugong.node', import.meta.url);
    default:
      return undefined;
  }
}

/** The folder of this file, which may be a bundle; undefined if it is nowhere on a disk. */
function thisFolder(): string | undefined {
  const url: string | undefined = import.meta.url;
  if (url === undefined) {
    // A bundle in CommonJS. In a worker whose code is a text, this is `[worker eval]`.
    return typeof __filename === 'string' && isAbsolute(__filename) ? dirname(__filename) : undefined;
  }
  if (!url.startsWith('file:')) return undefined;
  // As one expression: webpack makes of import.meta.url alone a path of the machine that builds.
  return fileURLToPath(new URL(/* webpackIgnore: true */ '.', import.meta.url));
}

/** A place where the addon may be: its name in messages, and the path of the file, which may have to be made first. */
interface Place {
  readonly name: string;
  file(): string;
}

function at(path: string): Place {
  return { name: path, file: () => path };
}

/** Where to look for the addon, the best place first, and what to do if it is in none. */
interface Search {
  readonly places: readonly Place[];
  readonly help: string;
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`;
}

function inPackage(root: string, platform: string): Search {
  const native = join(root, 'native');
  const published = prebuilt(platform);
  const places = [join(native, 'build/Release/dugong.node')];
  if (published !== undefined) places.push(fileURLToPath(published));
  return {
    places: places.map(at),
    help: `Build one: npx node-gyp@12 rebuild -C ${quoted(native)} (needs python3, make and a C++ compiler). Or name one in the environment variable DUGONG_ADDON.`,
  };
}

/** No other places than those of the bundle's own folder: above it, other users may have put something. */
function besideBundle(folder: string, platform: string): string[] {
  const places = [join(folder, 'prebuilds', platform, 'dugong.node'), join(folder, 'dugong.node')];
  const asset = prebuilt(platform);
  // webpack's is in its output. What does not know of assets leaves the path that the package has.
  const path = asset?.protocol === 'file:' ? fileURLToPath(asset) : undefined;
  return path === undefined || relative(folder, path).startsWith('..') ? places : [...new Set([path, ...places])];
}

function inBundle(folder: string | undefined, platform: string): Search {
  const file = `the package's prebuilds/${platform}/dugong.node`;
  const named = 'or name that file in the environment variable DUGONG_ADDON';
  const more = "The package's docs/bundling.md has more.";
  const executable = singleExecutable();
  const beside = folder ?? executable?.folder;
  const places = beside === undefined ? [] : besideBundle(beside, platform).map(at);
  if (executable === undefined) {
    const help = `dugong is part of a bundle here. Put ${file} beside the bundle, ${named}, or leave dugong out of the bundle (as "external"). ${more}`;
    return { places, help };
  }
  const asset = {
    name: 'the asset "dugong.node" of the executable',
    file: () => unpackedAsset(executable, 'dugong.node'),
  };
  const help = `dugong is part of a single executable here. Make ${file} the executable's asset "dugong.node", or put it beside the executable, ${named}. ${more}`;
  return { places: [...places, asset], help };
}

/** The package that has this folder; undefined if it is a folder of a bundle, also if the two have the same names. */
function packageAround(folder: string): string | undefined {
  // What is built, what the tests compile, and the sources.
  const [, root] = /^(.*)[\\/](?:dist[\\/]chunks|dist-modules[\\/]io|src[\\/]io)[\\/]?$/.exec(folder) ?? [];
  if (root === undefined) return undefined;
  try {
    return ['prebuilds', 'native'].some((name) => existsSync(join(root, name))) ? root : undefined;
  } catch {
    // With --permission, Node may refuse to look.
    return root;
  }
}

function search(platform: string): Search {
  const override = own(process.env, 'DUGONG_ADDON');
  if (override) {
    const help = 'The environment variable DUGONG_ADDON names this file. Without it, dugong takes its own.';
    return { places: [at(resolve(override))], help };
  }
  const folder = thisFolder();
  const root = folder === undefined ? undefined : packageAround(folder);
  return root === undefined ? inBundle(folder, platform) : inPackage(root, platform);
}

/** The runtime and its version, for messages. */
export function runtime(): string {
  const { electron, bun, deno } = process.versions;
  if (electron !== undefined) return `Electron ${electron} (Node ${process.version})`;
  if (bun !== undefined) return `Bun ${bun}`;
  if (deno !== undefined) return `Deno ${deno}`;
  return `Node ${process.version}`;
}

/** The exports of an addon. @throws Error if it does not load, or is of another version of the library */
function load(path: string): unknown {
  // Bundlers replace an imported createRequire by one of their own. Node keeps modules by their paths: all copies of this library
  // that load one file share its exports.
  const addon: unknown = process.getBuiltinModule('node:module').createRequire(path)(path);
  const version = (addon as { interfaceVersion?: unknown } | null)?.interfaceVersion;
  if (version === INTERFACE_VERSION) return addon;
  throw new Error(`this is of another version of dugong (interface ${version}, not ${INTERFACE_VERSION})`);
}

/** What helps in place of `help`, for some of the reasons why a file does not load. */
function helpAgainst(error: unknown, help: string): string {
  if (process.platform === 'win32') return 'Windows is not supported. Use dugong inside WSL 2.';
  const { code, message = '' } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === 'ERR_DLOPEN_DISABLED') return 'Node loads no addons here: add --allow-addons, or leave out --no-addons.';
  // Of mmap(2), where a file system is mounted with noexec.
  if (!message.includes('failed to map segment')) return help;
  return 'No program may be loaded from that file system: name a copy elsewhere in the environment variable DUGONG_ADDON.';
}

/**
 * The addon's exports.
 *
 * @throws Error with the code `DUGONG_ADDON_NOT_LOADED`. Its message has the platform, what was tried, the reasons in the words of
 *   dlopen(3), and what helps.
 */
export function loadAddon(): unknown {
  const platform = platformName();
  const { places, help } = search(platform);
  const tried: string[] = [];
  let cause: unknown;
  for (const { name, file } of places) {
    try {
      const path = file();
      if (statSync(path, { throwIfNoEntry: false }) !== undefined) return load(path);
      tried.push(`${name}: there is no such file`);
    } catch (error) {
      cause ??= error;
      tried.push(`${name}: ${error instanceof Error ? error.message.trim() : error}`);
    }
  }
  if (tried.length === 0) tried.push('nothing, since this code is in no file');
  const what = `dugong's native addon cannot be loaded by ${runtime()} on ${platform}`;
  const message = [`${what}. Tried:`, ...tried.map((line) => `  ${line}`), helpAgainst(cause, help)].join('\n');
  throw Object.assign(new Error(message, { cause }), { code: 'DUGONG_ADDON_NOT_LOADED' });
}
