/** Smaller plans of worlds of fetches, the largest steps first. */

import { type AnswerPlan, type CallPlan, type FetchPlan, type OriginPlan, SOUND } from './plan.ts';

export function* smallerPlans(plan: FetchPlan): Iterable<FetchPlan> {
  for (const tasks of fewer(plan.tasks)) yield { ...plan, tasks };
  for (const [index, task] of plan.tasks.entries()) {
    for (const calls of fewer(task)) yield { ...plan, tasks: plan.tasks.with(index, calls) };
  }
  yield* smallerWorlds(plan);
  for (const [index, task] of plan.tasks.entries()) {
    for (const [place, call] of task.entries()) {
      for (const simpler of simplerCalls(call))
        yield { ...plan, tasks: plan.tasks.with(index, task.with(place, simpler)) };
    }
  }
}

/** The same calls with less trouble. */
export function* smallerWorlds<P extends Pick<FetchPlan, 'lingers' | 'machine' | 'origins'>>(plan: P): Iterable<P> {
  if (plan.lingers) yield { ...plan, lingers: false };
  const { noDescriptor, noBuffers, lateness, busy } = plan.machine;
  if (noDescriptor + noBuffers + lateness + busy > 0) {
    yield { ...plan, machine: { noDescriptor: 0, noBuffers: 0, lateness: 0, busy: 0 } };
  }
  for (const [index, origin] of plan.origins.entries()) {
    for (const simpler of simplerOrigins(origin)) yield { ...plan, origins: plan.origins.with(index, simpler) };
  }
}

function* fewer<T>(list: readonly T[]): Iterable<T[]> {
  if (list.length < 2) return;
  for (let index = 0; index < list.length; index++) yield list.toSpliced(index, 1);
}

/** Sets each member that differs from a quiet world's to that value, one at a time. */
function* simplified<T extends object>(given: T, quiet: Partial<T>): Iterable<T> {
  for (const name of Object.keys(quiet) as (keyof T)[]) {
    if (given[name] !== quiet[name]) yield { ...given, [name]: quiet[name] };
  }
}

function* simplerOrigins(origin: OriginPlan): Iterable<OriginPlan> {
  for (const [index, connection] of origin.connections.entries()) {
    if (connection !== SOUND && (connection.cut !== null || connection.connect !== 'accept')) {
      yield { ...origin, connections: origin.connections.with(index, SOUND) };
    }
  }
  yield* simplified(origin, {
    most: 0,
    idle: 0,
    keepAlive: 0,
    version: '1.1',
    lookup: 'one',
    secure: 'no',
    fine: false,
  });
}

export function* simplerCalls(call: CallPlan): Iterable<CallPlan> {
  yield* simplified(call, { abort: -1, upload: null, use: 'bytes', mode: 'follow', gap: 0, pause: 0 });
  if (call.method !== 'GET' && call.upload === null) yield { ...call, method: 'GET' };
  for (const answer of simplerAnswers(call.answer)) yield { ...call, answer };
}

function* simplerAnswers(answer: AnswerPlan): Iterable<AnswerPlan> {
  const { redirect } = answer;
  if (redirect?.answer) {
    yield redirect.answer;
    for (const next of simplerAnswers(redirect.answer)) yield { ...answer, redirect: { ...redirect, answer: next } };
  } else if (answer.status !== 200) {
    yield { ...answer, status: 200, redirect: null };
  }
  yield* simplified(answer, {
    delay: 0,
    close: 'no',
    stray: 0,
    malformed: 'no',
    informational: 0,
    early: false,
    piece: 0,
  });
  yield* simplified(answer, { framing: 'length', gzip: false, size: 10 });
}
