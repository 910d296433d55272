/**
 * Runs a range of seeds, or one plan, in this process, and prints the results, a line of JSON each; main.ts starts it, bundled.
 * `node program.mjs WORLD FROM TO [stop]` (at the first that fails, without shrinking; prints each seed before it runs),
 * `node program.mjs WORLD trace SEED [PLAN]`, `node program.mjs WORLD digest FROM TO`
 */

import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import '../kernel/install.ts';
import { SCENARIOS } from '../scenarios.ts';
import { reach, reached } from './coverage.ts';
import { shrink } from './shrink.ts';

/** A seed that failed, with the smallest plan that fails in the same way. */
export interface Finding {
  readonly world: string;
  readonly seed: number;
  readonly problems: readonly string[];
  readonly plan: unknown;
  readonly tried: number;
}

/** The result of a range of seeds. */
export interface Sum {
  readonly world: string;
  seeds: number;
  suspensions: number;
  connections: number;
  requests: number;
  faults: number;
  /** Worlds with fewer than 2 connections, 5 requests or 1 fault. */
  empty: number;
  /** Seconds of CPU time. */
  seconds: number;
  coverage: Record<string, string[]>;
}

export type Line =
  | { readonly seed: number }
  | { readonly finding: Finding }
  | { readonly sum: Sum }
  | { readonly trace: readonly string[] }
  | { readonly digest: string };

/** Most findings in one range. */
const MOST_FINDINGS = 20;

function say(line: Line): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

Reflect.set(globalThis, 'simulationReaches', reach);

/** Errors are made by the million, and their stacks are not used. */
const { stackTraceLimit } = Error;
Error.stackTraceLimit = 0;

const [world = '', from = '', to = '', rest] = process.argv.slice(2);
const scenario = SCENARIOS.find(({ name }) => name === world);
if (scenario === undefined) throw new Error(`there is no world ${world}`);

let unhandled: string | undefined;
process.on('unhandledRejection', (reason) => {
  unhandled = `unhandled rejection: ${reason instanceof Error ? reason.stack : String(reason)}`;
});

if (from === 'trace') {
  Error.stackTraceLimit = stackTraceLimit;
  const seed = Number(to);
  const plan: unknown = rest === undefined ? scenario.draw(seed) : JSON.parse(rest);
  const { trace, problems, outcome } = await scenario.run(seed, plan, true);
  say({ trace: [...trace, `outcome: ${outcome}`, ...problems.map((problem) => `PROBLEM: ${problem}`)] });
} else if (from === 'digest') {
  const digest = createHash('sha256');
  for (let seed = Number(to); seed <= Number(rest); seed++) {
    const { trace, outcome } = await scenario.run(seed, scenario.draw(seed), scenario.repeats === 'story');
    digest.update(JSON.stringify([seed, ...trace, outcome]));
  }
  say({ digest: digest.digest('hex') });
} else {
  const sum: Sum = {
    ...{ world, seeds: 0, suspensions: 0, connections: 0, requests: 0, faults: 0, empty: 0, seconds: 0 },
    coverage: {},
  };
  const begin = process.cpuUsage();
  let found = 0;
  for (let seed = Number(from); seed <= Number(to) && found < MOST_FINDINGS; seed++) {
    if (rest === 'stop') say({ seed });
    const plan = scenario.draw(seed);
    unhandled = undefined;
    const verdict = await scenario.run(seed, plan, false);
    sum.seeds++;
    sum.suspensions += verdict.suspensions;
    sum.connections += verdict.connections;
    sum.requests += verdict.requests;
    sum.faults += verdict.faults;
    if (verdict.connections < 2 || verdict.requests < 5 || verdict.faults < 1) sum.empty++;
    const problems = unhandled === undefined ? verdict.problems : [...verdict.problems, unhandled];
    if (problems.length === 0) continue;
    found++;
    if (rest === 'stop') {
      say({ finding: { world, seed, problems, plan, tried: 1 } });
      break;
    }
    Error.stackTraceLimit = stackTraceLimit;
    const { tried, ...shrunk } = await shrink(scenario, seed, plan, problems);
    Error.stackTraceLimit = 0;
    say({ finding: { world, seed, tried, problems: shrunk.problems, plan: shrunk.plan } });
  }
  const { user, system } = process.cpuUsage(begin);
  sum.seconds = (user + system) / 1e6;
  sum.coverage = reached();
  say({ sum });
}
