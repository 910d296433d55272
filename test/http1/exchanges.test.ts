import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Exchange, Exchanges, nameOf } from '../../src/http1/exchanges.ts';

const exchange = (path: string): Exchange => ({ method: 'GET', path, close: false, upgrade: undefined });

/** Requests of 10 bytes each, all encoded before anything was received. */
function exchanges(...paths: string[]): Exchanges {
  const all = new Exchanges();
  for (const path of paths) all.add(exchange(path), { length: 10, received: 0 });
  return all;
}

suite('the exchanges of a connection', () => {
  test('are answered in their order; one whose body is to come stays open [RFC 9112 9.2]', () => {
    const all = exchanges('/1', '/2', '/3');
    assert.deepEqual([all.pending, all.oldestPending?.path, all.latest?.path], [3, '/1', '/3']);
    all.answered('without-body');
    assert.deepEqual([all.pending, all.oldestPending?.path, all.current], [2, '/2', undefined]);
    all.answered('with-body');
    assert.deepEqual([all.pending, all.oldestPending?.path, all.current?.path], [1, '/3', '/2']);
    all.answered('without-body');
    assert.deepEqual([all.pending, all.any, all.latest?.path], [0, true, '/3']);
    all.bodyReceived();
    assert.deepEqual([all.any, all.current], [false, undefined]);
  });

  test('are lost with it, those of which a byte has left as possibly processed', () => {
    const all = exchanges('/1', '/2', '/3');
    assert.equal(new Exchanges().allUnsent, false);
    assert.ok(all.allUnsent);
    all.sent(11, 0);
    assert.equal(all.allUnsent, false);
    all.answered('with-body');
    assert.deepEqual(
      all.lost().map(({ path, mayHaveBeenProcessed }) => [path, mayHaveBeenProcessed]),
      [
        ['/1', true],
        ['/2', true],
        ['/3', false],
      ],
    );
    assert.equal(nameOf(exchange('/1')), 'GET /1');
  });

  test('count the bytes of bodies as well', () => {
    const all = exchanges('/1');
    all.encoded(5);
    all.add(exchange('/2'), { length: 10, received: 0 });
    all.sent(15, 0);
    assert.equal(all.bytesSent, 15);
    assert.deepEqual(
      all.lost().map((lost) => lost.mayHaveBeenProcessed),
      [true, false],
    );
  });
});

suite('how far a request has got', () => {
  const stages = (all: Exchanges, unfinished = false): string[] =>
    all.stages(unfinished).map(({ path, stage }) => `${path} ${stage}`);

  test('is told by what has left of it, and by its response', () => {
    const all = exchanges('/1', '/2');
    assert.deepEqual([all.oldestHasBegun, all.oldestHasLeft], [false, false]);
    assert.deepEqual(stages(all), ['/1 sending', '/2 sending']);
    all.sent(5, 0);
    assert.deepEqual([all.oldestHasBegun, all.oldestHasLeft], [true, false]);
    all.sent(5, 0);
    assert.deepEqual([all.oldestHasBegun, all.oldestHasLeft], [true, true]);
    assert.deepEqual(stages(all), ['/1 sent', '/2 sending']);
    all.sent(10, 0);
    all.answered('with-body');
    assert.ok(all.oldestHasLeft);
    assert.deepEqual(stages(all), ['/1 answered', '/2 sent']);
    assert.deepEqual(stages(all, true), ['/1 answered', '/2 sending']);
    all.bodyReceived();
    all.answered('without-body');
    assert.deepEqual([all.oldestHasBegun, stages(all)], [false, []]);
  });
});

suite('a response', () => {
  test('answers no request that was not there before it', () => {
    const all = new Exchanges();
    assert.equal(all.canBeAnsweredAt(0), false);
    all.add(exchange('/1'), { length: 10, received: 100 });
    assert.equal(all.canBeAnsweredAt(99), false);
    assert.ok(all.canBeAnsweredAt(100), 'nobody says what leaves');
  });

  test('answers no request that leaves after it, or not at all', () => {
    const all = exchanges('/1', '/2', '/3');
    all.sent(15, 100);
    assert.equal(all.canBeAnsweredAt(99), false);
    assert.ok(all.canBeAnsweredAt(100));
    all.answered('without-body');
    // The second one began to leave with the first, the rest of it later.
    all.sent(5, 200);
    assert.ok(all.canBeAnsweredAt(100));
    all.answered('without-body');
    assert.equal(all.canBeAnsweredAt(1000), false, 'the third one has not left');
    all.sent(10, 300);
    assert.equal(all.canBeAnsweredAt(299), false);
    assert.ok(all.canBeAnsweredAt(300));
  });
});
