/** docs/versions.md says what package.json and CI say. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { repository } from '../support/compiled.ts';
import { codeBlocks } from './code-blocks.ts';

const PAGE = 'docs/versions.md';
const read = (path: string): string => readFileSync(join(repository, path), 'utf8');
const page = read(PAGE);
const { version, engines, exports } = JSON.parse(read('package.json')) as {
  version: string;
  engines: { node: string };
  exports: Record<string, unknown>;
};

/** The first cells of the table below a heading. */
function rowsOf(heading: string): string[] {
  const [, section = ''] = page.split(`\n## ${heading}\n`);
  const [rows = ''] = section.split('\n## ');
  return [...rows.matchAll(/^\| ([\d.]+)/gm)].map(([, cell = '']) => cell);
}

/** The versions of a loop in a script of CI. */
function loopOf(script: string, first: string): string[] {
  return new RegExp(`^ *for version in (${first}[\\d. ]*)`, 'm').exec(read(script))?.[1]?.trim().split(' ') ?? [];
}

describe(PAGE, () => {
  test('says which version the package has, which Node it asks for, and which entries it exports', () => {
    assert.ok(page.includes(`The version is ${version.split('.', 2).join('.')}:`), version);
    assert.ok(page.includes(`asks for Node \`${engines.node}\``), engines.node);
    const entries = Object.keys(exports).filter((entry) => entry !== './package.json');
    const unnamed = entries.filter((entry) => !page.includes(`\`${join('dugong', entry)}\``));
    assert.deepEqual(unnamed, []);
  });

  test('has a row for each Node that CI runs the tests with, the oldest one that of engines', () => {
    const [oldest = '', ...others] = loopOf('.ci/run', '20');
    const named = [oldest.split('.', 2).join('.'), ...others];
    assert.deepEqual(rowsOf('Node'), named);
    assert.equal(engines.node, `>=${named[0]}`);
    assert.ok(read('test/packages/main.ts').includes(`['${[oldest, ...others].join("', '")}']`));
  });

  test('has the versions of TypeScript that CI checks the types with', () => {
    const [oldest, inCommonJS, newest] = loopOf('.ci/package', '5');
    assert.ok(page.includes(`with TypeScript ${oldest}, ${inCommonJS}, ${newest} and`));
    assert.deepEqual(rowsOf('TypeScript').slice(0, 2), [oldest, inCommonJS]);
  });

  test('has a program in CommonJS', () => {
    const programs = codeBlocks(PAGE).filter(({ code, runs }) => runs && /\brequire\('dugong'\)/.test(code));
    assert.equal(programs.length, 1);
  });
});
