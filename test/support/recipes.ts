/** What docs/bundling.md says how to bundle. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from './compiled.ts';

const text = readFileSync(join(repository, 'docs/bundling.md'), 'utf8');

function blocks(section: string, language: string): string[] {
  const content = text.split(/^## /m).find((each) => each.startsWith(`${section}\n`)) ?? '';
  return [...content.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, name]) => name === language)
    .map(([, , code = '']) => code);
}

/** The commands of a block of a section, as a script. */
export function recipe(section: string, number: number): string {
  const block = blocks(section, 'console')[number];
  assert.ok(block, `there is no recipe ${number + 1} for ${section}`);
  return block.replaceAll(/^\$ /gm, '');
}

/** The configuration in a section. */
export function configuration(section: string): Record<string, unknown> {
  const [block = ''] = blocks(section, 'json');
  return JSON.parse(block);
}
