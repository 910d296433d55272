/**
 * A kind of simulated world, as the runner sees it: a seed draws a plan, which is plain data, and a plan is run and judged.
 * Anything else (latencies, sizes of segments, orders of reports) comes from the seed by streams of numbers of their own: a smaller
 * plan of the same seed is as much like the larger one as it can be.
 */

/** The result of a run. */
export interface Verdict {
  /** Problems, each a sentence. Empty: all is right. */
  readonly problems: readonly string[];
  /** Number of waits. */
  readonly suspensions: number;
  /** The contents of the world. */
  readonly connections: number;
  readonly requests: number;
  readonly faults: number;
  /** The story, if it was requested. */
  readonly trace: readonly string[];
  /** Equal for equal runs: how it ended, and what the servers saw. */
  readonly outcome: string;
}

export interface Scenario<P> {
  readonly name: string;
  /** What is the same for a seed in every version of Node: the whole story, or the outcome. */
  readonly repeats: 'story' | 'outcome';
  /** The plan of a seed; JSON. */
  draw(seed: number): P;
  run(seed: number, plan: P, traced: boolean): Promise<Verdict>;
  /** The plan with something left out, the largest steps first; for shrinking. */
  smaller(plan: P): Iterable<P>;
}
