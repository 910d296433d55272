/** `npm run soak`, for some seconds; and what it is to find is found. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ConnectionClosed } from 'dugong';
import { runProgram } from '../support/run-program.ts';
import { bodyOf, methodOf, wireOf } from './answers.ts';
import { growth, type Sample } from './flatness.ts';
import { Tally } from './tally.ts';

test('20,000 requests with random cuts leave nothing behind, and each gets its own answer or an error', async () => {
  const { status, stdout, stderr } = await runProgram('test/soak/main.ts', ['--requests', '20000', '--seed', '3'], {
    limit: 200_000,
  });
  assert.equal(stderr, '');
  assert.match(stdout.toString(), /flat, and each answer is its own\n$/);
  assert.equal(status, 0);
});

suite('the judgement', () => {
  const MIB = 2 ** 20;
  const flat: Sample = {
    rss: 90 * MIB,
    heap: 9 * MIB,
    external: 3 * MIB,
    descriptors: 30,
    owned: 1,
    watched: 0,
    lookups: 0,
  };
  const samples = (change: (tenth: number) => Partial<Sample>): Sample[] =>
    Array.from({ length: 10 }, (_, tenth) => ({ ...flat, ...change(tenth) }));

  test('leaves the beginning out', () => {
    assert.deepEqual(growth(samples((tenth) => (tenth < 2 ? { heap: 0, rss: 0, descriptors: 3 } : {}))), []);
  });

  test('sees what grows a little with each tenth', () => {
    assert.match(growth(samples((tenth) => ({ heap: (9 + tenth) * MIB }))).join(), /^heap grows: 12\.5 to 16\.5 MiB$/);
    assert.match(growth(samples((tenth) => ({ rss: (90 + 10 * tenth) * MIB }))).join(), /^rss grows/);
    assert.match(growth(samples((tenth) => ({ external: (3 + tenth) * MIB }))).join(), /^external grows/);
  });

  test('sees one descriptor, socket, watcher or lookup more', () => {
    for (const name of ['descriptors', 'owned', 'watched', 'lookups'] as const) {
      const grown = growth(samples((tenth) => ({ [name]: flat[name] + (tenth === 9 ? 1 : 0) })));
      assert.match(grown.join(), new RegExp(`^${name} grow: `));
    }
  });
});

suite('the tally', () => {
  const number = 8;
  const right = { status: 200, number: '8', body: bodyOf(number) };

  test('takes nothing for an answer but what was sent for that request', () => {
    assert.equal(methodOf(number), 'GET');
    assert.ok(right.body.length > 3 && wireOf(number).includes('8'));
    const wrong = [
      { ...right, body: right.body.slice(0, -1) },
      { ...right, body: bodyOf(6) },
      { ...right, number: '6' },
    ];
    const tally = new Tally();
    tally.complete(number, right);
    assert.deepEqual(tally.faults, []);
    for (const answer of wrong) tally.complete(number, answer);
    assert.equal(tally.faults.length, wrong.length);
  });

  test('takes for a cut what is documented for it, and only the requests that it names', () => {
    const tally = new Tally();
    const path = (each: number) => ({ method: 'GET', path: `/${each}`, mayHaveBeenProcessed: true });
    const error = new ConnectionClosed('cut', {
      phase: 'receive',
      lostRequests: [path(5), path(6)],
      bytesSent: 0,
      bytesReceived: 0,
      cause: undefined,
    });
    tally.lost([5, 6], error);
    tally.failed([5, 6], new TypeError('terminated', { cause: error }));
    assert.deepEqual(tally.faults, []);
    tally.lost([6], error);
    tally.failed([5], new TypeError('undefined is not a function'));
    assert.equal(tally.faults.length, 2);
  });
});
