import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import picocolors from 'picocolors';
import { fitted, plainLine, progressLines, type State } from '../../src/cli/progress-lines.ts';
import type { TransferCounts } from '../../src/index.ts';
import { countsWith } from '../support/transfer-result.ts';

const PLAIN = picocolors.createColors(false);
const CONNECTION: TransferCounts['connections'][number] = {
  ...{ origin: 'http://h:80', inFlight: 32, url: 'http://h/a/b.tar.gz', bytes: 1_500_000, length: 3_000_000 },
};
const COUNTS = countsWith({
  done: 1200,
  missing: 3,
  failed: 2,
  waiting: 3795,
  bytes: 56_700_000,
  connections: [CONNECTION],
});
const STATE: State = { counts: COUNTS, total: 5000, bytesPerSecond: 12_340_000, remaining: 12_000 };

function lines(columns: number, rows = 24, state: Partial<State> = {}): string[] {
  return progressLines({ ...STATE, ...state }, { columns, rows, paint: PLAIN });
}

describe('the lines of the progress', () => {
  test('are one about all, and one for each connection', () => {
    assert.deepEqual(lines(120), [
      '[=======                       ]  1,205/5,000  2 failed  3 missing  24%  56.7 MB  12.3 MB/s  12 s left',
      '   50%   1.5 MB +31  http://h/a/b.tar.gz',
    ]);
  });

  test('leave out what does not fit', () => {
    assert.deepEqual(
      [90, 80, 60, 40, 20, 12, 11].map((columns) => lines(columns, 2)),
      [
        ['[====             ]  1,205/5,000  2 failed  3 missing  24%  56.7 MB  12.3 MB/s  12 s left'],
        ['1,205/5,000  2 failed  3 missing  24%  56.7 MB  12.3 MB/s  12 s left'],
        ['1,205/5,000  2 failed  3 missing  24%  56.7 MB  12.3 MB/s'],
        ['1,205/5,000  2 failed  3 missing  24%'],
        ['1,205/5,000  24%'],
        ['1,205/5,000'],
        ['2 failed'],
      ],
    );
  });

  test('promise nothing that is not known', () => {
    const unknown = { total: undefined, bytesPerSecond: undefined, remaining: undefined };
    assert.deepEqual(lines(80, 2, { ...unknown, counts: countsWith() }), ['0  0 B']);
    assert.deepEqual(lines(80, 2, { ...unknown, counts: countsWith(), total: 0 }), ['0/0  0 B']);
    const connections = [
      { ...CONNECTION, length: null, inFlight: 1 },
      { ...CONNECTION, bytes: 0, inFlight: 1 },
      { ...CONNECTION, url: undefined, bytes: 0, length: null, inFlight: 0 },
      { ...CONNECTION, url: 'http://u:secret@h/', bytes: 0, length: 0, inFlight: 1 },
    ];
    assert.deepEqual(lines(80, 24, { counts: countsWith({ connections }) }).slice(1), [
      '         1.5 MB  http://h/a/b.tar.gz',
      '    0%        -  http://h/a/b.tar.gz',
      '              -  http://h:80 (idle)',
      '              -  http://u:***@h/',
    ]);
  });

  test('are never more than the terminal has', () => {
    const counts = countsWith({ connections: Array.from({ length: 9 }, () => CONNECTION) });
    assert.deepEqual(
      [1, 2, 3, 5, 10, 11, 24].map((rows) => lines(80, rows, { counts }).length),
      [1, 1, 2, 4, 9, 10, 10],
    );
    assert.equal(lines(80, 5, { counts }).at(-1), '  and 7 more connections');
  });

  test('are shorter than a row, whatever is to be shown, and never above 100 %', () => {
    const count = fc.nat(1e9);
    const connection = fc.record({
      ...{ origin: fc.constant('http://h'), inFlight: fc.nat(100), bytes: count, length: fc.option(count) },
      url: fc.option(fc.oneof(fc.webUrl(), fc.string({ unit: 'grapheme' }), fc.constant('漢字'.repeat(50))), {
        nil: undefined,
      }),
    });
    const counts = fc.record({
      ...{ done: count, missing: count, failed: count, aborted: count, waiting: count, inFlight: count, bytes: count },
      connections: fc.array(connection, { maxLength: 5 }),
    });
    const known = fc.option(fc.nat(1e7), { nil: undefined });
    const state = fc.record({ counts, total: known, bytesPerSecond: known, remaining: known });
    fc.assert(
      fc.property(state, fc.integer({ min: 1, max: 120 }), fc.integer({ min: 1, max: 9 }), (given, columns, rows) => {
        const painted = progressLines(given, { columns, rows, paint: picocolors.createColors(true) }).map(
          stripVTControlCharacters,
        );
        assert.ok(painted.length <= Math.max(1, rows - 1));
        for (const [index, line] of painted.entries()) {
          assert.ok(cells(line) < columns, line);
          const [, percent = '0'] = (index === 0 ? /(\d+)%/ : /^ *(\d+)%/).exec(line) ?? [];
          assert.ok(Number(percent) <= 100, line);
        }
      }),
    );
  });

  test('are coloured if that is wanted', () => {
    const paint = picocolors.createColors(true);
    const [total = '', connection = ''] = progressLines(STATE, { columns: 120, rows: 24, paint });
    assert.ok(total.includes(paint.red('2 failed')) && total.includes(paint.yellow('3 missing')));
    assert.deepEqual([total, connection].map(stripVTControlCharacters), lines(120));
  });
});

/** Cells, where each character of another script than Latin is wide. */
function cells(text: string): number {
  const segments = [...new Intl.Segmenter().segment(text)];
  return segments.reduce((sum, { segment }) => sum + (/[\u1100-\u{10ffff}]/u.test(segment) ? 2 : 1), 0);
}

describe('a line for a file', () => {
  test('says the same', () => {
    assert.equal(plainLine(STATE), '1,205 of 5,000 documents, 56.7 MB, 12.3 MB/s, 3 missing, 2 failed, 12 s left');
    const unknown = { total: undefined, bytesPerSecond: undefined, remaining: undefined };
    assert.equal(plainLine({ counts: countsWith({ done: 1 }), ...unknown }), '1 documents, 0 B');
    assert.equal(plainLine({ counts: countsWith({ done: 9 }), ...unknown, total: 5 }), '9 of 9 documents, 0 B');
  });
});

test('text is cut by cells, with a mark', () => {
  for (const [text, width, expected] of [
    ['abc', 3, 'abc'],
    ['abcd', 3, 'ab~'],
    ['abcd', 1, '~'],
    ['abcd', 0, ''],
    ['漢字', 4, '漢字'],
    ['漢字', 3, '漢~'],
    ['漢字x', 4, '漢~'],
    ['漢字', 1, '~'],
    ['漢字', 0, ''],
    ['e\u0301e\u0301', 2, 'e\u0301e\u0301'],
    ['\u{1f468}\u200d\u{1f469}ab', 3, '\u{1f468}\u200d\u{1f469}~'],
  ] as const) {
    assert.equal(fitted(text, width), expected, `${text} in ${width}`);
  }
});
