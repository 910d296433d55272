/** Worlds of several connections, each with a server of its own, whose coroutines are run in every way of waiting. */

import { TLSContext } from '../client.ts';
import { Departures } from '../kernel/departures.ts';
import { type Scene, simulate } from '../loop.ts';
import { Random } from '../random.ts';
import type { Scenario, Verdict } from '../scenario.ts';
import type { Server } from '../servers/servers.ts';
import { ofWorld } from '../world-problems.ts';
import { Account } from './account.ts';
import { comparable, differences, type Ended, isLimited, waysOf } from './comparison.ts';
import { judged } from './oracle.ts';
import { type ConnectionPlan, drawPlan, faultsOf, smallerPlans } from './plan.ts';
import { LinkProgram } from './program.ts';
import { PROXY_PORT, resolverOf, serve } from './servers.ts';
import { RUNS } from './ways.ts';

const TLS = new TLSContext({ ca: 'simulated' });

export const connectionScenario: Scenario<ConnectionPlan> = {
  name: 'connection',
  repeats: 'story',
  draw,
  smaller: smallerPlans,
  run,
};

/** One plan in this many is run in all ways. */
const EVERY = 100;

function draw(seed: number): ConnectionPlan {
  const plan = drawPlan(seed);
  return seed % EVERY === 0 ? comparable(plan, new Random(seed).fork('comparable')) : plan;
}

async function run(seed: number, plan: ConnectionPlan, traced: boolean): Promise<Verdict> {
  if (!plan.compared) return await runOnce(seed, plan, traced);
  const runs: (Verdict & Ended)[] = [];
  for (const way of waysOf(plan)) runs.push(await runOnce(seed, { ...plan, way }, traced));
  const sum = (pick: (verdict: Verdict) => number): number => runs.reduce((all, verdict) => all + pick(verdict), 0);
  return {
    problems: [...runs.flatMap(({ problems }) => problems), ...differences(runs)],
    suspensions: sum(({ suspensions }) => suspensions),
    connections: sum(({ connections }) => connections),
    requests: sum(({ requests }) => requests),
    faults: faultsOf(plan),
    trace: runs.flatMap(({ way, trace }) => [`--- by "${way}"`, ...trace]),
    outcome: runs.map(({ way, outcome }) => `${way}: ${outcome}`).join('\n'),
  };
}

async function runOnce(seed: number, plan: ConnectionPlan, traced: boolean): Promise<Verdict & Ended> {
  const servers: Server[] = [];
  const departures = new Departures();
  const accounts = plan.links.map((link) => new Account(link, departures));
  const options = {
    seed,
    traced,
    resolver: resolverOf(plan),
    departures,
    faults: {
      noDescriptor: plan.noDescriptor,
      noBuffers: plan.noBuffers,
      lateness: { chance: plan.lateness, most: 5 },
    },
    busy: { chance: plan.busy, most: 10 },
    prepare: ({ network }: Scene) => {
      for (const link of plan.links) servers.push(serve(network, link));
    },
  };
  const report = await simulate(options, async (scene) => {
    const programs = accounts.map(
      (account) =>
        new LinkProgram(account, scene.world, isLimited(account.link, plan), {
          port: 80,
          receiveBufferSize: 2048,
          connectTimeout: 15_000,
          continueTimeout: 1000,
          ...(account.link.tls && { tls: TLS }),
          ...(account.link.proxy && { proxy: { hostname: `p${account.link.index}.test`, port: PROXY_PORT } }),
        }),
    );
    await RUNS[plan.way](programs, scene);
  });
  report.world.settle();
  const problems = [
    ...ofWorld(report),
    ...accounts.flatMap((account, index) => judged(account, servers[index] as Server, plan)),
  ];
  const { world, network } = report;
  return {
    way: plan.way,
    fates: accounts.map(({ fates }) => fates),
    problems,
    suspensions: world.suspensions,
    connections: network.accepted.length,
    requests: accounts.reduce((sum, { attempts }) => sum + attempts.length, 0),
    faults: faultsOf(plan),
    trace: world.trace,
    outcome: `${report.outcome.status} ${accounts.map(({ results }) => results.join('; ')).join(' | ')}`,
  };
}
