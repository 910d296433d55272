/**
 * Has every system call of a workload fail, one after the other, in every way that is known for it, and judges what came of it: the
 * right answer, or the error that says what happened, and nothing left behind.
 */

import { isDeepStrictEqual } from 'node:util';
import { DugongError } from '../../src/index.ts';
import { native } from '../../src/io/native.ts';
import { openDescriptors } from '../support/open-descriptors.ts';
import { timeLimit } from '../support/time-limit.ts';
import { FAULTS, type Fault } from './faults.ts';
import type { Call, Faults } from './shim.ts';
import type { Workload } from './workloads.ts';

export interface Findings {
  /** How many faults there were, and how many of them led to an error. */
  faults: number;
  errors: number;
  /** By call. */
  readonly calls: Map<Call, number>;
}

/** Hears of each case before it runs, and of what has gone wrong. */
export interface Hearing {
  begun(what: string): void;
  wrong(what: string): void;
}

type Outcome = { readonly answer: unknown } | { readonly error: unknown };

interface Left {
  readonly owned: number;
  readonly watched: number;
  readonly open: number;
  readonly lookups: number;
}

async function outcomeOf(workload: Workload): Promise<Outcome> {
  try {
    return { answer: await workload() };
  } catch (error) {
    return { error };
  }
}

function left(): Left {
  return { ...native.counts(), open: openDescriptors(), lookups: native.pendingLookups() };
}

/** What is left as soon as it is no more than `usual`, or at last. */
async function settled(usual: Left): Promise<Left> {
  const end = Date.now() + timeLimit(2000);
  for (;;) {
    const now = left();
    if (isDeepStrictEqual(now, usual) || Date.now() > end) return now;
    // A TLS context, and the file of secrets that it has open, is the collector's.
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The errors that say what happened: this library's, or those of fetch around one. */
function codeOf(error: unknown): string {
  if (error instanceof DugongError) return error.code;
  if (error instanceof TypeError && error.cause !== undefined) return codeOf(error.cause);
  return String(error);
}

/** The codes of an error and of what it came of. */
function* codesOf(error: unknown): Generator<string> {
  for (let each = error; each instanceof Error; each = each.cause) {
    yield String((each as NodeJS.ErrnoException).code);
    if (each instanceof AggregateError) for (const inner of each.errors) yield* codesOf(inner);
  }
}

function judged(outcome: Outcome, answer: unknown, { codes, kind, name }: Fault): string | undefined {
  if ('answer' in outcome) {
    return isDeepStrictEqual(outcome.answer, answer) ? undefined : `wrong answer ${JSON.stringify(outcome.answer)}`;
  }
  const code = codeOf(outcome.error);
  // However it is called, the system's word for it is in there.
  const said = kind !== 'errno' || [...codesOf(outcome.error)].includes(name);
  if (codes.includes(code) && said) return undefined;
  return `${code}, ${outcome.error instanceof Error ? outcome.error.message : ''}`;
}

export class Enumeration {
  readonly findings: Findings = { faults: 0, errors: 0, calls: new Map() };
  readonly #faults: Faults;
  readonly #most: number;
  readonly #heard: Hearing;

  /** Of each kind of call the first `most` fail. */
  constructor(faults: Faults, most: number, heard: Hearing) {
    this.#faults = faults;
    this.#most = most;
    this.#heard = heard;
  }

  async run(name: string, workload: Workload, only: (call: Call) => boolean): Promise<void> {
    this.#heard.begun(`${name}, undisturbed`);
    // What is made once and stays is made in the first run.
    await outcomeOf(workload);
    this.#faults.arm(undefined, 0);
    const { answer } = (await outcomeOf(workload)) as { answer?: unknown };
    const { counts } = this.#faults.disarm();
    if (answer === undefined) throw new Error(`${name} fails without any fault`);
    for (let turn = 0; turn < 5; turn++) {
      globalThis.gc?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    const usual = await settled({ owned: 0, watched: 0, open: openDescriptors(), lookups: 0 });
    for (const fault of FAULTS) {
      if (counts.get(fault.call) === 0 || !only(fault.call)) continue;
      await this.#each(name, workload, fault, answer, usual);
    }
  }

  /** The first call, the second, ... until there are not so many. */
  async #each(name: string, workload: Workload, fault: Fault, answer: unknown, usual: Left): Promise<void> {
    for (let at = 1; at <= this.#most; at++) {
      const what = `${name}: ${fault.call} number ${at}, ${fault.name}`;
      this.#heard.begun(what);
      this.#faults.arm(fault.call, at, fault.kind, fault.number);
      const { problem, isError } = await this.#verdict(workload, fault, answer);
      const { fired } = this.#faults.disarm();
      const now = await settled(usual);
      if (fired > 0 && problem !== undefined) this.#heard.wrong(`${what}: ${problem}`);
      if (!isDeepStrictEqual(now, usual)) this.#heard.wrong(`${what}: left ${JSON.stringify(now)}`);
      if (fired === 0) return;
      this.findings.faults++;
      if (isError) this.findings.errors++;
      this.findings.calls.set(fault.call, (this.findings.calls.get(fault.call) ?? 0) + 1);
    }
  }

  /** In a function of its own, that nothing of the outcome is left when it is looked what was left. */
  async #verdict(workload: Workload, fault: Fault, answer: unknown): Promise<{ problem?: string; isError: boolean }> {
    const outcome = await outcomeOf(workload);
    const problem = judged(outcome, answer, fault);
    return { isError: 'error' in outcome, ...(problem !== undefined && { problem }) };
  }
}
