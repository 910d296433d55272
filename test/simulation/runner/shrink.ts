/** The smallest plan that still fails in the same way. */

import type { AnyScenario } from '../scenarios.ts';

export interface Shrunk {
  readonly plan: unknown;
  readonly problems: readonly string[];
  /** Number of plans that were tried. */
  readonly tried: number;
}

const MOST_TRIED = 1000;

/** Problems that differ only in numbers are the same. */
export function kindOf(problem: string): string {
  return problem.split('\n', 1)[0]?.replaceAll(/\d+/g, 'N').slice(0, 60) ?? '';
}

export async function shrink(
  scenario: AnyScenario,
  seed: number,
  plan: unknown,
  problems: readonly string[],
): Promise<Shrunk> {
  let best: { plan: unknown; problems: readonly string[] } = { plan, problems };
  const kind = kindOf(problems[0] ?? '');
  let tried = 0;
  for (let found = true; found && tried < MOST_TRIED; ) {
    found = false;
    for (const smaller of scenario.smaller(best.plan)) {
      if (++tried > MOST_TRIED) break;
      const verdict = await scenario.run(seed, smaller, false);
      if (!verdict.problems.some((problem) => kindOf(problem) === kind)) continue;
      best = { plan: smaller, problems: verdict.problems };
      found = true;
      break;
    }
  }
  return { ...best, tried };
}
