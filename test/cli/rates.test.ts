import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Rates } from '../../src/cli/rates.ts';
import { countsWith } from '../support/transfer-result.ts';

describe('the rate', () => {
  test('is that of the last ten seconds', () => {
    const rates = new Rates();
    assert.equal(rates.bytesPerSecond, undefined);
    rates.add(countsWith(), 5000);
    assert.equal(rates.bytesPerSecond, undefined);
    rates.add(countsWith({ bytes: 100 }), 5000);
    assert.equal(rates.bytesPerSecond, undefined);
    rates.add(countsWith({ bytes: 5000 }), 10_000);
    assert.equal(rates.bytesPerSecond, 1000);
    for (let second = 11; second <= 30; second++)
      rates.add(countsWith({ bytes: 5000 + (second - 10) * 10 }), second * 1000);
    assert.equal(rates.bytesPerSecond, 10);
  });

  test('is never negative', () => {
    const rates = new Rates();
    rates.add(countsWith({ bytes: 100 }), 0);
    rates.add(countsWith({ bytes: 50 }), 1000);
    assert.equal(rates.bytesPerSecond, 0);
  });
});

describe('the time that the rest takes', () => {
  test('is known after three seconds and ten documents, failed ones included', () => {
    const rates = new Rates();
    const at = (time: number, done: number, total: number | undefined = 100): number | undefined => {
      const counts = countsWith({ done: done - 2, failed: 1, missing: 1, waiting: 100 - done });
      rates.add(counts, time);
      return rates.remaining(counts, total);
    };
    assert.deepEqual([at(0, 2), at(2900, 50), at(3000, 9)], [undefined, undefined, undefined]);
    assert.equal(at(4000, 12), 35_200);
    assert.equal(at(4100, 100), 0);
    assert.equal(at(4200, 100, 90), 0);
    rates.add(countsWith(), 4300);
    assert.equal(rates.remaining(countsWith({ done: 12, waiting: 3 }), undefined), undefined);
  });

  test('is not known while nothing comes', () => {
    const rates = new Rates();
    const counts = countsWith({ done: 50, waiting: 50 });
    for (const time of [0, 5000]) rates.add(counts, time);
    assert.equal(rates.remaining(counts, 100), undefined);
  });

  test('is that of the bytes when the last documents are coming', () => {
    const connection = { origin: 'http://h', inFlight: 1, url: 'http://h/a', bytes: 4000, length: 10_000 };
    const last = (connections: (typeof connection)[], inFlight: number): number | undefined => {
      const rates = new Rates();
      rates.add(countsWith(), 0);
      const counts = countsWith({ inFlight, bytes: 4000, connections });
      rates.add(counts, 4000);
      return rates.remaining(counts, 1);
    };
    assert.equal(last([connection], 1), 6000);
    assert.equal(last([connection, { ...connection, inFlight: 0 }], 1), 6000);
    assert.equal(last([{ ...connection, bytes: 20_000 }], 1), 0);
    assert.equal(last([{ ...connection, inFlight: 2 }], 2), undefined);
    assert.equal(last([], 0), undefined);
    const rates = new Rates();
    const counts = countsWith({ inFlight: 1, connections: [{ ...connection, length: null }] });
    for (const time of [0, 4000]) rates.add(counts, time);
    assert.equal(rates.remaining(counts, 1), undefined);
  });
});
