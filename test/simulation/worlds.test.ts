/** Each kind of world: a few seeds, earlier findings, the same story for the same seed, and shrinking. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { comparable } from './connection/comparison.ts';
import { drawPlan } from './connection/plan.ts';
import { FOUND } from './found.ts';
import { Random } from './random.ts';
import { staleReasons } from './runner/coverage-report.ts';
import { shrink } from './runner/shrink.ts';
import { type AnyScenario, SCENARIOS } from './scenarios.ts';

/** CI runs thousands: `npm run simulate`. */
const SEEDS = 30;
/** A world of bulk transfers has hundreds of jobs. */
const SEEDS_OF_BULK = 6;
/** Each runs twice, with all that it does written down. */
const STORIES = 6;
const STORIES_OF_BULK = 2;

function scenarioOf(world: string): AnyScenario {
  const scenario = SCENARIOS.find(({ name }) => name === world);
  assert.ok(scenario !== undefined, `there is no world ${world}`);
  return scenario;
}

for (const scenario of SCENARIOS) {
  const [seeds, stories] = scenario.name === 'bulk' ? [SEEDS_OF_BULK, STORIES_OF_BULK] : [SEEDS, STORIES];
  describe(`the world "${scenario.name}"`, () => {
    test(`is right for ${seeds} seeds, none of them empty`, async () => {
      for (let seed = 1; seed <= seeds; seed++) {
        const { problems, suspensions } = await scenario.run(seed, scenario.draw(seed), false);
        assert.deepEqual(problems, [], `npm run simulate -- --world ${scenario.name} --seed ${seed} --trace`);
        assert.ok(suspensions > 0);
      }
    });

    test('tells the same story again, and the plan survives JSON', async () => {
      for (let seed = 1; seed <= stories; seed++) {
        const plan = scenario.draw(seed);
        const one = await scenario.run(seed, plan, true);
        const other = await scenario.run(seed, JSON.parse(JSON.stringify(plan)), true);
        assert.equal(other.outcome, one.outcome);
        assert.deepEqual(other.trace, one.trace);
      }
    });

    test('has smaller plans, which are right as well', async () => {
      const plan = scenario.draw(3);
      for (const smaller of scenario.smaller(plan)) {
        assert.notDeepEqual(smaller, plan);
        assert.deepEqual((await scenario.run(3, smaller, false)).problems, [], JSON.stringify(smaller));
      }
    });

    test('shrinks its plans until nothing is left to leave out', async () => {
      const failing: AnyScenario = {
        ...scenario,
        run: async (seed, plan, traced) => ({ ...(await scenario.run(seed, plan, traced)), problems: ['always'] }),
      };
      const { plan, tried } = await shrink(failing, 1, scenario.draw(1), ['always']);
      assert.ok(tried > 0 && JSON.stringify(plan).length < JSON.stringify(scenario.draw(1)).length);
      assert.deepEqual([...scenario.smaller(plan)], []);
    });
  });
}

test('what goes wrong in a connection ends alike in each way of waiting', async () => {
  const scenario = scenarioOf('connection');
  for (let seed = 1; seed <= 25; seed++) {
    const { problems } = await scenario.run(seed, comparable(drawPlan(seed), new Random(seed)), false);
    assert.deepEqual(problems, [], `seed ${seed}`);
  }
});

for (const { name, world, seed, plan } of FOUND) {
  test(`found once: ${name}`, async () => {
    const { problems } = await scenarioOf(world).run(seed, JSON.parse(plan), false);
    assert.deepEqual(problems, []);
  });
}

test('each reason why something is not reached is about something that is there', () => {
  assert.deepEqual(staleReasons(), []);
});
