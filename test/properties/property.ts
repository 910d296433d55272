/**
 * How properties are run: so many times with a fixed seed in `npm test`, so long with a new seed in `npm run fuzz`
 * (test/fuzz/main.ts), which sets the variables that are read here. It knows no property.
 */

import fc from 'fast-check';

const seconds = Number(process.env.DUGONG_FUZZ_SECONDS ?? 0);
const seed = Number(process.env.DUGONG_FUZZ_SEED ?? 1);

/** Whether this is the long run. */
export const fuzzing: boolean = seconds > 0;

function parameters(runs: number): fc.Parameters<unknown> {
  if (!fuzzing) return { seed, numRuns: runs };
  return {
    seed,
    numRuns: Number.MAX_SAFE_INTEGER,
    interruptAfterTimeLimit: seconds * 1000,
    markInterruptAsFailure: false,
    // A run that was interrupted is a success: what counts is that none of it failed.
    ...(process.env.DUGONG_FUZZ_PATH ? { path: process.env.DUGONG_FUZZ_PATH } : {}),
  };
}

/** Checks `property` for `runs` values, or for as long as the long run says. */
export function check<T>(property: fc.IProperty<T>, runs: number): void {
  const counted = counting(property);
  fc.assert(counted.property, parameters(runs) as fc.Parameters<T>);
  report(counted.runs());
}

/** The same for a property that must be awaited. */
export async function checkAsync<T>(property: fc.IAsyncProperty<T>, runs: number): Promise<void> {
  const counted = counting(property);
  await fc.assert(counted.property, parameters(runs) as fc.Parameters<T>);
  report(counted.runs());
}

/** Counts how often a property was run: in the long run that is its size. */
function counting<P extends fc.IRawProperty<never> | fc.IRawProperty<unknown>>(
  property: P,
): { property: P; runs: () => number } {
  let runs = 0;
  const run = property.run.bind(property);
  property.run = ((value: never) => {
    runs++;
    return run(value);
  }) as P['run'];
  return { property, runs: () => runs };
}

function report(runs: number): void {
  if (fuzzing) console.log(`${runs} runs with seed ${seed}`);
}
