/** A project in an empty folder, in which a manager has nothing but Node and the registry of this test. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { repository } from '../support/compiled.ts';
import { timeLimit } from '../support/time-limit.ts';
import { headersOf, type Installed, type Runtime } from './installations.ts';
import type { Registry } from './registry.ts';

const PREBUILT = 'prebuilds/linux-x64-glibc/dugong.node';
const BUILT = 'native/build/Release/dugong.node';
/** What no manager has a reason to speak of. */
const COMPLAINT = /node-gyp|binding\.gyp|build script|install script|ignored|allow-scripts|approve/i;
/** Where the shell scripts that some managers write for commands find sed and dirname. */
const SYSTEM = '/usr/bin:/bin';
/** How an addon is built in a project, behind what runs a package that is not installed. */
export const BUILDER: readonly string[] = ['node-gyp@12', 'rebuild', '-C', 'node_modules/dugong/native'];

export class Project implements Disposable {
  readonly #root = mkdtempSync(join(tmpdir(), 'dugong-project-'));
  readonly #folder = join(this.#root, 'project');
  readonly #installed: Installed;
  readonly #node: Runtime;

  constructor(installed: Installed, node: Runtime, registry: Registry) {
    this.#installed = installed;
    this.#node = node;
    for (const name of ['project', 'home', 'tmp', 'bin']) mkdirSync(join(this.#root, name));
    symlinkSync(node.path, join(this.#root, 'bin/node'));
    // Not in the project: bunx does not look there.
    writeFileSync(join(this.#root, 'home/.npmrc'), `registry=${registry.url}\n`);
    this.#write({ 'package.json': '{ "private": true }\n', ...installed.manager.files?.(registry.url) });
    for (const name of ['request.mjs', 'server.mjs']) {
      copyFileSync(join(repository, 'test/packages/project', name), join(this.#folder, name));
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.#root, { recursive: true, force: true });
  }

  /** Adds dugong, with nothing but Node on the path. */
  async install(): Promise<void> {
    const { manager } = this.#installed;
    const output = await this.#run([manager.program, ...manager.add], this.#path());
    assert.doesNotMatch(output, COMPLAINT);
  }

  /** Requests, by the library and the command, which load the addon of the package. */
  async request(addon: string = PREBUILT): Promise<void> {
    const { runs = ['node'], command = ['node_modules/.bin/dugong'] } = this.#installed.manager;
    await this.#run([...runs, 'request.mjs', addon, ...command.map((word) => this.#program(word))], this.#path(SYSTEM));
  }

  /** Requests by the library alone, in another runtime than Node. */
  async requestIn(runtime: readonly string[]): Promise<void> {
    await this.#run([...runtime, 'request.mjs', PREBUILT], this.#path());
  }

  /** Builds the addon with the command that is documented, and makes requests with it when there is no other one. */
  async build(fetches: readonly string[]): Promise<void> {
    const headers = headersOf(this.#node);
    const options = headers === undefined ? [] : [`--nodedir=${headers}`];
    await this.#run([...fetches, ...BUILDER, ...options], this.#path(process.env['PATH'] ?? ''));
    const prebuilds = join(this.#folder, 'node_modules/dugong/prebuilds');
    renameSync(prebuilds, `${prebuilds}-away`);
    await this.request(BUILT);
  }

  #write(files: Readonly<Record<string, string>>): void {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(this.#folder, name), content);
  }

  #path(...more: readonly string[]): string {
    return [join(this.#root, 'bin'), ...more].join(delimiter);
  }

  /** A program of the manager by its path; any other word as it is. */
  #program(word: string): string {
    const path = join(this.#installed.programs, word);
    return existsSync(path) ? path : word;
  }

  /** Nothing is left elsewhere. As root, yarn 1 has its folders in /usr/local, wherever the home is. */
  #ownFolders(): NodeJS.ProcessEnv {
    const [home, temporary] = [join(this.#root, 'home'), join(this.#root, 'tmp')];
    const yarn = { YARN_CACHE_FOLDER: join(home, 'cache'), YARN_GLOBAL_FOLDER: join(home, 'global'), PREFIX: home };
    return { HOME: home, TMPDIR: temporary, ...yarn };
  }

  /** Returns what it wrote. @throws Error with that, if it failed */
  async #run([program = '', ...args]: readonly string[], path: string): Promise<string> {
    const env = { PATH: path, ...this.#ownFolders() };
    const child = spawn(this.#program(program), args, {
      cwd: this.#folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeLimit(300_000),
      killSignal: 'SIGKILL',
    });
    const [stdout, stderr, [status, signal]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>,
    ]);
    const output = stdout + stderr;
    if (status !== 0) throw new Error(`${[program, ...args].join(' ')} ended with ${signal ?? status}:\n${output}`);
    return output;
  }
}
