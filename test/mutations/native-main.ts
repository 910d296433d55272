/**
 * Puts the faults of native.ts into a copy of native/, one at a time, builds the addon, and runs the tests that are to find them. A test
 * run that hangs has found its fault, too. First the copy as it is has to pass them all.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLine } from '../support/command-line.ts';
import { repository } from '../support/compiled.ts';
import { timeLimit } from '../support/time-limit.ts';
import { NATIVE_MUTATIONS, type NativeMutation } from './native.ts';

const USAGE = `Usage: npm run mutations:native -- [--only PATTERN] [--jobs N] [--skip-unchanged]

Puts deliberate faults into the addon, one at a time, and says which tests find each. --only chooses those whose name
has the regular expression PATTERN in it; --jobs is how many copies are worked on at a time (1); --skip-unchanged trusts that the tests pass without any fault.`;

const { values, number } = commandLine(USAGE, {
  only: { type: 'string', default: '' },
  jobs: { type: 'string', default: '1' },
  'skip-unchanged': { type: 'boolean', default: false },
});

const running = new Set<ChildProcess>();
const folders = new Set<string>();

/** Runs a command in a process group of its own, which is killed when the time is up. Returns its status; null if it was killed. */
async function run(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  limit: number,
): Promise<number | null> {
  const child = spawn(command, args, { cwd: repository, env, stdio: 'ignore', detached: true });
  running.add(child);
  const timer = setTimeout(() => killGroup(child), timeLimit(limit));
  const [status] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  running.delete(child);
  return status;
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

/** A copy of the addon's sources, and what has been built of them. */
class Copy implements Disposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'dugong-mutations-'));
  readonly addon: string = join(this.folder, 'native/build/Release/dugong.node');

  constructor() {
    folders.add(this.folder);
    const sources = readdirSync(join(repository, 'native')).filter((name) => /\.(cc|h|gyp)$/.test(name));
    for (const path of ['package.json', ...sources.map((name) => join('native', name))]) {
      cpSync(join(repository, path), join(this.folder, path), { preserveTimestamps: true });
    }
    symlinkSync(join(repository, 'node_modules'), join(this.folder, 'node_modules'));
  }

  /** What has changed is built anew. */
  async build(step: 'rebuild' | 'build'): Promise<boolean> {
    const args = [
      'exec',
      '--offline',
      '--',
      'node-gyp',
      step,
      '--silent',
      '-j',
      '2',
      '-C',
      join(this.folder, 'native'),
    ];
    return (await run('npm', args, process.env, 600_000)) === 0;
  }

  /** The first of the test files that fails, or undefined. */
  async failing(tests: readonly string[]): Promise<string | undefined> {
    const env = { ...process.env, DUGONG_ADDON: this.addon };
    for (const name of tests) {
      const file = `test/${name}.test.ts`;
      // Without coming to an end it fails as well.
      if ((await run(process.execPath, ['--import', 'tsx', '--test', file], env, 120_000)) !== 0) return file;
    }
    return undefined;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The test that finds the mutation, or what is the matter. */
async function verdict(
  copy: Copy,
  { file, before, after, tests }: NativeMutation,
): Promise<{ found: boolean; by: string }> {
  const path = join(copy.folder, 'native', file);
  const source = readFileSync(path, 'utf8');
  if (source.split(before).length !== 2) return { found: false, by: 'the text is not there exactly once' };
  // By a function, since there may be a "$" in it.
  writeFileSync(
    path,
    source.replace(before, () => after),
  );
  try {
    if (!(await copy.build('build'))) return { found: false, by: 'it does not compile' };
    const failing = await copy.failing(tests);
    return { found: failing !== undefined, by: failing ?? 'no test' };
  } finally {
    writeFileSync(path, source);
  }
}

process.on('exit', () => {
  for (const child of running) killGroup(child);
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

const chosen = NATIVE_MUTATIONS.filter(({ name }) => new RegExp(values.only).test(name));
using first = new Copy();
if (!(await first.build('rebuild'))) throw new Error('the addon cannot be built');
if (!values['skip-unchanged']) {
  const failing = await first.failing([...new Set(chosen.flatMap(({ tests }) => tests))]);
  if (failing !== undefined) throw new Error(`${failing} fails without any fault`);
}

const queue = [...chosen];
let found = 0;

async function work(copy: Copy): Promise<void> {
  for (let each = queue.shift(); each !== undefined; each = queue.shift()) {
    const { found: isFound, by } = await verdict(copy, each);
    if (isFound) found++;
    console.log(`| ${each.name} | \`${each.file}\` | ${isFound ? `\`${by}\`` : `**not found**: ${by}`} |`);
  }
}

async function workOnAnother(): Promise<void> {
  using copy = new Copy();
  if (!(await copy.build('rebuild'))) throw new Error('the addon cannot be built');
  await work(copy);
}

console.log('| fault | in native/ | found by |\n| --- | --- | --- |');
await Promise.all([work(first), ...Array.from({ length: number('jobs', 1) - 1 }, workOnAnother)]);
console.log(`\n${found} of ${chosen.length} faults in native/ were found`);
process.exitCode = found === chosen.length ? 0 : 1;
