import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { FLAGS } from '../../src/cli/flags.ts';
import { manPage } from '../../src/cli/man-page.ts';

const page = manPage('1.2.3');
const hasGroff = spawnSync('groff', ['--version']).status === 0;

describe('the man page', () => {
  test('has the sections of a command', () => {
    const sections = [...page.matchAll(/^\.SH (.*)$/gm)].map(([, name]) => name);
    for (const name of ['NAME', 'SYNOPSIS', 'OPTIONS', 'EXIT STATUS', 'EXAMPLES', 'ENVIRONMENT']) {
      assert.ok(sections.includes(name), name);
    }
    assert.match(page, /^\.TH DUGONG 1 "" "dugong 1\.2\.3"/);
  });

  test('obeys no text: lines begin with a request of its own, or with none', () => {
    const requests = new Set([...page.matchAll(/^[.'](\S*)/gm)].map(([, name]) => name));
    assert.deepEqual([...requests].sort(), ['B', 'BR', 'PP', 'SH', 'SS', 'TH', 'TP', 'br', 'fi', 'nf']);
  });

  test('is understood by groff, without a warning, with every flag in it', {
    skip: !hasGroff && 'groff is needed',
  }, () => {
    const { stdout, stderr, status } = spawnSync('groff', ['-man', '-ww', '-Tutf8', '-P-cbou', '-'], {
      input: page,
      encoding: 'utf8',
    });
    assert.deepEqual([status, stderr], [0, '']);
    const missing = FLAGS.map(({ long }) => `--${long}`).filter((each) => !stdout.replaceAll('‐', '-').includes(each));
    assert.deepEqual(missing, []);
  });
});
