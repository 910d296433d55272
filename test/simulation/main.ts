/** `npm run simulate`: runs worlds by the thousand, on all cores, and reports what was reached and which worlds failed. */

import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { commandLine } from '../support/command-line.ts';
import { bundle } from './runner/bundle.ts';
import { type Coverage, coverageOf } from './runner/coverage-report.ts';
import type { Finding, Line, Sum } from './runner/worker.ts';

/** By default all of these, with as many seeds. */
const SMALL = ['connection', 'situation', 'fetch', 'sync', 'pipeline'];
const WORLDS = [...SMALL, 'bulk'];

const USAGE = `Usage: npm run simulate -- [--seeds A..B] [--world NAME]... [--jobs N]
       npm run simulate -- --seeds A..B [--world NAME]... --digest
       npm run simulate -- --seed N [--world NAME] [--trace] [--plan JSON]

Runs the client in simulated worlds, each decided by its seed: the kernel, the network, the servers, the time and the program. What a
server has really seen is compared with what the client says. Ends with status 1 if something is not right.

  --seeds A..B    a range of seeds (default: 1..20000)
  --today         a range that the date decides, of as many seeds as --seeds has
  --world NAME    ${WORLDS.join(', ')} (default: all but bulk; may be repeated)
  --digest        print a digest of all stories of each kind of world, and nothing else: it is the same in every version of Node (of
                  "fetch" and "sync", whose streams are the platform's, it is one of how they end)
  --jobs N        processes (default: one per core)
  --seed N        one seed: what it plans, and what came of it
  --trace         with --seed: the whole story, in virtual time
  --plan JSON     with --seed: this plan in place of the seed's own, as failures print it`;

const { values, number, fail } = commandLine(USAGE, {
  seeds: { type: 'string', default: '1..20000' },
  seed: { type: 'string' },
  today: { type: 'boolean', default: false },
  world: { type: 'string', multiple: true, default: SMALL },
  digest: { type: 'boolean', default: false },
  jobs: { type: 'string', default: String(availableParallelism()) },
  trace: { type: 'boolean', default: false },
  plan: { type: 'string' },
});
const jobs = number('jobs', 1);
for (const world of values.world) if (!WORLDS.includes(world)) fail(`there is no world "${world}"`);

/** Most and least seeds for one process: it needs some thousands of them to become fast. */
const LARGEST_PART = 100_000;
const SMALLEST_PART = 5000;
/** Further findings are only counted. */
const MOST_SHOWN = 5;
/** Days are so far apart that their ranges do not overlap. */
const SEEDS_OF_A_DAY = 10_000_000;

const children = new Set<ChildProcess>();

/** Runs the program, and passes each line on. @throws Error if it fails */
async function run(program: string, args: readonly string[], heed: (line: Line) => void): Promise<void> {
  const child = spawn(process.execPath, ['--enable-source-maps', program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  for await (const line of createInterface({ input: child.stdout })) heed(JSON.parse(line));
  const status = await ended;
  children.delete(child);
  if (status !== 0) throw new Error(`the simulation ended with status ${status}: ${args.join(' ')}`);
}

async function one(program: string, seed: string): Promise<boolean> {
  let failed = false;
  const [world = ''] = values.world;
  const plan = values.plan === undefined ? [] : [values.plan];
  await run(program, [world, 'trace', seed, ...plan], (line) => {
    if (!('trace' in line)) return;
    failed = line.trace.some((entry) => entry.startsWith('PROBLEM'));
    const shown = values.trace ? line.trace : line.trace.filter((entry) => /^(plan|outcome|PROBLEM)/.test(entry));
    console.log(shown.join('\n'));
  });
  return failed;
}

function range(): [from: number, to: number] {
  const [, from, to] =
    /^(\d+)\.\.(\d+)$/.exec(values.seeds) ?? fail(`--seeds must be like 1..1000, got ${values.seeds}`);
  if (Number(from) > Number(to)) fail(`--seeds has no seed in it: ${values.seeds}`);
  if (!values.today) return [Number(from), Number(to)];
  const days = Math.floor(Date.now() / 86_400_000);
  const first = days * SEEDS_OF_A_DAY;
  return [first + Number(from), first + Number(to)];
}

async function many(program: string): Promise<boolean> {
  const [from, to] = range();
  const findings: Finding[] = [];
  const coverage: Coverage[] = [];
  for (const world of values.world) {
    const sums: Sum[] = [];
    const parts = partsOf([from, to]);
    const work = async (): Promise<void> => {
      for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
        await run(program, [world, ...part.map(String)], (line) => {
          if ('finding' in line) findings.push(line.finding);
          if ('sum' in line) sums.push(line.sum);
        });
      }
    };
    await Promise.all(Array.from({ length: jobs }, work));
    console.log(report(world, sums, [from, to]));
    coverage.push(...sums.map((sum) => sum.coverage));
  }
  console.log(
    `Reached in all:\n${coverageOf(coverage)
      .map((line) => `  ${line}`)
      .join('\n')}`,
  );
  for (const finding of findings.slice(0, MOST_SHOWN)) console.log(shown(finding));
  console.log(findings.length === 0 ? 'Nothing found.' : `${findings.length} seeds failed.`);
  return findings.length > 0;
}

/** Parts of one size, the same number for each process, if there are enough seeds. */
function partsOf([from, to]: readonly [number, number]): [from: number, to: number][] {
  const share = Math.ceil((to - from + 1) / jobs);
  const rounds = Math.ceil(share / LARGEST_PART);
  const size = Math.max(SMALLEST_PART, Math.ceil(share / rounds));
  const parts: [number, number][] = [];
  for (let start = from; start <= to; start += size) parts.push([start, Math.min(to, start + size - 1)]);
  return parts;
}

async function digests(program: string): Promise<boolean> {
  const [from, to] = range();
  for (const world of values.world) {
    await run(program, [world, 'digest', String(from), String(to)], (line) => {
      if ('digest' in line) console.log(`${world} ${from}..${to} ${line.digest}`);
    });
  }
  return false;
}

function report(world: string, sums: readonly Sum[], [from, to]: readonly [number, number]): string {
  const total = (pick: (sum: Sum) => number): number => sums.reduce((all, sum) => all + pick(sum), 0);
  const seeds = total((sum) => sum.seeds);
  const perSeed = (pick: (sum: Sum) => number): string => (total(pick) / seeds).toFixed(1);
  return [
    `World "${world}", seeds ${from}..${to}: ${seeds} run, ${Math.round(seeds / total((sum) => sum.seconds))} a second and core`,
    `  per seed: ${perSeed((sum) => sum.suspensions)} suspensions, ${perSeed((sum) => sum.connections)} connections, ` +
      `${perSeed((sum) => sum.requests)} requests, ${perSeed((sum) => sum.faults)} faults; ` +
      `${total((sum) => sum.empty)} with fewer than 2 connections, 5 requests or 1 fault`,
  ].join('\n');
}

function shown({ world, seed, problems, plan, tried }: Finding): string {
  return [
    `\nSeed ${seed} of "${world}" fails; the smallest plan of ${tried} that were tried:`,
    ...problems.map((problem) => `  ${problem}`),
    `  npm run simulate -- --world ${world} --seed ${seed} --trace --plan '${JSON.stringify(plan)}'`,
  ].join('\n');
}

const program = await bundle('worker.ts');
process.on('exit', () => {
  for (const child of children) child.kill();
  rmSync(dirname(program), { recursive: true });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
// The reader of the report may close it early.
process.stdout.on('error', () => process.exit(1));
const seeds = values.digest ? digests : many;
const failed = values.seed === undefined ? await seeds(program) : await one(program, String(number('seed')));
process.exitCode = failed ? 1 : 0;
