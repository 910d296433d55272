/** Smaller plans of worlds of one connection, the largest steps first. */

import { inSimplerWorlds, simplified, withFewer, withSimpler } from '../bulk/smaller.ts';
import { type PipelinePlan, QUIET_PIPELINE, QUIET_REQUEST, type RequestPlan } from './plan.ts';

export function* smallerPlans(plan: PipelinePlan): Iterable<PipelinePlan> {
  const { jobs, piped } = plan;
  for (const fewer of withFewer(jobs)) {
    const left = new Set(fewer);
    yield { ...plan, jobs: fewer, piped: jobs.slice(0, piped).filter((job) => left.has(job)).length };
  }
  if (plan.end.how !== 'no') yield { ...plan, end: { how: 'no', at: 0 } };
  if (plan.consumer.every > 0) yield { ...plan, consumer: { every: 0, pause: 0 } };
  if (plan.source !== 'array') yield { ...plan, source: 'array' };
  if (plan.way !== 'blocking' && plan.source !== 'async' && plan.end.how !== 'later')
    yield { ...plan, way: 'blocking' };
  for (const options of simplified(plan.options, QUIET_PIPELINE)) yield { ...plan, options };
  yield* inSimplerWorlds(plan);
  for (const simpler of withSimpler<RequestPlan>(jobs, QUIET_REQUEST)) yield { ...plan, jobs: simpler };
}
