import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { repository } from '../support/compiled.ts';

const source = join(repository, 'src');
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));

/** The files, sorted, with a line of code (not of comments) that matches. */
function filesWith(pattern: RegExp): string[] {
  const code = (path: string): string =>
    readFileSync(join(source, path), 'utf8')
      .replaceAll(/\/\*.*?\*\//gs, '')
      .replaceAll(/^\s*\/\/.*$/gm, '');
  return files.filter((path) => pattern.test(code(path))).sort();
}

describe('ARCHITECTURE.md is right that', () => {
  test('no coroutine contains a literal yield but waitFor (those of http1, cli, body-chunks.ts and pull.ts are iterators)', () => {
    const yielding = filesWith(/\byield\b(?!\*|')/).filter(
      (path) => !/^(http1|cli)\//.test(path) && path !== 'client/body-chunks.ts' && path !== 'schedule/pull.ts',
    );
    assert.deepEqual(yielding, ['coroutine.ts']);
  });

  test('only io/load-addon.ts loads the addon', () => {
    assert.deepEqual(filesWith(/dugong\.node|createRequire/), ['io/load-addon.ts']);
  });

  test('only io/descriptor.ts closes a descriptor', () => {
    assert.deepEqual(filesWith(/native\.close\(/), ['io/descriptor.ts']);
  });

  test('only clock.ts looks at what Node has of clocks, and of its timers (globals are the linter’s affair)', () => {
    assert.deepEqual(filesWith(/perf_hooks|hrtime|nextTick|node:timers/), ['clock.ts']);
  });

  test('no file is for leftovers', () => {
    const leftovers = files.filter((path) => /^(utils?|helpers?|types?|common|misc)\.ts$/.test(basename(path)));
    assert.deepEqual(leftovers, []);
  });

  test('each file begins with what it is', () => {
    const silent = files.filter((path) => !/^(#!.*\n)?\/\*\*[ \n]/.test(readFileSync(join(source, path), 'utf8')));
    assert.deepEqual(silent, []);
  });
});
