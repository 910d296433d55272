import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Destination } from '../../src/cli/destination.ts';
import type { Given } from '../../src/cli/given.ts';
import { type Entry, List } from '../../src/cli/list.ts';

/** The paths of the first `planned` entries, and the lines of all. */
function planned(given: Given, list: List, count: number): [paths: (string | undefined)[], lines: string[]] {
  const destination = new Destination(given, list);
  const entries: Entry[] = [...list];
  const paths = entries.slice(0, count).map((entry) => destination.pathFor(entry));
  destination.planRest(list);
  return [paths, entries.map((entry) => destination.lineFor(entry))];
}

test('a line for another list has the name that only the whole list gives, also where a run has not come so far', () => {
  const urls = ['http://h/x/a', 'http://h/y/a', 'http://h/b', 'http://h/z/a'];
  const [paths, lines] = planned({ directory: 'd' }, new List(urls), 2);
  assert.deepEqual(paths, [join('d', 'a'), join('d', 'a-2')]);
  assert.deepEqual(lines, ['http://h/x/a', 'http://h/y/a\tout=a-2', 'http://h/b', 'http://h/z/a\tout=a-3']);
  const [again] = planned({ directory: 'd' }, new List([], [[lines[3], lines[0], lines[1]].join('\n')]), 3);
  assert.deepEqual(
    again,
    ['a-3', 'a', 'a-2'].map((name) => join('d', name)),
  );
});

test('a line has no name where names do not come from URLs', () => {
  const urls = ['http://h/x/a', 'http://h/y/a'];
  for (const given of [{ output: ['a', 'b'] }, {}, { directory: 'd', remoteHeaderName: true }] as const) {
    assert.deepEqual(planned(given, new List(urls), 1)[1], urls);
  }
});

test('a folder in the place of a file is no file that --overwrite would replace', () => {
  const destination = new Destination({ output: [tmpdir()] }, new List(['http://h/a']));
  assert.throws(() => destination.presence(tmpdir(), undefined), { code: 'EISDIR' });
});
