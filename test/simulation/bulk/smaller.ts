/** Smaller plans of worlds of bulk transfers, the largest steps first. */

import {
  type BulkPlan,
  type HostPlan,
  type JobPlan,
  QUIET_HOST,
  QUIET_JOB,
  QUIET_MACHINE,
  QUIET_OPTIONS,
  SOUND,
  type Surroundings,
} from './plan.ts';

/** Jobs are left out in so many parts at most. */
const PARTS = 32;
/** The jobs of a plan are made simpler one by one if there are no more than these. */
const FEW = 12;

export function* smallerPlans(plan: BulkPlan): Iterable<BulkPlan> {
  const { jobs } = plan;
  for (const fewer of withFewer(jobs)) yield { ...plan, jobs: fewer };
  if (plan.end.how !== 'no') yield { ...plan, end: { how: 'no', at: 0 } };
  if (plan.consumer.every > 0) yield { ...plan, consumer: { every: 0, pause: 0 } };
  if (plan.source !== 'array') yield { ...plan, source: 'array' };
  if (plan.way !== 'blocking' && plan.source !== 'async' && plan.end.how !== 'later')
    yield { ...plan, way: 'blocking' };
  for (const options of simplified(plan.options, QUIET_OPTIONS)) yield { ...plan, options };
  yield* inSimplerWorlds(plan);
  for (const simpler of withSimpler<JobPlan>(jobs, QUIET_JOB)) yield { ...plan, jobs: simpler };
}

/** Leaves out a part. */
export function* withFewer<T>(jobs: readonly T[]): Iterable<T[]> {
  for (let parts = 2; parts <= Math.min(PARTS, jobs.length); parts *= 2) {
    for (let part = 0; part < parts; part++) {
      const [from, to] = [part, part + 1].map((each) => Math.floor((each * jobs.length) / parts)) as [number, number];
      yield jobs.toSpliced(from, to - from);
    }
  }
}

/** With a simpler job, or all of them simple. */
export function* withSimpler<J extends JobPlan>(jobs: readonly J[], quiet: Partial<J>): Iterable<J[]> {
  if (jobs.length > FEW) {
    const all = jobs.map((job) => ({ ...job, ...quiet }));
    if (JSON.stringify(all) !== JSON.stringify(jobs)) yield all;
    return;
  }
  for (const [index, job] of jobs.entries()) {
    for (const simpler of simplified<J>(job, quiet)) yield jobs.with(index, simpler);
  }
}

/** With a simpler machine, or host. */
export function* inSimplerWorlds<P extends Surroundings>(plan: P): Iterable<P> {
  const { machine, hosts } = plan;
  if (Object.values(machine).some((each) => each > 0)) yield { ...plan, machine: QUIET_MACHINE };
  for (const [index, host] of hosts.entries()) {
    for (const simpler of simplerHosts(host)) yield { ...plan, hosts: hosts.with(index, simpler) };
  }
}

function* simplerHosts(host: HostPlan): Iterable<HostPlan> {
  if (host !== QUIET_HOST && JSON.stringify({ ...QUIET_HOST, ...host }) !== JSON.stringify(QUIET_HOST))
    yield QUIET_HOST;
  for (const [index, connection] of host.connections.entries()) {
    if (connection.cut !== null || connection.connect !== 'accept')
      yield { ...host, connections: host.connections.with(index, SOUND) };
  }
  yield* simplified<HostPlan>(host, QUIET_HOST);
}

/** Sets each member that differs from a quiet world's to that value, one at a time. */
export function* simplified<T extends object>(given: T, quiet: Partial<T>): Iterable<T> {
  for (const name of Object.keys(quiet) as (keyof T)[]) {
    if (JSON.stringify(given[name]) !== JSON.stringify(quiet[name])) yield { ...given, [name]: quiet[name] };
  }
}
