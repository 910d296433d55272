import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { Interruption } from '../../src/cli/interruption.ts';
import { formatWriteOut, writeOutTemplate } from '../../src/cli/report.ts';
import { responseWith } from '../support/http-response.ts';
import { resultWith } from '../support/transfer-result.ts';

const RESULT = resultWith({
  url: 'https://h/b',
  response: responseWith({
    status: 301,
    headers: [
      ...([
        ['Content-Type', 'text/html'],
        ['Location', '/c'],
        ['X', 'one'],
        ['x', 'two'],
      ] as const),
      ['Y', 'a\xc3\xa4\xc2\x9b2J'],
    ],
  }),
  redirects: [{ status: 302, url: 'http://h/a' }],
  attempts: 3,
  index: 4,
  remoteAddress: '::1',
  error: new Error('a\x1b'),
});
const DETAILS = { file: 'd/a', exitCode: 8 };
const NOTHING = resultWith({ response: undefined, remoteAddress: undefined, bytes: 0, duration: 0, attempts: 0 });

describe('-w', () => {
  for (const [template, text, without] of [
    ['%{http_code}', '301', '000'],
    ['%{response_code}', '301', '000'],
    ['%{size_download}', '1000', '0'],
    ['%{speed_download}', '80645', '0'],
    ['%{time_total}', '0.012400', '0.000000'],
    ['%{url}', 'http://h/a', 'http://h/a'],
    ['%{url_effective}', 'https://h/b', 'http://h/a'],
    ['%{urlnum}', '4', '0'],
    ['%{num_redirects}', '1', '0'],
    ['%{num_retries}', '2', '0'],
    ['%{num_headers}', '5', '0'],
    ['%{content_type}', 'text/html', ''],
    ['%{remote_ip}', '::1', ''],
    ['%{remote_port}', '443', '0'],
    ['%{filename_effective}', 'd/a', ''],
    ['%{http_version}', '1.1', '0'],
    ['%{method}', 'GET', 'GET'],
    ['%{exitcode}', '8', '0'],
    ['%{errormsg}', 'a\\x1b', ''],
    ['%{redirect_url}', 'https://h/c', ''],
    ['%{scheme}', 'https', 'http'],
    ['%header{x}', 'one', ''],
    ['%header{y}', 'aä\\x9b2J', ''],
    ['%header{none}', '', ''],
    ['a\\n\\r\\t\\x\\\\%%%a%{', 'a\n\r\t\\x\\\\%%a%{', 'a\n\r\t\\x\\\\%%a%{'],
    ['[%{none}%{none}%{constructor}]', '[]', '[]'],
    ['%{http_code} %{url}\\n', '301 http://h/a\n', '000 http://h/a\n'],
  ] as const) {
    test(`${JSON.stringify(template)} gives ${JSON.stringify(text)}, and ${JSON.stringify(without)} without a response`, () => {
      assert.equal(formatWriteOut(template, RESULT, DETAILS), text);
      assert.equal(formatWriteOut(template, NOTHING), without);
    });
  }

  test('gives all as JSON', () => {
    const all = JSON.parse(formatWriteOut('%{json}', RESULT, DETAILS));
    assert.deepEqual(
      [all.http_code, all.time_total, all.filename_effective, all.errormsg],
      [301, 0.0124, 'd/a', 'a\x1b'],
    );
    const none = JSON.parse(formatWriteOut('%{json}', NOTHING));
    assert.deepEqual([none.http_code, none.errormsg, none.content_type], [0, null, null]);
    assert.deepEqual(Object.keys(none), Object.keys(all));
    assert.deepEqual(JSON.parse(formatWriteOut('%{header_json}', RESULT)).x, ['one', 'two']);
    assert.equal(formatWriteOut('%{header_json}', NOTHING), '{}');
  });

  test('splits the address of a server from its port', () => {
    const shown = (remoteAddress: string): string =>
      formatWriteOut('%{remote_ip} %{remote_port}', resultWith({ remoteAddress }));
    assert.deepEqual(['127.0.0.1', '127.0.0.1:8080', '::1', '[::1]:8080', '[::1]'].map(shown), [
      '127.0.0.1 80',
      '127.0.0.1 8080',
      '::1 80',
      '::1 8080',
      '::1 80',
    ]);
  });

  test('warns once about each variable that is not known, of a template that a file may have', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'dugong-write-out-')), 'format');
    const template = '%{a}%{time_connect}%{a}%{url}%{json}%{header_json}%header{c}%%{d}';
    // Line breaks of a file are no part of it [curl(1), --write-out].
    writeFileSync(file, `${template.slice(0, 4)}\r\n${template.slice(4)}\n`);
    try {
      for (const writeOut of [template, `@${file}`]) {
        const warnings: string[] = [];
        using interruption = new Interruption();
        const voice = { say: (message: string) => warnings.push(message) };
        assert.equal(await writeOutTemplate({ writeOut }, { voice, interruption }), template);
        assert.deepEqual(warnings, [
          "unknown --write-out variable: 'a'",
          "unknown --write-out variable: 'time_connect'",
        ]);
      }
    } finally {
      rmSync(dirname(file), { recursive: true });
    }
  });
});
