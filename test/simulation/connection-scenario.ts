/** Worlds of several connections, each with a server of its own, whose coroutines are run in every way of waiting. */

import { TLSContext } from './client.ts';
import { Account } from './connection-account.ts';
import { judged } from './connection-oracle.ts';
import { type ConnectionPlan, drawPlan, faultsOf, smallerPlans } from './connection-plan.ts';
import { LinkProgram } from './connection-program.ts';
import { PROXY_PORT, resolverOf, serve } from './connection-servers.ts';
import { RUNS } from './connection-ways.ts';
import { Departures } from './departures.ts';
import { type Scene, simulate } from './loop.ts';
import type { Scenario, Verdict } from './scenario.ts';
import type { Server } from './servers.ts';
import { ofWorld } from './world-problems.ts';

const TLS = new TLSContext({ ca: 'simulated' });

export const connectionScenario: Scenario<ConnectionPlan> = {
  name: 'connection',
  repeats: 'story',
  draw: drawPlan,
  smaller: smallerPlans,
  run,
};

async function run(seed: number, plan: ConnectionPlan, traced: boolean): Promise<Verdict> {
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
        new LinkProgram(account, scene.world, {
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
    problems,
    suspensions: world.suspensions,
    connections: network.accepted.length,
    requests: accounts.reduce((sum, { attempts }) => sum + attempts.length, 0),
    faults: faultsOf(plan),
    trace: world.trace,
    outcome: `${report.outcome.status} ${accounts.map(({ results }) => results.join('; ')).join(' | ')}`,
  };
}
