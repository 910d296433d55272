/** Programs that import copies of the package, whole or not. */

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { platformName, runtime } from '../../src/io/load-addon.ts';
import { addonPath, builtAddon, writePackage } from '../support/packed.ts';
import { runCommand } from '../support/run-command.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** What importing the library has thrown. */
interface Failure {
  readonly code: string;
  readonly message: string;
  readonly cause?: string;
}

const PROGRAM = `
import(process.argv[1]).then(
  () => console.log('{}'),
  ({ code, message, cause }) => console.log(JSON.stringify({ code, message, cause: cause?.code })),
);
`;

interface How {
  /** Code that runs before the program. */
  readonly preload?: string;
  /** The environment variable DUGONG_ADDON. */
  readonly addon?: string;
  /** Of Node. */
  readonly options?: readonly string[];
}

describe('the addon', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dugong-load-'));
  const platform = platformName();
  const own = join(folder, 'native/build/Release/dugong.node');
  const published = join(folder, addonPath());
  const tried = (...lines: string[]): string => lines.map((line) => `  ${line}\n`).join('');
  const missing = (...paths: string[]): string => tried(...paths.map((path) => `${path}: there is no such file`));
  const build = `Build one: npx node-gyp@12 rebuild -C '${join(folder, 'native')}' (needs python3, make and a C++ compiler). Or name one in the environment variable DUGONG_ADDON.`;

  before(() => writePackage(folder));
  after(() => rmSync(folder, { recursive: true }));

  async function importing({ preload = '', addon, options = [] }: How = {}): Promise<Failure | Record<string, never>> {
    const imports = preload === '' ? [] : ['--import', `data:text/javascript,${encodeURIComponent(preload)}`];
    const library = pathToFileURL(join(folder, 'dist/index.js')).href;
    const { stdout, stderr } = await runCommand(
      [process.execPath, ...options, ...imports, '--eval', PROGRAM, library],
      {
        env: addon === undefined ? {} : { DUGONG_ADDON: addon },
      },
    );
    assert.equal(stderr, '');
    return JSON.parse(stdout);
  }

  /** What `action` finds with other files as addons of the package, each by its path; undefined takes one away. */
  async function withFiles<T>(files: Record<string, string | undefined>, action: () => Promise<T>): Promise<T> {
    try {
      for (const [path, content] of Object.entries(files)) {
        rmSync(path, { force: true });
        if (content === undefined) continue;
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, content);
      }
      return await action();
    } finally {
      for (const path of Object.keys(files)) rmSync(path, { force: true });
      cpSync(builtAddon, published);
    }
  }

  test('that the package has for this platform is loaded', async () => {
    assert.deepEqual(await importing(), {});
  });

  test('that is nowhere: the error lists the places, and says how to build one', async () => {
    const failure = await withFiles({ [published]: undefined }, importing);
    const what = `dugong's native addon cannot be loaded by Node ${process.version} on ${platform}. Tried:\n`;
    assert.deepEqual(failure, {
      code: 'DUGONG_ADDON_NOT_LOADED',
      message: `${what}${missing(own, published)}${build}`,
    });
  });

  test('that is none: the error has the words of dlopen(3)', async () => {
    const { code, message = '', cause } = await withFiles({ [published]: 'not for this machine\n' }, importing);
    assert.deepEqual([code, cause], ['DUGONG_ADDON_NOT_LOADED', 'ERR_DLOPEN_FAILED']);
    const [line = ''] = message.split('\n').filter((each) => each.startsWith(`  ${published}: `));
    assert.match(line, /invalid ELF header|file too short|Exec format error|not a mach-o file/);
  });

  test('of another version is not taken', async (context) => {
    const other = join(temporaryFolder(context), 'other.json');
    writeFileSync(other, '{ "interfaceVersion": 0 }');
    const { message = '' } = await importing({ addon: other });
    assert.ok(message.includes(`  ${other}: this is of another version of dugong (interface 0, not 1)\n`), message);
  });

  test('that Node may not load: the error says which option lets it', async () => {
    const { code, message = '' } = await importing({ options: ['--no-addons'] });
    assert.equal(code, 'DUGONG_ADDON_NOT_LOADED');
    assert.match(message, /\nNode loads no addons here: add --allow-addons, or leave out --no-addons\.$/);
  });

  test('that was built here and does not load gives way to that of the package', async () => {
    assert.deepEqual(await withFiles({ [own]: 'broken' }, importing), {});
  });

  test('that the environment names is the only one', async () => {
    assert.deepEqual(await withFiles({ [published]: undefined }, () => importing({ addon: builtAddon })), {});
    const absent = join(folder, 'absent.node');
    const { message } = await importing({ addon: absent });
    const what = `dugong's native addon cannot be loaded by Node ${process.version} on ${platform}. Tried:\n`;
    const unset = 'The environment variable DUGONG_ADDON names this file. Without it, dugong takes its own.';
    assert.equal(message, `${what}${missing(absent)}${unset}`);
  });

  test('that the environment does not name, but leaves empty, is that of the package', async () => {
    assert.deepEqual(await importing({ addon: '' }), {});
  });

  test('of a platform for which there is none must be built', async () => {
    const preload = "Object.defineProperty(process, 'arch', { value: 'riscv64' });";
    const { message } = await importing({ preload });
    const other = platform.replace(process.arch, 'riscv64');
    const what = `dugong's native addon cannot be loaded by Node ${process.version} on ${other}. Tried:\n`;
    assert.equal(message, `${what}${missing(own)}${build}`);
  });

  test('is not for Windows, where WSL is the way', async () => {
    const { message = '' } = await importing({
      preload: "Object.defineProperty(process, 'platform', { value: 'win32' });",
    });
    assert.match(message, /^dugong's native addon cannot be loaded by Node .* on win32-/);
    assert.match(message, /\nWindows is not supported\. Use dugong inside WSL 2\.$/);
  });

  for (const [name, version, shown] of [
    ['electron', '41.0.0', `Electron 41.0.0 (Node ${process.version})`],
    ['bun', '1.3.0', 'Bun 1.3.0'],
    ['deno', '2.9.0', 'Deno 2.9.0'],
  ] as const) {
    test(`that does not load: the error names ${name}`, async () => {
      const preload = `Object.defineProperty(process, 'versions', { value: { ...process.versions, ${name}: '${version}' } });`;
      const { message = '' } = await importing({ preload, addon: join(folder, 'absent.node') });
      const what = `dugong's native addon cannot be loaded by ${shown} on ${platform}. Tried:`;
      assert.equal(message.split('\n')[0], what);
    });
  }

  test('of code that is in no file has no place: the error says so', async (context) => {
    // As a worker whose program is a data: URL.
    const module = join(temporaryFolder(context), 'bundle.mjs');
    const { buildSync } = await import('esbuild');
    buildSync({
      entryPoints: [join(folder, 'dist/index.js')],
      ...{ bundle: true, platform: 'node', format: 'esm', outfile: module, minify: true },
    });
    const program = `
      import { readFileSync } from 'node:fs';
      const code = readFileSync(${JSON.stringify(module)}, 'base64');
      await import('data:text/javascript;base64,' + code).catch(({ message }) => console.log(JSON.stringify(message)));
    `;
    const { stdout } = await runCommand([process.execPath, '--input-type=module', '--eval', program]);
    const [what, nothing, how = ''] = JSON.parse(stdout).split('\n');
    assert.equal(what, `dugong's native addon cannot be loaded by ${runtime()} on ${platform}. Tried:`);
    assert.equal(nothing, '  nothing, since this code is in no file');
    assert.match(how, /^dugong is part of a bundle here\. Put the package's prebuilds\//);
  });
});
