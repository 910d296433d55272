/**
 * A project that uses the package from node_modules, for bundlers to work on, and another folder where what they have written runs,
 * without any node_modules.
 */

import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { runtime } from '../../src/io/load-addon.ts';
import { repository } from './compiled.ts';
import { listen } from './listen.ts';
import { addonPath, writePackage } from './packed.ts';
import { type CommandOptions, type CommandResult, runCommand } from './run-command.ts';

/** Waits in two ways, in the main thread and in a worker, and uses three entries of the package. */
const PROGRAM = `
import { isMainThread, Worker } from 'node:worker_threads';
import { createFetch, InvalidResponse } from 'dugong';
import * as http1 from 'dugong/http1';
import { fetchSync } from 'dugong/sync';

async function main() {
  const url = process.argv[2];
  const awaited = await (await createFetch()(url)).text();
  const blocking = fetchSync(url).text();
  const same = InvalidResponse === http1.InvalidResponse;
  console.log([isMainThread ? 'main' : 'worker', awaited, blocking, same].join(' '));
  if (!isMainThread) return;
  const sea = process.getBuiltinModule('node:sea');
  const code = sea?.isSea() ? sea.getAsset('program', 'utf8') : undefined;
  new Worker(code ?? process.argv[1], { eval: code !== undefined, argv: [url] });
}
main();
`;

export class Bundling {
  readonly #folder = mkdtempSync(join(tmpdir(), 'dugong-bundling-'));
  readonly #server = createServer((_request, response) => response.end('hello'));
  #url = '';
  #moved = 0;

  /** The folder of the project. */
  readonly project: string = join(this.#folder, 'project');
  /** The program: an ES module. */
  readonly program: string = join(this.project, 'main.mjs');
  /** The addon of the package, for this platform. */
  readonly addon: string = join(this.project, 'node_modules/dugong', addonPath());

  async start(): Promise<void> {
    writePackage(join(this.project, 'node_modules/dugong'));
    writeFileSync(this.program, PROGRAM);
    writeFileSync(join(this.project, 'main.cjs'), PROGRAM.replace(/^import (.*) from (.*);$/gm, required));
    this.#url = `http://127.0.0.1:${await listen(this.#server, { host: '127.0.0.1', port: 0 })}/`;
  }

  end(): void {
    this.#server.close();
    this.#server.closeAllConnections();
    rmSync(this.#folder, { recursive: true });
  }

  /** The path of something in the project. */
  at(...path: readonly string[]): string {
    return join(this.project, ...path);
  }

  /** Moves what a bundler has written to a folder of its own, whose path it returns. */
  moved(output: string): string {
    const elsewhere = join(this.#folder, `elsewhere-${++this.#moved}`, basename(output));
    mkdirSync(elsewhere, { recursive: true });
    cpSync(output, elsewhere, { recursive: true });
    rmSync(output, { recursive: true });
    return elsewhere;
  }

  /**
   * Runs a script of docs/bundling.md in the project, where the program has the name that it has there. Its tools are those of this
   * repository, and its Node is this one.
   */
  async follow(script: string): Promise<void> {
    const bin = this.at('bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, 'npx'), '#!/bin/sh\nprogram=$(basename "$1"); shift; exec "$program" "$@"\n', {
      mode: 0o755,
    });
    this.#copyNcc(bin);
    const PATH = [bin, dirname(process.execPath), join(repository, 'node_modules/.bin'), process.env['PATH']].join(':');
    const options = { cwd: this.project, env: { PATH } };
    const { status, stdout, stderr } = await runCommand(['sh', '-e', '-c', script], options);
    assert.equal(status, 0, stdout + stderr);
  }

  /** It keeps compiled code in its own folder, which may crash another version of Node: a copy, without that. */
  #copyNcc(bin: string): void {
    const copy = this.at('ncc-package');
    if (existsSync(copy)) return;
    cpSync(join(repository, 'node_modules/@vercel/ncc'), copy, { recursive: true });
    for (const name of readdirSync(join(copy, 'dist/ncc')).filter((each) => each.endsWith('.cache'))) {
      writeFileSync(join(copy, 'dist/ncc', name), '');
    }
    const command = `exec node ${join(copy, 'dist/ncc/cli.js')} "$@"`;
    writeFileSync(join(bin, 'ncc'), `#!/bin/sh\n${command}\n`, { mode: 0o755 });
  }

  /** Runs the program; `command` is what comes before its argument. */
  run(command: readonly [string, ...string[]], options?: CommandOptions): Promise<CommandResult> {
    return runCommand([...command, this.#url], options);
  }

  /** Runs a bundle, which must work: in both threads, with the classes of all entries the same. */
  async works(command: readonly [string, ...string[]], options?: CommandOptions): Promise<void> {
    const result = await this.run(command, options);
    assert.deepEqual(result, { status: 0, stdout: 'main hello hello true\nworker hello hello true\n', stderr: '' });
  }

  /** Runs a bundle, which must not find the addon. `tried` are the places. */
  async lacksAddon(bundle: string, tried: readonly string[]): Promise<void> {
    const { status, stderr } = await this.run([process.execPath, bundle]);
    assert.equal(status, 1);
    const message = /^Error: (dugong's .*\.)$/ms.exec(stderr)?.[1] ?? stderr;
    const platform = basename(join(this.addon, '..'));
    assert.deepEqual(message.split('\n'), [
      `dugong's native addon cannot be loaded by ${runtime()} on ${platform}. Tried:`,
      ...tried.map((path) => `  ${path}: there is no such file`),
      `dugong is part of a bundle here. Put the package's ${addonPath()} beside the bundle, or name that file in the environment variable DUGONG_ADDON, or leave dugong out of the bundle (as "external"). The package's docs/bundling.md has more.`,
    ]);
  }
}

/** An import, as a call of require(). */
function required(_: string, names: string, specifier: string): string {
  return `const ${names.replace('* as ', '')} = require(${specifier});`;
}
