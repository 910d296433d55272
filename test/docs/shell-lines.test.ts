/** The shell commands that documents only show: scripts, files and flags that they name exist. */

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Interruption } from '../../src/cli/interruption.ts';
import { parse } from '../../src/cli/parse.ts';
import { repository } from '../support/compiled.ts';
import { allDocuments } from './code-blocks.ts';

/** What was true at its time stays. */
const documents = allDocuments().filter((path) => path !== 'CHANGELOG.md');
const textOf = (document: string): string => readFileSync(join(repository, document), 'utf8');

/** The lines of the blocks marked `sh`, without their comments. */
function shellLines(document: string): string[] {
  return [...textOf(document).matchAll(/^```sh\n(.*?)^```$/gms)]
    .flatMap(([, block = '']) => block.trimEnd().split('\n'))
    .map((line) => line.replace(/(?:^|\s+)#.*$/, ''));
}

/** The words of a simple command; text in quotes is one. */
function words(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|"([^"]*)"|[^\s'"]+/g)].map(([word, one, two]) => one ?? two ?? word);
}

describe('shell commands in documents', () => {
  test('name scripts of package.json', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
    const named = documents.flatMap((document) =>
      [...textOf(document).matchAll(/\bnpm run (?:--silent )?([a-z][\w:-]*)/g)].map(([, name = '']) => name),
    );
    assert.ok(named.length > 30, `${named.length} names`);
    assert.deepEqual(
      [...new Set(named)].filter((name) => scripts[name] === undefined),
      [],
    );
  });

  test('name files of .ci', () => {
    const named = documents.flatMap((document) => textOf(document).match(/\.ci\/[\w-]+(?:\.\w+)?/g) ?? []);
    assert.ok(named.length > 5, `${named.length} names`);
    assert.deepEqual(
      [...new Set(named)].filter((name) => !existsSync(join(repository, name))),
      [],
    );
  });

  test('call the command dugong with flags that it has', async () => {
    const calls = documents.flatMap(shellLines).flatMap((line) => {
      const [, call] = /(?:^|\| )(?:npx )?dugong (.*)$/.exec(line.trim()) ?? [];
      return call === undefined || call.includes('--version') ? [] : [call.split(/ [|>&]/, 1)[0] ?? ''];
    });
    assert.ok(calls.length > 3, `${calls.length} calls`);
    using interruption = new Interruption();
    for (const call of calls) await assert.doesNotReject(parse(words(call), interruption), call);
  });
});
