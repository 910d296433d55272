/** The kinds of worlds, by name. */

import { bulkScenario } from './bulk/scenario.ts';
import { connectionScenario } from './connection/scenario.ts';
import { fetchScenario } from './fetch/scenario.ts';
import { pipelineScenario } from './pipeline/scenario.ts';
import type { Scenario } from './scenario.ts';
import { situationScenario } from './situation/scenario.ts';
import { syncScenario } from './sync/scenario.ts';

/** A scenario for the runner: only the scenario knows the type of its plans. */
export interface AnyScenario {
  readonly name: string;
  readonly repeats: Scenario<unknown>['repeats'];
  draw(seed: number): unknown;
  run: Scenario<unknown>['run'];
  smaller(plan: unknown): Iterable<unknown>;
}

function any<P>({ name, repeats, draw, run, smaller }: Scenario<P>): AnyScenario {
  return {
    name,
    repeats,
    draw,
    run: (seed, plan, traced) => run(seed, plan as P, traced),
    smaller: (plan) => smaller(plan as P),
  };
}

export const SCENARIOS: readonly AnyScenario[] = [
  any(connectionScenario),
  any(situationScenario),
  any(fetchScenario),
  any(syncScenario),
  any(pipelineScenario),
  any(bulkScenario),
];
