/**
 * Worlds of fetches: programs over createFetch, several at once, with pools that are too small and servers that close, cut, stall
 * and redirect. The results of callers are compared with what the servers saw.
 */

import type { Scenario, Verdict } from '../scenario.ts';
import { FetchProgram } from './calls.ts';
import { drawPlan } from './draw.ts';
import type { CallPlan, FetchPlan, PoolPlan, Use } from './plan.ts';
import type { Called } from './results.ts';
import { smallerPlans } from './smaller.ts';
import { runWorld } from './world.ts';

export const fetchScenario: Scenario<FetchPlan> = {
  name: 'fetch',
  repeats: 'outcome',
  draw: drawPlan,
  run,
  smaller: smallerPlans,
};

const READ: ReadonlySet<Use> = new Set(['bytes', 'text', 'blob', 'stream']);

async function run(seed: number, plan: FetchPlan, traced: boolean): Promise<Verdict> {
  const { origins, machine, pools, tasks } = plan;
  const calls = tasks.flat();
  const pool = (call: Called): PoolPlan => pools[(call as CallPlan).pool] as PoolPlan;
  return await runWorld(
    seed,
    {
      ...{ origins, machine, calls, limitsOf: pool, blocks: false },
      blocking: () => undefined,
      readsAtOnce: (call) => READ.has((call as CallPlan).use),
      poolOf: (call) => ({ name: (call as CallPlan).pool, most: pool(call).most }),
      program: (scene) => {
        const program = new FetchProgram(scene, origins, pools);
        const { results, problems } = program;
        return { results, problems, run: () => program.run(plan) };
      },
    },
    traced,
  );
}
