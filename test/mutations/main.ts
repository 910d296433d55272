/** `npm run mutations`: puts deliberate faults into the library, one at a time, and looks how many simulated worlds it takes to find each. */

import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { bundle } from '../simulation/runner/bundle.ts';
import type { Finding, Line } from '../simulation/runner/worker.ts';
import { commandLine } from '../support/command-line.ts';
import type { Mutation } from './mutation.ts';
import { MUTATIONS } from './src.ts';

const USAGE = `Usage: npm run mutations -- [--seeds N] [--world NAME] [--jobs N] [--markdown] [NAME...]

Puts each of ${MUTATIONS.length} deliberate faults into the library, in memory, and runs simulated worlds with it, seeds from 1 on, until
one finds it. NAMEs choose faults by what their names, or their files, hold. Ends with status 1 if one is not found.

  --seeds N     the most seeds for one fault (default: 20000)
  --world NAME  worlds of this kind, in place of those that are known to find it
  --jobs N      processes (default: one per core)
  --markdown    print the table of the documents`;

const { values, names, number, fail } = commandLine(
  USAGE,
  {
    seeds: { type: 'string', default: '20000' },
    world: { type: 'string' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    markdown: { type: 'boolean', default: false },
  },
  { named: true },
);
const [seeds, jobs] = [number('seeds', 1), number('jobs', 1)];

const chosen = MUTATIONS.filter(
  ({ name, file }) => names.length === 0 || names.some((part) => name.includes(part) || file.includes(part)),
);
if (chosen.length === 0) fail(`no fault is named like ${names.join(' or ')}`);

/** What became of one fault. */
interface Row {
  readonly mutation: Mutation;
  /** The first seed that finds it, and what is wrong in its world; undefined: none does. */
  readonly found: Pick<Finding, 'seed' | 'problems'> | undefined;
}

/** Milliseconds for one world, which takes some: one that does not end is killed, and has found the fault. */
const LONGEST = 120_000;

async function look(mutation: Mutation): Promise<Row> {
  const { before, after } = mutation;
  const { world = mutation.world } = values;
  const program = await bundle('worker.ts', { file: `src/${mutation.file}`, before, after });
  try {
    for (let from = 1; from <= seeds; ) {
      const found = await firstFinding(program, world, [from, seeds]);
      if (found === undefined) break;
      // What fails without the fault, too, has not found it.
      if ((await firstFinding(sound, world, [found.seed, found.seed])) === undefined) return { mutation, found };
      from = found.seed + 1;
    }
    return { mutation, found: undefined };
  } finally {
    rmSync(dirname(program), { recursive: true });
  }
}

/** @throws Error if the program ends otherwise than by having looked at all seeds */
async function firstFinding(program: string, world: string, seeds: readonly [number, number]): Promise<Row['found']> {
  const args = [program, world, ...seeds.map(String), 'stop'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  let found: Row['found'];
  let [seed] = seeds;
  const tooLong = setTimeout(() => {
    found = { seed, problems: ['does not end'] };
    child.kill('SIGKILL');
  }, LONGEST);
  for await (const line of createInterface({ input: child.stdout })) {
    const said = JSON.parse(line) as Line;
    if ('finding' in said) found = said.finding;
    if (!('seed' in said)) continue;
    seed = said.seed;
    tooLong.refresh();
  }
  const status = await ended;
  clearTimeout(tooLong);
  if (status !== 0 && found === undefined) {
    throw new Error(`the simulation ended with status ${status}: ${args.join(' ')}`);
  }
  return found;
}

/** What an oracle says, as far as it fits into a row. */
function shortened(problem: string): string {
  const [line = ''] = problem.split('\n', 1);
  return line.length > 110 ? `${line.slice(0, 109)}…` : line;
}

function shown({ mutation: { name, world, history }, found }: Row): string {
  const said = found === undefined ? 'NOT FOUND' : `seed ${found.seed}: ${shortened(found.problems[0] ?? '')}`;
  return `${found === undefined ? '✗' : '✓'} ${world}: ${name}${history === undefined ? '' : ' (from history)'}\n    ${said}`;
}

function table(rows: readonly Row[]): string {
  const escaped = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '\\<');
  return [
    '| Fault | File | World | Mended before by | Found by seed | As |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows
      .map(({ mutation: { name, file, world, history = '' }, found }) =>
        [name, `\`${file}\``, world, history, found?.seed ?? 'none', shortened(found?.problems[0] ?? '')]
          .map((cell) => escaped(String(cell)))
          .join(' | '),
      )
      .map((row) => `| ${row} |`),
  ].join('\n');
}

/** The library as it is. */
const sound = await bundle('worker.ts');
const rows: Row[] = [];
const failures: string[] = [];
const left = [...chosen];
const work = async (): Promise<void> => {
  for (let mutation = left.shift(); mutation !== undefined; mutation = left.shift()) {
    try {
      const row = await look(mutation);
      rows.push(row);
      if (!values.markdown) console.log(shown(row));
    } catch (error) {
      failures.push(`${mutation.name}: ${(error as Error).message}`);
      console.error(`✗ ${mutation.name}\n    ${(error as Error).message}`);
    }
  }
};
try {
  await Promise.all(Array.from({ length: jobs }, work));
} finally {
  rmSync(dirname(sound), { recursive: true });
}
rows.sort((one, other) => MUTATIONS.indexOf(one.mutation) - MUTATIONS.indexOf(other.mutation));
if (values.markdown) console.log(table(rows));
const missed = rows.filter(({ found }) => found === undefined).length;
const most = Math.max(0, ...rows.map(({ found }) => found?.seed ?? 0));
console.log(`\n${rows.length - missed} of ${chosen.length} faults were found, by seed ${most} at the latest.`);
process.exitCode = missed + failures.length > 0 ? 1 : 0;
