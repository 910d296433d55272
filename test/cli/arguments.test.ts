import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseArguments, type Task, UsageError } from '../../src/cli/arguments.ts';

const URL_TEXT = 'http://x.test/';

function task(...argv: string[]): Task {
  const parsed = parseArguments(argv, '1.2.3');
  assert.ok(typeof parsed === 'object', String(parsed));
  return parsed;
}

/** The fields that are no default. */
function fields(...argv: string[]): [string, string][] {
  const usual = task(URL_TEXT).headers.map(String);
  return task(...argv, URL_TEXT).headers.filter((field) => !usual.includes(String(field)));
}

describe('the command line', () => {
  test('has its defaults', () => {
    const { urls, headers, ca, ...others } = task(URL_TEXT, 'https://y.test/a');
    assert.deepEqual(urls.map(String), [URL_TEXT, 'https://y.test/a']);
    assert.deepEqual(headers, [
      ['User-Agent', 'dugong/1.2.3'],
      ['Accept', '*/*'],
    ]);
    assert.deepEqual([ca, others.method, others.body, others.output], [undefined, 'GET', undefined, 'stdout']);
    assert.deepEqual([others.include, others.fail, others.compressed], [false, false, false]);
  });

  test('says the method, or implies it', () => {
    assert.equal(task('-I', URL_TEXT).method, 'HEAD');
    assert.equal(task('-d', 'x', URL_TEXT).method, 'POST');
    assert.equal(task('-X', 'PUT', '-d', 'x', URL_TEXT).method, 'PUT');
  });

  test('has the body as text, as a file, or from standard input', () => {
    assert.deepEqual(task('-d', 'ü', URL_TEXT).body, Buffer.from('ü'));
    assert.equal(task('-d', '@-', URL_TEXT).body, 'standard input');
    const { body } = task('-d', `@${fileURLToPath(import.meta.url)}`, URL_TEXT);
    assert.match(String(body), /import assert/);
  });

  test('adds fields, empties them, and takes them away [curl(1), --header]', () => {
    assert.deepEqual(fields('-H', 'X-a:  1 ', '-H', 'X-b;', '-H', 'X-c:'), [
      ['X-a', '1'],
      ['X-b', ''],
    ]);
    assert.deepEqual(fields('-H', 'X: a:b;c'), [['X', 'a:b;c']]);
    assert.deepEqual(fields('-H', 'X: ü\u00a0'), [['X', '\xc3\xbc\xc2\xa0']]);
    assert.deepEqual(task('-H', 'accept:', '-H', 'user-agent: me', URL_TEXT).headers, [['user-agent', 'me']]);
  });

  test('asks for codings that suit a range', () => {
    const accepted = (...argv: string[]): string | undefined =>
      task('--compressed', ...argv, URL_TEXT).headers.find(([name]) => name === 'Accept-Encoding')?.[1];
    assert.match(String(accepted()), /gzip/);
    assert.doesNotMatch(String(accepted('-H', 'Range: bytes=0-1')), /gzip/);
  });

  test('has seconds, which are kept as milliseconds', () => {
    assert.equal(task('--timeout', '0.5', URL_TEXT).timeout, 500);
    assert.equal(task('--timeout', '0.0001', URL_TEXT).timeout, 1);
  });

  test('shows its help and its version, whatever else is given', () => {
    assert.match(String(parseArguments(['--help'], '1.2.3')), /Exit status:/);
    assert.equal(String(parseArguments(['-V'], '1.2.3')).trim(), '1.2.3');
  });
});

describe('a command line that is wrong', () => {
  const cases: readonly (readonly [argv: readonly string[], message: RegExp])[] = [
    [[], /missing required argument/],
    [['x.test'], /x\.test is no URL/],
    [['ftp://x.test/'], /only http:\/\/ and https:\/\//],
    [['http://u:secret@x.test/'], /^x\.test: user names in URLs are not supported/],
    [['http://u:secret@'], /\*\*\*@ is no URL/],
    [['-H', 'secret', URL_TEXT], /a field looks like/],
    [['-H', 'A;b', URL_TEXT], /a field looks like/],
    [['--timeout', '0', URL_TEXT], /above 0/],
    [['--timeout', 'x', URL_TEXT], /above 0/],
    [['-d', '@/does/not/exist', URL_TEXT], /^-d @\/does\/not\/exist: ENOENT/],
    [['--cacert', fileURLToPath(import.meta.url), URL_TEXT], /no certificates in PEM form/],
    [['--token=secret', URL_TEXT], /unknown option '--token'/],
    [['-usecret', URL_TEXT], /unknown option '-u'/],
    [['-o', 'a', '-O', 'b', URL_TEXT], /cannot be used with/],
    [['-I', '-d', 'x', URL_TEXT], /cannot be used with/],
  ];
  for (const [argv, message] of cases) {
    test(`is refused: ${JSON.stringify(argv.join(' '))}, and no secret is shown`, () => {
      assert.throws(
        () => parseArguments(argv, '1.2.3'),
        (error: Error) => {
          assert.ok(error instanceof UsageError);
          assert.match(error.message, message);
          assert.ok(!error.message.includes('secret'), error.message);
          return true;
        },
      );
    });
  }
});
