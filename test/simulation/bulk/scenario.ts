/**
 * Worlds of bulk transfers: many jobs for several hosts, some of which close, lose, swap, refuse, stall or fail; in each way of waiting.
 * The results are compared with what the hosts have seen and sent.
 */

import { failure, hosts as known, type Resolver } from '../kernel/lookups.ts';
import { type Report, type SimulationOptions, simulate } from '../loop.ts';
import type { Scenario, Verdict } from '../scenario.ts';
import { ofWorld } from '../world-problems.ts';
import { drawPlan } from './draw.ts';
import { Judge, shown } from './oracle.ts';
import { type BulkPlan, hostName, type Surroundings } from './plan.ts';
import { BulkProgram } from './program.ts';
import { Book, BulkHost } from './servers.ts';
import { smallerPlans } from './smaller.ts';

export const bulkScenario: Scenario<BulkPlan> = {
  name: 'bulk',
  repeats: 'story',
  draw: drawPlan,
  run,
  smaller: smallerPlans,
};

/** Milliseconds in which a run must have ended, and those for each job. */
const LIMIT = 3_000_000;
const LIMIT_OF_JOB = 20_000;
/** Events and waits, for each job. */
const MOST_EVENTS = 10_000_000;
const MOST_WAITS = 2_000_000;
const LONGEST_TRACE = 5000;

async function run(seed: number, plan: BulkPlan, traced: boolean): Promise<Verdict> {
  const book = new Book(plan);
  let program: BulkProgram | undefined;
  const report = await simulate(optionsOf(seed, { plan, book, traced }), async (scene) => {
    const limit = LIMIT + LIMIT_OF_JOB * plan.jobs.length;
    const alarm = scene.world.at(limit, () => {
      throw scene.world.fail(`the transfer goes on for ever after ${limit} ms`);
    });
    program = new BulkProgram(seed, plan, scene);
    await program.run();
    alarm.cancel();
  });
  const problems = [...ofWorld(report), ...book.problems, ...judged(plan, book, { program, report })];
  return {
    problems,
    suspensions: report.world.suspensions,
    connections: book.connections.reduce((sum, count) => sum + count, 0),
    requests: book.requests,
    faults: book.faults,
    trace: report.world.trace.slice(-LONGEST_TRACE),
    outcome: outcomeOf(report, program),
  };
}

function judged(
  plan: BulkPlan,
  book: Book,
  { program, report }: { program: BulkProgram | undefined; report: Report<void> },
): readonly string[] {
  if (program === undefined || report.outcome.status !== 'fulfilled') return [];
  const judge = new Judge(plan, book, program);
  judge.judge();
  return [...program.problems, ...judge.problems];
}

function outcomeOf({ outcome }: Report<void>, program: BulkProgram | undefined): string {
  const results = program?.results ?? [];
  const told = results.map(
    ({ index, outcome: how, response, bytes, attempts, error }) =>
      `${index} ${how} ${response?.status ?? '-'} ${bytes} ${attempts} ${error === undefined ? '' : shown(error)}`,
  );
  return [outcome.status, ...told].join('\n');
}

/** A world with these hosts. */
export function optionsOf(
  seed: number,
  { plan, book, traced }: { plan: Surroundings; book: Book; traced: boolean },
): SimulationOptions {
  const { noBuffers, noDescriptor, lateness } = plan.machine;
  return {
    ...{ seed, traced, mostEvents: MOST_EVENTS, mostSuspensions: MOST_WAITS, resolver: resolverOf(plan) },
    faults: { noDescriptor, noBuffers, lateness: { chance: lateness > 0 ? 0.3 : 0, most: lateness } },
    prepare: ({ network }) => {
      for (const index of plan.hosts.keys()) network.serve(`192.0.2.${index + 1}:80`, new BulkHost(plan, index, book));
    },
  };
}

/** Names of which some have another address first, some are unknown, and some are found at the third attempt only. */
function resolverOf({ hosts }: Surroundings): Resolver {
  const addresses = hosts.map(({ lookup }, index): [string, string[]] => {
    const address = `192.0.2.${index + 1}`;
    return [hostName(index), lookup === 'second' ? ['192.0.2.99', address] : [address]];
  });
  const names = known(Object.fromEntries(addresses));
  const asked = new Map<string, number>();
  return {
    resolve(hostname, family, random) {
      const count = (asked.get(hostname) ?? 0) + 1;
      asked.set(hostname, count);
      const { lookup } = hosts[addresses.findIndex(([name]) => name === hostname)] ?? {};
      if (lookup === 'none') return { answer: failure('EAI_NONAME'), delay: 2 };
      if (lookup === 'later' && count < 3) return { answer: failure('EAI_AGAIN'), delay: 2 };
      return names.resolve(hostname, family, random);
    },
  };
}
