import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EXIT, EXIT_MEANINGS } from '../../src/cli/exit-codes.ts';
import { FLAGS } from '../../src/cli/flags.ts';
import { help } from '../../src/cli/help.ts';

const all = help({ command: undefined, all: true });
const short = help({ command: undefined, all: false });

describe('the help', () => {
  test('has every flag if all is asked for, and else those that most need', () => {
    const missing = (text: string): string[] =>
      FLAGS.map(({ long }) => `--${long}`).filter((each) => !new RegExp(`${each}\\b`).test(text));
    assert.deepEqual(missing(all), []);
    assert.deepEqual(missing(short).includes('--shard'), true);
    assert.deepEqual(missing(short).includes('--output'), false);
    assert.ok(short.split('\n').length < 125);
    assert.match(short, /--help all/);
  });

  test('has examples, and a table of all exit codes', () => {
    for (const text of [all, short]) {
      assert.match(text, /^Examples:\n {2}dugong /m);
      for (const code of Object.values(EXIT)) assert.match(text, new RegExp(`^ {2}${code} +\\w`, 'm'));
    }
    assert.deepEqual(
      EXIT_MEANINGS.map(([code]) => code),
      Object.values(EXIT),
    );
  });

  test('says how lists and configuration files look', () => {
    assert.match(all, /^Lists:\n(?: {2}.*\n)*.*sha256=HEX/m);
    assert.match(all, /^Configuration:\n(?: {2}.*\n)*.*dugongrc/m);
    assert.match(all, /https_proxy/);
  });

  test('of a command has its flags only', () => {
    const put = help({ command: 'put', all: false });
    assert.match(put, /^Usage: dugong put /);
    assert.match(put, /--overwrite/);
    assert.doesNotMatch(put, /--output|--pipeline/);
    assert.match(help({ command: 'check', all: false }), /--allow-blocked/);
    assert.match(help({ command: 'demo', all: false }), /--serve/);
  });

  test('fits into 100 columns', () => {
    const long = [all, short].flatMap((text) => text.split('\n')).filter((line) => line.length > 100);
    assert.deepEqual(long, []);
  });
});
