/**
 * Worlds of blocking fetches: calls of fetchSync in a row to several servers, on kept connections, while fetches of createFetch
 * go on whenever the thread lets them. The results of callers are compared with what the servers saw.
 */

import type { CallPlan } from '../fetch/plan.ts';
import { simplerCalls, smallerWorlds } from '../fetch/smaller.ts';
import { runWorld } from '../fetch/world.ts';
import type { Scenario, Verdict } from '../scenario.ts';
import { drawSyncPlan, type SyncPlan } from './plan.ts';
import { SyncProgram } from './program.ts';

export const syncScenario: Scenario<SyncPlan> = {
  name: 'sync',
  repeats: 'outcome',
  draw: drawSyncPlan,
  run,
  smaller,
};

async function run(seed: number, plan: SyncPlan, traced: boolean): Promise<Verdict> {
  const { origins, machine, pool, steps } = plan;
  const calls = steps.map(({ call }) => call);
  const stepOf = new Map(steps.map((step) => [step.call.id, step]));
  const interrupted = steps.some(({ signal }) => signal >= 0);
  return await runWorld(
    seed,
    {
      ...{ origins, machine, calls, limitsOf: () => pool, blocks: true },
      readsAtOnce: () => false,
      blocking: (call) => {
        const step = stepOf.get(call.id);
        if (step?.kind !== 'sync') return undefined;
        const { timeout, heeds, maxBodySize } = step;
        return { timeout, maxBodySize, interruptible: interrupted && heeds };
      },
      poolOf: ({ id }) => (stepOf.get(id)?.kind === 'sync' ? { name: 1, most: 0 } : { name: 0, most: pool.most }),
      program: (scene) => new SyncProgram(scene, plan),
    },
    traced,
  );
}

function* smaller(plan: SyncPlan): Iterable<SyncPlan> {
  const { steps } = plan;
  if (steps.length > 1)
    for (let index = 0; index < steps.length; index++) yield { ...plan, steps: steps.toSpliced(index, 1) };
  for (const world of smallerWorlds(plan)) yield world;
  for (const [index, step] of steps.entries()) {
    for (const call of simplerCalls(step.call))
      yield { ...plan, steps: steps.with(index, { ...step, call: call as CallPlan }) };
    if (step.signal >= 0) yield { ...plan, steps: steps.with(index, { ...step, signal: -1 }) };
    if (step.timeout > 0) yield { ...plan, steps: steps.with(index, { ...step, timeout: 0 }) };
  }
}
