/**
 * A sender and a reader on one session, over a transport in memory, in every order in which they can be resumed, bytes can arrive and be
 * taken, and something can interfere. The bounds are those of session-scenarios.ts: four requests, answers and output cut into parts,
 * one interference at any point. The long form (test/support/long-form.ts) leaves out no order within them. The short one has all orders
 * without an interference, and with those that leave the other coroutine, or the server, in the middle of something.
 */

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { forEveryChoice } from '../support/every-choice.ts';
import { isLong } from '../support/long-form.ts';
import { MemoryClock } from '../support/memory-clock.ts';
import { type Interference, type RunOptions, SessionRun } from './session-run.ts';
import { SCENARIOS, type Script, scripted } from './session-scenarios.ts';

const few = { interferences: ['end', 'reset', 'close', 'throw S', 'return R'], most: 1 } as const;

const ways: Readonly<Record<string, RunOptions>> = {
  'each has a runner': {
    way: 'runner',
    interferences: [...few.interferences, 'return S', 'throw R', 'flush'],
    most: 1,
  },
  'a loop written by hand resumes each by its own descriptor': { way: 'by hand', ...few },
  'a loop resumes both at every turn, and knows what they wait for': { way: 'turns', ...few },
};

const FIRST: readonly Interference[] = ['reset', 'throw S'];

/** Fewer would mean that a bound has become smaller by mistake. */
const AT_LEAST = isLong ? 150_000 : 45_000;

/** Runs all interleavings; returns how many there are. The message of an error tells the story of the one that failed. */
function interleavings(script: Script, options: RunOptions): number {
  using clock = new MemoryClock();
  const { stackTraceLimit } = Error;
  let run: SessionRun | undefined;
  let ways = 0;
  // Errors are made by the hundred thousand; where one comes from is seen in the story.
  Error.stackTraceLimit = 0;
  try {
    for (const most of [0, options.most]) {
      ways += forEveryChoice((choose) => {
        run = new SessionRun(script, { ...options, most }, clock, choose);
        run.go();
      });
    }
    return ways;
  } catch (error) {
    throw new Error(`${(error as Error).message}\nafter: ${run?.story.join(', ')}`, { cause: error });
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

describe('a sender and a reader on one connection come to a right result in every order', () => {
  let total = 0;

  for (const scenario of SCENARIOS) {
    const script = scripted(scenario);
    for (const [way, options] of Object.entries(ways)) {
      test(`${scenario.name}: ${way}`, (context) => {
        const interferences = options.interferences.filter((what) => isLong || FIRST.includes(what));
        const count = interleavings(script, { ...options, interferences });
        total += count;
        context.diagnostic(`${count} interleavings`);
      });
    }
  }

  after(() => {
    console.log(`${total} interleavings of a sender and a reader`);
    assert.ok(total >= AT_LEAST, `only ${total} interleavings`);
  });
});
