import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { Repeats } from '../../src/cli/repeats.ts';
import { environmentWithoutProxies, type ProgramResult, runProgram } from '../support/run-program.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('failures', () => {
  test('of one server with one cause are said three times, and then counted', () => {
    const repeats = new Repeats();
    const add = (url: string, cause = 'refused', code: number = EXIT.network) => repeats.add({ url, code, cause });
    const said = Array.from({ length: 1500 }, (_, index) => add(`http://a.test/${index}`));
    assert.deepEqual([said.slice(0, 4), said.includes(true, 3)], [[true, true, true, false], false]);
    for (const other of ['http://a.test:81/', 'https://a.test/']) assert.ok(add(other));
    assert.ok(add('http://a.test/', 'another'));
    assert.deepEqual(repeats.lines(), ['and 1,497 more of http://a.test: refused (--failed FILE lists all)']);
  });

  test('of documents are all said', () => {
    const repeats = new Repeats();
    for (let count = 0; count < 9; count++)
      assert.ok(repeats.add({ url: 'http://a.test/', code: EXIT.missing, cause: '404 Not Found' }));
    assert.deepEqual(repeats.lines(), []);
  });
});

describe('dugong, with a server that is down,', () => {
  test('says so three times, unless -v is given, and lists each document in its reports', async (context) => {
    const folder = temporaryFolder(context);
    const [list, failed] = [join(folder, 'list'), join(folder, 'failed')];
    const urls = Array.from({ length: 40 }, (_, index) => `http://127.0.0.1:1/${index}`);
    writeFileSync(list, urls.join('\n'));
    const run = (...args: string[]): Promise<ProgramResult> => {
      const line = ['--retry', '0', '--input', list, '-P', folder, '--failed', failed, ...args];
      return runProgram('src/cli/main.ts', line, { env: environmentWithoutProxies() });
    };
    const { status, stdout, stderr } = await run('--jsonl');
    assert.equal(status, 4);
    assert.match(
      stderr,
      /^(dugong: \S+ \(line \d+\): connect ECONNREFUSED 127\.0\.0\.1:1\n( {8}is .*\n)?){3}dugong: and 37 more of http:\/\/127\.0\.0\.1:1: connect ECONNREFUSED 127\.0\.0\.1:1 \(--failed .*\ndugong: 0 documents .* 40 failed\.\n$/,
    );
    assert.equal(stdout.toString().trim().split('\n').length, 40);
    assert.equal(readFileSync(failed, 'utf8').match(/^http/gm)?.length, 40);
    assert.match((await run('-q')).stderr, /and 37 more of .*\n$/);
    assert.equal((await run('-v')).stderr.match(/^dugong: \S+ \(line/gm)?.length, 40);
    assert.equal((await run('-s')).stderr, '');
  });
});
