/** The packed package, installed by every package manager with every Node: `npm run packages`. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { commandLine } from '../support/command-line.ts';
import { repository } from '../support/compiled.ts';
import { type Installed, installedManager, installedNode, type Runtime, worksWith } from './installations.ts';
import { MANAGERS } from './managers.ts';
import { Project } from './project.ts';
import { Registry } from './registry.ts';

/** The first is the oldest that is promised ("engines" in package.json). */
const NODES = ['20.19.0', '22', '24', '26'];

const USAGE = `Usage: npm run packages -- [--manager NAME]... [--node VERSION]... [--build] [--tarball FILE] [--cache DIR]

Installs the packed package in an empty folder, with each package manager on each Node, from a registry on loopback and with nothing but
Node on PATH; and makes requests with it. No output may speak of scripts or of node-gyp, and no addon may be loaded but that of the
package. Ends with a table in Markdown, and with status 1 if something is wrong. For Linux on x64, with glibc.

  --manager NAME  only this one: ${MANAGERS.map(({ name }) => name).join(', ')}
  --node VERSION  only this one; "this" is the one that runs this command; without it: ${NODES.join(', ')}
  --build         build the addon in each project, too, by the manager's command in docs/platforms.md, and use that alone
  --tarball FILE  what to install; without it, dist/ and prebuilds/ are packed as they are
  --cache DIR     keeps managers and Nodes for the next time, in these versions; without it, they go at the end`;

const { values, fail } = commandLine(USAGE, {
  manager: { type: 'string', multiple: true, default: MANAGERS.map(({ name }) => name) },
  node: { type: 'string', multiple: true, default: NODES },
  build: { type: 'boolean', default: false },
  tarball: { type: 'string' },
  cache: { type: 'string' },
});

type Outcome = 'works' | 'fails' | 'no';

function packed(folder: string): string {
  const args = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder];
  return join(folder, execFileSync('npm', args, { cwd: repository, encoding: 'utf8' }).trim());
}

/** Says how it went, and how long it took. */
async function outcomeOf(name: string, run: () => Promise<void>): Promise<Outcome> {
  const start = performance.now();
  const say = (mark: string, what: string): void => {
    console.log(`${mark} ${name.padEnd(40)} ${((performance.now() - start) / 1000).toFixed(1).padStart(5)} s  ${what}`);
  };
  try {
    await run();
    say('✔', 'works');
    return 'works';
  } catch (error) {
    say('✖', error instanceof Error ? error.message : String(error));
    return 'fails';
  }
}

function titleOf({ manager: { program, form }, version }: Installed): string {
  return `${program} ${version}${form === undefined ? '' : `, ${form}`}`;
}

async function cell(installed: Installed, node: Runtime, registry: Registry): Promise<Outcome> {
  if (!worksWith(installed, node)) return 'no';
  const { fetches } = installed.manager;
  return outcomeOf(`${titleOf(installed)}, Node ${node.version}`, async () => {
    using project = new Project(installed, node, registry);
    await project.install();
    await project.request();
    if (values.build && fetches !== undefined) await project.build(fetches);
  });
}

/** With Bun or Deno in place of Node, and no event loop of libuv: blocking requests work, and promises say why they do not. */
async function alone(
  installed: Installed,
  runtime: readonly string[],
  node: Runtime,
  registry: Registry,
): Promise<Outcome> {
  return outcomeOf(`${titleOf(installed)} as the runtime`, async () => {
    using project = new Project(installed, node, registry);
    await project.install();
    await project.requestIn(runtime);
  });
}

/** A row of a table in Markdown. */
function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** What was found, to be printed, and whether all is well. */
class Report {
  readonly #rows: string[];
  readonly #notes: string[] = [];
  readonly #outcomes: Outcome[] = [];

  constructor(nodes: readonly Runtime[]) {
    this.#rows = [row(['', ...nodes.map(({ version }) => `Node ${version}`)]), row(['---', ...nodes.map(() => '---')])];
  }

  add(installed: Installed, outcomes: readonly Outcome[]): void {
    this.#rows.push(row([titleOf(installed), ...outcomes]));
    if (outcomes.includes('no')) this.#notes.push(`no: ${titleOf(installed)} wants Node \`${installed.engines}\`.`);
    this.#outcomes.push(...outcomes);
  }

  addRuntime(installed: Installed, outcome: Outcome): void {
    this.#notes.push(`${titleOf(installed)} as the runtime, blocking requests only: ${outcome}.`);
    this.#outcomes.push(outcome);
  }

  get allWell(): boolean {
    return this.#outcomes.includes('works') && !this.#outcomes.includes('fails');
  }

  toString(): string {
    return [...this.#rows, '', ...this.#notes].join('\n');
  }
}

/** Returns whether all is well. */
async function run(folder: string): Promise<boolean> {
  const cache = resolve(values.cache ?? join(folder, 'cache'));
  await using registry = await Registry.start(resolve(values.tarball ?? packed(folder)));
  const nodes = values.node.map((version) => installedNode(version, cache));
  const report = new Report(nodes);
  for (const manager of chosen) {
    const installed = installedManager(manager, cache);
    const outcomes: Outcome[] = [];
    for (const node of nodes) outcomes.push(await cell(installed, node, registry));
    report.add(installed, outcomes);
    const [node] = nodes;
    if (manager.runtime !== undefined && node !== undefined) {
      report.addRuntime(installed, await alone(installed, manager.runtime, node, registry));
    }
  }
  console.log(`\n${report}`);
  return report.allWell;
}

const chosen = MANAGERS.filter(({ name }) => values.manager.includes(name));
const unknown = values.manager.find((name) => !MANAGERS.some((manager) => manager.name === name));
if (unknown !== undefined) fail(`there is no manager ${unknown}`);

const folder = mkdtempSync(join(tmpdir(), 'dugong-packages-'));
try {
  if (!(await run(folder))) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
