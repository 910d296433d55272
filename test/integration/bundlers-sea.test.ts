/** A program and Node in one file (a single executable application), with the addon in it or beside it, as docs/bundling.md says. */

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Bundling } from '../support/bundling.ts';
import { addonPath } from '../support/packed.ts';
import { configuration, recipe } from '../support/recipes.ts';

/** Whether this Node makes executables of itself. On macOS they would have to be signed. */
const able = process.platform === 'linux' && 'single_executable_application' in process.config.variables;

const SECTION = 'Single executables';
/** Node 25.5 and later need no other tool. */
const builtIn = Number.parseInt(process.versions.node, 10) >= 26;

describe('a single executable', { skip: !able }, () => {
  const bundling = new Bundling();
  before(() => bundling.start());
  after(() => bundling.end());

  /** Makes the executable `main` as the guide says, in a folder whose path it returns. */
  async function assemble(): Promise<string> {
    const config = configuration(SECTION);
    const commands = recipe(SECTION, 0).trim().split('\n');
    // The guide's platform need not be this one. The program is an asset as well, for its worker.
    const assets = { 'dugong.node': bundling.addon, program: 'dist/main.cjs' };
    const ownConfig = { ...config, assets, output: builtIn ? 'dist/main' : config['output'] };
    writeFileSync(bundling.at('sea-config.json'), JSON.stringify(ownConfig));
    const script = builtIn ? [commands[0], 'node --build-sea sea-config.json'] : commands;
    await bundling.follow(script.join('\n'));
    return bundling.moved(bundling.at('dist'));
  }

  test('works with the addon as its asset, which becomes one file for all runs', async () => {
    const folder = await assemble();
    const TMPDIR = bundling.at('temporary');
    mkdirSync(TMPDIR);
    await bundling.works([join(folder, 'main')], { env: { TMPDIR } });
    const files = readdirSync(TMPDIR);
    assert.match(files.join(), /^dugong-\d+-[0-9a-f]{64}\.node$/);
    await bundling.works([join(folder, 'main')], { env: { TMPDIR } });
    assert.deepEqual(readdirSync(TMPDIR), files);

    // Without a folder to unpack into, the reason is in the message.
    const { stderr } = await bundling.run([join(folder, 'main')], { env: { TMPDIR: join(TMPDIR, 'absent') } });
    assert.match(
      stderr,
      /^ {2}the asset "dugong\.node" of the executable: ENOENT: no such file or directory, mkdtemp/m,
    );
    const way = `\ndugong is part of a single executable here. Make the package's ${addonPath()} the executable's asset "dugong.node", or`;
    assert.ok(stderr.includes(way), stderr);
    cpSync(bundling.addon, join(folder, 'dugong.node'));
    await bundling.works([join(folder, 'main')], { env: { TMPDIR: join(TMPDIR, 'absent') } });
    rmSync(folder, { recursive: true });
  });
});
