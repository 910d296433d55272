/**
 * Programs that esbuild and rollup have put into one file run elsewhere, with the addon beside. The recipes of docs/bundling.md, and
 * @vercel/nft: test/docs/bundling.test.ts.
 */

import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { build } from 'esbuild';
import { rollup } from 'rollup';
import { Bundling } from '../support/bundling.ts';
import { addonPath } from '../support/packed.ts';

const FORMATS = [
  ['ES module', 'mjs'],
  ['CommonJS', 'cjs'],
] as const;

describe('a program bundled by', () => {
  const bundling = new Bundling();
  before(() => bundling.start());
  after(() => bundling.end());

  /** Where a bundle looks. */
  function places(folder: string): string[] {
    return [addonPath(), 'dugong.node'].map((path) => join(folder, path));
  }

  for (const [name, extension] of FORMATS) {
    const format = extension === 'mjs' ? 'esm' : 'cjs';
    const file = `program.${extension}`;

    describe(`esbuild as ${name}`, () => {
      async function bundled(external: string[] = []): Promise<string> {
        const outfile = bundling.at(`esbuild-${extension}`, file);
        const { program } = bundling;
        await build({
          entryPoints: [program],
          bundle: true,
          platform: 'node',
          format,
          minify: true,
          outfile,
          external,
        });
        return bundling.moved(bundling.at(`esbuild-${extension}`));
      }

      test('needs the addon, says so, and works with it beside, or named by the environment', async () => {
        const folder = await bundled();
        const command = [process.execPath, join(folder, file)] as const;
        await bundling.lacksAddon(join(folder, file), places(folder));
        await bundling.works(command, { env: { DUGONG_ADDON: bundling.addon } });
        cpSync(bundling.addon, join(folder, 'dugong.node'));
        await bundling.works(command);
        rmSync(join(folder, 'dugong.node'));
        cpSync(bundling.at('node_modules/dugong/prebuilds'), join(folder, 'prebuilds'), { recursive: true });
        await bundling.works(command);
      });

      test('takes nothing from above its folder, where the package would have it', async () => {
        const folder = await bundled();
        for (const path of ['native/build/Release/dugong.node', addonPath()]) {
          mkdirSync(dirname(join(folder, '../..', path)), { recursive: true });
          cpSync(bundling.addon, join(folder, '../..', path));
        }
        await bundling.lacksAddon(join(folder, file), places(folder));
      });

      test('looks beside it also where its folders have the names of those of the package', async () => {
        const folder = await bundled();
        const nested = join(folder, 'dist/chunks');
        mkdirSync(nested, { recursive: true });
        cpSync(join(folder, file), join(nested, file));
        await bundling.lacksAddon(join(nested, file), places(nested));
      });

      test('works without the package in it, with node_modules', async () => {
        const folder = await bundled(['dugong']);
        cpSync(bundling.at('node_modules'), join(folder, 'node_modules'), { recursive: true });
        await bundling.works([process.execPath, join(folder, file)]);
      });
    });
  }

  test('rollup needs the addon, says so, and works with it beside', async () => {
    const bundle = await rollup({ input: bundling.program, external: /^node:/, plugins: [nodeResolve()] });
    for (const [, extension] of FORMATS) {
      const output = bundling.at(`rollup-${extension}`);
      const file = `program.${extension}`;
      await bundle.write({ file: join(output, file), format: extension === 'mjs' ? 'es' : 'cjs' });
      const folder = bundling.moved(output);
      await bundling.lacksAddon(join(folder, file), places(folder));
      cpSync(bundling.addon, join(folder, 'dugong.node'));
      await bundling.works([process.execPath, join(folder, file)]);
    }
    await bundle.close();
  });
});
