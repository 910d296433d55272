/**
 * Tries one target: changes inputs of its corpus, keeps those that lead further, and gathers what fails, each kind once and made
 * small. One execution may take so many steps for each byte, and no more.
 */

import type { Random } from '../simulation/random.ts';
import { Corpus } from './corpus.ts';
import { features, forget, steps } from './coverage.ts';
import { mutated, smaller } from './mutation.ts';
import type { Target } from './target.ts';

/** Steps are places in the source; each input is read some five times, byte by byte, too. */
const STEPS_PER_BYTE = 400;
const STEPS_AT_LEAST = 20_000;
const SHRINKING = 1_000;
/** Of each kind, by its message. */
const MOST_FINDINGS = 20;

export interface Finding {
  readonly target: string;
  readonly kind: string;
  readonly error: unknown;
  readonly input: Buffer;
}

export class Fuzzer {
  readonly target: Target;
  readonly corpus: Corpus = new Corpus();
  readonly findings: Map<string, Finding> = new Map();
  /** The most steps for a byte, of inputs of some length. */
  mostSteps = 0;
  executions = 0;
  readonly #random: Random;

  constructor(target: Target, random: Random, more: readonly Buffer[]) {
    this.target = target;
    this.#random = random;
    Error.stackTraceLimit = 0;
    for (const seed of [...target.seeds(), ...more]) this.#try(seed);
  }

  /** Goes on until `until` says so, which is asked now and then. */
  run(until: () => boolean): void {
    while (!until()) for (let turn = 0; turn < 50; turn++) this.#try(this.#next());
  }

  #next(): Buffer {
    const random = this.#random;
    if (this.corpus.size === 0 || random.chance(0.15)) return this.target.generate(random);
    const other = random.chance(0.3) ? this.target.generate(random) : this.corpus.pick(random);
    return mutated(this.corpus.pick(random), other, random);
  }

  #try(input: Buffer): void {
    this.executions++;
    const failure = this.#failure(input);
    if (failure === undefined) {
      // Of a long one the bytes are what costs.
      if (input.length > 64) this.mostSteps = Math.max(this.mostSteps, steps() / input.length);
      this.corpus.add(input, features());
    } else if (!this.findings.has(failure.kind) && this.findings.size < MOST_FINDINGS) {
      this.findings.set(failure.kind, this.#shrunk({ ...failure, target: this.target.name, input }));
    }
  }

  #failure(input: Buffer): { kind: string; error: unknown } | undefined {
    forget();
    try {
      this.target.run(input);
    } catch {
      // What was thrown has no stack: most errors here are right, and a stack takes longer than all else.
      const error = withStack(() => this.target.run(input));
      return { kind: kindOf(error), error };
    }
    const most = STEPS_AT_LEAST + STEPS_PER_BYTE * input.length;
    if (steps() <= most) return undefined;
    return { kind: 'steps', error: new Error(`${steps()} steps for ${input.length} bytes`) };
  }

  #shrunk(finding: Finding): Finding {
    let best = finding;
    for (let left = SHRINKING, better = true; better && left > 0; ) {
      better = false;
      for (const input of smaller(best.input)) {
        if (left-- <= 0) break;
        const failure = this.#failure(input);
        if (failure?.kind !== best.kind) continue;
        best = { ...best, ...failure, input };
        better = true;
        break;
      }
    }
    return best;
  }
}

/** What `attempt` throws, with its stack. */
function withStack(attempt: () => void): unknown {
  Error.stackTraceLimit = 30;
  try {
    attempt();
  } catch (error) {
    return error;
  } finally {
    Error.stackTraceLimit = 0;
  }
  return new Error('it failed once, and not when it was tried again');
}

/** What is one fault, most likely: where it was thrown, and what was said first. */
function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const where = error.stack?.split('\n').find((line) => /^ +at .*(src|test)\/(http1|fuzz)\//.test(line)) ?? '';
  return `${error.name} ${error.message
    .split('\n')[0]
    ?.replace(/[0-9]+/g, 'N')
    .slice(0, 80)} ${where.trim()}`;
}
