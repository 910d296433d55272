/**
 * What a kind of simulated world is for the runner: a seed draws a plan, which is plain data, and a plan is run and judged. What is not
 * in the plan (latencies, sizes of segments, orders of reports) comes from the seed by streams of numbers of their own: a smaller plan
 * of the same seed is as much like the larger one as it can be.
 */

/** What a run of a plan came to. */
export interface Verdict {
  /** What must not be: each a sentence. Empty: all is right. */
  readonly problems: readonly string[];
  /** How often something waited. */
  readonly suspensions: number;
  /** What the world had in it. */
  readonly connections: number;
  readonly requests: number;
  readonly faults: number;
  /** The story, if it was asked for. */
  readonly trace: readonly string[];
  /** Equal for equal runs: how it ended, and what the servers saw. */
  readonly outcome: string;
}

export interface Scenario<P> {
  readonly name: string;
  /** What the same seed has in common in every version of Node: all that happens, or how it ends. */
  readonly repeats: 'story' | 'outcome';
  /** The plan of a seed; JSON. */
  draw(seed: number): P;
  run(seed: number, plan: P, traced: boolean): Promise<Verdict>;
  /** The plan with something left out, the largest steps first; for shrinking. */
  smaller(plan: P): Iterable<P>;
}
