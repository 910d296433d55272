/** The recipes of docs/bundling.md are run as they are there, and what they make runs. Single executables: test/integration. */

import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Bundling } from '../support/bundling.ts';
import { recipe } from '../support/recipes.ts';

/** Section, which of its recipes, and the bundle that it makes. */
const RECIPES = [
  ['esbuild', 0, 'main.mjs'],
  ['esbuild', 1, 'main.cjs'],
  ['rollup', 0, 'main.mjs'],
  ['@vercel/ncc', 0, 'index.mjs'],
  ['@vercel/nft', 0, 'main.mjs'],
] as const;

describe('docs/bundling.md is right about', () => {
  const bundling = new Bundling();
  before(() => bundling.start());
  after(() => bundling.end());

  for (const [section, number, bundle] of RECIPES) {
    test(`${section}, recipe ${number + 1}`, async () => {
      const script = recipe(section, number);
      rmSync(bundling.at('dist'), { recursive: true, force: true });
      await bundling.follow(script);
      const folder = bundling.moved(bundling.at('dist'));
      // Deployed as well, the recipe says.
      if (script.includes('--external'))
        cpSync(bundling.at('node_modules'), join(folder, 'node_modules'), { recursive: true });
      await bundling.works([process.execPath, join(folder, bundle)]);
    });
  }
});
