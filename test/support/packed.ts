/** The package as `npm install` puts it: what is in its list of files, and no link to this repository. */

import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { platformName } from '../../src/io/load-addon.ts';
import { repository } from './compiled.ts';

/** The addon that was built from the sources here. */
export const builtAddon: string = join(repository, 'native/build/Release/dugong.node');

const PLATFORMS = [
  'darwin-arm64',
  'darwin-x64',
  'linux-arm64-glibc',
  'linux-arm64-musl',
  'linux-x64-glibc',
  'linux-x64-musl',
];

/** The path of an addon within the package; of this machine without an argument. */
export function addonPath(platform: string = platformName()): string {
  return `prebuilds/${platform}/dugong.node`;
}

/** Writes the package into a folder. The addon of this machine is the one that was built here; those of others are no addons. */
export function writePackage(folder: string): void {
  const { files } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { files: string[] };
  for (const path of ['package.json', ...files.filter((each) => !each.includes('*') && each !== 'prebuilds')]) {
    if (existsSync(join(repository, path))) cpSync(join(repository, path), join(folder, path), { recursive: true });
  }
  for (const platform of new Set([...PLATFORMS, platformName()])) {
    const addon = join(folder, addonPath(platform));
    mkdirSync(dirname(addon), { recursive: true });
    if (platform === platformName()) cpSync(builtAddon, addon);
    else writeFileSync(addon, `not for this machine: ${platform}\n`);
  }
}
