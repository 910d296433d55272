import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { withPlaces } from '../../src/cli/config-file.ts';
import type { CommandLine } from '../../src/cli/given.ts';
import { Interruption } from '../../src/cli/interruption.ts';
import { parse } from '../../src/cli/parse.ts';
import { UsageError } from '../../src/cli/usage-error.ts';

const folder = mkdtempSync(join(tmpdir(), 'dugong-parse-'));
after(() => rmSync(folder, { recursive: true }));

/** Parses without the user's own configuration. */
async function parsed(...argv: string[]): Promise<CommandLine> {
  using interruption = new Interruption();
  const [first = '', ...rest] = argv;
  const named = ['get', 'check', 'put', 'demo'].includes(first);
  return await parse(named ? [first, '--disable-config', ...rest] : ['--disable-config', ...argv], interruption);
}

describe('the command line', () => {
  test('has the command first, which may be left out', async () => {
    assert.equal((await parsed('x.test')).command, 'get');
    assert.equal((await parsed('check', 'x.test')).command, 'check');
    assert.equal((await parsed('get', 'x.test')).command, 'get');
  });

  test('has flags and operands in any order', async () => {
    const { given, operands } = await parsed('a', '-o', 'x', '-ivk', 'b', '-j4', '--retry=2', '-w', '-x', '--', '-c');
    assert.deepEqual(operands, ['a', 'b', '-c']);
    assert.deepEqual(
      { ...given },
      {
        ...{
          disableConfig: true,
          output: ['x'],
          include: true,
          verbose: true,
          insecure: true,
          connections: 4,
          retry: 2,
        },
        writeOut: '-x',
      },
    );
  });

  test('collects what may be given several times, and else takes the last', async () => {
    const { given } = await parsed('-H', 'a: 1', '-H', 'b: 2', '-d', 'x', '-d', 'y', '-A', 'one', '-A', 'two');
    assert.deepEqual([given.header, given.data, given.userAgent], [['a: 1', 'b: 2'], ['x', 'y'], 'two']);
    assert.deepEqual((await parsed('--input', 'a', '--input', 'b')).given.input, ['a', 'b']);
  });

  test("knows curl's habits: -fsSL", async () => {
    const { fail, silent, showError, location } = (await parsed('-fsSL', 'a')).given;
    assert.deepEqual([fail, silent, showError, location], [true, true, true, true]);
  });

  test('knows -4 and -6, which are no numbers', async () => {
    assert.deepEqual([(await parsed('-4', 'a')).given.ipv4, (await parsed('a', '-6')).given.ipv6], [true, true]);
  });

  test('comes after the configuration, of which flags of other commands are left out', async () => {
    const file = join(folder, 'config');
    writeFileSync(file, 'output = x\nretry = 1\nheader = "a: 1"\nconnections = 8\n');
    const { given } = await parsed('check', '-K', file, '--retry', '3', '-H', 'b: 2', 'x.test');
    assert.deepEqual([given.retry, given.header, given.connections], [3, ['a: 1', 'b: 2'], 8]);
    assert.equal('output' in given, false);
  });

  test('is told apart from the configuration, whose place a message has', async () => {
    const file = join(folder, 'placed');
    writeFileSync(file, '\nremote-name\nresolve = s3cret\n');
    const place = `--remote-name: -K ${file}, line 2`;
    await assert.rejects(
      parsed('-K', file, '-o', 'x', 'a.test'),
      (error: Error) =>
        error instanceof UsageError &&
        error.message.endsWith(`cannot be used with option '-o, --output <FILE>' (${place})`),
    );
    const { configured } = await parsed('-K', file, '--resolve', 'x', 'a.test');
    assert.deepEqual(
      configured.map(({ flag }) => flag.long),
      ['remote-name'],
    );
    const message = (text: string): string => (withPlaces(new UsageError(text), configured) as Error).message;
    assert.equal(message('-O and --resolve'), `-O and --resolve (${place})`);
    assert.equal(message('--resolve'), '--resolve');
    const other = new Error('-O');
    assert.equal(withPlaces(other, configured), other);
  });

  test('switches flags off that the configuration has on, with --no-NAME [curl(1)]', async () => {
    const file = join(folder, 'switched-on');
    writeFileSync(file, 'overwrite\nverbose\nlocation\nno-location\n');
    const { given, configured } = await parsed('-K', file, '--no-overwrite', '--skip-existing', 'a.test');
    assert.deepEqual([given.overwrite, given.skipExisting, given.verbose], [undefined, true, true]);
    assert.equal(given.location, undefined);
    assert.ok(!configured.some(({ flag }) => flag.long === 'overwrite'));
    const ordered = (await parsed('--no-verbose', '-v', '-L', '--no-location', 'a.test')).given;
    assert.deepEqual([ordered.verbose, ordered.location], [true, undefined]);
  });

  test('does not inherit flags', async () => {
    Object.assign(Object.prototype, { insecure: true });
    try {
      assert.equal((await parsed('x.test')).given.insecure, undefined);
    } finally {
      Reflect.deleteProperty(Object.prototype, 'insecure');
    }
  });
});

describe('a command line that is wrong', () => {
  const cases: readonly (readonly [argv: readonly string[], message: RegExp])[] = [
    [['--token=secret', 'x'], /^unknown option '--token'$/],
    // Bodies that are sent have no limit.
    [['put', '--limit-rate', '1', 'x', 'y'], /^--limit-rate is no flag of dugong put: it is one of get, check$/],
    [['-Zsecret', 'x'], /^unknown option '-Z'$/],
    [['--outptu', 'secret', 'x'], /^unknown option '--outptu' \(is it --output\?\)$/],
    [['-o'], /argument missing/],
    [['-o', '', 'x'], /^--output: the name is empty$/],
    [['-I', '-d', 'secret', 'x'], /cannot be used with/],
    [['-O', '-o', 'x'], /cannot be used with/],
    [['--skip-existing', '--overwrite', 'x'], /cannot be used with/],
    [['-K', '/nonexistent', 'x'], /^-K \/nonexistent: ENOENT/],
    [['check', '-o', 'x'], /^-o is no flag of dugong check: it is one of get$/],
    [['--output-dir', 'x'], /^--output-dir is not known: give -P FOLDER/],
    [['--timeout', '5', 'x'], /^--timeout is not known: give -m SECONDS .* or --connect-timeout/],
    [['--timeout=5', 'x'], /^--timeout is not known/],
    [['--no-proxy', 'x'], /^--no-proxy is not known: give --noproxy '\*'$/],
    [['check', '--no-overwrite', 'x'], /^--no-overwrite is no flag of dugong check: it is one of get, put$/],
    [['--silent=secret', 'x'], /^--silent has no value$/],
    [['--no-silent=secret', 'x'], /^--no-silent has no value$/],
    [['-r', '0-5', 'x'], /^-r is not known: give -H "Range: bytes=FIRST-LAST"$/],
    [['--no-retry', 'x'], /^unknown option '--no-retry'/],
    [['--parallel-max', '4'], /give -j/],
    [['--progress', 'dots'], /--progress dots: must be auto, bar, plain or none/],
  ];
  for (const [argv, message] of cases) {
    test(`is refused: ${JSON.stringify(argv.join(' '))}, and no secret is shown`, async () => {
      await assert.rejects(parsed(...argv), (error: Error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, message);
        assert.ok(!error.message.includes('secret'), error.message);
        return true;
      });
    });
  }
});
