/** Worlds of fetches: a range of seeds, in each of which callers are told what is so; and the same for the same seed. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hopsOf } from './fetch-plan.ts';

// Each error has a stack, and to find its lines in the sources takes longer than its world.
process.setSourceMapsEnabled(false);

import { fetchScenario } from './fetch-scenario.ts';

test('what callers of fetch are told is so, over 200 worlds', async () => {
  let busy = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const verdict = await fetchScenario.run(seed, fetchScenario.draw(seed), false);
    assert.deepEqual(verdict.problems, [], `seed ${seed}`);
    if (verdict.connections >= 2 && verdict.requests >= 5 && verdict.faults >= 1) busy++;
  }
  assert.ok(busy > 120, `only ${busy} worlds have something in them`);
});

test('the same seed ends in the same way, from a plan that was written down as well', async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const plan = fetchScenario.draw(seed);
    const first = await fetchScenario.run(seed, plan, false);
    const again = await fetchScenario.run(seed, JSON.parse(JSON.stringify(plan)), true);
    assert.equal(again.outcome, first.outcome, `seed ${seed}`);
    assert.ok(again.trace.length > 0);
  }
});

test('smaller plans are smaller, and run', async () => {
  for (let seed = 1; seed <= 2; seed++) {
    const plan = fetchScenario.draw(seed);
    const size = JSON.stringify(plan).length;
    for (const smaller of fetchScenario.smaller(plan)) {
      assert.notDeepEqual(smaller, plan);
      assert.ok(JSON.stringify(smaller).length <= size + 20);
      assert.ok(smaller.tasks.flat().every((call) => hopsOf(call).length > 0));
      const verdict = await fetchScenario.run(seed, smaller, false);
      assert.deepEqual(verdict.problems, [], `seed ${seed}: ${JSON.stringify(smaller)}`);
    }
  }
});
