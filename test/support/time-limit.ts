/**
 * How long a test may wait. Limits are there to end a hanging test, not to measure anything: they are generous, and
 * a slow machine stretches all of them at once with the environment variable DUGONG_TEST_TIME_FACTOR. Where short times are
 * what is tested, `atSomePace()` stretches them when the machine turns out to be busy.
 */

const factor = Number(process.env.DUGONG_TEST_TIME_FACTOR ?? 1);
if (!(factor > 0)) throw new RangeError('DUGONG_TEST_TIME_FACTOR must be a positive number');

/** `milliseconds` on an ordinary machine, stretched by DUGONG_TEST_TIME_FACTOR. */
export function timeLimit(milliseconds: number): number {
  return milliseconds * factor;
}

/**
 * Runs a test that only works if the machine does not stand still for some milliseconds: after a failure again with all of
 * its times four times as long, then sixteen times. A real fault fails at every pace.
 */
export async function atSomePace(run: (factor: number) => void | Promise<void>): Promise<void> {
  for (const factor of [1, 4]) {
    try {
      return await run(factor);
    } catch {}
  }
  await run(16);
}
