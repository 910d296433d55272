/** Worlds of several connections, each with a server of its own, whose coroutines are run in every way of waiting. */

import {
  AioFuture,
  type Coroutine,
  coAllSettled,
  PollLoop,
  type PollNeeded,
  poll,
  runBlocking,
  TLSContext,
} from './client.ts';
import { Account, contentOf } from './connection-account.ts';
import { judged } from './connection-oracle.ts';
import { type ConnectionPlan, drawPlan, faultsOf, type LinkPlan, smallerPlans, type Way } from './connection-plan.ts';
import { LinkProgram, PATIENCE } from './connection-program.ts';
import { kernel } from './install.ts';
import { hosts } from './lookups.ts';
import { type Report, type Scene, simulate } from './loop.ts';
import { drawnPath, type Path, path } from './network.ts';
import type { Random } from './random.ts';
import type { Scenario, Verdict } from './scenario.ts';
import { coSecure } from './secure.ts';
import { type Answer, type SeenRequest, Server } from './servers.ts';

const TLS = new TLSContext({ ca: 'simulated' });
const RESOLVER = hosts(
  Object.fromEntries(['h0.test', 'h1.test', 'h2.test'].map((name, index) => [name, [addressOf(index)]])),
);
/** Longer than all attempts of a connection take. */
const LONG = 4 * PATIENCE;

function addressOf(index: number): string {
  return `192.0.2.${index + 1}`;
}

export const connectionScenario: Scenario<ConnectionPlan> = {
  name: 'connection',
  draw: drawPlan,
  smaller: smallerPlans,
  run,
};

async function run(seed: number, plan: ConnectionPlan, traced: boolean): Promise<Verdict> {
  const servers = plan.links.map((link) => serverOf(link));
  const accounts = plan.links.map((link) => new Account(link));
  const options = {
    seed,
    traced,
    resolver: RESOLVER,
    faults: { noDescriptor: plan.noDescriptor, lateness: { chance: plan.lateness, most: 5 } },
    busy: { chance: plan.busy, most: 10 },
    prepare: ({ network }: Scene) => {
      for (const [index, server] of servers.entries())
        network.serve(`${addressOf(plan.links[index]?.index ?? 0)}:80`, server);
    },
  };
  const report = await simulate(options, async ({ world }) => {
    const programs = accounts.map(
      (account) =>
        new LinkProgram(account, world, {
          port: 80,
          connectTimeout: 15_000,
          continueTimeout: 300,
          ...(account.link.tls && { tls: TLS }),
        }),
    );
    await RUNS[plan.way](programs);
  });
  const problems = [
    ...ofWorld(report),
    ...accounts.flatMap((account, index) => judged(account, servers[index] as Server, plan)),
  ];
  const { world, network } = report;
  return {
    problems,
    suspensions: world.suspensions,
    connections: network.accepted.length,
    requests: accounts.reduce((sum, { attempts }) => sum + attempts.length, 0),
    faults: faultsOf(plan),
    coverage: world.coverage,
    trace: world.trace,
    outcome: `${report.outcome.status} ${accounts.map(({ results }) => results.join('; ')).join(' | ')}`,
  };
}

// --- ways of waiting -----------------------------------------------------------------------------------------------------

const RUNS: Readonly<Record<Way, (programs: readonly LinkProgram[]) => Promise<unknown> | unknown>> = {
  blocking: (programs) =>
    runBlocking(coAllSettled(programs.map((program) => program.coRun())), { timeout: LONG }).map(settled),
  own: (programs) => ownLoop(programs.map((program) => program.coRun())),
  loop: (programs) => {
    using loop = new PollLoop();
    return programs.map((program) => loop.createTask(program.coRun())).map((task) => loop.runUntilComplete(task));
  },
  future: (programs) => Promise.all(programs.map((program) => new AioFuture(program.coRun(), { timeout: LONG }))),
  mixed: async (programs) => {
    const coroutines = programs.map((program) => program.coRun());
    await Promise.all(coroutines.map((coroutine) => new AioFuture(coBlockedAtFirst(coroutine, 3), { timeout: LONG })));
  },
};

function settled<T>(outcome: { status: string; value?: T; reason?: unknown }): T | undefined {
  if (outcome.status === 'rejected') throw outcome.reason;
  return outcome.value;
}

/** A loop as a program has it that knows nothing but poll(2). */
function ownLoop(coroutines: readonly Coroutine<void>[]): void {
  const waiting = new Map<Coroutine<void>, PollNeeded>();
  const advance = (coroutine: Coroutine<void>): void => {
    const step = coroutine.next();
    if (step.done) waiting.delete(coroutine);
    else waiting.set(coroutine, step.value);
  };
  for (const coroutine of coroutines) advance(coroutine);
  while (waiting.size > 0) {
    const needs = [...waiting].map(([coroutine, { fd, mask, deadline }]) => ({ coroutine, fd, mask, deadline }));
    const ready = new Set(poll(needs).map(({ request }) => request.coroutine));
    for (const { coroutine, deadline } of needs) {
      if (ready.has(coroutine) || (deadline !== undefined && deadline <= kernel.now())) advance(coroutine);
    }
  }
}

/** The first waits block the thread, whatever runs it later. */
function* coBlockedAtFirst(coroutine: Coroutine<void>, waits: number): Coroutine<void> {
  let step = coroutine.next();
  for (let count = 0; !step.done && count < waits; count++) {
    step.value.poll(PATIENCE);
    step = coroutine.next();
  }
  for (; !step.done; step = coroutine.next()) yield step.value;
}

// --- the world -----------------------------------------------------------------------------------------------------------

function* ofWorld({ world, outcome, leftovers, referenced }: Report<unknown>): Generator<string> {
  yield* world.violations;
  if (outcome.status === 'rejected') {
    const { reason } = outcome;
    yield `the program has failed: ${reason instanceof Error ? reason.stack : String(reason)}`;
  }
  if (outcome.status === 'abandoned') yield 'nothing keeps the process alive, but the program has not ended';
  if (outcome.status === 'stuck') yield outcome.reason.message;
  if (leftovers.open.length > 0) yield `left open: ${leftovers.open.join(', ')}`;
  if (leftovers.watched > 0) yield `${leftovers.watched} descriptors are still watched`;
  if (leftovers.alarms) yield 'an alarm is left';
  if (outcome.status === 'fulfilled' && referenced.length > 0)
    yield `the process is kept alive by ${referenced.join(', ')}`;
}

function serverOf(link: LinkPlan): Server {
  const requests = new Map(link.requests.map((request) => [String(request.id), request]));
  const requestOf = ({ target }: SeenRequest) => requests.get(target.slice(1).split('-')[0] ?? '');
  const answer = (seen: SeenRequest): Answer => {
    const request = requestOf(seen);
    return { ...request?.answer, body: contentOf(seen.target, request?.size ?? 0) };
  };
  return new Server({
    name: `server ${link.index}`,
    answer,
    early: (seen) => (requestOf(seen)?.early ? answer(seen) : undefined),
    most: link.most,
    announce: link.announce,
    expectation: link.expectation === 'late' ? { late: 500 } : link.expectation,
    pace: link.pace,
    ...(link.tls && {
      secure: coSecure({ name: `h${link.index}.test`, flights: link.index === 0 ? 3 : 4, tickets: 1 }),
    }),
    path: (random, index) => pathOf(link, random, index),
  });
}

function pathOf(link: LinkPlan, random: Random, index: number): Path {
  const drawn = NETWORKS[link.network](random);
  const { connect, cut } = link;
  const { up, down } = drawn;
  const cutNow = cut?.connection === index ? cut : undefined;
  return {
    ...drawn,
    connect: index === 1 ? connect : 'accept',
    up: cutNow?.direction === 'up' ? { ...up, cut: cutNow } : up,
    down: cutNow?.direction === 'down' ? { ...down, cut: cutNow } : down,
  };
}

const NETWORKS: Readonly<Record<LinkPlan['network'], (random: Random) => Path>> = {
  quiet: () => path(),
  uneven: (random) => {
    const direction = () => ({
      latency: random.pick([0, 1, 20, 100]),
      jitter: random.pick([0, 1, 10]),
      bandwidth: random.pick([Number.POSITIVE_INFINITY, 1000, 50]),
      segment: [random.size(60, 1460), 1460] as const,
    });
    return path({ up: direction(), down: direction() });
  },
  tiny: (random) => drawnPath(random),
};
