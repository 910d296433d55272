/** The frame of the waterfall's page: nothing that comes from servers gets out of where it belongs. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import type { Totals, WaterfallData } from '../../src/cli/page/data.ts';
import { waterfallHTML } from '../../src/cli/waterfall-html.ts';

const NOTHING: Totals = {
  ...{ documents: 0, redirects: 0, missing: 0, failed: 0, again: 0, bytes: 0, wall: 0, connections: 0, origins: 0 },
  ...{ depth: 0, oneAtATime: 0, leftOut: 0 },
};
const HOSTILE = `</script><script>alert(1)</script><!--<script>" onload='x' & \u2028\u202e\u0000`;

function page(given: Partial<WaterfallData> = {}): string {
  const requests = {
    ...{ connection: [], slot: [], method: [], origin: [], path: [], status: [], bytes: [], error: [], attempt: [] },
    ...{ create: [], blocked: [], send: [], held: [], wait: [], receive: [] },
  };
  const data: WaterfallData = {
    ...{ title: 'A run', began: '2026-01-02T03:04:05.678Z', origins: [], methods: [], errors: [], lanes: [], requests },
    ...{ totals: NOTHING, ...given },
  };
  return waterfallHTML(data);
}

/** What is between two texts that each occur once. */
function between(text: string, begin: string, end: string): string {
  const parts = text.split(begin);
  assert.equal(parts.length, 2, begin);
  return parts[1]?.slice(0, parts[1].indexOf(end)) ?? '';
}

describe('the page', () => {
  test('has no part but its own program, style and data, and loads nothing', () => {
    const whole = page();
    assert.equal(whole.match(/<script/g)?.length, 2);
    assert.equal(whole.match(/<style/g)?.length, 1);
    assert.doesNotMatch(whole, /\b(?:src|href|url\()\s*=?\s*["']?https?:|<link|<img|@import|@font-face/);
    assert.doesNotMatch(whole, / style="| on\w+="/);
  });

  test('forbids all but these, by their digests', () => {
    const whole = page();
    const policy = between(whole, 'http-equiv="Content-Security-Policy" content="', '"');
    const digest = (source: string): string => `'sha256-${createHash('sha256').update(source).digest('base64')}'`;
    assert.deepEqual(policy.split('; '), [
      "default-src 'none'",
      `style-src ${digest(between(whole, '<style>', '</style>'))}`,
      `script-src ${digest(between(whole, '<script>', '</script>'))}`,
      "base-uri 'none'",
      "form-action 'none'",
    ]);
  });

  test('has its data in a block that no text in it can end', () => {
    const requests = { path: [HOSTILE] } as unknown as WaterfallData['requests'];
    const whole = page({ origins: [HOSTILE], errors: [HOSTILE], requests: { ...requests, slot: [0] } });
    assert.equal(whole.match(/<script/g)?.length, 2);
    const block = between(whole, '<script type="application/json" id="data">', '</script>');
    assert.doesNotMatch(block, /[<>&\u2028]/);
    const { origins, errors, requests: columns } = JSON.parse(block) as WaterfallData;
    assert.deepEqual([origins, errors, columns.path], [[HOSTILE], [HOSTILE], [HOSTILE]]);
  });

  test('shows a title as text', () => {
    const whole = page({ title: HOSTILE });
    const shown =
      '&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;!--&lt;script&gt;&quot; onload=&#39;x&#39; &amp; ';
    assert.equal(between(whole, '<h1>', '</h1>'), `${shown}\\u2028\\u202e\\u0000`);
    assert.equal(between(whole, '<title>', '</title>'), `${shown}\\u2028\\u202e\\u0000`);
  });

  test('names the figures that there are', () => {
    const figures = (totals: Partial<Totals>): string =>
      between(page({ totals: { ...NOTHING, ...totals } }), '<dl class="figures">', '</dl>').replaceAll(/<[^>]*>/g, ' ');
    assert.match(
      figures({ documents: 1234, bytes: 5_600_000, wall: 1500, connections: 1 }),
      /documents\s+1,234\s+bytes\s+5.6 MB\s+wall time\s+1.5 s\s+connection\s+1 /,
    );
    assert.doesNotMatch(figures({}), /missing|failed|again|redirects|origins|left out/);
    const all = figures({ missing: 1, failed: 2, again: 3, redirects: 4, origins: 5, leftOut: 6 });
    assert.match(
      all,
      /origins\s+5\s+redirects\s+4\s+missing \(4xx, 5xx\)\s+1\s+failed\s+2\s+sent again\s+3\s+left out: too many\s+6/,
    );
  });

  test('compares the run with one request at a time, if that makes a difference', () => {
    const saved = page({ totals: { ...NOTHING, wall: 100, oneAtATime: 400 } });
    assert.match(saved, /At least 300 ms saved/);
    assert.match(saved, /<rect width="250" height="16"\/>/);
    assert.match(page({ totals: { ...NOTHING, wall: 100, oneAtATime: 101 } }), /No time was saved/);
    assert.doesNotMatch(page(), /saved</);
  });
});
