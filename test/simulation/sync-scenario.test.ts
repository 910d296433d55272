/** Worlds of blocking fetches: a range of seeds, in each of which callers are told what is so; and the same for the same seed. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { syncScenario } from './sync-scenario.ts';

// Each error has a stack, and to find its lines in the sources takes longer than its world.
process.setSourceMapsEnabled(false);

test('what callers of fetchSync are told is so, over 150 worlds', async () => {
  let busy = 0;
  for (let seed = 1; seed <= 150; seed++) {
    const verdict = await syncScenario.run(seed, syncScenario.draw(seed), false);
    assert.deepEqual(verdict.problems, [], `seed ${seed}`);
    if (verdict.connections >= 2 && verdict.requests >= 5 && verdict.faults >= 1) busy++;
  }
  assert.ok(busy > 90, `only ${busy} worlds have something in them`);
});

test('a body that is too large, all of which has come, is an answer that is lost (seed 686)', async () => {
  assert.deepEqual((await syncScenario.run(686, syncScenario.draw(686), false)).problems, []);
});

test('the same seed ends in the same way, from a plan that was written down as well', async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const plan = syncScenario.draw(seed);
    const first = await syncScenario.run(seed, plan, false);
    const again = await syncScenario.run(seed, JSON.parse(JSON.stringify(plan)), true);
    assert.equal(again.outcome, first.outcome, `seed ${seed}`);
    assert.ok(again.trace.length > 0);
  }
});

test('smaller plans of blocking fetches are others, and run', async () => {
  const plan = syncScenario.draw(3);
  for (const smaller of syncScenario.smaller(plan)) {
    assert.notDeepEqual(smaller, plan);
    assert.deepEqual((await syncScenario.run(3, smaller, false)).problems, []);
  }
});
