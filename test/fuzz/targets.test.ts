/** The targets of `npm run fuzz:guided`, without guidance: what they begin with, and some inputs by the grammar, in each run of the tests. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Random } from '../simulation/random.ts';
import { Corpus } from './corpus.ts';
import { mutated } from './mutation.ts';
import { readResponses } from './reference.ts';
import { targets } from './targets.ts';

suite('nothing is wrong with what is made of', () => {
  for (const target of targets) {
    test(`inputs of ${target.name}: known ones, and by the grammar and mutation`, () => {
      const random = new Random(1).fork(target.name);
      const seeds = target.seeds();
      for (const seed of seeds) target.run(seed);
      for (let turn = 0; turn < 150; turn++) {
        const generated = target.generate(random);
        target.run(generated);
        target.run(mutated(random.pick(seeds), generated, random));
      }
    });
  }
});

test('the second reading takes what is there in full, and no more', () => {
  const wire =
    'HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n1;x\r\ny\r\n0\r\nT: u\r\n\r';
  const first = {
    minor: 1,
    status: 200,
    reason: 'OK',
    fields: [
      ['A', 'b'],
      ['Content-Length', '2'],
    ],
    body: 'hi',
    trailers: [],
  };
  assert.deepEqual(readResponses(['GET', 'GET'], wire, true).messages, [first]);
  const { messages, skipped, last, rest } = readResponses(['GET', 'GET'], `${wire}\n!`, true);
  assert.deepEqual([messages[1]?.body, messages[1]?.trailers], ['y', [['T', 'u']]]);
  assert.deepEqual([skipped[1], last, rest], [{ interim: 0, extensions: 2 }, false, 1]);
});

test('the corpus keeps the shortest input for each feature, and none that is the shortest for nothing', () => {
  const corpus = new Corpus();
  assert.equal(corpus.add(Buffer.from('long'), [1, 2]), true);
  assert.equal(corpus.add(Buffer.from('longer'), [2]), false);
  assert.equal(corpus.add(Buffer.from('one'), [1]), true);
  assert.equal(corpus.add(Buffer.from('two'), [2, 3]), true);
  assert.deepEqual(corpus.inputs.map(String), ['one', 'two']);
  assert.equal(corpus.features, 3);
});
