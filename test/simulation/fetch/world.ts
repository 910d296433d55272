/** Runs calls in a world of origins, and returns a verdict. */

import { DugongError } from '../client.ts';
import { failure, hosts, type Resolver } from '../kernel/lookups.ts';
import { type Report, type Scene, type SimulationOptions, simulate } from '../loop.ts';
import type { Verdict } from '../scenario.ts';
import { Judge } from './oracle.ts';
import { Book, Origin, type Seen } from './origin.ts';
import { hopsOf, hostOf, type MachinePlan, type OriginPlan } from './plan.ts';
import type { Called, Result, Setting } from './results.ts';

/** Milliseconds after which each promise must have settled. */
const LIMIT = 10_000_000;
const LONGEST_TRACE = 3000;
/** More turns than the platform needs for a part of a Blob, or for its end. */
const TURNS = 5;

export interface Program {
  readonly results: readonly Result[];
  /** The problems that the program itself has found. */
  readonly problems: readonly string[];
  run(): Promise<void>;
}

export interface WorldOfCalls extends Setting {
  readonly calls: readonly Called[];
  /** The pool of a call, and the most connections of this pool to an origin; 0: any number. */
  readonly poolOf: (call: Called) => { readonly name: number; readonly most: number };
  readonly program: (scene: Scene) => Program;
}

export async function runWorld(seed: number, given: WorldOfCalls, traced: boolean): Promise<Verdict> {
  const { origins, machine, calls } = given;
  let program: Program | undefined;
  const crowd = new Crowd(given, () => program?.results ?? []);
  const byId = new Map(calls.map((call) => [call.id, hopsOf(call)]));
  const book = new Book({
    answerOf: (call, hop) => byId.get(call)?.[hop]?.answer,
    asked: (seen) => crowd.enter(seen),
    answered: (seen) => crowd.leave(seen),
  });
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', note);
  let report: Report<void>;
  try {
    report = await simulate(optionsOf(seed, { origins, machine, book, traced }), async (scene) => {
      const limit = scene.world.at(LIMIT, () => {
        throw scene.world.fail(`something goes on for ever after ${LIMIT} ms`);
      });
      program = given.program(scene);
      await program.run();
      limit.cancel();
    });
    await new Promise((resolve) => void setImmediate(resolve));
  } finally {
    process.off('unhandledRejection', note);
  }
  const results = program?.results ?? [];
  const judge = new Judge(given, book);
  judge.judge(results);
  const problems = [...judge.problems, ...crowd.problems, ...(program?.problems ?? []), ...problemsOf(report)];
  for (const reason of unhandled)
    problems.push(`unhandled: ${reason instanceof Error ? reason.stack : String(reason)}`);
  return {
    problems,
    suspensions: report.world.suspensions,
    connections: book.connections.length,
    requests: book.seen.length,
    faults: faultsOf(given, { book, results }),
    trace: report.world.trace.slice(-LONGEST_TRACE),
    outcome: outcomeOf(report, { book, results, judge }),
  };
}

/** Checks that there are no more requests at a time than connections allowed. */
class Crowd {
  readonly problems: string[] = [];
  readonly #given: WorldOfCalls;
  readonly #results: () => readonly Result[];
  readonly #unanswered = new Map<number, Seen>();

  constructor(given: WorldOfCalls, results: () => readonly Result[]) {
    this.#given = given;
    this.#results = results;
  }

  enter(seen: Seen): void {
    const { name, most } = this.#poolOf(seen);
    if (most === 0) return;
    this.#unanswered.set(seen.call, seen);
    const pending = new Set(
      this.#results()
        .filter(({ state }) => state === 'pending')
        .map(({ call }) => call.id),
    );
    const others = [...this.#unanswered.values()].filter(
      (each) => pending.has(each.call) && each.origin === seen.origin && this.#poolOf(each).name === name,
    );
    if (others.length > most) this.problems.push(`${others.length} requests at a time to ${hostOf(seen.origin)}`);
  }

  leave({ call }: Seen): void {
    this.#unanswered.delete(call);
  }

  #poolOf({ call }: Seen): { readonly name: number; readonly most: number } {
    const called = this.#given.calls.find(({ id }) => id === call);
    return called === undefined ? { name: -1, most: 0 } : this.#given.poolOf(called);
  }
}

function optionsOf(
  seed: number,
  {
    origins,
    machine,
    book,
    traced,
  }: { origins: readonly OriginPlan[]; machine: MachinePlan; book: Book; traced: boolean },
): SimulationOptions {
  const { noDescriptor, noBuffers, lateness, busy } = machine;
  return {
    seed,
    traced,
    resolver: resolverOf(origins),
    departures: book.departures,
    faults: { noDescriptor, noBuffers, lateness: { chance: lateness > 0 ? 0.3 : 0, most: lateness } },
    turns: TURNS,
    busy: { chance: busy > 0 ? 0.2 : 0, most: busy },
    prepare: ({ network }) => {
      for (const [index, { secure }] of origins.entries()) {
        network.serve(`192.0.2.${index + 1}:${secure === 'no' ? 80 : 443}`, new Origin(origins, index, book));
      }
    },
  };
}

function resolverOf(origins: readonly OriginPlan[]): Resolver {
  const known = origins.map(({ lookup }, index): [string, string[]] => {
    const address = `192.0.2.${index + 1}`;
    return [hostOf(index), lookup === 'second' ? ['192.0.2.99', address] : [address]];
  });
  const names = hosts(Object.fromEntries(known));
  return {
    resolve(hostname, family, random) {
      const lookup = origins[known.findIndex(([name]) => name === hostname)]?.lookup ?? 'EAI_NONAME';
      if (lookup === 'never') return { answer: [], delay: Number.POSITIVE_INFINITY };
      if (lookup !== 'one' && lookup !== 'second') return { answer: failure(lookup), delay: 2 };
      return names.resolve(hostname, family, random);
    },
  };
}

function problemsOf({ world, outcome, leftovers, referenced }: Report<void>): string[] {
  const problems: string[] = [...world.violations];
  if (outcome.status === 'abandoned') problems.push('nothing keeps the process alive, and calls are pending');
  else if (outcome.status !== 'fulfilled')
    problems.push(`the program ended with ${outcome.status}: ${String(outcome.reason)}`);
  const { open, watched, alarms } = leftovers;
  if (open.length > 0) problems.push(`left open: ${open.join(', ')}`);
  if (watched > 0) problems.push(`${watched} descriptors are watched still`);
  if (alarms) problems.push('something waits for a time still');
  if (outcome.status === 'fulfilled' && referenced.length > 0)
    problems.push(`the process is kept alive by ${referenced.join(', ')}`);
  return problems;
}

function faultsOf(
  { origins, machine }: WorldOfCalls,
  { book, results }: { book: Book; results: readonly Result[] },
): number {
  const connections = origins.flatMap((origin, index) => origin.connections.slice(0, book.attempts[index]));
  const unsound = connections.filter(({ connect, cut }) => cut !== null || connect !== 'accept').length;
  const closed = book.connections.filter((met) => met.closed).length;
  const aborted = results.filter(({ abortedAt }) => Number.isFinite(abortedAt)).length;
  const wrong = book.made.filter(({ plan }) => plan.stray > 0 || plan.malformed !== 'no' || plan.early).length;
  return unsound + closed + aborted + wrong + (machine.noDescriptor + machine.noBuffers > 0 ? 1 : 0);
}

function wordFor(error: unknown, judge: Judge, result: Result): string {
  const cause = judge.causeOf(result, error);
  if (cause === result.reason) return 'aborted';
  return cause instanceof DugongError ? `${cause.name} ${cause.code}` : String(cause);
}

function outcomeOf(
  { outcome }: Report<void>,
  { book, results, judge }: { book: Book; results: readonly Result[]; judge: Judge },
): string {
  const told = [...results]
    .sort((one, other) => one.call.id - other.call.id)
    .map((result) => {
      const { call, state, head, body, bytes, error, bodyError } = result;
      const end =
        state === 'rejected'
          ? wordFor(error, judge, result)
          : `${head?.status} #${head?.serial} ${body} ${bytes.length}`;
      return `${call.id}: ${end}${body === 'failed' ? ` ${wordFor(bodyError, judge, result)}` : ''}`;
    });
  const saw = book.seen.map(
    (seen) => `${seen.connection} ${seen.method} ${seen.target} ${seen.body.length} ${seen.complete}`,
  );
  return [outcome.status, ...told, ...saw].join('\n');
}
