import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { repository } from '../support/compiled.ts';
import { allDocuments, filesBelow } from './code-blocks.ts';

/** Words for persons: a thing (sender, reader, session, loop, caller) does what is told, not somebody. */
const PERSONS =
  /\b(?:who|whom|whoever|he|him|somebody|someone|nobody(?!\/)|anybody|anyone|everybody|everyone|(?:is|are) told(?! apart))\b/i;
const FOLDERS = ['src', 'native', 'examples', 'bench', 'test'];

function sources(): string[] {
  return FOLDERS.flatMap(filesBelow).filter((path) => /\.(?:ts|cc|h|c)$/.test(path));
}

/** The lines of comments, each with its place. */
function comments(path: string): string[] {
  const text = readFileSync(join(repository, path), 'utf8');
  return text.split('\n').flatMap((line, index) => {
    const [comment] = /(?:^\s*(?:\/\*\*?|\*)|\/\/) .*/.exec(line) ?? [];
    return comment === undefined ? [] : [`${path}:${index + 1}: ${comment.trim()}`];
  });
}

test('CONTRIBUTING.md is right that comments and documents speak of things, not of persons', () => {
  const lines = allDocuments()
    .filter((path) => path !== 'CHANGELOG.md' && path !== 'prebuilds/LICENSES.md')
    .flatMap((path) =>
      readFileSync(join(repository, path), 'utf8')
        .split('\n')
        .map((line, index) => `${path}:${index + 1}: ${line}`),
    );
  const all = [...sources().flatMap(comments), ...lines];
  assert.ok(all.length > 10_000, `${all.length} lines`);
  assert.deepEqual(
    // What forbids them names them.
    all.filter((line) => PERSONS.test(line) && !/never "who" or "he"|^test\/docs\/plain-english/.test(line)),
    [],
  );
});
