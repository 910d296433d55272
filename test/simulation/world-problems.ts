/** The problems that no world may have when it is over. */

import type { Report } from './loop.ts';

export function* ofWorld({ world, outcome, leftovers, referenced }: Report<unknown>): Generator<string> {
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
