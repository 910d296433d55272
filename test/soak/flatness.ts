/** Samples of what a process holds, and whether they stay where they are. It knows nothing of requests. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { native } from '../../src/io/native.ts';
import { openDescriptors } from '../support/open-descriptors.ts';

export interface Sample {
  readonly rss: number;
  /** After a collection of garbage. */
  readonly heap: number;
  readonly external: number;
  readonly descriptors: number;
  readonly owned: number;
  readonly watched: number;
  readonly lookups: number;
}

const MIB = 2 ** 20;

/** By how much the mean of the later samples may exceed that of the earlier ones: leaks are larger, given time. */
const ALLOWED = { rss: 24 * MIB, heap: 3 * MIB, external: 3 * MIB } as const;
const COUNTS = ['descriptors', 'owned', 'watched', 'lookups'] as const;

let collect: (() => void) | undefined;

/** What is held now, garbage aside. */
export async function sample(): Promise<Sample> {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  // What is let go in a finalizer, or in the next turn, is let go.
  for (let turn = 0; turn < 3; turn++) {
    collect();
    await new Promise(setImmediate);
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  const { owned, watched } = native.counts();
  return {
    rss,
    heap: heapUsed,
    external,
    descriptors: openDescriptors(),
    owned,
    watched,
    lookups: native.pendingLookups(),
  };
}

/** What grows: the later half of `samples` against the earlier one, the first two apart, in which things warm up. */
export function growth(samples: readonly Sample[]): string[] {
  const warm = samples.slice(2);
  const half = Math.floor(warm.length / 2);
  const [earlier, later] = [warm.slice(0, half), warm.slice(half)];
  const complaints: string[] = [];
  for (const [name, allowed] of Object.entries(ALLOWED) as [keyof typeof ALLOWED, number][]) {
    const [before, after] = [mean(earlier, name), mean(later, name)];
    if (!(after <= before + allowed)) complaints.push(`${name} grows: ${mebibytes(before)} to ${mebibytes(after)} MiB`);
  }
  for (const name of COUNTS) {
    const [before, after] = [most(earlier, name), most(later, name)];
    // No numbers where there is no /proc.
    if (after > before) complaints.push(`${name} grow: ${before} to ${after}`);
  }
  return complaints;
}

function mean(samples: readonly Sample[], name: keyof Sample): number {
  return samples.reduce((sum, each) => sum + each[name], 0) / samples.length;
}

function most(samples: readonly Sample[], name: keyof Sample): number {
  return Math.max(...samples.map((each) => each[name]));
}

export function mebibytes(bytes: number): string {
  return (bytes / MIB).toFixed(1);
}
