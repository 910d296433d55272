import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { durationOf, jsonLine, summaryJSON, summaryOf } from '../../src/cli/report.ts';
import { systemError } from '../support/failing-fs.ts';
import { responseWith } from '../support/http-response.ts';
import { countsWith, resultWith } from '../support/transfer-result.ts';

const DETAILS = { line: 3, file: 'd/a', class: 'ok' };

describe('the JSON line of a result', () => {
  test('says everything about a document that was fetched', () => {
    assert.deepEqual(JSON.parse(jsonLine(resultWith(), DETAILS)), {
      url: 'http://h/a',
      line: 3,
      outcome: 'done',
      status: 200,
      class: 'ok',
      attempts: 1,
      bytes: 1000,
      file: 'd/a',
      verification: 'length',
      redirects: [],
      finalUrl: 'http://h/a',
      error: null,
      code: null,
      mayHaveBeenProcessed: false,
      retryAt: null,
      ms: 12,
    });
  });

  test('has the same properties for one that was not', () => {
    const failed = resultWith({
      ...{ outcome: 'failed', response: undefined, bytes: 0, verification: 'none', retryAt: 0 },
      ...{ error: systemError('ECONNREFUSED', 'connection refused', 'connect') },
      redirects: [{ status: 301, url: 'http://u:secret@h/0' }],
    });
    const line = JSON.parse(jsonLine(failed, { line: null, file: null, class: 'network' }));
    assert.deepEqual(Object.keys(line), Object.keys(JSON.parse(jsonLine(resultWith(), DETAILS))));
    assert.deepEqual(
      [line.line, line.file, line.status, line.error, line.code, line.retryAt],
      [null, null, null, 'ECONNREFUSED: connection refused, connect', 'ECONNREFUSED', '1970-01-01T00:00:00.000Z'],
    );
    assert.deepEqual(line.redirects, [{ status: 301, url: 'http://u:***@h/0' }]);
  });

  test('is valid, on one line, and harmless on a terminal', () => {
    const error = new Error('a\n"b"\x1b[2J\x9b\u202e\u2028\ud800ü');
    const line = jsonLine(resultWith({ error, job: { url: 'http://u:secret@h/\u202e' } }), DETAILS);
    assert.match(line, /^[ -~ü]+$/);
    assert.equal(JSON.parse(line).error, error.message);
    assert.equal(JSON.parse(line).url, 'http://u:***@h/%E2%80%AE');
  });

  test('takes what is no URL as it is', () => {
    for (const url of ['a@b', 'http://u@h/', '']) {
      assert.equal(JSON.parse(jsonLine(resultWith({ job: { url } }), DETAILS)).url, url);
    }
  });
});

describe('the summary', () => {
  for (const [counts, ms, text] of [
    [{}, 0, '0 documents (0 B) in 0.0 s. Nothing is missing.'],
    [{ done: 1, bytes: 1000 }, 500, '1 document (1 kB) in 0.5 s, 2 kB/s. Nothing is missing.'],
    [{ done: 4950, missing: 50, bytes: 103e6 }, 1240, '4,950 documents (103 MB) in 1.2 s, 83.1 MB/s. 50 missing.'],
    [
      { done: 5, missing: 1, failed: 2, aborted: 3, waiting: 1000, inFlight: 4 },
      3_725_000,
      '5 documents (0 B) in 1 h 2 min. 1 missing, 2 failed, 1,007 not fetched, because the run ended before.',
    ],
  ] as const) {
    test(`is: ${text}`, () => assert.equal(summaryOf(countsWith(counts), ms), text));
  }

  test('is JSON for programs', () => {
    const counts = countsWith({ done: 5, missing: 1, failed: 2, aborted: 3, waiting: 4, inFlight: 5, bytes: 6 });
    const text = summaryJSON(counts, 1.6, { exitCode: 8 });
    assert.equal(text, '{"documents":20,"done":5,"missing":1,"failed":2,"aborted":12,"bytes":6,"ms":2,"exitCode":8}\n');
    assert.equal(JSON.parse(summaryJSON(counts, 0)).documents, 20);
  });
});

test('durations are short', () => {
  assert.deepEqual([0, 940, 9949, 9950, 59_400, 59_600, 3_599_000, 3_599_600, 86_400_000].map(durationOf), [
    '0.0 s',
    '0.9 s',
    '9.9 s',
    '10 s',
    '59 s',
    '1 min 0 s',
    '59 min 59 s',
    '1 h 0 min',
    '24 h 0 min',
  ]);
});

test('a response without status text is one', () => {
  assert.equal(JSON.parse(jsonLine(resultWith({ response: responseWith({ status: 404 }) }), DETAILS)).status, 404);
});
