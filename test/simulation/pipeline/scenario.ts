/**
 * Worlds of one connection: many requests by `pipeline()`, or by many `request()` at once, to a host that closes, refuses, loses,
 * swaps, repeats, cuts, stalls or fails; in each way of waiting. What becomes of each is compared with what the host has seen and sent.
 */

import { shown } from '../bulk/oracle.ts';
import { optionsOf } from '../bulk/scenario.ts';
import { Book } from '../bulk/servers.ts';
import { simulate } from '../loop.ts';
import type { Scenario, Verdict } from '../scenario.ts';
import { ofWorld } from '../world-problems.ts';
import { drawPlan } from './draw.ts';
import { Judge } from './oracle.ts';
import { LONGEST, type PipelinePlan } from './plan.ts';
import { PipelineProgram } from './program.ts';
import { smallerPlans } from './smaller.ts';

export const pipelineScenario: Scenario<PipelinePlan> = {
  name: 'pipeline',
  repeats: 'story',
  draw: drawPlan,
  run,
  smaller: smallerPlans,
};

async function run(seed: number, plan: PipelinePlan, traced: boolean): Promise<Verdict> {
  const book = new Book(plan);
  let program: PipelineProgram | undefined;
  const report = await simulate(optionsOf(seed, { plan, book, traced }), async (scene) => {
    const limit = LONGEST * (plan.jobs.length + 2);
    const alarm = scene.world.at(limit, () => {
      throw scene.world.fail(`the requests go on for ever after ${limit} ms`);
    });
    program = new PipelineProgram(plan, scene);
    await program.run();
    alarm.cancel();
  });
  const judged = report.outcome.status === 'fulfilled' && program !== undefined ? problemsOf(plan, book, program) : [];
  return {
    problems: [...ofWorld(report), ...book.problems, ...judged],
    suspensions: report.world.suspensions,
    connections: book.connections[0] as number,
    requests: book.requests,
    faults: book.faults,
    trace: report.world.trace,
    outcome: [report.outcome.status, ...(program === undefined ? [] : told(program))].join('\n'),
  };
}

function problemsOf(plan: PipelinePlan, book: Book, program: PipelineProgram): string[] {
  const judge = new Judge(plan, book, program);
  judge.judge();
  return [...program.problems, ...judge.problems];
}

function* told({ results, thrown, called }: PipelineProgram): Generator<string> {
  for (const { index, response, body, losses, error } of results)
    yield `${index} ${response?.status ?? '-'} ${body?.length ?? '-'} ${losses} ${error === undefined ? '' : shown(error)}`;
  if (thrown !== undefined) yield shown(thrown.error);
  for (const { job, whole, error } of called)
    yield `${job.id} ${whole?.response.status ?? '-'} ${whole?.body.length ?? shown(error)}`;
}
