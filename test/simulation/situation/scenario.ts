/** Worlds of situations, one after the other: small programs each of which knows its right result, in every way of waiting. */

import { AioFuture, type Coroutine, coAllSettled, PollLoop, type PollNeeded, poll, runBlocking } from '../client.ts';
import { kernel } from '../kernel/install.ts';
import { failure, type Resolver } from '../kernel/lookups.ts';
import { type Scene, simulate } from '../loop.ts';
import { Random } from '../random.ts';
import type { Scenario, Verdict } from '../scenario.ts';
import { ofWorld } from '../world-problems.ts';
import { CONNECTING } from './connecting.ts';
import { FETCHING } from './fetching.ts';
import { PROXIES } from './proxies.ts';
import { READING } from './reading.ts';
import { SENDING } from './sending.ts';
import { type Situation, Stage, WAYS, type Way } from './stage.ts';
import { SWITCHING } from './switching.ts';
import { TURNS } from './turns.ts';
import { UPLOADS } from './uploads.ts';
import { WAITING } from './waiting.ts';

const SITUATIONS: readonly Situation[] = [
  ...UPLOADS,
  ...SENDING,
  ...READING,
  ...CONNECTING,
  ...WAITING,
  ...TURNS,
  ...SWITCHING,
  ...PROXIES,
];
/** Most situations before one of fetches, if there is one. */
const MOST_ACTS = 3;

export interface SituationPlan {
  readonly way: Way;
  readonly acts: readonly { readonly situation: string; readonly secured: boolean; readonly index: number }[];
}

export const situationScenario: Scenario<SituationPlan> = { name: 'situation', repeats: 'story', draw, run, smaller };

function draw(seed: number): SituationPlan {
  const random = new Random(seed).fork('plan');
  const way = random.pick(WAYS);
  const possible = SITUATIONS.filter((situation) => isFor(way, situation));
  const acts = Array.from({ length: MOST_ACTS }, (_, index) => drawAct(random, possible, index));
  const fetches = FETCHING.filter((situation) => isFor(way, situation));
  const fetching = fetches.length > 0 && random.chance(0.5);
  return { way, acts: fetching ? [...acts, drawAct(random, fetches, MOST_ACTS)] : acts };
}

function isFor(way: Way, { ways }: Situation): boolean {
  return ways === undefined || ways.includes(way);
}

function drawAct(random: Random, possible: readonly Situation[], index: number): SituationPlan['acts'][number] {
  const { name, clear = false } = random.pick(possible);
  return { situation: name, secured: random.chance(clear ? 0 : 0.15), index };
}

function* smaller(plan: SituationPlan): Generator<SituationPlan> {
  for (const act of plan.acts)
    if (plan.acts.length > 1) yield { ...plan, acts: plan.acts.filter((one) => one !== act) };
  for (const [position, act] of plan.acts.entries()) {
    if (act.secured) yield { ...plan, acts: plan.acts.with(position, { ...act, secured: false }) };
  }
}

async function run(seed: number, plan: SituationPlan, traced: boolean): Promise<Verdict> {
  const stages: Stage[] = [];
  const resolver: Resolver = {
    resolve: (hostname) =>
      stages.find((stage) => stage.hostname === hostname)?.resolved ?? {
        answer: hostname === 'known.test' ? ['192.0.2.1'] : failure('EAI_NONAME'),
        delay: 1,
      },
  };
  const report = await simulate({ seed, traced, resolver }, async (scene) => {
    for (const { situation: name, secured, index } of plan.acts) {
      const situation = [...SITUATIONS, ...FETCHING].find((one) => one.name === name);
      if (situation === undefined) throw new Error(`there is no situation "${name}"`);
      const stage = stageOf(scene, seed, { index, secured, way: plan.way });
      stages.push(stage);
      const played = situation.play(stage);
      if (played !== undefined) await (Array.isArray(played) ? RUNS[plan.way](played) : played);
    }
  });
  const { world, network, outcome } = report;
  const problems = stages.flatMap((stage, act) =>
    stage.problems.map((what) => `${plan.acts[act]?.situation}: ${what}`),
  );
  return {
    problems: [...problems, ...ofWorld(report)],
    suspensions: world.suspensions,
    connections: network.accepted.length,
    requests: stages.reduce((sum, { requests }) => sum + requests, 0),
    faults: plan.acts.length,
    trace: world.trace,
    outcome: `${outcome.status} ${problems.join('; ')}`,
  };
}

function stageOf(
  { world, network, later }: Scene,
  seed: number,
  { index, secured, way }: { index: number; secured: boolean; way: Way },
): Stage {
  const random = new Random(seed).fork(`act ${index}`);
  return new Stage({ world, network, later, random, index, secured, way });
}

const RUNS: Readonly<Record<Way, (coroutines: readonly Coroutine<void>[]) => unknown>> = {
  blocking: (coroutines) => {
    for (const outcome of runBlocking(coAllSettled(coroutines)))
      if (outcome.status === 'rejected') throw outcome.reason;
  },
  own: oneAtATime,
  loop: (coroutines) => {
    using loop = new PollLoop();
    loop.runUntilComplete(coroutines.map((coroutine) => loop.createTask(coroutine)));
  },
  future: (coroutines) => Promise.all(coroutines.map((coroutine) => new AioFuture(coroutine))),
};

/** A loop of a program that knows only poll(2), and resumes one coroutine at a time, the one that has waited for the longest. */
function oneAtATime(coroutines: readonly Coroutine<void>[]): void {
  let waiting: { readonly coroutine: Coroutine<void>; readonly need: PollNeeded }[] = [];
  const advance = (coroutine: Coroutine<void>): void => {
    const step = coroutine.next();
    if (!step.done) waiting.push({ coroutine, need: step.value });
  };
  for (const coroutine of coroutines) advance(coroutine);
  while (waiting.length > 0) {
    const ready = new Set(poll(waiting.map(({ need }) => need)).map(({ request }) => request));
    const next = waiting.find(
      ({ need }) => ready.has(need) || (need.deadline ?? Number.POSITIVE_INFINITY) <= kernel.now(),
    );
    waiting = waiting.filter((one) => one !== next);
    if (next !== undefined) advance(next.coroutine);
  }
}
