/**
 * How long a test may wait. Limits are there to end a hanging test, not to measure anything: they are generous, and
 * a slow machine stretches all of them at once with the environment variable DUGONG_TEST_TIME_FACTOR.
 */

const factor = Number(process.env.DUGONG_TEST_TIME_FACTOR ?? 1);
if (!(factor > 0)) throw new RangeError('DUGONG_TEST_TIME_FACTOR must be a positive number');

/** `milliseconds` on an ordinary machine, stretched by DUGONG_TEST_TIME_FACTOR. */
export function timeLimit(milliseconds: number): number {
  return milliseconds * factor;
}
