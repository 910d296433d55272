/** Smaller plans of worlds of bulk transfers, the largest steps first. */

import { type BulkPlan, type HostPlan, type JobPlan, QUIET_HOST, QUIET_JOB, QUIET_OPTIONS, SOUND } from './plan.ts';

/** Jobs are left out in so many parts at most. */
const PARTS = 32;
/** The jobs of a plan are made simpler one by one if there are no more than these. */
const FEW = 12;

export function* smallerPlans(plan: BulkPlan): Iterable<BulkPlan> {
  const { jobs, hosts } = plan;
  for (let parts = 2; parts <= Math.min(PARTS, jobs.length); parts *= 2) {
    for (let part = 0; part < parts; part++) {
      const [from, to] = [part, part + 1].map((each) => Math.floor((each * jobs.length) / parts)) as [number, number];
      yield { ...plan, jobs: jobs.toSpliced(from, to - from) };
    }
  }
  if (plan.end.how !== 'no') yield { ...plan, end: { how: 'no', at: 0 } };
  if (plan.consumer.every > 0) yield { ...plan, consumer: { every: 0, pause: 0 } };
  if (Object.values(plan.machine).some((each) => each > 0))
    yield { ...plan, machine: { noBuffers: 0, noDescriptor: 0, lateness: 0 } };
  if (plan.source !== 'array') yield { ...plan, source: 'array' };
  if (plan.way !== 'blocking' && plan.source !== 'async' && plan.end.how !== 'later')
    yield { ...plan, way: 'blocking' };
  for (const options of simplified(plan.options, QUIET_OPTIONS)) yield { ...plan, options };
  for (const [index, host] of hosts.entries()) {
    for (const simpler of simplerHosts(host)) yield { ...plan, hosts: hosts.with(index, simpler) };
  }
  if (jobs.length > FEW) {
    const all = jobs.map((job) => ({ ...QUIET_JOB, id: job.id, host: job.host }));
    if (JSON.stringify(all) !== JSON.stringify(jobs)) yield { ...plan, jobs: all };
    return;
  }
  for (const [index, job] of jobs.entries()) {
    for (const simpler of simplified<JobPlan>(job, QUIET_JOB)) yield { ...plan, jobs: jobs.with(index, simpler) };
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
function* simplified<T extends object>(given: T, quiet: Partial<T>): Iterable<T> {
  for (const name of Object.keys(quiet) as (keyof T)[]) {
    if (JSON.stringify(given[name]) !== JSON.stringify(quiet[name])) yield { ...given, [name]: quiet[name] };
  }
}
