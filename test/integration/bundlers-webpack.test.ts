/** Programs bundled by webpack and by @vercel/ncc, which is made of it, run elsewhere as they are. Of an ES module, ncc: test/docs/bundling.test.ts. */

import assert from 'node:assert/strict';
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import webpack, { type Configuration, type Stats } from 'webpack';
import { Bundling } from '../support/bundling.ts';

const run = promisify(
  webpack as (configuration: Configuration, done: (error: Error | null, stats?: Stats) => void) => void,
);

describe('a program bundled by', () => {
  const bundling = new Bundling();
  before(() => bundling.start());
  after(() => bundling.end());

  for (const [name, extension] of [
    ['ES module', 'mjs'],
    ['CommonJS', 'cjs'],
  ] as const) {
    test(`webpack as ${name} works as it is, and finds the addon beside as well`, async () => {
      const path = bundling.at(`webpack-${extension}`);
      const filename = `program.${extension}`;
      const stats = await run({
        target: 'node',
        mode: 'production',
        // It takes three times as long as everything else.
        optimization: { minimize: false },
        context: bundling.project,
        entry: bundling.program,
        ...(extension === 'mjs'
          ? { experiments: { outputModule: true }, output: { path, filename, module: true, chunkFormat: 'module' } }
          : { output: { path, filename } }),
      });
      assert.equal(stats?.toString({ all: false, errors: true, warnings: true }), '');
      const folder = bundling.moved(path);
      const bundle = join(folder, filename);
      await bundling.works([process.execPath, bundle]);
      for (const asset of readdirSync(folder).filter((each) => each.endsWith('.node'))) rmSync(join(folder, asset));
      cpSync(bundling.addon, join(folder, 'dugong.node'));
      await bundling.works([process.execPath, bundle]);
    });
  }

  test('@vercel/ncc from CommonJS works as it is', async () => {
    await bundling.follow('npx ncc build main.cjs -o ncc --quiet');
    await bundling.works([process.execPath, join(bundling.moved(bundling.at('ncc')), 'index.cjs')]);
  });
});
